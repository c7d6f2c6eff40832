package lane

import (
	"context"
	"testing"
)

// TestChallengeTakesTheUsersThatShedWould: the same users at every strength,
// those whom an order to shed takes are shed all the same, and who cannot be
// asked is refused.
func TestChallengeTakesTheUsersThatShedWould(t *testing.T) {
	l := ordered(t, Orders{})
	for i := range uint64(300) {
		req := Request{User: mix(i + 1), CanAsk: true, CanWait: true}
		for share := 0.1; share < 1; share += 0.2 {
			l.Order(Orders{Shed: [2]float64{share, 0}})
			shed := judged(t, l, req) == ReasonPlaybook
			l.Order(Orders{Challenge: [2]float64{share, 0}, Defer: [2]float64{1, 0}})
			got := judged(t, l, req)
			if asks := l.Asks(req); (got == ReasonChallenge) != shed || got == ReasonNone || asks != shed {
				t.Fatalf("user %d at %.0f%%: shed %t, got %s, would be asked %t", i, share*100, shed, got, asks)
			}
			l.Order(Orders{Challenge: [2]float64{share, 0}})
			mute := req
			mute.CanAsk = false
			if got := judged(t, l, mute) == ReasonPlaybook; got != shed {
				t.Fatalf("user %d at %.0f%%: who cannot be asked is refused %t, want %t", i, share*100, got, shed)
			}
			l.Order(Orders{Challenge: [2]float64{1, 0}, Shed: [2]float64{share, 0}})
			if got := judged(t, l, req); (got == ReasonPlaybook) != shed || got == ReasonNone {
				t.Fatalf("user %d: with everyone asked and %.0f%% shed: %s, shed alone %t", i, share*100, got, shed)
			}
		}
	}
}

func TestWhoIsAsked(t *testing.T) {
	all, fresh := Orders{Challenge: [2]float64{1, 0}}, Orders{ChallengeNew: [2]float64{1, 0}}
	for name, c := range map[string]struct {
		orders Orders
		req    Request
		want   Reason
	}{
		"everyone":      {all, Request{User: 7}, ReasonChallenge},
		"who was asked": {all, Request{User: 7, Cleared: true}, ReasonNone},
		"who was asked, and is to wait": {
			Orders{Challenge: [2]float64{1, 0}, Defer: [2]float64{1, 0}}, Request{User: 7, Cleared: true, CanWait: true}, ReasonDefer,
		},
		"who was asked, and is shed": {Orders{Challenge: [2]float64{1, 0}, Shed: [2]float64{1, 0}}, Request{User: 7, Cleared: true}, ReasonPlaybook},
		"the background":             {all, Request{User: 7, Intent: Background}, ReasonNone},
		"a known device":             {all, Request{User: 7, KnownDevice: true}, ReasonChallenge},
		"whose time has come":        {Orders{Challenge: [2]float64{0.9999, 0}}, Request{User: 7, Booked: true}, ReasonChallenge},
		"a new device":               {fresh, Request{User: 7}, ReasonChallenge},
		"not a new device":           {fresh, Request{User: 7, KnownDevice: true}, ReasonNone},
		"a new device, asked":        {fresh, Request{User: 7, Cleared: true}, ReasonNone},
		"what was kept":              {all, Request{User: 7, Deferred: true}, ReasonNone},
		"nobody":                     {Orders{Ceiling: 0.5}, Request{User: 7}, ReasonNone},
	} {
		l := ordered(t, c.orders)
		c.req.CanAsk = true
		if got := judged(t, l, c.req); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if want := c.orders.Challenge != [2]float64{} || c.orders.ChallengeNew != [2]float64{}; l.Challenges() != want {
			t.Errorf("%s: challenges %t", name, l.Challenges())
		}
	}
}

// TestNewDevicesAreAskedBeforeOthers: with fewer of all asked than of new
// devices, each share is its own.
func TestNewDevicesAreAskedBeforeOthers(t *testing.T) {
	l := ordered(t, Orders{Challenge: [2]float64{0.2, 0.2}, ChallengeNew: [2]float64{0.6, 0}})
	share := func(req Request) float64 {
		n := 0
		for i := range uint64(4000) {
			if req.User = mix(i + 1); l.Asks(req) {
				n++
			}
		}
		return float64(n) / 4000
	}
	for _, c := range []struct {
		req  Request
		want float64
	}{{Request{}, 0.6}, {Request{KnownDevice: true}, 0.2}, {Request{Intent: Background}, 0.2}, {Request{Cleared: true}, 0}} {
		if got := share(c.req); got < c.want-0.03 || got > c.want+0.03 {
			t.Errorf("%+v: %.3f asked, want %.1f", c.req, got, c.want)
		}
	}
}

func TestChallengeCounts(t *testing.T) {
	l := ordered(t, Orders{Challenge: [2]float64{0, 1}, WouldChallenge: [2]float64{1, 0}})
	judged(t, l, Request{User: 1, CanAsk: true})
	judged(t, l, Request{User: 1, CanAsk: true, Cleared: true})
	judged(t, l, Request{User: 1, CanAsk: true, Intent: Background})
	sn := l.set.Snapshot().Lanes[0]
	if sn.WouldChallenge != [2]uint64{1, 0} || sn.Challenged != [2]uint64{} || len(sn.Refused[Background]) != 0 {
		t.Errorf("a challenge that nobody has written yet counts: %+v", sn)
	}
	l.CountChallenged(Background)
	if sn = l.set.Snapshot().Lanes[0]; sn.Challenged != [2]uint64{0, 1} {
		t.Errorf("%+v", sn)
	}
	for _, reason := range Reasons() {
		if reason == ReasonChallenge {
			t.Error("a challenge is listed as a refusal")
		}
	}
	if ReasonChallenge.String() != "challenge" {
		t.Error(ReasonChallenge)
	}
	in := l.collect(l.set.clock(), nil)
	if in.Refused != 0 {
		t.Errorf("the search for the limit sees %d refused", in.Refused)
	}
}

// TestShadowAsksNobody: a set in shadow lets everything pass.
func TestShadowAsksNobody(t *testing.T) {
	s, err := New(Config{Shadow: true, Lanes: []LaneConfig{{Name: "login", Tier: Sheddable}}})
	if err != nil {
		t.Fatal(err)
	}
	l := s.Lane("login")
	l.Order(Orders{Challenge: [2]float64{1, 1}})
	if got := judged(t, l, Request{User: 1, CanAsk: true}); got != ReasonNone || l.Asks(Request{User: 1}) {
		t.Error(got)
	}
}

func BenchmarkChallenge(b *testing.B) {
	s, err := New(Config{Lanes: []LaneConfig{{Name: "login", Tier: Sheddable}}})
	if err != nil {
		b.Fatal(err)
	}
	l, ctx := s.Lane("login"), context.Background()
	l.Order(Orders{Challenge: [2]float64{1, 1}})
	var r Refusal
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Enter(ctx, Request{User: 42, CanAsk: true, Refusal: &r}); err == nil {
			b.Fatal("let in")
		}
	}
}
