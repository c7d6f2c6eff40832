package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/captcha"
)

// Captcha is what the API needs of the captcha.
type Captcha struct {
	// Sites keeps them. What it cannot do for now is store.ErrUnavailable.
	Sites Sites
	// Base is where browsers find the captcha, "https://captcha.example.com";
	// "" where nobody has said.
	Base string
	// Counted says how many challenges were begun and how many tokens were given, at
	// all sites. Default: nobody counts.
	Counted func() (issued, passed uint64)
}

// Sites keeps the captcha's sites, also those that were removed, for a while.
type Sites interface {
	captcha.Sites
	captcha.SiteBin
}

// SiteDoc is a site as it is shown. Nothing of its secrets is in it but their
// times.
type SiteDoc struct {
	Key      string    `json:"key"`
	Name     string    `json:"name"`
	Hosts    []string  `json:"hosts"`
	Langs    []string  `json:"langs"`
	Disabled bool      `json:"disabled"`
	Policy   PolicyDoc `json:"policy"`
	// Secrets are the times of those that are good, the newest first.
	Secrets []SecretDoc `json:"secrets"`
	Created time.Time   `json:"created"`
	Changed time.Time   `json:"changed"`
	// Revision is Changed as a number, the same at every gateway: who sends it
	// with a change is told if somebody else was quicker.
	Revision uint64 `json:"revision"`
}

// SecretDoc is a secret's times.
type SecretDoc struct {
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // missing: never
}

// PolicyDoc is a site's policy with the defaults in their place.
type PolicyDoc struct {
	Ask              string `json:"ask"` // risk, never, always
	Level            int    `json:"level"`
	Work             string `json:"work"` // 400ms
	BindPrefix       bool   `json:"bind_prefix"`
	PrefixChallenges int    `json:"prefix_challenges"`
	PrefixMisses     int    `json:"prefix_misses"`
	PrefixAudio      int    `json:"prefix_audio"`
	PrefixTokens     int    `json:"prefix_tokens"`
	PrefixMost       int    `json:"prefix_most"`
	SiteChallenges   int    `json:"site_challenges"`
}

// SitesDoc lists sites.
type SitesDoc struct {
	Sites []SiteDoc `json:"sites"`
	// Removed are those that can come back, the last first.
	Removed []SiteRemovedDoc `json:"removed"`
}

// SiteRemovedDoc is a site that can come back until then.
type SiteRemovedDoc struct {
	Key     string    `json:"key"`
	Name    string    `json:"name"`
	Removed time.Time `json:"removed"`
	Until   time.Time `json:"until"`
}

// SecretOnceDoc is a site with a new secret, which nobody can be told again.
type SecretOnceDoc struct {
	SiteDoc
	SiteDone
	Secret string `json:"secret"`
	// Base is where browsers find the captcha, "" where nobody has said.
	Base string `json:"base,omitempty"`
}

func siteDoc(s captcha.Site, now time.Time) SiteDoc {
	p := s.Policy.WithDefaults()
	doc := SiteDoc{
		Key: s.Key, Name: s.Name, Hosts: s.Hosts, Langs: s.Langs, Disabled: s.Disabled, Created: s.Created, Changed: s.Changed, Revision: siteRevision(s),
		Policy: PolicyDoc{
			Ask: askWord(p.Ask), Level: *p.Level, Work: p.Work.String(), BindPrefix: p.BindPrefix,
			PrefixChallenges: p.PrefixChallenges, PrefixMisses: p.PrefixMisses, PrefixAudio: p.PrefixAudio,
			PrefixTokens: p.PrefixTokens, PrefixMost: p.PrefixMost, SiteChallenges: p.SiteChallenges,
		},
		Secrets: []SecretDoc{},
	}
	if doc.Hosts == nil {
		doc.Hosts = []string{}
	}
	if len(doc.Langs) == 0 {
		doc.Langs = captcha.Languages
	}
	for _, secret := range s.Secrets {
		if secret.Expires.IsZero() || secret.Expires.After(now) {
			doc.Secrets = append(doc.Secrets, SecretDoc{secret.Created, secret.Expires})
		}
	}
	return doc
}

// askWord is what people write for when a question is asked.
func askWord(a captcha.Ask) string {
	if a == captcha.AskRisk {
		return "risk"
	}
	return string(a)
}

// captchaOf returns the captcha, or says that there is none.
func (c *call) captchaOf() (*Captcha, error) {
	if c.Captcha != nil {
		if p := c.Captcha(); p != nil {
			return p, nil
		}
	}
	return nil, notFound("no captcha is configured: add a captcha block to the global option daero")
}

// site returns the site that a path names, siteOf that of a key.
func (c *call) site() (*Captcha, captcha.Site, error) { return c.siteOf(c.r.PathValue("key")) }

func (c *call) siteOf(key string) (*Captcha, captcha.Site, error) {
	p, err := c.captchaOf()
	if err != nil {
		return nil, captcha.Site{}, err
	}
	s, err := p.Sites.Site(c.r.Context(), key)
	return p, s, siteFailed(err)
}

// siteFailed says what an error of the store means to who asked.
func siteFailed(err error) error {
	switch {
	case errors.Is(err, captcha.ErrNoSite):
		return notFound("no site has this key: list them with GET " + Prefix + "captcha/sites")
	case errors.Is(err, captcha.ErrSiteExists):
		return conflict("exists", "There is such a site", err.Error())
	}
	return err
}

func listSites(c *call) error {
	p, err := c.captchaOf()
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	for key, values := range q {
		if key != "name" || len(values) != 1 {
			return bad(clip(key) + `: only "name" may be given, once`)
		}
	}
	all, err := p.Sites.AllSites(c.r.Context())
	if err != nil {
		return err
	}
	now := c.Now()
	removed, err := p.Sites.RetiredSites(c.r.Context(), now.Add(-RestorableFor))
	if err != nil {
		return err
	}
	doc := SitesDoc{Sites: []SiteDoc{}, Removed: []SiteRemovedDoc{}}
	for _, s := range all {
		if !q.Has("name") || s.Name == q.Get("name") {
			doc.Sites = append(doc.Sites, siteDoc(s, now))
		}
	}
	for _, s := range removed {
		if !q.Has("name") || s.Name == q.Get("name") {
			doc.Removed = append(doc.Removed, SiteRemovedDoc{s.Key, s.Name, s.Retired, s.Retired.Add(RestorableFor)})
		}
	}
	return c.send(http.StatusOK, doc)
}

func showSite(c *call) error {
	_, s, err := c.site()
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, siteDoc(s, c.Now()))
}

func addSite(c *call) error {
	p, err := c.captchaOf()
	if err != nil {
		return err
	}
	var d siteChange
	if err := c.read(&d); err != nil {
		return err
	}
	why, err := order{Reason: d.Reason}.whyIfGiven()
	if err != nil {
		return err
	}
	now := c.Now()
	s, secret := captcha.NewSite("", nil, now)
	if err := d.apply(&s); err != nil {
		return err
	}
	if err := s.Validate(); err != nil {
		return invalid(err)
	}
	if err := p.Sites.AddSite(c.r.Context(), s); err != nil {
		return siteFailed(err)
	}
	done := c.siteDone(siteDeed{what: audit.SiteAdded, after: s, is: siteText(s), why: why, undo: unadded(s)})
	return c.send(http.StatusCreated, SecretOnceDoc{siteDoc(s, now), done, secret, p.Base})
}
