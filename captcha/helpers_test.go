package captcha

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/captcha/answer"
)

// noon is when the tests begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shelf keeps sites and counts in memory.
type shelf struct {
	sync.Mutex
	sites  map[string]Site
	counts map[string]int64
	asked  int   // how often for a site
	away   error // what it says while it is away
}

func (s *shelf) AddSite(_ context.Context, site Site) error {
	s.Lock()
	defer s.Unlock()
	s.sites[site.Key] = site
	return nil
}

func (s *shelf) Site(_ context.Context, key string) (Site, error) {
	s.Lock()
	defer s.Unlock()
	s.asked++
	if s.away != nil {
		return Site{}, s.away
	}
	if site, ok := s.sites[key]; ok {
		return site, nil
	}
	return Site{}, ErrNoSite
}

func (s *shelf) SiteBySecret(_ context.Context, hash [32]byte) (Site, error) {
	s.Lock()
	defer s.Unlock()
	s.asked++
	if s.away != nil {
		return Site{}, s.away
	}
	for _, site := range s.sites {
		for _, secret := range site.Secrets {
			if secret.Hash == hash {
				return site, nil
			}
		}
	}
	return Site{}, ErrNoSite
}

func (s *shelf) AllSites(context.Context) ([]Site, error)          { panic("not asked") }
func (s *shelf) ChangeSite(context.Context, Site, time.Time) error { panic("not asked") }
func (s *shelf) RemoveSite(context.Context, string) error          { panic("not asked") }
func (s *shelf) Counts(context.Context, string, time.Time, time.Time) ([]Count, error) {
	panic("not asked")
}

func (s *shelf) AddCounts(_ context.Context, all []Count) error {
	s.Lock()
	defer s.Unlock()
	if s.away != nil {
		return s.away
	}
	for _, c := range all {
		if _, ok := s.sites[c.Site]; !ok {
			return fmt.Errorf("counts: %w", ErrNoSite)
		}
	}
	for _, c := range all {
		s.counts[c.Site+" "+c.Name] += c.N
	}
	return nil
}

func (s *shelf) count(site, name string) int64 {
	s.Lock()
	defer s.Unlock()
	return s.counts[site+" "+name]
}

// knot is a proof of work that is done by who knows how.
type knot struct{ n string }

func newKnot(secret []byte) Lock { return knot{hex.EncodeToString(secret[:4])} }

func (k knot) Task(seed []byte) (n, x string) { return k.n, hex.EncodeToString(seed) }
func (k knot) Check(seed []byte, t int, y string) bool {
	return y == k.solve(hex.EncodeToString(seed), t)
}
func (k knot) solve(x string, t int) string { return fmt.Sprint(k.n, "/", x, "/", t) }

// solved is the result of a reply's work.
func solved(r Reply) string { return knot{r.Work.N}.solve(r.Work.X, r.Work.T) }

// quiz asks the same every time; the right answer is "right", or a click at 10, 10.
type quiz struct {
	mu   sync.Mutex
	busy map[Mode]bool
	want []Want // what was asked for
	fail error
	made atomic.Int64 // media
}

func (q *quiz) Next(_ context.Context, w Want) (Puzzle, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.want = append(q.want, w)
	if q.fail != nil {
		return Puzzle{}, q.fail
	}
	if q.busy[w.Mode] {
		return Puzzle{}, ErrBusy
	}
	p := Puzzle{Level: w.Level, Lang: w.Lang, Seed: w.Seed, Text: "which one?"}
	switch w.Mode {
	case Click:
		p.Kind, p.Clicks, p.Width, p.Height = KindOrder, 1, 480, 300
		p.Answer.Spots = []answer.Spot{{X: 10, Y: 10, R: 24}}
	case Text:
		p.Kind, p.Answer = KindMissing, answer.Answer{Rule: answer.Syllables, Texts: []string{"right"}}
	case Sound:
		p.Kind, p.Answer = KindWords, answer.Answer{Rule: answer.Words, Texts: []string{"right"}}
	}
	return p, nil
}

func (q *quiz) Media(_ context.Context, p *Puzzle, part Part) (Media, error) {
	q.made.Add(1)
	return Media{Type: "image/jpeg", Bytes: fmt.Appendf(nil, "%s %d", part, p.Seed)}, nil
}

func (q *quiz) last() Want {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.want[len(q.want)-1]
}

var (
	rightClick = answer.Given{Points: [][2]float64{{10, 10}}}
	rightText  = answer.Given{Text: "right"}
	wrong      = answer.Given{Text: "wrong", Points: [][2]float64{{400, 200}}}
)

