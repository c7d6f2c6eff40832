package limit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/daero/daero/lane/limit"
)

func TestTheLimitIsFoundFromAnywhere(t *testing.T) {
	for _, initial := range []int{0, 1, 5, 20, 40, 100, 200} {
		t.Run(fmt.Sprint(initial), func(t *testing.T) {
			r := newRig(initial, 40)
			r.run(3 * time.Second)
			r.rate[login] = 2000
			r.run(8 * time.Second)
			between(t, "limit before 40 workers", r.f.Limit(), 34, 46)
			if r.refused[message] > 0 {
				t.Errorf("%d messages refused", r.refused[message])
			}
		})
	}
}

func TestTheLimitFollowsTheBackend(t *testing.T) {
	r := newRig(20, 40)
	r.run(3 * time.Second)
	r.rate[login] = 2000
	r.run(8 * time.Second)
	for _, workers := range []int{20, 40, 60} {
		r.workers = append([]time.Duration(nil), r.workers[:min(workers, len(r.workers))]...)
		for len(r.workers) < workers {
			r.workers = append(r.workers, 0)
		}
		r.run(12 * time.Second)
		between(t, fmt.Sprintf("limit before %d workers", workers), r.f.Limit(), workers*8/10, workers*12/10)
	}
	if r.refused[message] > 0 {
		t.Errorf("%d messages refused", r.refused[message])
	}
}

func TestAFixedLimitStaysFixed(t *testing.T) {
	f := limit.New(limit.Config{Initial: 7, Fixed: 33}, 1)
	f.SetLimit(99)
	if f.Limit() != 33 {
		t.Errorf("limit %d, want 33", f.Limit())
	}
}

// A base that followed a long incident would call the incident normal.
func TestTheBaseIsFrozenUnderPressure(t *testing.T) {
	for name, test := range map[string]struct {
		refused int
		moves   bool
	}{"pressed": {10, false}, "at ease": {0, true}} {
		t.Run(name, func(t *testing.T) {
			h := newHand(20)
			before := h.f.Base(login)
			for range 3000 { // half a minute
				h.in[login].InFlight, h.in[login].Refused = 10, test.refused
				h.feed(5, 10*time.Millisecond, message)
				h.feed(1, 300*time.Millisecond, login)
				h.step()
			}
			after := h.f.Base(login)
			if moved := after > before*11/10; moved != test.moves {
				t.Errorf("base %s, then %s", before, after)
			}
		})
	}
}

func TestASlowGaugeClosesTheLowerLanesUntilItIsRelieved(t *testing.T) {
	h := newHand(20)
	from := h.f.Limit()
	h.drain(t, 10)
	if h.out[login].Cap != 0 || h.out[login].Total != 0 {
		t.Errorf("login may have %d of %d during a drain", h.out[login].Cap, h.out[login].Total)
	}
	if h.out[message].Cap < 1000 || h.out[message].Total < 1000 {
		t.Errorf("message may have %d of %d during a drain", h.out[message].Cap, h.out[message].Total)
	}
	for range 10 { // what login holds runs off, slowly
		h.in[login].InFlight = 4
		h.feed(1, 30*time.Millisecond, message)
		h.step()
	}
	if h.f.Phase() != "drain" {
		t.Fatalf("phase %s before any relief", h.f.Phase())
	}
	h.feed(5, 10*time.Millisecond, message)
	h.step()
	if h.f.Phase() == "drain" {
		t.Error("relieved, and still draining")
	}
	between(t, "limit after relief", h.f.Limit(), 2, from-1)
	if h.out[login].Cap == 0 {
		t.Error("login is still closed")
	}
}

// drain makes the gauge suffer while login holds n.
func (h *hand) drain(t *testing.T, n int) {
	t.Helper()
	h.in[login].InFlight = n
	for i := 0; h.f.Phase() != "drain"; i++ {
		h.in[login].Refused = 5
		h.feed(10, 40*time.Millisecond, message)
		h.step()
		if i > 100 {
			t.Fatal("four times its base, and no drain")
		}
	}
}

// Relief at once, while the lower lanes hold what they held, says that the
// machine stuttered: that is spared, once a second.
func TestAStutterIsSparedOnce(t *testing.T) {
	h := newHand(20)
	limits := []int{h.f.Limit()}
	for range 2 {
		h.drain(t, 10)
		for i := 0; h.f.Phase() == "drain"; i++ {
			h.in[login].Refused = 5
			for range 5 {
				h.in[message].Samples = append(h.in[message].Samples, limit.Sample{Entered: h.now + 1, Took: 10 * time.Millisecond, N: 5, Served: true})
			}
			h.step()
			if i > 5 {
				t.Fatal("relieved, and still draining")
			}
		}
		limits = append(limits, h.f.Limit())
	}
	if limits[1] != limits[0] || limits[2] >= limits[1] {
		t.Errorf("limit %v: want the first stutter spared, the second not", limits)
	}
}

