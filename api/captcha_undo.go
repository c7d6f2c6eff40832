package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/captcha"
)

// RestorableFor is how long a site that was removed can come back.
const RestorableFor = 24 * time.Hour

// SiteDone is what every answer to a change of a site says beside the site.
type SiteDone struct {
	// Undo is the request that undoes it. A reason goes into its body.
	Undo UndoDoc `json:"undo"`
	// What was done, as the record has it, to which key, and until when.
	What   string    `json:"what"`
	Target string    `json:"target"`
	Until  time.Time `json:"until,omitzero"`
}

// SiteChangedDoc is a site that was changed.
type SiteChangedDoc struct {
	SiteDoc
	SiteDone
}

// SiteGoneDoc is a site that was removed. Until then it can come back.
type SiteGoneDoc struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	SiteDone
}

// siteEnd is what the removal of a site is asked for with.
type siteEnd struct {
	Reason   string `json:"reason,omitempty"`
	Revision uint64 `json:"revision,omitempty"`
}

// siteRevision is a site's revision: when it was changed, in microseconds, which
// is as far as stores keep it. It stays below 2^53, as browsers have it, and far
// below that of any deed.
func siteRevision(s captcha.Site) uint64 { return uint64(max(s.Changed.UnixMicro(), 0)) }

func siteThing(key string) string { return "site " + key }

// siteChanged says that a site is not what somebody saw, and who changed it, as
// far as this gateway knows.
func (c *call) siteChanged(s captcha.Site) error {
	is := siteRevision(s)
	last := c.Deeds.newest(siteThing(s.Key))
	if last != nil && last.mark != is {
		last = nil // another gateway's
	}
	p := changedBy(is, last)
	p.Detail = captcha.ErrSiteChanged.Error()
	p.More["target"], p.More["at"] = s.Key, s.Changed.UTC()
	return p
}

// siteDeed is what was done to a site.
type siteDeed struct {
	what    string
	after   captcha.Site
	was, is string // as the record has it
	why     string
	until   time.Time
	undo    siteUndo
	undid   *deed // what it undoes itself, nil for nothing
}

// siteUndo undoes what was done to a site.
type siteUndo struct {
	says audit.Undo
	role store.Role
	do   func(c *call, made *deed, why string) (ChangedDoc, error)
}

// siteDone records what was done to a site.
func (c *call) siteDone(s siteDeed) SiteDone {
	made := &deed{
		thing: siteThing(s.after.Key), by: c.who, what: s.what, target: s.after.Key, at: c.Now(), mark: siteRevision(s.after),
		role: s.undo.role, undoes: s.undo.says, undo: s.undo.do,
	}
	c.Deeds.note(made)
	c.Audit(audit.Entry{
		At: made.at, Who: c.who, What: s.what, Target: s.after.Key, Before: s.was, After: s.is, Why: s.why, Until: s.until, Undo: made.entry(s.undid),
	})
	return SiteDone{Undo: *made.doc(), What: s.what, Target: s.after.Key, Until: s.until}
}

// doc is what undoing answers of a site of a revision.
func (d SiteDone) doc(revision uint64) ChangedDoc {
	return ChangedDoc{Revision: revision, Undo: &d.Undo, What: d.What, Target: d.Target, Until: d.Until}
}

// siteEdited records that settings were changed.
func (c *call) siteEdited(before, after captcha.Site, why string, undid *deed) SiteDone {
	was, is := difference(before, after)
	return c.siteDone(siteDeed{
		what: audit.SiteChanged, after: after, was: was, is: is, why: why, undid: undid,
		undo: siteBack(before, after, audit.Undo{Kind: audit.UndoChange, Does: "sets what was changed back"}),
	})
}

// siteBack makes a site what it was before, as long as it is what was made of
// it; with settings and secrets, since neither was changed since.
func siteBack(before, after captcha.Site, says audit.Undo) siteUndo {
	return siteUndo{says: says, role: store.Acting, do: func(c *call, made *deed, why string) (ChangedDoc, error) {
		_, back, err := c.alterOf(after.Key, func(s captcha.Site, now time.Time) (captcha.Site, error) {
			if siteRevision(s) != siteRevision(after) {
				return s, c.siteChanged(s)
			}
			s = before
			s.Changed = now
			return s, nil
		})
		if err != nil {
			return ChangedDoc{}, err
		}
		if made.what == audit.SiteChanged {
			return c.siteEdited(after, back, why, made).doc(siteRevision(back)), nil
		}
		done := c.siteDone(siteDeed{what: audit.SiteSecretBack, after: back, is: back.Name, why: why, undo: siteBack(after, back, says), undid: made})
		return done.doc(siteRevision(back)), nil
	}}
}

