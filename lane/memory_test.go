package lane_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/lane"
)

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAMillionUsersTakeBoundedMemory(t *testing.T) {
	s, h := handSet(t, lane.Config{FixedLimit: 10, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}}})
	l, ctx := s.Lane("login"), context.Background()
	var r lane.Refusal
	before := heap()
	var open []*lane.Permit
	for i := range 1_000_000 {
		if i%100 == 0 {
			h.now += time.Millisecond
			for _, p := range open {
				p.Done(lane.Served)
			}
			open = open[:0]
		}
		if p, err := l.Enter(ctx, lane.Request{User: lane.HashUser(fmt.Sprint(i)), Refusal: &r}); err == nil {
			open = append(open, p)
		}
	}
	if grew := int64(heap()) - int64(before); grew > 1<<20 {
		t.Errorf("a million users hold %d KiB, want at most 1 MiB", grew>>10)
	}
	runtime.KeepAlive(s)
}

func TestTheRoadAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Log("the race detector allocates; see raceDetector")
		return
	}
	s, h := handSet(t, lane.Config{FixedLimit: 10, Lanes: two()})
	l, ctx := s.Lane("login"), context.Background()
	if n := testing.AllocsPerRun(1000, func() {
		h.now += time.Millisecond // steps included
		p, err := l.Enter(ctx, lane.Request{User: 42})
		if err != nil {
			t.Fatal(err)
		}
		p.Done(lane.Served)
	}); n != 0 {
		t.Errorf("Enter and Done allocate %v times", n)
	}
	fill(t, l, 10)
	var r lane.Refusal
	for reason, req := range map[string]lane.Request{"full": {}, "turn": user(1), "deadline": {Budget: 1}, "early": {Booked: true, DueIn: time.Hour}} {
		req.Refusal = &r
		refused(t, l, req) // the ledger is made at the first refusal
		i := uint64(0)
		if n := testing.AllocsPerRun(1000, func() {
			h.now += time.Millisecond
			if i++; req.User > 0 {
				req.User += i << 40
			}
			if _, err := l.Enter(ctx, req); err == nil {
				t.Fatal("let in")
			}
		}); n != 0 {
			t.Errorf("a refusal for %s allocates %v times", reason, n)
		}
	}
}

func BenchmarkMemoryPerIdleLane(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		before := heap()
		s := newSet(b, many(lane.MaxLanes))
		b.ReportMetric(float64(int64(heap())-int64(before))/lane.MaxLanes, "B/lane")
		runtime.KeepAlive(s)
	}
}

// What waits costs its goroutine's stack as well, which whoever calls Enter
// has anyway; B/1000 is the heap alone.
func BenchmarkMemoryPerThousandWaiting(b *testing.B) {
	for b.Loop() {
		s := newSet(b, lane.Config{FixedLimit: 1, Lanes: []lane.LaneConfig{{Name: "a", Tier: lane.Critical, Queue: lane.Queue{Length: 1000, Wait: time.Minute}}}})
		l := s.Lane("a")
		ctx, cancel := context.WithCancel(context.Background())
		p := enter(b, l, lane.Request{})
		before := heap()
		var all sync.WaitGroup
		for i := range 1000 {
			all.Go(func() { _, _ = l.Enter(ctx, user(i)) })
		}
		for snap(b, s, "a").Waiting < 1000 {
			runtime.Gosched()
		}
		b.ReportMetric(float64(int64(heap())-int64(before)), "B/1000")
		cancel()
		all.Wait()
		p.Drop()
	}
}
