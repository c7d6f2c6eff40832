package lane_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/lane"
)

// Many goroutines enter, leave, park, give up and wait while the lanes are
// reloaded, read and restored. At the end everything must be given back.
func TestNoPermitIsEverLost(t *testing.T) {
	queue := lane.Queue{Length: 20, Wait: 3 * time.Millisecond}
	lanes := []lane.LaneConfig{
		{Name: "message", Tier: lane.Critical, Queue: queue},
		{Name: "sync", Tier: lane.Normal, Queue: queue},
		{Name: "login", Tier: lane.Sheddable, Floor: 0.1},
		{Name: "socket", Tier: lane.Normal, Streams: true, Max: 5},
	}
	s := newSet(t, lane.Config{Lanes: lanes, FixedLimit: 8})
	stop := make(chan struct{})
	var users, keepers sync.WaitGroup
	for seed := range uint64(24) {
		users.Go(func() { torture(t, s, rand.New(rand.NewPCG(seed, 7))) })
	}
	keepers.Go(func() { reloadUntil(t, s, lanes, stop) })
	keepers.Go(func() {
		var last lane.Snapshot
		for {
			select {
			case <-stop:
				return
			default:
			}
			now := s.Snapshot()
			grown(t, last, now)
			s.Restore(s.State())
			last = now
			runtime.Gosched()
		}
	})
	users.Wait()
	close(stop)
	keepers.Wait()
	if err := s.Reload(lane.Config{Lanes: lanes, FixedLimit: 8}); err != nil {
		t.Fatal(err)
	}
	empty(t, s)
	passed := uint64(0)
	for _, l := range s.Snapshot().Lanes {
		in, out := l.Passed[0]+l.Passed[1], l.Served+l.Failed+l.Overloaded+l.Dropped
		if in != out {
			t.Errorf("lane %s: %d went in, %d came out", l.Name, in, out)
		}
		passed += in
	}
	if passed == 0 {
		t.Error("nobody got in")
	}
}

// grown fails if a counter ran backwards or below zero.
func grown(t *testing.T, before, after lane.Snapshot) {
	old := map[string]lane.LaneSnapshot{}
	for _, l := range before.Lanes {
		old[l.Name] = l
	}
	for _, l := range after.Lanes {
		for i, n := range l.Passed {
			if b, known := old[l.Name]; n > 1<<40 || known && n < b.Passed[i] {
				t.Errorf("lane %s: passed %v after %v", l.Name, l.Passed, b.Passed)
			}
		}
	}
}

func torture(t *testing.T, s *lane.Set, rng *rand.Rand) {
	names := []string{"message", "sync", "login", "login", "socket"}
	gone := errors.New("gone")
	var refusal lane.Refusal
	for range 1500 {
		l := s.Lane(names[rng.IntN(len(names))])
		ctx, cancel := context.WithCancelCause(context.Background())
		req := lane.Request{User: rng.Uint64N(50), Intent: lane.Intent(rng.IntN(2)), Booked: rng.IntN(8) == 0, DueIn: time.Duration(rng.IntN(3)) - 1, Refusal: &refusal}
		var leaver sync.WaitGroup
		leaves := rng.IntN(4) == 0 || req.Booked // who is booked waits up to 2 s: not here
		if leaves {
			leaver.Go(func() { runtime.Gosched(); cancel(gone) })
		}
		p, err := l.Enter(ctx, req)
		var r *lane.Refusal
		switch {
		case err == nil:
			for range rng.IntN(20) {
				runtime.Gosched()
			}
			leave(p, rng)
		case errors.Is(err, gone):
		case !errors.As(err, &r) || r.After <= 0 || r.Reason == lane.ReasonNone:
			t.Errorf("%s: %v", l.Name(), err)
		}
		leaver.Wait()
		cancel(nil)
	}
}

func leave(p *lane.Permit, rng *rand.Rand) {
	if rng.IntN(5) == 0 {
		_ = p.Park(func() error { runtime.Gosched(); return nil })
	}
	if n := rng.IntN(4); n < 3 {
		p.Done(lane.Outcome(n))
	} else {
		p.Drop()
	}
}

// reloadUntil changes what can be changed, one step every few times around.
func reloadUntil(t *testing.T, s *lane.Set, lanes []lane.LaneConfig, stop chan struct{}) {
	rng := rand.New(rand.NewPCG(99, 99))
	for {
		select {
		case <-stop:
			return
		default:
		}
		mine := append([]lane.LaneConfig(nil), lanes...)
		mine[2].Max = rng.IntN(4)
		mine[3].Streams = rng.IntN(2) == 0
		mine = mine[:len(mine)-rng.IntN(2)]
		if err := s.Reload(lane.Config{Lanes: mine, FixedLimit: 8 * rng.IntN(2), Shadow: rng.IntN(10) == 0}); err != nil {
			t.Error(err)
		}
		for range 50 {
			runtime.Gosched()
		}
	}
}
