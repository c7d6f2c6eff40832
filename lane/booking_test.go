package lane_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/daero/daero/lane"
)

// full is a lane with all its permits out that serves 100 requests a second.
func full(tb testing.TB) (*hand, *lane.Lane, []*lane.Permit) {
	tb.Helper()
	s, h := handSet(tb, lane.Config{FixedLimit: 10, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}}})
	s.Restore(lane.State{Bases: map[string]time.Duration{"login": 100 * time.Millisecond}})
	h.now += 20 * time.Millisecond
	enter(tb, s.Lane("login"), lane.Request{}).Drop() // a step
	return h, s.Lane("login"), fill(tb, s.Lane("login"), 10)
}

func user(i int) lane.Request { return lane.Request{User: lane.HashUser(fmt.Sprint("user-", i))} }

func TestReturnsAreSpacedAtTheRateTheLaneServes(t *testing.T) {
	_, l, _ := full(t)
	const spacing = time.Second / 95 // 100/s, less a twentieth for who comes unasked
	last := time.Duration(0)
	for i := range 1000 {
		after := refused(t, l, user(i)).After
		switch {
		case i == 0 && after != time.Second:
			t.Fatalf("the first returns after %s, want 1s", after)
		case i > 0 && !near(after-last, spacing, spacing/50):
			t.Fatalf("return %d comes %s after the one before, want %s", i, after-last, spacing)
		}
		last = after
	}
}

func TestTheSameUserKeepsTheSameTime(t *testing.T) {
	h, l, _ := full(t)
	first := make([]time.Duration, 200)
	for i := range first {
		first[i] = h.now + refused(t, l, user(i)).After
	}
	met := 0 // two users in one word of the ledger: one is booked again
	for range 3 {
		h.now += 300 * time.Millisecond
		for i := range first {
			if at := h.now + refused(t, l, user(i)).After; !near(at, first[i], time.Millisecond) {
				met++
			}
		}
	}
	if met > 3*4 {
		t.Errorf("%d of %d times changed", met, 3*len(first))
	}
	was := h.now + refused(t, l, user(0)).After
	h.now = was + time.Millisecond
	if after := refused(t, l, user(0)).After; after < time.Second {
		t.Errorf("a time that has passed is booked again in %s, want a second or more", after)
	}
}

func TestReturnsBeyondTenMinutesAreSpread(t *testing.T) {
	_, l, _ := full(t)
	var late []time.Duration
	for i := range 70_000 { // 57,000 fill ten minutes
		after := refused(t, l, user(i)).After
		if after > 10*time.Minute {
			t.Fatalf("user %d: come back in %s", i, after)
		}
		if i > 58_000 {
			late = append(late, after)
		}
	}
	bins := [5]int{}
	for _, a := range late {
		if a < 5*time.Minute {
			t.Fatalf("a late one is told %s", a)
		}
		bins[min(int((a-5*time.Minute)/time.Minute), 4)]++
	}
	for i, n := range bins {
		if want := float64(len(late)) / 5; math.Abs(float64(n)-want) > want/5 {
			t.Errorf("minute %d: %d returns, want about %.0f", i+5, n, want)
		}
	}
}

// shedding refuses once and lets a step see it.
func shedding(tb testing.TB, h *hand, l *lane.Lane) {
	tb.Helper()
	refused(tb, l, lane.Request{})
	h.now += 20 * time.Millisecond
	refused(tb, l, lane.Request{})
}

func TestWhoIsEarlyKeepsItsTime(t *testing.T) {
	h, l, _ := full(t)
	shedding(t, h, l)
	for _, in := range []time.Duration{1, time.Millisecond, 5 * time.Second, time.Hour} {
		r := refused(t, l, lane.Request{User: 77, Booked: true, DueIn: in})
		if r.Reason != lane.ReasonEarly || r.After != in {
			t.Errorf("due in %s: %v", in, r)
		}
	}
}

func TestWhoIsDueGoesBeforeWalkIns(t *testing.T) {
	h, l, out := full(t)
	var turned []lane.Request
	for i := 0; len(turned) < 20; i++ { // drive the turn down
		h.now += time.Millisecond
		if r := refused(t, l, user(i)); r.Reason == lane.ReasonTurn {
			turned = append(turned, user(i))
		}
		if i > 10_000 {
			t.Fatal("nobody is turned away")
		}
	}
	for _, p := range out {
		p.Drop()
	}
	for i, req := range turned {
		walk, reason := tryEnter(t, l, req)
		if walk != nil || reason != lane.ReasonTurn {
			t.Fatalf("a walk-in whose turn it is not: %v, want a refusal for turn", reason)
		}
		req.Booked, req.DueIn = true, -time.Duration(i)*time.Second
		enter(t, l, req).Drop()
	}
}
