package lane

import (
	"context"
	"errors"
	"testing"
	"time"
)

func ordered(t *testing.T, o Orders) *Lane {
	t.Helper()
	s, err := New(Config{FixedLimit: 100, Lanes: []LaneConfig{{Name: "login", Tier: Sheddable}}})
	if err != nil {
		t.Fatal(err)
	}
	l := s.Lane("login")
	l.Order(o)
	return l
}

// refusedOf tries n users, or anonymous requests, and returns the share that
// the playbook refused.
func refusedOf(t *testing.T, l *Lane, n int, req Request, named bool) float64 {
	t.Helper()
	refused := 0
	for i := range n {
		r := req
		if named {
			r.User = mix(uint64(i) + 1)
		}
		p, err := l.Enter(context.Background(), r)
		if err == nil {
			p.Done(Served)
			continue
		}
		if got, ok := errors.AsType[*Refusal](err); !ok || got.Reason != ReasonPlaybook || got.After <= 0 {
			t.Fatalf("refused: %v", err)
		}
		refused++
	}
	return float64(refused) / float64(n)
}

func TestOrdersShed(t *testing.T) {
	for name, c := range map[string]struct {
		orders Orders
		req    Request
		want   float64
	}{
		"nobody":                        {Orders{}, Request{}, 0},
		"half of people":                {Orders{Shed: [2]float64{0.5, 0}}, Request{}, 0.5},
		"nobody of the background":      {Orders{Shed: [2]float64{0.5, 0}}, Request{Intent: Background}, 0},
		"all of the background":         {Orders{Shed: [2]float64{0, 1}}, Request{Intent: Background}, 1},
		"who was told to come now":      {Orders{Shed: [2]float64{0.9, 0}}, Request{Booked: true}, 0},
		"everyone, even who has a time": {Orders{Shed: [2]float64{1, 0}}, Request{Booked: true}, 1},
		"more than all":                 {Orders{Shed: [2]float64{7, 0}}, Request{}, 1},
		"in shadow":                     {Orders{WouldShed: [2]float64{1, 1}}, Request{}, 0},
	} {
		for _, named := range []bool{true, false} {
			if got := refusedOf(t, ordered(t, c.orders), 4000, c.req, named); got < c.want-0.04 || got > c.want+0.04 {
				t.Errorf("%s (named %t): %.3f refused, want %.2f", name, named, got, c.want)
			}
		}
	}
}

func TestOrdersCountShadow(t *testing.T) {
	l := ordered(t, Orders{WouldShed: [2]float64{0, 0.5}})
	refusedOf(t, l, 2000, Request{Intent: Background}, true)
	sn := l.set.Snapshot().Lanes[0]
	if n := sn.WouldShed[Background]; n < 900 || n > 1100 || sn.WouldShed[Foreground] != 0 {
		t.Errorf("would have shed %v of 2000, want about half of the background", sn.WouldShed)
	}
}

// Users who are refused at one strength are refused at every greater one.
func TestOrdersShedTheSameUsers(t *testing.T) {
	l := ordered(t, Orders{})
	for i := range uint64(500) {
		before := false
		for share := 0.1; share < 1; share += 0.1 {
			l.Order(Orders{Shed: [2]float64{share, 0}})
			refused := l.ordered(l.orders.Load(), time.Minute, &Request{User: mix(i + 1)}) != ReasonNone
			if before && !refused {
				t.Fatalf("user %d: refused at less than %.0f%%, and not at that", i, share*100)
			}
			before = refused
		}
	}
}

func TestOrdersCeiling(t *testing.T) {
	l := ordered(t, Orders{Ceiling: 0.3})
	held := func() (n int) {
		l.set.mu.Lock()
		l.set.stepLocked(l.set.clock())
		l.set.mu.Unlock()
		var permits []*Permit
		for {
			p, err := l.Enter(context.Background(), Request{})
			if err != nil {
				break
			}
			permits = append(permits, p)
		}
		for _, p := range permits {
			p.Drop()
		}
		return len(permits)
	}
	if n := held(); n != 30 {
		t.Errorf("%d of 100 permits under a ceiling of 30%%", n)
	}
	l.Order(Orders{})
	if n := held(); n != 100 {
		t.Errorf("%d of 100 permits without it", n)
	}
}