// stage is a platform with a site, at a time that it is told.
type stage struct {
	*Platform
	t      testing.TB
	cfg    Config
	now    time.Time
	mu     *sync.Mutex
	shelf  *shelf
	quiz   *quiz
	ledger *Memory
	shop   Site
	secret string
}

// newStage returns a stage; change may change the config and the site before.
func newStage(t testing.TB, change func(*Config, *Site)) *stage {
	t.Helper()
	s := &stage{
		t: t, now: noon, mu: new(sync.Mutex), quiz: &quiz{busy: map[Mode]bool{}},
		shelf: &shelf{sites: map[string]Site{}, counts: map[string]int64{}},
	}
	s.ledger = NewMemory(s.time, 0)
	s.shop, s.secret = NewSite("shop", []string{"shop.example.com", "*.shop.example.com"}, noon)
	s.cfg = Config{
		Secrets: [][]byte{[]byte("a secret of the gateways' own")}, Sites: s.shelf, Ledger: s.ledger,
		Sources: map[Mode]Source{Click: s.quiz, Text: s.quiz, Sound: s.quiz},
		Lock:    newKnot, Squarings: func(ms int) int { return ms * 340 },
	}
	if change != nil {
		change(&s.cfg, &s.shop)
	}
	if err := s.shop.Validate(); err != nil {
		t.Fatal(err)
	}
	s.shelf.sites[s.shop.Key] = s.shop
	s.Platform = s.another()
	return s
}

// another gateway that shares what they share.
func (s *stage) another() *Platform {
	s.t.Helper()
	p, err := New(s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *stage) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

const (
	session = "c2Vzc2lvbiBvZiBhIHdpZGdldA"
	home    = "203.0.113.7"
)

func (s *stage) opening() Opening {
	return Opening{SiteKey: s.shop.Key, Host: "shop.example.com", Action: "login", CData: "order 7", Lang: "ko-KR", Session: session, Address: home}
}

// must returns a reply that has to be of a step.
func (s *stage) must(step Step, r Reply, err error) Reply {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("wanted %s: %v", step, err)
	}
	if r.Step != step {
		s.t.Fatalf("step %s (%s), want %s", r.Step, r.Code, step)
	}
	return r
}

func (s *stage) open(o Opening) Reply {
	s.t.Helper()
	r, err := s.Open(s.t.Context(), o, s.time())
	return s.must(StepWork, r, err)
}

// work does the work as quickly as a usual device.
func (s *stage) work(r Reply) (Reply, error) {
	s.pass(time.Duration(r.Work.T/340) * time.Millisecond)
	return s.Work(s.t.Context(), r.ID, session, solved(r), home, s.time())
}

// token goes all the way.
func (s *stage) token(o Opening) string {
	s.t.Helper()
	r, err := s.work(s.open(o))
	if err == nil && r.Step == StepQuestion {
		s.pass(5 * time.Second)
		r, err = s.Answer(s.t.Context(), r.ID, session, rightClick, home, s.time())
	}
	return s.must(StepDone, r, err).Token
}

func (s *stage) check(token string) Checked {
	return s.Check(s.t.Context(), Check{Secret: s.secret, Token: token}, s.time())
}

// refused returns the code of a refusal.
func refused(err error) string {
	if err == nil {
		return ""
	}
	var code []string
	for e := err; e != nil; {
		switch r := e.(type) { //nolint:errorlint // walks by itself
		case *Refusal:
			return r.Code
		case interface{ Unwrap() []error }:
			e = r.Unwrap()[0]
		default:
			return strings.Join(append(code, e.Error()), " ")
		}
	}
	return ""
}

func always(_ *Config, s *Site) { s.Policy.Ask = AskAlways }

func has(all []string, one string) bool { return slices.Contains(all, one) }

// question goes as far as a question.
func (s *stage) question(o Opening) Reply {
	s.t.Helper()
	r, err := s.work(s.open(o))
	return s.must(StepQuestion, r, err)
}

func errOf[T any](_ T, err error) error { return err }

// flip changes one letter in the middle.
func flip(s string) string {
	b := []byte(s)
	if b[len(b)/2] == 'A' {
		b[len(b)/2] = 'B'
	} else {
		b[len(b)/2] = 'A'
	}
	return string(b)
}

func modeNames(all []Mode) (names []string) {
	for _, m := range all {
		names = append(names, string(m))
	}
	return names
}

func partNames(all []Part) (names []string) {
	for _, p := range all {
		names = append(names, string(p))
	}
	return names
}
