package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/captcha"
)

// siteChange is what is to be different. What is not given stays.
type siteChange struct {
	Name     *string      `json:"name"`
	Hosts    *[]string    `json:"hosts"`
	Langs    *[]string    `json:"langs"`
	Disabled *bool        `json:"disabled"`
	Policy   policyChange `json:"policy"`
	// Changed, of the document that was read, makes sure that nobody else has
	// changed the site since.
	Changed *time.Time `json:"changed"`
	// Revision, of the document that was read, likewise.
	Revision uint64 `json:"revision,omitempty"`
	Reason   string `json:"reason"`
}

type policyChange struct {
	Ask              *string `json:"ask"`
	Level            *int    `json:"level"`
	Work             *string `json:"work"`
	BindPrefix       *bool   `json:"bind_prefix"`
	PrefixChallenges *int    `json:"prefix_challenges"`
	PrefixMisses     *int    `json:"prefix_misses"`
	PrefixAudio      *int    `json:"prefix_audio"`
	PrefixTokens     *int    `json:"prefix_tokens"`
	PrefixMost       *int    `json:"prefix_most"`
	SiteChallenges   *int    `json:"site_challenges"`
}

// set puts a value that was given in its place.
func set[V any](into, given *V) {
	if given != nil {
		*into = *given
	}
}

// apply changes a site. Whether that is possible is for others to say.
func (d *siteChange) apply(s *captcha.Site) error {
	set(&s.Name, d.Name)
	s.Name = strings.TrimSpace(s.Name)
	set(&s.Hosts, d.Hosts)
	set(&s.Langs, d.Langs)
	set(&s.Disabled, d.Disabled)
	p, given := &s.Policy, &d.Policy
	set(&p.BindPrefix, given.BindPrefix)
	set(&p.PrefixChallenges, given.PrefixChallenges)
	set(&p.PrefixMisses, given.PrefixMisses)
	set(&p.PrefixAudio, given.PrefixAudio)
	set(&p.PrefixTokens, given.PrefixTokens)
	set(&p.PrefixMost, given.PrefixMost)
	set(&p.SiteChallenges, given.SiteChallenges)
	if given.Level != nil {
		p.Level = given.Level
	}
	if given.Ask != nil {
		ask, known := map[string]captcha.Ask{"risk": captcha.AskRisk, "never": captcha.AskNever, "always": captcha.AskAlways}[*given.Ask]
		if !known {
			return bad(fmt.Sprintf("ask %q: write risk, never or always", clip(*given.Ask)))
		}
		p.Ask = ask
	}
	if given.Work != nil {
		work, err := time.ParseDuration(*given.Work)
		if err != nil {
			return bad(fmt.Sprintf("work %q: write it like 400ms", clip(*given.Work)))
		}
		p.Work = work
	}
	return nil
}

func changeSite(c *call) error {
	var d siteChange
	if err := c.read(&d); err != nil {
		return err
	}
	why, err := order{Reason: d.Reason}.whyIfGiven()
	if err != nil {
		return err
	}
	before, after, err := c.alter(func(s captcha.Site, now time.Time) (captcha.Site, error) {
		if d.Changed != nil && !d.Changed.Equal(s.Changed) || d.Revision != 0 && d.Revision != siteRevision(s) {
			return s, c.siteChanged(s)
		}
		s.Changed = now
		err := d.apply(&s)
		return s, err
	})
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, SiteChangedDoc{siteDoc(after, c.Now()), c.siteEdited(before, after, why, nil)})
}

// alterTries is how often a change is made again that others have overtaken.
const alterTries = 5

// alter puts what change makes of the site that a path names in its place,
// alterOf that of a key.
func (c *call) alter(change func(s captcha.Site, now time.Time) (captcha.Site, error)) (before, after captcha.Site, err error) {
	return c.alterOf(c.r.PathValue("key"), change)
}

