package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/daero/daero/lane"
)

// memory is what lanes cost in bytes.
type memory struct {
	IdleLane      float64 `json:"idle_lane_bytes"`
	Waiting       float64 `json:"waiting_1000_bytes"` // stacks of the waiting goroutines included
	WaitingStacks float64 `json:"waiting_1000_stack_bytes"`
}

func measureMemory(ctx context.Context) (m memory, err error) {
	if m.IdleLane, err = idleLane(); err != nil {
		return m, err
	}
	m.Waiting, m.WaitingStacks, err = waiting(ctx)
	return m, err
}

// live returns the bytes in use after a collection.
func live() (heap, stacks float64) {
	runtime.GC()
	runtime.GC() // what finalizers held goes with the second
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapAlloc), float64(s.StackInuse)
}

// idleLane measures full sets, so that what a set needs once is shared out.
func idleLane() (float64, error) {
	const sets = 50
	kept := make([]*lane.Set, sets)
	before, _ := live()
	for i := range kept {
		s, err := lane.New(lanesOf(lane.MaxLanes))
		if err != nil {
			return 0, err
		}
		kept[i] = s
	}
	after, _ := live()
	runtime.KeepAlive(kept)
	return (after - before) / (sets * lane.MaxLanes), nil
}

func lanesOf(n int) lane.Config {
	var c lane.Config
	for i := range n {
		c.Lanes = append(c.Lanes, lane.LaneConfig{Name: fmt.Sprintf("lane-%d", i), Tier: lane.Normal})
	}
	return c
}

// waiting lets 10,000 requests wait behind one that holds the only permit.
func waiting(ctx context.Context) (total, stacks float64, err error) {
	const callers = 10_000
	s, err := lane.New(lane.Config{FixedLimit: 1, Lanes: []lane.LaneConfig{{
		Name: "queue", Tier: lane.Normal, Queue: lane.Queue{Length: callers, Wait: time.Minute},
	}}})
	if err != nil {
		return 0, 0, err
	}
	l := s.Lane("queue")
	permit, err := l.Enter(ctx, lane.Request{})
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heapBefore, stacksBefore := live()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			// Booked: nobody else waits long in a queue that stands.
			req := lane.Request{User: lane.HashUser(strconv.Itoa(i)), Booked: true}
			if p, err := l.Enter(ctx, req); err == nil {
				p.Drop()
			}
		})
	}
	err = untilWaiting(ctx, s, callers)
	heapAfter, stacksAfter := live()
	cancel()
	wg.Wait()
	permit.Drop()
	stacks = (stacksAfter - stacksBefore) * 1000 / callers
	return (heapAfter-heapBefore)*1000/callers + stacks, stacks, err
}

// untilWaiting polls until n requests wait.
func untilWaiting(ctx context.Context, s *lane.Set, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		waiting := 0
		for _, l := range s.Snapshot().Lanes {
			waiting += l.Waiting
		}
		if waiting >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%d of %d requests wait", waiting, n), context.Cause(ctx))
		case <-tick.C:
		}
	}
}
