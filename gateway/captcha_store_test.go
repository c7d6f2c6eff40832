package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/gate"
	"github.com/daero/daero/captcha/storetest"
)

// TestTheStoreIsOpenedLate: a store that is away is asked again each second, what
// it misses is counted, and the gate's site is there meanwhile.
func TestTheStoreIsOpenedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counts captchaCounts
		opened, away := 0, errors.New("connection refused")
		s := &captchaSites{counts: &counts, lazy: lazy[captcha.Sites]{open: func(context.Context) (captcha.Sites, func(), error) {
			opened++
			if away != nil {
				return nil, nil, away
			}
			return storetest.NewSites(), nil, nil
		}}}
		hash := captcha.HashSecret("secret")
		g := &gateSites{Sites: s, hash: hash}
		ctx := t.Context()
		for range 3 {
			if _, err := s.Site(ctx, "x"); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, away) {
				t.Fatal(err)
			}
		}
		if opened != 1 || counts.storeFailed.Load() != 3 {
			t.Errorf("opened %d times, %d failures counted", opened, counts.storeFailed.Load())
		}
		site, err := g.SiteBySecret(ctx, hash)
		if _, shown := site.ShownOn("www.example.com"); err != nil || site.Key != gateKey || !shown {
			t.Errorf("the gate's site while the store is away: %+v, %v", site, err)
		}
		away = nil
		time.Sleep(lazyAgain)
		// The gate's site is made, once, and what is set there holds but for what
		// would shut people out.
		for range 2 {
			if _, err := g.Site(ctx, gateKey); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := s.Site(ctx, gateKey)
		if err != nil || kept.Validate() != nil || len(kept.Hosts) != 0 {
			t.Fatalf("%+v, %v", kept, errors.Join(err, kept.Validate()))
		}
		changed := kept
		changed.Policy.Ask, changed.Disabled, changed.Changed = captcha.AskAlways, true, time.Now()
		if err := s.ChangeSite(ctx, changed, kept.Changed); err != nil {
			t.Fatal(err)
		}
		if site, err := g.Site(ctx, gateKey); err != nil || site.Policy.Ask != captcha.AskAlways || site.Disabled || len(site.Secrets) != 1 || site.Secrets[0].Hash != hash {
			t.Errorf("%+v, %v", site, err)
		}
		if _, err := g.Site(ctx, "another"); !errors.Is(err, captcha.ErrNoSite) {
			t.Error(err)
		}
		if counts.storeFailed.Load() != 4 { // the gate's, while it was away
			t.Errorf("%d failures counted: what is not there is none", counts.storeFailed.Load())
		}
		// What is older than is shown is forgotten, once a day.
		old := captcha.Count{Site: gateKey, Hour: time.Now().Add(-countsKept).Truncate(time.Hour), Name: captcha.CountIssued, N: 1}
		if err := s.AddCounts(ctx, []captcha.Count{old}); err != nil {
			t.Fatal(err)
		}
		pruning, end := context.WithCancel(ctx)
		var wg sync.WaitGroup
		wg.Go(func() { s.prune(pruning) })
		time.Sleep(pruneEvery + time.Second)
		if left, err := s.Counts(ctx, gateKey, time.Time{}, time.Now()); err != nil || len(left) != 0 {
			t.Errorf("a day later: %v, %v", left, err)
		}
		end()
		wg.Wait()
		if err := s.Destruct(); err != nil {
			t.Error(err)
		}
		if _, err := s.AllSites(ctx); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("after its end: %v", err)
		}
	})
}

// TestWhoGoesAwayKeepsNothingShut: a store is opened for all, not for the one who
// came first.
func TestWhoGoesAwayKeepsNothingShut(t *testing.T) {
	l := lazy[int]{open: func(ctx context.Context) (int, func(), error) { return 7, nil, ctx.Err() }}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := l.get(gone); v != 7 || err != nil {
		t.Error(v, err)
	}
}

