package captcha

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOpeningsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Opening)
		code   string
		status int
	}{
		"no key":          {func(o *Opening) { o.SiteKey = "" }, CodeNoSite, 404},
		"another key":     {func(o *Opening) { o.SiteKey = strings.Repeat("a", 40) }, CodeNoSite, 404},
		"a key too long":  {func(o *Opening) { o.SiteKey = strings.Repeat("a", 1<<20) }, CodeNoSite, 404},
		"a key with dots": {func(o *Opening) { o.SiteKey = strings.Repeat(".", 40) }, CodeNoSite, 404},
		"disabled":        {func(o *Opening) { o.SiteKey = "disabled" }, CodeNoSite, 404},
		"another host":    {func(o *Opening) { o.Host = "evil.example" }, CodeWrongHost, 403},
		"a suffix":        {func(o *Opening) { o.Host = "notshop.example.com" }, CodeWrongHost, 403},
		"no host":         {func(o *Opening) { o.Host = "" }, CodeWrongHost, 403},
		"an app":          {func(o *Opening) { o.Host = "app:com.example" }, CodeWrongHost, 403},
		"a huge host":     {func(o *Opening) { o.Host = strings.Repeat("a.", 1<<19) }, CodeWrongHost, 403},
		"no contract":     {func(o *Opening) { o.Contract = "geetest" }, CodeBadContract, 400},
		"action":          {func(o *Opening) { o.Action = "log in" }, CodeBadAction, 400},
		"a long action":   {func(o *Opening) { o.Action = strings.Repeat("a", 33) }, CodeBadAction, 400},
		"cdata":           {func(o *Opening) { o.CData = strings.Repeat("a", 256) }, CodeBadData, 400},
		"cdata not text":  {func(o *Opening) { o.CData = "\xff" }, CodeBadData, 400},
		"no session":      {func(o *Opening) { o.Session = "" }, CodeBadSession, 400},
		"a long session":  {func(o *Opening) { o.Session = strings.Repeat("s", 65) }, CodeBadSession, 400},
		"mode":            {func(o *Opening) { o.Mode = "telepathy" }, CodeBadMode, 400},
		"lang":            {func(o *Opening) { o.Lang = strings.Repeat("k", 65) }, CodeBadRequest, 400},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			off, _ := NewSite("off", s.shop.Hosts, noon)
			off.Disabled = true
			s.shelf.sites[off.Key] = off
			o := s.opening()
			if c.change(&o); o.SiteKey == "disabled" {
				o.SiteKey = off.Key
			}
			_, err := s.Open(t.Context(), o, noon)
			var r *Refusal
			if !errors.As(err, &r) || r.Code != c.code || r.Status != c.status || r.Text == "" {
				t.Errorf("%#v, want %d %s", err, c.status, c.code)
			}
		})
	}
}

func TestOpeningsThatAreTaken(t *testing.T) {
	for name, change := range map[string]func(*Opening){
		"bounds":      func(o *Opening) { o.Action, o.CData = strings.Repeat("/", 32), strings.Repeat("한", 85) },
		"host":        func(o *Opening) { o.Host = "A.B.SHOP.example.COM.:8443" },
		"odd probes":  func(o *Opening) { o.Probes = []string{"", "unknown", strings.Repeat("x", 1000)} },
		"odd lang":    func(o *Opening) { o.Lang = "*" },
		"odd address": func(o *Opening) { o.Address = "unknown" },
	} {
		s := newStage(t, nil)
		o := s.opening()
		change(&o)
		if r, err := s.Open(t.Context(), o, noon); err != nil || r.Step != StepWork {
			t.Errorf("%s: %v %v", name, r, err)
		}
	}
}

// Who has an id of another's, of another purpose, or one that is made up, is
// told the same: it is gone.
func TestStrangersFindNothing(t *testing.T) {
	s := newStage(t, always)
	other := newStage(t, func(c *Config, _ *Site) { c.Secrets = [][]byte{[]byte("the secret of somebody else")} })
	work, question := s.open(s.opening()), s.question(s.opening())
	foreign := other.open(other.opening())
	y := solved(work)
	want := gone().Error()
	for name, err := range map[string]error{
		"work, another session":     errOf(s.Work(t.Context(), work.ID, "other", y, home, s.time())),
		"work, a question's id":     errOf(s.Work(t.Context(), question.ID, session, y, home, s.time())),
		"work, foreign":             errOf(s.Work(t.Context(), foreign.ID, session, solved(foreign), home, s.time())),
		"work, nothing":             errOf(s.Work(t.Context(), "", "", "", "", s.time())),
		"work, a long id":           errOf(s.Work(t.Context(), strings.Repeat("A", 1<<20), session, y, home, s.time())),
		"work, a long session":      errOf(s.Work(t.Context(), work.ID, strings.Repeat("A", 1<<20), y, home, s.time())),
		"answer, another session":   errOf(s.Answer(t.Context(), question.ID, "other", rightClick, home, s.time())),
		"answer, a work's id":       errOf(s.Answer(t.Context(), work.ID, session, rightClick, home, s.time())),
		"answer, changed":           errOf(s.Answer(t.Context(), flip(question.ID), session, rightClick, home, s.time())),
		"switch, another session":   errOf(s.Switch(t.Context(), question.ID, "other", Text, home, s.time())),
		"extend, another session":   errOf(s.Extend(t.Context(), question.ID, "other", s.time())),
		"extend, a work's id":       errOf(s.Extend(t.Context(), work.ID, session, s.time())),
		"media, a work's id":        errOf(s.Media(t.Context(), work.ID, PartImage, s.time())),
		"media, changed":            errOf(s.Media(t.Context(), flip(question.ID), PartImage, s.time())),
		"answer, an hour before":    errOf(s.Answer(t.Context(), question.ID, session, rightClick, home, s.time().Add(-time.Hour))),
		"answer, an hour after":     errOf(s.Answer(t.Context(), question.ID, session, rightClick, home, s.time().Add(time.Hour))),
		"work, before the big bang": errOf(s.Work(t.Context(), work.ID, session, y, home, time.Time{})),
	} {
		var r *Refusal
		if !errors.As(err, &r) || r.Status != http.StatusGone || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	// None of it took the challenge from the one it belongs to.
	r, err := s.Answer(t.Context(), question.ID, session, rightClick, home, s.time())
	s.must(StepDone, r, err)
	r, err = s.Work(t.Context(), work.ID, session, y, home, s.time())
	s.must(StepQuestion, r, err)
}