// Drains that help nothing mean dearer work, but only after seconds: a machine
// that stands still for a moment makes no work dearer.
func TestADrainInVainMakesNothingDearerAtOnce(t *testing.T) {
	h := newHand(20)
	before, from := h.f.Base(message), h.f.Limit()
	h.drain(t, 10)
	began := h.now
	suffer := func(until time.Duration) {
		for h.now < until {
			h.in[login].Refused, h.in[login].InFlight = 5, 10
			if h.f.Phase() == "drain" { // they are out of the way, and it is as slow as before
				h.in[login].InFlight = 0
			}
			h.feed(5, 40*time.Millisecond, message)
			h.step()
		}
	}
	suffer(began + 500*time.Millisecond)
	if after := h.f.Base(message); after > before*105/100 {
		t.Errorf("base %s, after half a second %s", before, after)
	}
	between(t, "limit after half a second", h.f.Limit(), from, from)
	suffer(began + 20*time.Second)
	if after := h.f.Base(message); after < 30*time.Millisecond {
		t.Errorf("base %s after 20 s at 40ms: dearer work is never believed", after)
	}
}

// Dear requests do not feel what cheap ones suffer: what those found stands
// until they are back, also where the dear ones are let in past the limit.
func TestACoarseGaugeRaisesNothingAFineOneFound(t *testing.T) {
	r := newRig(20, 40)
	r.f = limit.New(limit.Config{}, 3)
	r.in, r.out = append(r.in, limit.LaneInput{Tier: 1}), append(r.out, limit.LaneOutput{})
	r.rate, r.work = append(r.rate, 60), append(r.work, 100*time.Millisecond)
	r.refused, r.asked = make([]int, 3), make([]int, 3)
	r.f.Step(0, r.in, r.out)
	r.run(3 * time.Second)
	r.rate[login] = 2000
	r.run(8 * time.Second)
	r.workers = r.workers[:20]
	r.run(8 * time.Second)
	r.rate[message] = 0
	r.run(time.Second)
	found := r.f.Limit()
	r.workers = append(append([]time.Duration(nil), r.workers...), make([]time.Duration, 40)...)
	r.run(10 * time.Second)
	if got := r.f.Limit(); got > found {
		t.Errorf("limit %d, then %d without the cheap requests", found, got)
	}
	r.rate[message] = 500
	r.run(10 * time.Second)
	if got := r.f.Limit(); got < found*3/2 {
		t.Errorf("limit %d, then %d although they are back before three times the workers", found, got)
	}
}

func TestWhatWasLearnedIsSetAgain(t *testing.T) {
	f := limit.New(limit.Config{}, 2)
	f.SetLimit(77)
	f.SetLimit(0)
	f.SetLimit(-5)
	f.SetBase(1, 30*time.Millisecond)
	if f.Limit() != 77 || f.Base(1) != 30*time.Millisecond || f.Base(0) != 0 {
		t.Errorf("limit %d, bases %s and %s", f.Limit(), f.Base(0), f.Base(1))
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	r := newRig(20, 40)
	r.rate[login] = 2000
	r.run(5 * time.Second)
	if n := testing.AllocsPerRun(100, func() {
		r.now += limit.Interval
		r.f.Step(r.now, r.in, r.out)
	}); n != 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

// A lane more important than all that is going on changes nothing while it is
// idle: the lane that the limit is felt with must be let in past it, and a drain
// must not close it.
func TestAnIdleLaneAboveChangesNothing(t *testing.T) {
	r := newRig(20, 40)
	r.f = limit.New(limit.Config{}, 3)
	r.in, r.out = append(r.in, limit.LaneInput{Tier: 1}), append(r.out, limit.LaneOutput{})
	r.in[message].Tier = 2
	r.rate, r.work = append(r.rate, 0), append(r.work, time.Millisecond)
	r.refused, r.asked = make([]int, 3), make([]int, 3)
	r.f.Step(0, r.in, r.out)
	r.run(3 * time.Second)
	r.rate[login] = 2000
	r.run(8 * time.Second)
	for _, workers := range []int{20, 40} {
		r.workers = append(append([]time.Duration(nil), r.workers[:20]...), make([]time.Duration, workers-20)...)
		r.run(4 * time.Second)
		clear(r.refused)
		clear(r.asked)
		r.run(8 * time.Second)
		between(t, fmt.Sprintf("limit before %d workers", workers), r.f.Limit(), workers*8/10, workers*12/10)
		if r.refused[message] > 0 {
			t.Errorf("%d workers: %d of %d messages refused", workers, r.refused[message], r.asked[message])
		}
	}
}
