package lane_test

import (
	"context"
	"testing"

	"github.com/daero/daero/lane"
)

func newSet(tb testing.TB, cfg lane.Config) *lane.Set {
	tb.Helper()
	s, err := lane.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func BenchmarkEnterDone(b *testing.B) {
	s := newSet(b, lane.Config{Lanes: []lane.LaneConfig{{Name: "message", Tier: lane.Critical}, {Name: "login", Tier: lane.Sheddable}}})
	l, ctx := s.Lane("message"), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		p, err := l.Enter(ctx, lane.Request{User: 42})
		if err != nil {
			b.Fatal(err)
		}
		p.Done(lane.Served)
	}
}

func BenchmarkEnterDoneParallel(b *testing.B) {
	s := newSet(b, lane.Config{Lanes: []lane.LaneConfig{{Name: "message", Tier: lane.Critical}, {Name: "login", Tier: lane.Sheddable}}})
	l, ctx := s.Lane("message"), context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, err := l.Enter(ctx, lane.Request{User: 42})
			if err != nil {
				b.Fatal(err)
			}
			p.Done(lane.Served)
		}
	})
}

func BenchmarkRefuse(b *testing.B) {
	s := newSet(b, lane.Config{FixedLimit: 1, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}}})
	l, ctx := s.Lane("login"), context.Background()
	if _, err := l.Enter(ctx, lane.Request{User: 1}); err != nil {
		b.Fatal(err)
	}
	var r lane.Refusal
	b.ReportAllocs()
	user := uint64(1)
	for b.Loop() {
		user++
		if _, err := l.Enter(ctx, lane.Request{User: user << 20, Refusal: &r}); err == nil {
			b.Fatal("let in")
		}
	}
}