// unadded removes a site that was added or restored, as long as nobody has
// changed it.
func unadded(s captcha.Site) siteUndo {
	return siteUndo{says: audit.Undo{Kind: audit.UndoAdd, Does: "removes " + s.Name}, role: store.Admin, do: func(c *call, made *deed, why string) (ChangedDoc, error) {
		gone, err := c.retire(s.Key, siteEnd{Revision: siteRevision(s)}, why, made)
		return gone.doc(siteRevision(s)), err
	}}
}

func removeSite(c *call) error {
	if _, err := c.captchaOf(); err != nil {
		return err
	}
	var d siteEnd
	if c.r.ContentLength != 0 { // programs may leave it away
		if err := c.read(&d); err != nil {
			return err
		}
	}
	why, err := order{Reason: d.Reason}.whyIfGiven()
	if err != nil {
		return err
	}
	gone, err := c.retire(c.r.PathValue("key"), d, why, nil)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, gone)
}

// retire removes a site so that it can come back.
func (c *call) retire(key string, d siteEnd, why string, undid *deed) (SiteGoneDoc, error) {
	var s captcha.Site
	now := c.Now().UTC().Truncate(time.Microsecond)
	for range alterTries {
		p, found, err := c.siteOf(key)
		if err != nil {
			return SiteGoneDoc{}, err
		}
		if s = found; d.Revision != 0 && d.Revision != siteRevision(s) {
			return SiteGoneDoc{}, c.siteChanged(s)
		}
		err = p.Sites.RetireSite(c.r.Context(), key, s.Changed, now)
		if err == nil {
			until := now.Add(RestorableFor)
			done := c.siteDone(siteDeed{what: audit.SiteRemoved, after: s, was: siteText(s), why: why, until: until, undo: unremoved(s), undid: undid})
			done.Undo.Path = Prefix + "captcha/sites/" + key + "/restore" // good also after a restart, and at another gateway
			return SiteGoneDoc{s.Key, s.Name, done}, nil
		}
		if !errors.Is(err, captcha.ErrSiteChanged) {
			return SiteGoneDoc{}, siteFailed(err)
		}
	}
	return SiteGoneDoc{}, c.siteChanged(s)
}

// unremoved brings a site back.
func unremoved(s captcha.Site) siteUndo {
	return siteUndo{
		says: audit.Undo{Kind: audit.UndoRemove, Does: "brings " + s.Name + " back, with its secrets and what was counted"}, role: store.Admin,
		do: func(c *call, made *deed, why string) (ChangedDoc, error) {
			is, err := c.restore(s.Key, why, made)
			return is.doc(is.Revision), err
		},
	}
}

func restoreSite(c *call) error {
	if _, err := c.captchaOf(); err != nil {
		return err
	}
	why, err := c.reason()
	if err != nil {
		return err
	}
	doc, err := c.restore(c.r.PathValue("key"), why, nil)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, doc)
}

// restore brings a site back.
func (c *call) restore(key, why string, undid *deed) (doc SiteChangedDoc, err error) {
	p, err := c.captchaOf()
	if err != nil {
		return doc, err
	}
	switch err := p.Sites.RestoreSite(c.r.Context(), key, c.Now().Add(-RestorableFor)); {
	case errors.Is(err, captcha.ErrSiteExists):
		return doc, conflict("not-removed", "The site is there", "nothing was changed")
	case errors.Is(err, captcha.ErrNoSite):
		return doc, notFound("no site with this key was removed within a day")
	case err != nil:
		return doc, err
	}
	_, s, err := c.siteOf(key)
	if err != nil {
		return doc, err
	}
	done := c.siteDone(siteDeed{what: audit.SiteRestored, after: s, is: siteText(s), why: why, undo: unadded(s), undid: undid})
	return SiteChangedDoc{siteDoc(s, c.Now()), done}, nil
}
