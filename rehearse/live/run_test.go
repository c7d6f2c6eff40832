package live_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

const (
	s  = time.Second
	ms = time.Millisecond
)

// target is a service in virtual time.
type target func(a live.Attempt) (time.Duration, live.Result)

func (f target) Send(ctx context.Context, a live.Attempt) live.Result {
	d, r := f(a)
	select {
	case <-time.After(d):
		return r
	case <-ctx.Done():
		return live.Result{Outcome: surge.TimedOut}
	}
}

func plan(sources ...live.Source) *live.Plan {
	return &live.Plan{
		Phases:  []live.Phase{{Name: "calm", Length: 4 * s}, {Name: "storm", Length: 6 * s, Changed: true}},
		Lanes:   []string{"message", "login"},
		Sources: sources,
		Settle:  2 * s,
		Seed:    42,
	}
}

func messages() live.Source {
	return live.Source{
		Name: "message", Lane: "message", Curve: surge.Constant(200), Timeout: s,
		Clients: surge.Population{{Weight: 1, Client: surge.Naive{Tries: 1}}},
	}
}

func run(t *testing.T, p *live.Plan, target live.Target, o live.Options) *live.Log {
	t.Helper()
	o.Sleep = time.Sleep
	log, err := live.Run(t.Context(), p, target, o)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// TestMost: never more than may be in any second, whoever tries again; what had
// to wait for that counts from when it could be sent, and is not slow.
func TestMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		var mu sync.Mutex
		start := time.Now()
		p := plan(live.Source{
			Name: "message", Lane: "message", Timeout: s,
			Curve:   surge.Steps{{At: 0, Rate: 20}, {At: 4 * s, Rate: 100}},
			Clients: surge.Population{{Weight: 1, Client: surge.Naive{Tries: 3}}},
		})
		log := run(t, p, target(func(a live.Attempt) (time.Duration, live.Result) {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Since(start))
			if a.Number < 3 && a.User%5 == 0 {
				return 5 * ms, live.Result{Outcome: surge.Refused}
			}
			return 5 * ms, live.Result{}
		}), live.Options{Most: 50})
		for i, from := 0, 0; i < len(at); i++ {
			for at[i]-at[from] >= s {
				from++
			}
			if n := i - from + 1; n > 50 {
				t.Fatalf("%d in the second before %s", n, at[i])
			}
		}
		m := log.Lane("message")
		if n := int64(len(at)); m.Attempts != n || n < 350 || n > 400 {
			t.Errorf("%d sent, %d noted, want 80 in the calm and 50 a second in the storm", n, m.Attempts)
		}
		if p99 := m.Phases[1].Latency.Quantile(0.99); p99 > 8 {
			t.Errorf("p99 %g ms: who had to wait is taken for slow", p99)
		}
		if log.PutOff < 200 || log.PutOff > 300 {
			t.Errorf("%d put off, want all of the storm but the first", log.PutOff)
		}
	})
}

func TestRunCountsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		log := run(t, plan(messages()), target(func(live.Attempt) (time.Duration, live.Result) {
			sent.Add(1)
			return 5 * ms, live.Result{}
		}), live.Options{})
		m := log.Lane("message")
		calm, storm := m.Phases[0], m.Phases[1]
		if total := calm.Sent + storm.Sent; total != sent.Load() || total < 1850 || total > 2150 {
			t.Errorf("%d sent and %d noted, want about 2000", sent.Load(), total)
		}
		if calm.OK != calm.Sent || storm.OK != storm.Sent || m.Actions != sent.Load() || m.Attempts != sent.Load() {
			t.Errorf("not all succeeded: %+v", m)
		}
		if p99 := storm.Latency.Quantile(0.99); p99 < 5 || p99 > 7.1 {
			t.Errorf("p99 %g ms, want 5 ms and at most the 2 ms between looks at the schedule", p99)
		}
		if got := storm.Steady.Len(); got < 700 || got > 900 {
			t.Errorf("%d in the steady 4 s, want about 800", got)
		}
		if got := m.Join(0, 4*s, 100*ms).Len(); int64(got) != calm.Sent {
			t.Errorf("%d in the bins of the calm, want %d", got, calm.Sent)
		}
		if log.Lane("nobody") != nil {
			t.Error("a lane that is not there was found")
		}
	})
}

// A service that stalls for one second makes those who came meanwhile wait;
// a generator that waits with it would see one slow request.
func TestNoCoordinatedOmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		log := run(t, plan(messages()), target(func(live.Attempt) (time.Duration, live.Result) {
			if at := time.Since(start); at >= 5*s && at < 5800*ms {
				return 5800*ms - at, live.Result{}
			}
			return 5 * ms, live.Result{}
		}), live.Options{})
		slow := log.Lane("message").Join(5*s, 5800*ms, 100*ms)
		if got := slow.Quantile(0.5); got < 350 || got > 450 {
			t.Errorf("median of those who came in the stall is %.0f ms, want about 400", got)
		}
	})
}

