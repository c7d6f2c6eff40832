package lane_test

import (
	"errors"
	"testing"
	"time"

	"github.com/daero/daero/lane"
)

func TestWhatIsLearnedFromHowARequestEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*lane.Permit)
		base time.Duration
		want func(lane.LaneSnapshot) uint64
	}{
		"served":     {func(p *lane.Permit) { p.Done(lane.Served) }, 10 * time.Millisecond, func(l lane.LaneSnapshot) uint64 { return l.Served }},
		"failed":     {func(p *lane.Permit) { p.Done(lane.Failed) }, 0, func(l lane.LaneSnapshot) uint64 { return l.Failed }},
		"overloaded": {func(p *lane.Permit) { p.Done(lane.Overloaded) }, 0, func(l lane.LaneSnapshot) uint64 { return l.Overloaded }},
		"dropped":    {(*lane.Permit).Drop, 0, func(l lane.LaneSnapshot) uint64 { return l.Dropped }},
	} {
		t.Run(name, func(t *testing.T) {
			s, h := handSet(t, lane.Config{Lanes: two()})
			for range 100 {
				p := enter(t, s.Lane("login"), lane.Request{})
				h.now += 10 * time.Millisecond
				test.end(p)
			}
			h.now += 20 * time.Millisecond
			p := enter(t, s.Lane("login"), lane.Request{}) // a step
			sn := snap(t, s, "login")
			if !near(sn.Base, test.base, time.Millisecond) {
				t.Errorf("base %s, want %s", sn.Base, test.base)
			}
			if got := test.want(sn); got != 100 {
				t.Errorf("counted %d, want 100", got)
			}
			p.Drop()
			empty(t, s)
		})
	}
}

func TestParkGivesThePlaceBack(t *testing.T) {
	s, h := handSet(t, lane.Config{FixedLimit: 1, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}}})
	l := s.Lane("login")
	p := enter(t, l, lane.Request{})
	wrong := errors.New("body cut short")
	var second *lane.Permit
	err := p.Park(func() error {
		if l.InFlight() != 0 {
			t.Error("parked, and still in flight")
		}
		second = enter(t, l, lane.Request{})
		h.now += 100 * time.Millisecond
		return wrong
	})
	if !errors.Is(err, wrong) {
		t.Errorf("Park returned %v, want what the function returned", err)
	}
	if l.InFlight() != 2 {
		t.Errorf("in flight %d, want 2: the place is taken back without asking", l.InFlight())
	}
	refused(t, l, lane.Request{})
	second.Drop()
	p.Drop()
	empty(t, s)
}

func TestParkedTimeIsNotLearnedFrom(t *testing.T) {
	s, h := handSet(t, lane.Config{Lanes: two()})
	for range 100 {
		p := enter(t, s.Lane("login"), lane.Request{})
		h.now += 5 * time.Millisecond
		for range 2 {
			if err := p.Park(func() error { h.now += time.Second; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		h.now += 5 * time.Millisecond
		p.Done(lane.Served)
	}
	h.now += 20 * time.Millisecond
	enter(t, s.Lane("login"), lane.Request{}).Drop()
	if b := snap(t, s, "login").Base; !near(b, 10*time.Millisecond, time.Millisecond) {
		t.Errorf("base %s, want 10ms: 2 s of it were parked", b)
	}
}

func TestAPanicWhileParkedLeaksNothing(t *testing.T) {
	s, _ := handSet(t, lane.Config{Lanes: two()})
	func() {
		p := enter(t, s.Lane("login"), lane.Request{})
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
			p.Drop()
		}()
		_ = p.Park(func() error { panic("reading the body") })
	}()
	empty(t, s)
}

// A dependency of one lane that refuses, fast, beyond 5 at once: the lane gets
// a limit of its own, and no other lane is held back.
func TestARefusingBackendMakesTheLanesOwnLimit(t *testing.T) {
	pay := &flow{lane: "pay", rate: 400, work: 50 * time.Millisecond, refuseAt: 5}
	login := &flow{lane: "login", rate: 100, work: 50 * time.Millisecond}
	w := newWorld(t, lane.Config{InitialLimit: 30, Lanes: []lane.LaneConfig{
		{Name: "pay", Tier: lane.Normal}, {Name: "login", Tier: lane.Sheddable},
	}}, 40, pay, login)
	w.run(5*time.Second, nil)
	w.reset()
	before := snap(t, w.set, "pay")
	sum, n := 0, 0
	w.run(10*time.Second, func() { sum, n = sum+snap(t, w.set, "pay").Limit, n+1 })
	after := snap(t, w.set, "pay")
	served, wasted := after.Served-before.Served, after.Overloaded-before.Overloaded
	if served < 750 { // 5 % below is how it stays out of the way
		t.Errorf("%d served in 10 s, want nearly 1000", served)
	}
	if wasted > served/4 {
		t.Errorf("%d tried in vain for %d served", wasted, served)
	}
	if mean := float64(sum) / float64(n); mean < 4 || mean > 8 {
		t.Errorf("own limit %.1f, want about 5", mean)
	}
	if login.passed < login.sent*9/10 {
		t.Errorf("login: %d of %d", login.passed, login.sent)
	}
}
