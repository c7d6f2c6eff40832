package lane

import (
	"context"
	"errors"
	"testing"
	"time"
)

// judged tries a user's request and says what became of it.
func judged(t *testing.T, l *Lane, req Request) Reason {
	t.Helper()
	p, err := l.Enter(context.Background(), req)
	if err == nil {
		p.Drop()
		return ReasonNone
	}
	r, ok := errors.AsType[*Refusal](err)
	if !ok || (r.After > 0) != (r.Reason != ReasonDefer && r.Reason != ReasonChallenge) {
		t.Fatalf("%v", err)
	}
	return r.Reason
}

// TestDeferTakesTheUsersThatShedWould: the same users, at every strength; those
// whom an order to shed takes are shed all the same.
func TestDeferTakesTheUsersThatShedWould(t *testing.T) {
	l := ordered(t, Orders{})
	for i := range uint64(500) {
		req := Request{User: mix(i + 1), CanWait: true}
		for share := 0.1; share < 1; share += 0.1 {
			l.Order(Orders{Shed: [2]float64{share, 0}})
			shed := judged(t, l, req) == ReasonPlaybook
			l.Order(Orders{Defer: [2]float64{share, 0}})
			deferred := judged(t, l, req)
			if (deferred == ReasonDefer) != shed {
				t.Fatalf("user %d at %.0f%%: shed %t, deferred %s", i, share*100, shed, deferred)
			}
			waits := req
			waits.CanWait = false
			if got := judged(t, l, waits) == ReasonPlaybook; got != shed {
				t.Fatalf("user %d at %.0f%%: what cannot wait is refused %t, want %t", i, share*100, got, shed)
			}
			l.Order(Orders{Defer: [2]float64{1, 0}, Shed: [2]float64{share, 0}})
			if got := judged(t, l, req); (got == ReasonPlaybook) != shed || got == ReasonNone {
				t.Fatalf("user %d: with everyone deferred and %.0f%% shed: %s, shed alone %t", i, share*100, got, shed)
			}
		}
	}
}

func TestDeferAndAppointments(t *testing.T) {
	l := ordered(t, Orders{Defer: [2]float64{0.999, 0}})
	var refused Request
	for i := range uint64(100) {
		if req := (Request{User: mix(i + 1), CanWait: true}); judged(t, l, req) == ReasonDefer {
			refused = req
		}
	}
	refused.Booked = true
	if got := judged(t, l, refused); got != ReasonNone {
		t.Errorf("who was told to come now: %s", got)
	}
	refused.DueIn = time.Minute
	if got := judged(t, l, refused); got != ReasonDefer {
		t.Errorf("who comes too early: %s", got)
	}
	l.Order(Orders{Defer: [2]float64{1, 0}})
	refused.DueIn = 0
	if got := judged(t, l, refused); got != ReasonDefer {
		t.Errorf("while everyone waits: %s", got)
	}
}

func TestDeferCounts(t *testing.T) {
	l := ordered(t, Orders{Defer: [2]float64{0, 1}, WouldDefer: [2]float64{1, 0}})
	judged(t, l, Request{User: 1, CanWait: true})
	judged(t, l, Request{User: 1, CanWait: true, Intent: Background})
	sn := l.set.Snapshot().Lanes[0]
	if sn.WouldDefer != [2]uint64{1, 0} || sn.Deferred != [2]uint64{} || len(sn.Refused[Background]) != 0 {
		t.Errorf("a deferral that nobody has taken yet counts: %+v", sn)
	}
	l.CountDeferred(Background)
	r := l.Refuse(Request{User: 1, Intent: Background})
	sn = l.set.Snapshot().Lanes[0]
	if sn.Deferred != [2]uint64{0, 1} || sn.Refused[Background][ReasonPlaybook] != 1 || r.Reason != ReasonPlaybook || r.After <= 0 {
		t.Errorf("%+v, refused %+v", sn, r)
	}
	for _, reason := range Reasons() {
		if reason == ReasonDefer {
			t.Error("a deferral is listed as a refusal")
		}
	}
	if ReasonDefer.String() != "defer" {
		t.Error(ReasonDefer)
	}
}

// TestDeferredIsDeliveredWhateverIsOrdered: what was kept comes through orders
// and turns, not through a full lane, and what it finds counts for nothing.
func TestDeferredIsDeliveredWhateverIsOrdered(t *testing.T) {
	l := ordered(t, Orders{Defer: [2]float64{1, 1}, Shed: [2]float64{1, 1}})
	req := Request{User: 7, Intent: Background, Deferred: true}
	if got := judged(t, l, req); got != ReasonNone {
		t.Errorf("under orders: %s", got)
	}
	l.shedding.Store(true)
	l.turn.Store(0)
	if got := judged(t, l, req); got != ReasonNone {
		t.Errorf("before its turn: %s", got)
	}
	if _, in, known := l.ledger.look(7, l.set.clock()); known {
		t.Errorf("the user is let in (%t) for what was delivered", in)
	}
	for range 100 {
		l.force()
	}
	p, err := l.Enter(context.Background(), req)
	r, ok := errors.AsType[*Refusal](err)
	if p != nil || !ok || r.Reason != ReasonBackground || r.After != deferredAgain {
		t.Errorf("full: %v", err)
	}
	if sn := l.set.Snapshot().Lanes[0]; len(sn.Refused[Background]) != 0 {
		t.Errorf("counted: %v", sn.Refused)
	}
}

// TestShadowDefersNothing: a set in shadow lets everything pass.
func TestShadowDefersNothing(t *testing.T) {
	s, err := New(Config{Shadow: true, Lanes: []LaneConfig{{Name: "login", Tier: Sheddable}}})
	if err != nil {
		t.Fatal(err)
	}
	l := s.Lane("login")
	l.Order(Orders{Defer: [2]float64{1, 1}})
	if got := judged(t, l, Request{User: 1, CanWait: true}); got != ReasonNone {
		t.Error(got)
	}
}

func BenchmarkDefer(b *testing.B) {
	s, err := New(Config{Lanes: []LaneConfig{{Name: "login", Tier: Sheddable}}})
	if err != nil {
		b.Fatal(err)
	}
	l, ctx := s.Lane("login"), context.Background()
	l.Order(Orders{Defer: [2]float64{1, 1}})
	var r Refusal
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Enter(ctx, Request{User: 42, CanWait: true, Refusal: &r}); err == nil {
			b.Fatal("let in")
		}
	}
}
