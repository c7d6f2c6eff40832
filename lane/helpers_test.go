package lane_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/lane"
)

// hand is a clock moved by hand.
type hand struct{ now time.Duration }

func (h *hand) clock() time.Duration { return h.now }

// handSet is a Set on a clock moved by hand.
func handSet(tb testing.TB, cfg lane.Config) (*lane.Set, *hand) {
	tb.Helper()
	h := &hand{now: time.Minute}
	cfg.Clock = h.clock
	return newSet(tb, cfg), h
}

// enter must let in.
func enter(tb testing.TB, l *lane.Lane, req lane.Request) *lane.Permit {
	tb.Helper()
	p, err := l.Enter(context.Background(), req)
	if err != nil {
		tb.Fatalf("%s: not let in: %v", l.Name(), err)
	}
	return p
}

// refused must not let in.
func refused(tb testing.TB, l *lane.Lane, req lane.Request) *lane.Refusal {
	tb.Helper()
	_, err := l.Enter(context.Background(), req)
	var r *lane.Refusal
	if !errors.As(err, &r) {
		tb.Fatalf("%s: got %v, want a refusal", l.Name(), err)
	}
	if r.Lane != l.Name() || r.Reason == lane.ReasonNone || r.After <= 0 {
		tb.Fatalf("refusal %+v: want lane %s, a reason and a time", r, l.Name())
	}
	return r
}

// tryEnter returns the permit or the reason why there is none.
func tryEnter(tb testing.TB, l *lane.Lane, req lane.Request) (*lane.Permit, lane.Reason) {
	tb.Helper()
	p, err := l.Enter(context.Background(), req)
	if err == nil {
		return p, lane.ReasonNone
	}
	var r *lane.Refusal
	if !errors.As(err, &r) || r.After <= 0 {
		tb.Fatalf("%s: %v is no refusal with a time", l.Name(), err)
	}
	return nil, r.Reason
}

// snap returns what a lane is doing.
func snap(tb testing.TB, s *lane.Set, name string) lane.LaneSnapshot {
	tb.Helper()
	for _, l := range s.Snapshot().Lanes {
		if l.Name == name {
			return l
		}
	}
	tb.Fatalf("no lane %s in the snapshot", name)
	return lane.LaneSnapshot{}
}

// empty fails unless every permit is back and nobody waits.
func empty(tb testing.TB, s *lane.Set) {
	tb.Helper()
	sn := s.Snapshot()
	if sn.InFlight != 0 {
		tb.Errorf("in flight %d, want 0", sn.InFlight)
	}
	for _, l := range sn.Lanes {
		if l.InFlight != 0 || l.Waiting != 0 {
			tb.Errorf("lane %s: in flight %d, waiting %d, want none", l.Name, l.InFlight, l.Waiting)
		}
	}
}

// flow is a stream of requests in the world.
type flow struct {
	lane     string
	rate     float64 // Poisson arrivals a second
	work     time.Duration
	users    int // distinct users, 0 anonymous
	intent   lane.Intent
	refuseAt int // the backend refuses at this many of the flow in flight, 0 never

	sent, passed, in int
}

// world is a backend with a pool of workers behind a Set, moved in
// milliseconds on a clock of its own. Lanes in it must not queue.
type world struct {
	tb      testing.TB
	set     *lane.Set
	hand    *hand
	rng     *rand.Rand
	workers []time.Duration // when each is free
	open    []open
	flows   []*flow
}

type open struct {
	at      time.Duration
	permit  *lane.Permit
	flow    *flow
	outcome lane.Outcome
}

func newWorld(tb testing.TB, cfg lane.Config, workers int, flows ...*flow) *world {
	tb.Helper()
	for i := range cfg.Lanes {
		cfg.Lanes[i].Queue.Length = -1
	}
	s, h := handSet(tb, cfg)
	return &world{tb: tb, set: s, hand: h, rng: rand.New(rand.NewPCG(1, 2)), workers: make([]time.Duration, workers), flows: flows}
}

func (w *world) reset() {
	for _, f := range w.flows {
		f.sent, f.passed = 0, 0
	}
}

// run lets time pass; each is called every millisecond.
func (w *world) run(d time.Duration, each func()) {
	for end := w.hand.now + d; w.hand.now < end; {
		w.hand.now += time.Millisecond
		w.finish()
		for _, f := range w.flows {
			for p := w.rng.ExpFloat64() / f.rate; p < 0.001; p += w.rng.ExpFloat64() / f.rate {
				w.arrive(f)
			}
		}
		if each != nil {
			each()
		}
	}
}

func (w *world) finish() {
	left := w.open[:0]
	for _, o := range w.open {
		if o.at > w.hand.now {
			left = append(left, o)
			continue
		}
		o.flow.in--
		o.permit.Done(o.outcome)
	}
	w.open = left
}

func (w *world) arrive(f *flow) {
	f.sent++
	req := lane.Request{Intent: f.intent}
	if f.users > 0 {
		req.User = uint64(w.rng.IntN(f.users)+1) * 0x9e3779b97f4a7c15
	}
	p, _ := tryEnter(w.tb, w.set.Lane(f.lane), req)
	if p == nil {
		return
	}
	f.passed++
	f.in++
	if f.refuseAt > 0 && f.in > f.refuseAt {
		w.open = append(w.open, open{w.hand.now + time.Millisecond, p, f, lane.Overloaded})
		return
	}
	first := 0
	for i, at := range w.workers {
		if at < w.workers[first] {
			first = i
		}
	}
	at := max(w.workers[first], w.hand.now) + f.work
	w.workers[first] = at
	w.open = append(w.open, open{at, p, f, lane.Served})
}