func (c *call) alterOf(key string, change func(s captcha.Site, now time.Time) (captcha.Site, error)) (before, after captcha.Site, err error) {
	for range alterTries {
		var p *Captcha
		if p, before, err = c.siteOf(key); err != nil {
			return before, after, err
		}
		// Later than the change before it, whatever the clock says: that is what
		// others tell it by. Stores keep microseconds.
		now := c.Now().UTC().Truncate(time.Microsecond)
		if least := before.Changed.Add(time.Microsecond); now.Before(least) {
			now = least
		}
		if after, err = change(before, now); err != nil {
			return before, after, siteFailed(err)
		}
		if err = after.Validate(); err != nil {
			return before, after, invalid(err)
		}
		err = p.Sites.ChangeSite(c.r.Context(), after, before.Changed)
		if !errors.Is(err, captcha.ErrSiteChanged) {
			return before, after, siteFailed(err)
		}
	}
	return before, after, c.siteChanged(before)
}

// Bounds of how long the old secret is good after a rotation.
const (
	defaultOverlap = 24 * time.Hour
	maxOverlap     = 90 * 24 * time.Hour
)

func rotateSite(c *call) error {
	p, err := c.captchaOf()
	if err != nil {
		return err
	}
	var d struct {
		// Overlap is how long the old secret stays good: 24h unless given, 0s not
		// at all.
		Overlap  *string `json:"overlap"`
		Reason   string  `json:"reason"`
		Revision uint64  `json:"revision"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	why, err := order{Reason: d.Reason}.whyIfGiven()
	if err != nil {
		return err
	}
	overlap := defaultOverlap
	if d.Overlap != nil {
		if overlap, err = time.ParseDuration(*d.Overlap); err != nil || overlap < 0 || overlap > maxOverlap {
			return bad(fmt.Sprintf("overlap %q: write how long the old secret stays good, 0s to %dh", clip(*d.Overlap), maxOverlap/time.Hour))
		}
	}
	var secret string
	before, after, err := c.alter(func(s captcha.Site, now time.Time) (captcha.Site, error) {
		if d.Revision != 0 && d.Revision != siteRevision(s) {
			return s, c.siteChanged(s)
		}
		s, secret = s.Rotate(overlap, now)
		return s, nil
	})
	if err != nil {
		return err
	}
	done := c.siteDone(siteDeed{
		what: audit.SiteRotated, after: after, is: after.Name, why: why, until: after.Changed.Add(overlap),
		undo: siteBack(before, after, audit.Undo{Kind: audit.UndoRotate, Does: "makes the secret of before good again, and the new one void"}),
	})
	return c.send(http.StatusOK, SecretOnceDoc{siteDoc(after, c.Now()), done, secret, p.Base})
}

// fact is one thing that is set at a site.
type fact struct{ name, value string }

// facts are what is set at a site, for the record.
func facts(s captcha.Site) []fact {
	p := s.Policy.WithDefaults()
	state := "on"
	if s.Disabled {
		state = "off"
	}
	return []fact{
		{"name", s.Name},
		{"hosts", strings.Join(s.Hosts, " ")},
		{"langs", strings.Join(s.Langs, " ")},
		{"state", state},
		{"ask", askWord(p.Ask)},
		{"level", fmt.Sprint(*p.Level)},
		{"work", p.Work.String()},
		{"bind prefix", fmt.Sprint(p.BindPrefix)},
		{"prefix challenges", fmt.Sprint(p.PrefixChallenges)},
		{"prefix misses", fmt.Sprint(p.PrefixMisses)},
		{"prefix audio", fmt.Sprint(p.PrefixAudio)},
		{"prefix tokens", fmt.Sprint(p.PrefixTokens)},
		{"prefix most", fmt.Sprint(p.PrefixMost)},
		{"site challenges", fmt.Sprint(p.SiteChallenges)},
	}
}

// siteText says what is set at a site and is not the default.
func siteText(s captcha.Site) string {
	_, is := difference(captcha.Site{}, s)
	return is
}

// difference says what two states of a site do not share.
func difference(before, after captcha.Site) (was, is string) {
	a, b := facts(before), facts(after)
	var old, now []string
	for i := range a {
		if a[i] != b[i] {
			old = append(old, a[i].name+": "+a[i].value)
			now = append(now, b[i].name+": "+b[i].value)
		}
	}
	return strings.Join(old, "; "), strings.Join(now, "; ")
}
