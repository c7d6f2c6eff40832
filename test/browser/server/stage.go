package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/gate"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/siteverify"
	"github.com/daero/daero/captcha/storetest"
	"github.com/daero/daero/captcha/widget"
)

// stage is everything that is tested, and what tests know about it.
type stage struct {
	clock    clock
	sites    *storetest.Memory
	platform *captcha.Platform
	city     *mapquiz.Source
	answers  answers
	pages    pages
	gate     *gate.Gate
	widget   *widget.Handler
}

func newStage() (*stage, error) {
	s := &stage{sites: storetest.NewSites()}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	city, sources, err := sourcesOf(&s.answers)
	if err != nil {
		return nil, err
	}
	s.city = city
	s.platform, err = captcha.New(captcha.Config{
		Secrets: [][]byte{secret}, Sites: s.sites, Ledger: captcha.NewMemory(s.clock.now, 0),
		Sources: sources, TestKeys: true,
	})
	if err != nil {
		return nil, err
	}
	if s.gate, err = s.newGate(); err != nil {
		return nil, err
	}
	s.widget, err = widget.New(widget.Config{Platform: s.platform, Now: s.clock.now})
	return s, err
}

// run does what the platform and its maps do beside requests, until ctx ends.
func (s *stage) run(ctx context.Context) error {
	drawn := make(chan error, 1)
	go func() { drawn <- s.city.Run(ctx) }()
	err := s.platform.Run(ctx)
	return errors.Join(err, <-drawn)
}

// public is what a browser or a client meets.
func (s *stage) public() http.Handler {
	verify := siteverify.New(siteverify.Config{Checker: s.platform, Now: s.clock.now})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		switch {
		case host == "gated.example.test" && !widget.Owns(r.URL.Path) || gate.Serves(r.URL.Path):
			s.gated(w, r)
		case host == "shop.example.test" || host == "other.example.test":
			s.pages.ServeHTTP(w, r)
		case siteverify.Serves(r.URL.Path):
			verify.ServeHTTP(w, r)
		default:
			s.widget.ServeHTTP(w, r.WithContext(withMedia(r.Context(), r.URL.Path)))
		}
	})
}

// newGate asks whoever comes to one host, as the gateway does with those whom the
// playbook challenges.
func (s *stage) newGate() (*gate.Gate, error) {
	site, secret := captcha.NewSite("who is challenged", []string{"gated.example.test"}, s.clock.now())
	if err := s.sites.AddSite(context.Background(), site); err != nil {
		return nil, err
	}
	return gate.New(gate.Config{
		Checker: s.platform, SiteKey: site.Key, SiteSecret: secret, Secrets: [][]byte{[]byte(secret)}, Now: s.clock.now,
		Client: func(*http.Request) string { return "127.0.0.1" },
	})
}

func (s *stage) gated(w http.ResponseWriter, r *http.Request) {
	if gate.Serves(r.URL.Path) {
		s.gate.ServeHTTP(w, r)
		return
	}
	if cleared, _ := s.gate.Cleared(r, 0); !cleared {
		s.gate.Challenge(w, r, "login", 0)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(`<!doctype html><html lang="en"><title>In</title><main><h1>Welcome in</h1></main></html>`))
}

// clock is the machine's, and as much ahead as a test has set it.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// answers are what was asked, by the id of the challenge whose picture or sound
// was fetched. The platform tells nobody; a source is told the whole puzzle when
// its media are fetched, and the path of the request has the id.
type answers struct {
	mu   sync.Mutex
	byID map[string]captcha.Puzzle
}

type mediaKey struct{}

// withMedia notes the id in a path that ends in …/challenge/{id}/{part}.
func withMedia(ctx context.Context, path string) context.Context {
	_, rest, found := strings.Cut(path, "/challenge/")
	id, _, ok := strings.Cut(rest, "/")
	if !found || !ok {
		return ctx
	}
	return context.WithValue(ctx, mediaKey{}, id)
}

func (a *answers) get(id string) (captcha.Puzzle, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.byID[id]
	return p, ok
}

// told is a source that tells what it is asked for.
type told struct {
	captcha.Source
	answers *answers
}

func (t told) Media(ctx context.Context, p *captcha.Puzzle, part captcha.Part) (captcha.Media, error) {
	if id, ok := ctx.Value(mediaKey{}).(string); ok {
		t.answers.mu.Lock()
		if t.answers.byID == nil {
			t.answers.byID = map[string]captcha.Puzzle{}
		}
		t.answers.byID[id] = *p
		t.answers.mu.Unlock()
	}
	return t.Source.Media(ctx, p, part)
}