// TestTheWayBackIsAsSent: a person goes back to the address in their browser, not to
// what a rewrite made of it before the lanes.
func TestTheWayBackIsAsSent(t *testing.T) {
	g, err := gate.New(gate.Config{
		Checker: (*captcha.Platform)(nil), SiteKey: gateKey, SiteSecret: "secret", Secrets: [][]byte{make([]byte, 16)},
		Client: func(*http.Request) string { return "203.0.113.7" },
	})
	if err != nil {
		t.Fatal(err)
	}
	app := &App{}
	app.captcha.Store(&captchaRunning{gate: g})
	sent := httptest.NewRequest("GET", "/cart/5?a=b", nil)
	r := sent.WithContext(context.WithValue(t.Context(), caddyhttp.OriginalRequestCtxKey, *sent))
	r.Header.Set("Accept", "text/html")
	r.RequestURI = "/index.html"
	rec := httptest.NewRecorder()
	if !(challenger{app}).Challenge(rec, r, "login", 0) || !strings.Contains(rec.Body.String(), `name="back" value="/cart/5?a=b"`) || r.RequestURI != "/index.html" {
		t.Errorf("%s, %s", r.RequestURI, rec.Body)
	}
}

func TestEventsAreCounted(t *testing.T) {
	var c captchaCounts
	for _, e := range []captcha.Event{
		{Name: captcha.CountIssued},
		{Name: captcha.CountSolved + "order", Took: 3 * time.Second},
		{Name: captcha.CountSolved + "order", Took: 200 * time.Second},
		{Name: captcha.CountSolved + "work"},
		{Name: captcha.CountMissed + "name", Took: time.Second},
	} {
		c.tell(e)
	}
	for i := range 2 * mostEvents {
		c.tell(captcha.Event{Name: time.Duration(i).String()})
	}
	s := c.shown()
	if s.solved != 2 || s.tookIn != 203*time.Second || s.took[2] != 0 || s.took[5] != 1 || s.took[80] != 1 || len(s.events) != mostEvents || s.events[captcha.CountSolved+"order"] != 2 {
		t.Errorf("%d solved in %s, %v, %d names", s.solved, s.tookIn, s.took, len(s.events))
	}
}

// TestSitesComeBack: a site that was taken away comes back within its time, out
// of the real store, and after it is forgotten by an hour's turn.
func TestSitesComeBack(t *testing.T) {
	var counts captchaCounts
	s := &captchaSites{counts: &counts, lazy: lazy[captcha.Sites]{open: openSites(&CaptchaConfig{SQLite: filepath.Join(t.TempDir(), "sites.db")}, "", "")}}
	t.Cleanup(func() { _ = s.Destruct() })
	ctx, now := t.Context(), time.Now()
	site, secret := captcha.NewSite("shop", nil, now)
	if err := errors.Join(s.AddSite(ctx, site), s.RetireSite(ctx, site.Key, site.Changed, now)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SiteBySecret(ctx, captcha.HashSecret(secret)); !errors.Is(err, captcha.ErrNoSite) {
		t.Errorf("it is there: %v", err)
	}
	if err := errors.Join(s.pruneBefore(ctx, now.Add(api.RestorableFor)), s.RestoreSite(ctx, site.Key, now)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.SiteBySecret(ctx, captcha.HashSecret(secret)); err != nil || got.Key != site.Key {
		t.Errorf("%+v %v", got, err)
	}
	if err := errors.Join(s.RetireSite(ctx, site.Key, site.Changed, now), s.pruneBefore(ctx, now.Add(api.RestorableFor+time.Second))); err != nil {
		t.Fatal(err)
	}
	if all, err := s.RetiredSites(ctx, time.Time{}); err != nil || len(all) != 0 {
		t.Errorf("kept: %+v %v", all, err)
	}
	if err := s.RestoreSite(ctx, site.Key, time.Time{}); !errors.Is(err, captcha.ErrNoSite) {
		t.Error(err)
	}
}
