package peers

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/daero/daero/rehearse/virtual"
	"golang.org/x/sync/semaphore"
)

const syncModule = "golang.org/x/sync"

// statics are semaphores of a fixed size: what most services have.
//
// The shared ones have as many places as the backend has workers at the start.
// The lanes set by hand leave messages alone and let in as many logins as
// leave room for them; the oracle's are set again at every change, a quarter of
// a second before the backend shrinks, so that what is inside can leave.
func statics() []Peer {
	const size = "told the workers at the start"
	return []Peer{{
		Name: "one semaphore, no waiting", Module: syncModule,
		Setting: "one `semaphore.Weighted` as wide as the backend at the start, `TryAcquire`", Told: size,
		Build: shared(0),
	}, {
		Name: "one semaphore, waiting", Module: syncModule,
		Setting: "the same, `Acquire` for at most 500 ms, first come, first served, at most twice as many waiting", Told: size,
		Build: shared(500 * time.Millisecond),
	}, {
		Name: "lanes set by hand, once", Module: syncModule,
		Setting: "a `semaphore.Weighted` for logins: workers at the start less what messages need at the start, and 3 σ; messages unlimited",
		Told:    "the workers, rates and costs at the start",
		Build:   byHand(false),
	}, {
		Name:    "oracle",
		Setting: "the same, set again at each change, 250 ms ahead where it shrinks",
		Told:    "everything: workers, rates and costs at all times, before they change",
		Build:   byHand(true),
	}}
}

func shared(wait time.Duration) func(*Stage) (virtual.Contender, func(), error) {
	return func(st *Stage) (virtual.Contender, func(), error) {
		return &weighted{sem: semaphore.NewWeighted(int64(st.Scenario.Workers)), wait: wait, queue: 2 * st.Scenario.Workers}, nil, nil
	}
}

type weighted struct {
	sem     *semaphore.Weighted
	wait    time.Duration
	queue   int // how many may be waiting
	waiting atomic.Int64
}

func (w *weighted) MayWait(virtual.Attempt) bool { return w.wait > 0 }

func (w *weighted) Enter(ctx context.Context, _ virtual.Attempt) (func(virtual.Outcome), error) {
	if w.wait == 0 {
		if !w.sem.TryAcquire(1) {
			return nil, errFull
		}
	} else {
		ctx, cancel := context.WithTimeout(ctx, w.wait)
		defer cancel()
		defer w.waiting.Add(-1)
		if w.waiting.Add(1) > int64(w.queue) {
			return nil, errFull
		}
		if err := w.sem.Acquire(ctx, 1); err != nil {
			return nil, err
		}
	}
	return func(virtual.Outcome) { w.sem.Release(1) }, nil
}

// byHand limits logins alone. It is driven from the world's goroutine.
func byHand(oracle bool) func(*Stage) (virtual.Contender, func(), error) {
	return func(st *Stage) (virtual.Contender, func(), error) {
		h := &hand{}
		plan := plan(st)
		h.limit = plan[0].logins
		if oracle {
			for _, p := range plan[1:] {
				st.Scenario.Changes = append(st.Scenario.Changes, virtual.Change{At: p.at, Do: func(*virtual.Run) { h.limit = p.logins }})
			}
		}
		return h, nil, nil
	}
}

type handSetting struct {
	at     time.Duration
	logins int
}

// plan is how many logins at once someone who knows everything would allow:
// what messages need on average, and three standard deviations of it (their
// number at work is Poisson, so its deviation is the root of the mean), is
// kept free for them.
func plan(st *Stage) []handSetting {
	s, capacity := st.Scenario, st.Foresee()
	at := func(t time.Duration) int {
		workers := 0
		for _, c := range capacity {
			if c.At <= t {
				workers = c.Workers
			}
		}
		need := s.Traffic[virtual.Message].Rate(t) * s.Cost[virtual.Message].Seconds()
		return max(1, workers-int(math.Ceil(need+3*math.Sqrt(need))))
	}
	const ahead = 250 * time.Millisecond
	out := []handSetting{{0, at(0)}}
	for _, ph := range s.Phases[1:] {
		next := handSetting{ph.From, at(ph.From)}
		switch before := out[len(out)-1].logins; {
		case next.logins == before:
			continue
		case next.logins < before:
			next.at -= ahead
		}
		out = append(out, next)
	}
	return out
}

type hand struct{ limit, inside int }

func (h *hand) MayWait(virtual.Attempt) bool { return false }

func (h *hand) Enter(_ context.Context, a virtual.Attempt) (func(virtual.Outcome), error) {
	if a.Kind != virtual.Login {
		return func(virtual.Outcome) {}, nil
	}
	if h.inside >= h.limit {
		return nil, errFull
	}
	h.inside++
	return func(virtual.Outcome) { h.inside-- }, nil
}
