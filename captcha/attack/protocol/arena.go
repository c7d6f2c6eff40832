package protocol

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/siteverify"
)

// site is a customer with what its server knows.
type site struct {
	captcha.Site
	secret, older string
}

// arena is two gateways that share a ledger and sites, at a time that it is told.
// Everything but the proof of work is real: that one costs nothing here, so that
// tens of thousands of tries fit; attacks on the real one have a lock of their own.
type arena struct {
	gates   [2]*captcha.Platform
	http    [2]http.Handler
	ledger  *captcha.Memory
	shelf   *shelf
	quiz    *quiz
	shop    *site // asks everybody
	free    *site // asks nobody
	bound   *site // asks everybody, binds to the prefix
	clock   atomic.Int64
	session int
	addr    uint32
}

func newArena(lock func([]byte) captcha.Lock, ledger func(captcha.Ledger) captcha.Ledger) (*arena, error) {
	a := &arena{quiz: &quiz{}, shelf: &shelf{}}
	a.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	a.ledger = captcha.NewMemory(a.now, 0)
	a.shop = a.site("shop", captcha.Policy{Ask: captcha.AskAlways})
	a.free = a.site("free", captcha.Policy{Ask: captcha.AskNever})
	a.bound = a.site("bound", captcha.Policy{Ask: captcha.AskAlways, BindPrefix: true})
	shared := captcha.Ledger(a.ledger)
	if ledger != nil {
		shared = ledger(shared)
	}
	for i := range a.gates {
		p, err := captcha.New(captcha.Config{
			Secrets: [][]byte{[]byte("the gateways' own secret, which they share")},
			Sites:   a.shelf, Ledger: shared, Lock: lock, Squarings: func(ms int) int { return ms },
			Sources: map[captcha.Mode]captcha.Source{captcha.Click: a.quiz, captcha.Text: a.quiz, captcha.Sound: a.quiz},
		})
		if err != nil {
			return nil, err
		}
		a.gates[i] = p
		a.http[i] = siteverify.New(siteverify.Config{Checker: p, Now: a.now})
	}
	return a, nil
}

func (a *arena) now() time.Time       { return time.Unix(0, a.clock.Load()) }
func (a *arena) pass(d time.Duration) { a.clock.Add(int64(d)) }

// site adds a customer in the middle of changing its secret.
func (a *arena) site(name string, p captcha.Policy) *site {
	s, older := captcha.NewSite(name, []string{name + ".example.com", "*." + name + ".example.com"}, a.now())
	s.Policy = p
	s, secret := s.Rotate(365*24*time.Hour, a.now())
	a.shelf.sites = append(a.shelf.sites, s)
	return &site{Site: s, secret: secret, older: older}
}

// visitor is somebody new, from a prefix that nobody came from.
type visitor struct {
	session, address string
	opening          captcha.Opening
}

func (a *arena) visitor(s *site, c captcha.Contract) visitor {
	a.session++
	a.addr += 256
	v := visitor{
		session: fmt.Sprintf("session-%08d", a.session),
		address: fmt.Sprintf("%d.%d.%d.7", 10+a.addr>>24, a.addr>>16&255, a.addr>>8&255),
	}
	v.opening = captcha.Opening{SiteKey: s.Key, Contract: c, Host: "www." + s.Name + ".example.com", Session: v.session, Mode: captcha.Text, Address: v.address}
	return v
}

// errArena says that what has to work did not: nothing was measured.
var errArena = errors.New("the honest way failed")

// open begins.
func (a *arena) open(ctx context.Context, v visitor) (captcha.Reply, error) {
	r, err := a.gates[0].Open(ctx, v.opening, a.now())
	if err != nil || r.Step != captcha.StepWork {
		return r, fmt.Errorf("%w: open: step %q %q: %w", errArena, r.Step, r.Code, err)
	}
	return r, nil
}

// work does what is to be computed, in the time of a usual device.
func (a *arena) work(ctx context.Context, v visitor, r captcha.Reply, want captcha.Step) (captcha.Reply, error) {
	a.pass(time.Duration(r.Work.T) * time.Millisecond)
	next, err := a.gates[1].Work(ctx, r.ID, v.session, unknot(r.Work), v.address, a.now())
	if err != nil || next.Step != want {
		return next, fmt.Errorf("%w: work: step %q %q: %w", errArena, next.Step, next.Code, err)
	}
	return next, nil
}

// question goes up to a question, and returns what is right.
func (a *arena) question(ctx context.Context, v visitor) (captcha.Reply, answer.Given, error) {
	r, err := a.open(ctx, v)
	if err != nil {
		return r, answer.Given{}, err
	}
	r, err = a.work(ctx, v, r, captcha.StepQuestion)
	return r, a.quiz.right(), err
}

// token goes all the way.
func (a *arena) token(ctx context.Context, s *site, c captcha.Contract) (string, visitor, error) {
	v := a.visitor(s, c)
	r, right, err := a.question(ctx, v)
	if err != nil {
		return "", v, err
	}
	r, err = a.gates[0].Answer(ctx, r.ID, v.session, right, v.address, a.now())
	if err != nil || r.Token == "" {
		return "", v, fmt.Errorf("%w: answer: step %q %q: %w", errArena, r.Step, r.Code, err)
	}
	return r.Token, v, nil
}

