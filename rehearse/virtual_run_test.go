package rehearse_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/examples/messenger"
	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

// stage is the rehearsal's in virtual time: the messenger's own pool, with
// nothing in front of it or with as many logins at once as told.
type stage struct {
	limit  map[string]bool // the arms that are limited
	resize map[string]bool // the arms whose limit follows the workers
	closed []string
}

func (st *stage) Open(_ context.Context, arm string, s rehearse.Settings) (rehearse.Set, error) {
	set := &set{stage: st, arm: arm, settings: s, pool: messenger.NewPool(s.Workers, 10_000, false), rng: rand.New(rand.NewPCG(s.Seed, 9))}
	set.logins = 1 << 30
	if st.limit[arm] {
		set.logins = s.StaticLogins(s.Workers)
	}
	return set, nil
}

type set struct {
	stage    *stage
	arm      string
	settings rehearse.Settings
	pool     *messenger.Pool
	works    sync.WaitGroup

	mu           sync.Mutex
	rng          *rand.Rand
	logins, busy int
}

func (s *set) Target() live.Target { return s }

func (s *set) Resize(_ context.Context, workers int) error {
	s.pool.Resize(workers)
	if s.stage.resize[s.arm] {
		s.mu.Lock()
		s.logins = s.settings.StaticLogins(workers)
		s.mu.Unlock()
	}
	return nil
}

func (s *set) CPU() map[string]float64 { return nil }

func (s *set) Close() error {
	s.works.Wait()
	s.stage.closed = append(s.stage.closed, s.arm)
	return nil
}

func (s *set) enter(lane string) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	spread := 0.8 + 0.4*s.rng.Float64()
	mean := map[string]time.Duration{"message": messenger.MessageWork, "sync": messenger.SyncWork, "login": messenger.LoginWork}[lane]
	if lane == "login" {
		if s.busy >= s.logins {
			return 0, false
		}
		s.busy++
	}
	return time.Duration(float64(mean) * spread), true
}

func (s *set) Send(ctx context.Context, a live.Attempt) live.Result {
	work, ok := s.enter(a.Source.Lane)
	if !ok {
		return live.Result{Outcome: surge.Refused, RetryAfter: time.Second}
	}
	done := make(chan error, 1)
	s.works.Go(func() { // goes on when the client has gone
		err := s.pool.Do(context.Background(), work)
		if a.Source.Lane == "login" {
			s.mu.Lock()
			s.busy--
			s.mu.Unlock()
		}
		done <- err
	})
	select {
	case err := <-done:
		if err != nil {
			return live.Result{Outcome: surge.Refused}
		}
		return live.Result{}
	case <-ctx.Done():
		return live.Result{Outcome: surge.TimedOut}
	}
}

func rehearsed(t *testing.T, st *stage, s rehearse.Settings, correctness bool) (out rehearse.Report) {
	t.Helper()
	return rehearsedOn(t, st, s, correctness)
}

func rehearsedOn(t *testing.T, st rehearse.Stage, s rehearse.Settings, correctness bool) (out rehearse.Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.Sleep = time.Sleep
		logs, err := rehearse.Run(t.Context(), s, st, func(string, string, float64) {})
		if err != nil {
			t.Fatal(err)
		}
		out = s.WithDefaults().Judge(logs, correctness)
	})
	return out
}

func bars(r rehearse.Report) map[string]rehearse.Bar {
	m := map[string]rehearse.Bar{}
	for _, b := range r.Bars {
		m[b.Name] = b
	}
	return m
}

// The storm must do what it is there for: stop the messages where nothing
// protects them, and leave a protected service alone.
func TestEarthquakeInVirtualTime(t *testing.T) {
	st := &stage{limit: map[string]bool{"static": true, "lanes": true}, resize: map[string]bool{"static": true, "lanes": true}}
	r := rehearsed(t, st, rehearse.Settings{Seed: 7, Arms: []string{"none", "static", "lanes"}, Duration: 10 * time.Second}, false)
	for name, b := range bars(r) {
		if !b.OK {
			t.Errorf("%s: missed: %+v", name, *b.Got)
		}
	}
	if !r.OK || len(r.Noisy) > 0 || len(st.closed) != 3 {
		t.Errorf("ok %v, noisy %v, closed %v", r.OK, r.Noisy, st.closed)
	}
	static := r.Arms[1]
	for _, p := range static.Phases[1:4] {
		left := r.Load.LoginsLeftPerS
		if p.Name == "halved" {
			left = (12 - 0.75) * 10
		}
		offered := float64(p.Lanes["login"].Sent) / p.Seconds
		if x := offered / r.Load.LoginsLeftPerS; x < 7 || x > 15 {
			t.Errorf("%s: logins come at %.1f × what is left, want about 10", p.Name, x)
		}
		if g := p.Lanes["login"].Goodput; g < 0.6*left || g > left {
			t.Errorf("%s: %.0f logins/s, want close to %.0f", p.Name, g, left)
		}
	}
	if ratio := r.Arms[2].Lanes["login"].OracleRatio; *ratio != 1 {
		t.Errorf("two equal arms with the same seed differ: oracle ratio %g", *ratio)
	}
}

// A limit that does not follow the workers is wrong, and is found to be.
func TestStaleLanesMissTheBars(t *testing.T) {
	st := &stage{limit: map[string]bool{"static": true, "lanes": true}, resize: map[string]bool{"static": true}}
	r := rehearsed(t, st, rehearse.Settings{Seed: 7, Arms: []string{"static", "lanes"}, Duration: 10 * time.Second}, false)
	b := bars(r)["message p99 when settled / calm"]
	if r.OK || b.OK || b.Note != "worst in halved" {
		t.Errorf("stale lanes pass: %+v", b)
	}
}

// A storm that harms nobody proves nothing.
func TestHarmlessStormIsNoProof(t *testing.T) {
	st := &stage{}
	r := rehearsed(t, st, rehearse.Settings{Seed: 7, Arms: []string{"none"}, Storm: 0.1, Workers: 60, Duration: 8 * time.Second}, true)
	if b := r.Bars[0]; r.OK || b.OK || b.Note == "" {
		t.Errorf("the control held without harm: %+v", b)
	}
}

func TestHonouringClients(t *testing.T) {
	st := &stage{limit: map[string]bool{"lanes-honouring": true}, resize: map[string]bool{"lanes-honouring": true}}
	r := rehearsed(t, st, rehearse.Settings{Seed: 7, Arms: []string{"lanes-honouring"}, Duration: 8 * time.Second}, true)
	a := r.Arms[0]
	if a.AttemptsPerAction <= 1 || *a.Lanes["login"].AttemptsPerAction <= a.AttemptsPerAction || *a.Lanes["message"].AttemptsPerAction != 1 {
		t.Errorf("attempts per action: %g, logins %v", a.AttemptsPerAction, *a.Lanes["login"].AttemptsPerAction)
	}
}
