package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
)

// gone says if a site is there to any who ask.
func gone(t *testing.T, s SiteStore, was captcha.Site) {
	t.Helper()
	_, err := s.Site(t.Context(), was.Key)
	is(t, "site", err, captcha.ErrNoSite)
	_, err = s.SiteBySecret(t.Context(), was.Secrets[0].Hash)
	is(t, "secret", err, captcha.ErrNoSite)
	is(t, "change", s.ChangeSite(t.Context(), was, was.Changed), captcha.ErrNoSite)
	is(t, "remove", s.RemoveSite(t.Context(), was.Key), captcha.ErrNoSite)
	all, err := s.AllSites(t.Context())
	for _, one := range all {
		if one.Key == was.Key {
			t.Error("it is among all")
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// retire: a site that was taken away is not there, and comes back with its
// secrets and counts. Who saw an older one takes nothing away.
func retire(t *testing.T, open func(*testing.T) SiteStore) {
	s, b := open(t), open(t)
	add(t, s, site(1), site(2))
	hour := noon.Truncate(time.Hour)
	issued := captcha.Count{Site: site(1).Key, Hour: hour, Name: "issued", N: 3}
	count(t, s, issued)
	key, was, at := site(1).Key, site(1).Changed, noon.Add(3*time.Hour)
	is(t, "what somebody changed", s.RetireSite(t.Context(), key, was.Add(-time.Second), at), captcha.ErrSiteChanged)
	is(t, "what is not there", s.RetireSite(t.Context(), site(3).Key, was, at), captcha.ErrNoSite)
	is(t, "what was not taken away", s.RestoreSite(t.Context(), key, noon), captcha.ErrSiteExists)
	if err := s.RetireSite(t.Context(), key, was, at); err != nil {
		t.Fatal(err)
	}
	is(t, "once more", b.RetireSite(t.Context(), key, was, at), captcha.ErrNoSite)
	gone(t, b, site(1))
	holds(t, b, site(2))
	retired, err := b.RetiredSites(t.Context(), at)
	if err != nil || len(retired) != 1 || !retired[0].Retired.Equal(at) {
		t.Fatalf("%+v %v", retired, err)
	}
	retired[0].Retired = time.Time{}
	same(t, retired[0], site(1))
	is(t, "after its time", b.RestoreSite(t.Context(), key, at.Add(time.Microsecond)), captcha.ErrNoSite)
	if err := b.RestoreSite(t.Context(), key, at); err != nil {
		t.Fatal(err)
	}
	holds(t, s, site(1))
	counted(t, s, key, hour, hour.Add(time.Hour), issued)
	if retired, err = s.RetiredSites(t.Context(), time.Time{}); err != nil || len(retired) != 0 {
		t.Errorf("%+v %v", retired, err)
	}
}

// bin: it is forgotten after a time, or when somebody else gets the key; and who
// has gone away is not waited for.
func bin(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	add(t, s, site(1), site(2), site(3))
	hour := noon.Truncate(time.Hour)
	for n := range 3 {
		count(t, s, captcha.Count{Site: site(n + 1).Key, Hour: hour, Name: "issued", N: 1})
		if err := s.RetireSite(t.Context(), site(n+1).Key, site(n+1).Changed, noon.Add(time.Duration(n)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	retired, err := s.RetiredSites(t.Context(), noon.Add(time.Minute))
	if err != nil || len(retired) != 2 || retired[0].Key != site(3).Key || len(retired[0].Secrets) != 2 {
		t.Fatalf("%+v %v", retired, err)
	}
	if n, err := s.PruneSites(t.Context(), noon.Add(time.Minute)); n != 1 || err != nil {
		t.Errorf("%d are forgotten: %v", n, err)
	}
	is(t, "forgotten", s.RestoreSite(t.Context(), site(1).Key, time.Time{}), captcha.ErrNoSite)
	heir := site(2)
	heir.Name = "another"
	add(t, s, heir)
	holds(t, s, heir)
	counted(t, s, heir.Key, hour, hour.Add(time.Hour))
	is(t, "in another's place", s.RestoreSite(t.Context(), heir.Key, time.Time{}), captcha.ErrSiteExists)
	for _, text := range texts {
		is(t, "a stranger is taken away", s.RetireSite(t.Context(), text, noon, noon), captcha.ErrNoSite)
		is(t, "a stranger comes back", s.RestoreSite(t.Context(), text, time.Time{}), captcha.ErrNoSite)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, listed := s.RetiredSites(ctx, noon)
	_, pruned := s.PruneSites(ctx, noon.Add(time.Hour))
	for what, err := range map[string]error{
		"retire": s.RetireSite(ctx, heir.Key, heir.Changed, noon), "restore": s.RestoreSite(ctx, site(3).Key, time.Time{}), "list": listed, "prune": pruned,
	} {
		is(t, what, err, context.Canceled)
	}
	if err := s.RestoreSite(t.Context(), site(3).Key, time.Time{}); err != nil {
		t.Error(err)
	}
	holds(t, s, site(3))
}