// check redeems a token at a gateway; ok is whether it was taken.
func (a *arena) check(ctx context.Context, gate int, c captcha.Check) bool {
	return a.gates[gate].Check(ctx, c, a.now()).Failure == captcha.OK
}

// refused reports whether an error is a refusal, as it must be; other errors end
// the measurement.
func refused(err error) (bool, error) {
	var r *captcha.Refusal
	if err == nil || errors.As(err, &r) {
		return err != nil, nil
	}
	return false, err
}

// knot is a proof of work that costs nothing to who knows how.
type knot struct{ n string }

func newKnot(secret []byte) captcha.Lock { return knot{hex.EncodeToString(secret[:8])} }

// Task implements [captcha.Lock].
func (k knot) Task(seed []byte) (n, x string) { return k.n, hex.EncodeToString(seed) }

// Check implements [captcha.Lock].
func (k knot) Check(seed []byte, t int, y string) bool {
	return y == unknot(&captcha.WorkDoc{N: k.n, X: hex.EncodeToString(seed), T: t})
}

func unknot(w *captcha.WorkDoc) string { return fmt.Sprintf("%s/%s/%d", w.N, w.X, w.T) }

// quiz asks for what nobody can guess, and remembers what was wanted of it.
type quiz struct {
	mu   sync.Mutex
	last answer.Answer
	want captcha.Want
}

// Next implements [captcha.Source].
func (q *quiz) Next(_ context.Context, w captcha.Want) (captcha.Puzzle, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := captcha.Puzzle{Level: w.Level, Lang: w.Lang, Seed: w.Seed, Text: "?"}
	r := rand.New(rand.NewPCG(w.Seed, 1)) //nolint:gosec // follows from the seed
	switch w.Mode {
	case captcha.Click:
		p.Kind, p.Clicks, p.Width, p.Height = captcha.KindOrder, 2, 480, 300
		for range 2 {
			p.Answer.Spots = append(p.Answer.Spots, answer.Spot{X: 480 * r.Float64(), Y: 300 * r.Float64(), R: 24})
		}
	case captcha.Text:
		p.Kind, p.Answer = captcha.KindMissing, answer.Answer{Rule: answer.Syllables, Texts: []string{fmt.Sprintf("%016x", r.Uint64())}}
	case captcha.Sound:
		p.Kind, p.Answer = captcha.KindWords, answer.Answer{Rule: answer.Words, Texts: []string{fmt.Sprintf("%016x", r.Uint64())}}
	}
	q.last, q.want = p.Answer, w
	return p, nil
}

// Media implements [captcha.Source].
func (q *quiz) Media(_ context.Context, p *captcha.Puzzle, part captcha.Part) (captcha.Media, error) {
	return captcha.Media{Type: "text/plain", Bytes: fmt.Appendf(nil, "%s %d", part, p.Seed)}, nil
}

func (q *quiz) right() (g answer.Given) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range q.last.Spots {
		g.Points = append(g.Points, [2]float64{s.X, s.Y})
	}
	if len(q.last.Texts) > 0 {
		g.Text = q.last.Texts[0]
	}
	return g
}

func (q *quiz) wanted() captcha.Want {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.want
}

// shelf keeps sites; what is counted is not.
type shelf struct{ sites []captcha.Site }

// Site implements [captcha.SiteStore].
func (s *shelf) Site(_ context.Context, key string) (captcha.Site, error) {
	for i := range s.sites {
		if s.sites[i].Key == key {
			return s.sites[i], nil
		}
	}
	return captcha.Site{}, captcha.ErrNoSite
}

// SiteBySecret implements [captcha.SiteStore].
func (s *shelf) SiteBySecret(_ context.Context, hash [32]byte) (captcha.Site, error) {
	for i := range s.sites {
		for _, k := range s.sites[i].Secrets {
			if k.Hash == hash {
				return s.sites[i], nil
			}
		}
	}
	return captcha.Site{}, captcha.ErrNoSite
}

var errUnasked = errors.New("protocol: the arena's sites do not change")

// AddSite implements [captcha.SiteStore].
func (s *shelf) AddSite(context.Context, captcha.Site) error { return errUnasked }

// AllSites implements [captcha.SiteStore].
func (s *shelf) AllSites(context.Context) ([]captcha.Site, error) { return s.sites, nil }

// ChangeSite implements [captcha.SiteStore].
func (s *shelf) ChangeSite(context.Context, captcha.Site, time.Time) error { return errUnasked }

// RemoveSite implements [captcha.SiteStore].
func (s *shelf) RemoveSite(context.Context, string) error { return errUnasked }

// AddCounts implements [captcha.CountStore].
func (s *shelf) AddCounts(context.Context, []captcha.Count) error { return nil }

// Counts implements [captcha.CountStore].
func (s *shelf) Counts(context.Context, string, time.Time, time.Time) ([]captcha.Count, error) {
	return nil, nil
}