// A refusal by order is not taken for one by the limit: the limit must not be
// searched for because of it.
func TestOrdersAreNotPressure(t *testing.T) {
	l := ordered(t, Orders{Shed: [2]float64{1, 1}})
	refusedOf(t, l, 1000, Request{}, true)
	in := l.collect(l.set.clock(), nil)
	if in.Refused != 0 || in.Arrived != 0 {
		t.Errorf("the search sees %d refused of %d", in.Refused, in.Arrived)
	}
	if l.shedding.Load() {
		t.Error("the turnstile sheds too")
	}
}

func TestWaitedIsCounted(t *testing.T) {
	s, err := New(Config{FixedLimit: 1, Lanes: []LaneConfig{{Name: "message", Tier: Critical}}})
	if err != nil {
		t.Fatal(err)
	}
	l := s.Lane("message")
	p, err := l.Enter(context.Background(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Enter(context.Background(), Request{}); err == nil {
		t.Fatal("two at once")
	}
	p.Done(Served)
	sn := s.Snapshot().Lanes[0]
	if sn.Waits != 1 || sn.Waited < 200*time.Millisecond {
		t.Errorf("%d waited %s, want one for as long as the queue allows", sn.Waits, sn.Waited)
	}
}

// TestOrdersMax: a number of permits, with the smaller of the configured and
// the ordered one.
func TestOrdersMax(t *testing.T) {
	for name, c := range map[string]struct {
		lane LaneConfig
		max  int
		want int
	}{
		"ordered":          {LaneConfig{}, 7, 7},
		"configured less":  {LaneConfig{Max: 3}, 7, 3},
		"configured more":  {LaneConfig{Max: 30}, 7, 7},
		"long connections": {LaneConfig{Streams: true}, 7, 7},
		"none":             {LaneConfig{Max: 5}, 0, 5},
	} {
		c.lane.Name, c.lane.Tier, c.lane.Queue = "login", Sheddable, Queue{Length: -1}
		now := time.Duration(0)
		s, err := New(Config{FixedLimit: 100, Lanes: []LaneConfig{c.lane}, Clock: func() time.Duration { return now }})
		if err != nil {
			t.Fatal(err)
		}
		l := s.Lane("login")
		l.Order(Orders{Max: c.max})
		step := func() { // whoever comes first takes it
			now += 20 * time.Millisecond
			if p, err := l.Enter(t.Context(), Request{}); err == nil {
				p.Drop()
			}
		}
		step()
		step()
		in := 0
		for range 50 {
			if _, err := l.Enter(t.Context(), Request{}); err == nil {
				in++
			}
		}
		if in != c.want {
			t.Errorf("%s: %d got in, want %d", name, in, c.want)
		}
	}
}

// TestOrdered says beforehand what happens then.
func TestOrdered(t *testing.T) {
	l := ordered(t, Orders{Shed: [2]float64{0.3, 0}, Challenge: [2]float64{0.6, 0}, Defer: [2]float64{0.8, 1}})
	told := map[Reason]int{}
	for user := range uint64(2000) {
		r := Request{User: mix(user + 1), CanAsk: true, CanWait: true}
		want := l.Ordered(r)
		told[want]++
		got := ReasonNone
		if p, err := l.Enter(t.Context(), r); err == nil {
			p.Done(Served)
		} else if refusal, ok := errors.AsType[*Refusal](err); ok {
			got = refusal.Reason
		}
		if got != want {
			t.Fatalf("user %d: told %v, then %v", user, want, got)
		}
	}
	if len(told) != 4 {
		t.Errorf("%v: some of it was not tried", told)
	}
	for want, r := range map[Reason]Request{
		ReasonNone:  {},
		ReasonDefer: {Intent: Background},
	} {
		if got := l.Ordered(r); got != want {
			t.Errorf("%+v: %v, want %v", r, got, want)
		}
	}
	l.Order(Orders{})
	if got := l.Ordered(Request{User: 1}); got != ReasonNone {
		t.Errorf("without orders: %v", got)
	}
}