func TestRetriesAndAppointments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := live.Source{
			Name: "login", Lane: "login", Timeout: s,
			Curve:   surge.Between{Curve: surge.Constant(50), To: 2 * s},
			Clients: surge.Population{{Weight: 1, Client: surge.Honouring{}}},
		}
		log := run(t, plan(messages(), logins), target(func(a live.Attempt) (time.Duration, live.Result) {
			switch {
			case a.Source.Lane == "message":
				return ms, live.Result{}
			case a.Number == 1 && a.Appointment == "":
				return ms, live.Result{Outcome: surge.Refused, RetryAfter: 3 * s, Appointment: "ticket"}
			case a.Appointment != "ticket":
				t.Errorf("attempt %d came without its appointment", a.Number)
			}
			return ms, live.Result{}
		}), live.Options{})
		l := log.Lane("login")
		if l.Actions < 70 || l.Attempts != 2*l.Actions || l.GaveUp != 0 || l.Unfinished != 0 {
			t.Errorf("actions %d, attempts %d: want about 100 and twice as many", l.Actions, l.Attempts)
		}
		if l.Phases[0].Refused != l.Actions || l.Phases[0].OK+l.Phases[1].OK != l.Actions {
			t.Errorf("refused %d, served %d", l.Phases[0].Refused, l.Phases[0].OK+l.Phases[1].OK)
		}
	})
}

func TestActionsThatDoNotEndWell(t *testing.T) {
	for name, c := range map[string]struct {
		client             surge.Client
		until              time.Duration
		gaveUp, unfinished bool
	}{
		"tries used up":    {surge.Naive{Tries: 2}, 0, true, false},
		"the storm is off": {surge.Naive{}, 5 * s, true, false},
		"the end of it":    {surge.Naive{}, 0, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := live.Source{
					Name: "login", Lane: "login", Timeout: s, Until: c.until,
					Curve:   surge.Between{Curve: surge.Constant(50), To: 2 * s},
					Clients: surge.Population{{Weight: 1, Client: c.client}},
				}
				log := run(t, plan(src), target(func(live.Attempt) (time.Duration, live.Result) {
					return 10 * s, live.Result{}
				}), live.Options{})
				l := log.Lane("login")
				if (l.GaveUp == l.Actions) != c.gaveUp || (l.Unfinished == l.Actions) != c.unfinished || l.Phases[0].TimedOut != l.Phases[0].Sent {
					t.Errorf("%d actions: %d given up, %d unfinished; %d of %d timed out", l.Actions, l.GaveUp, l.Unfinished, l.Phases[0].TimedOut, l.Phases[0].Sent)
				}
				if got := l.Join(0, s, 100*ms).Quantile(0.9); !math.IsInf(got, 1) {
					t.Errorf("a bin without success has p90 %g", got)
				}
			})
		})
	}
}

func TestPhasesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, told := time.Now(), make(chan time.Duration, 2)
		run(t, plan(messages()), target(func(live.Attempt) (time.Duration, live.Result) { return ms, live.Result{} }),
			live.Options{Phase: func(context.Context, int) error { told <- time.Since(start); return nil }})
		if first, second := <-told, <-told; first != 0 || second < 4*s || second > 4*s+2*ms {
			t.Errorf("told at %s and %s, want 0 and 4 s", first, second)
		}
	})
}

func TestPhasesDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(messages())
		p.Phases = []live.Phase{{Name: "calm", Length: s}, {Name: "storm", Length: ms}, {Name: "recovery", Length: s}}
		var told []int // without a lock: the race detector looks on
		run(t, p, target(func(live.Attempt) (time.Duration, live.Result) { return 0, live.Result{} }), live.Options{
			Phase: func(_ context.Context, phase int) error {
				time.Sleep(5 * ms) // longer than the storm
				told = append(told, phase)
				return nil
			},
		})
		if !slices.Equal(told, []int{0, 1, 2}) {
			t.Errorf("told %v", told)
		}
	})
}

func TestRunEndsOnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("the backend is gone")
		_, err := live.Run(t.Context(), plan(messages()), target(func(live.Attempt) (time.Duration, live.Result) { return ms, live.Result{} }),
			live.Options{Sleep: time.Sleep, Phase: func(_ context.Context, phase int) error {
				if phase == 1 {
					return bad
				}
				return nil
			}})
		if !errors.Is(err, bad) {
			t.Errorf("got %v, want %v", err, bad)
		}
	})
}

func TestRunIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*s)
		defer cancel()
		start := time.Now()
		_, err := live.Run(ctx, plan(messages()), target(func(live.Attempt) (time.Duration, live.Result) { return ms, live.Result{} }),
			live.Options{Sleep: time.Sleep})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 3100*ms {
			t.Errorf("ended with %v after %s", err, time.Since(start))
		}
	})
}

func TestPlanMistakesAllAtOnce(t *testing.T) {
	bad := plan(live.Source{Name: "nothing"}, live.Source{Name: "stray", Lane: "elsewhere", Curve: surge.Constant(1), Timeout: s})
	bad.Phases[0].Length = 0
	_, err := live.Run(t.Context(), bad, nil, live.Options{})
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 3 {
		t.Errorf("got %v, want three mistakes", err)
	}
	if _, err := live.Run(t.Context(), &live.Plan{}, nil, live.Options{}); err == nil {
		t.Error("an empty plan was accepted")
	}
}

func TestBinQuantile(t *testing.T) {
	var empty live.Bin
	if !math.IsNaN(empty.Quantile(0.9)) || live.JoinBins(&empty, &empty).Len() != 0 {
		t.Error("an empty bin has a quantile")
	}
}
