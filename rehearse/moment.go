package rehearse

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

// Moment is one second of an arm that is running, for whoever watches. The
// report counts attempts by the time they were meant for; a moment counts those
// that ended in it, since it cannot wait for the others.
type Moment struct {
	Arm   string
	Phase string
	At    time.Duration // since the arm began
	Of    time.Duration // how long the arm takes
	Lanes map[string]LaneMoment
}

// LaneMoment is what a lane's clients felt in a second.
type LaneMoment struct {
	OK      int
	Refused int
	Failed  int // time-outs too
	// P99 is of answers and of time-outs, not of refusals, in ms; NaN if there
	// was none.
	P99 float64
}

// meter counts the attempts of one arm until somebody takes the counts. A nil
// meter counts nothing.
type meter struct {
	told func(Moment)
	arm  string
	plan *live.Plan

	mu    sync.Mutex
	now   string // the phase
	lanes []tally
}

type tally struct {
	ok, refused, failed int
	took                []float64 // ms, of answers and time-outs
}

// meter returns nil if nobody watches.
func (s Settings) meter(arm string, plan *live.Plan) *meter {
	if s.Moment == nil {
		return nil
	}
	return &meter{told: s.Moment, arm: arm, plan: plan, lanes: make([]tally, len(plan.Lanes))}
}

// run tells once a second what was counted; the function it returns ends that.
func (m *meter) run(ctx context.Context) (end func()) {
	if m == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	start := time.Now()
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				m.told(m.take(time.Since(start)))
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

// phase notes that one has begun.
func (m *meter) phase(name string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = name
}

// ended is what a run tells of each attempt.
func (m *meter) ended() func(lane int, took time.Duration, outcome surge.Outcome) {
	if m == nil {
		return nil
	}
	return func(lane int, took time.Duration, outcome surge.Outcome) {
		m.mu.Lock()
		defer m.mu.Unlock()
		t := &m.lanes[lane]
		switch outcome {
		case surge.OK:
			t.ok++
		case surge.Refused:
			t.refused++
		default:
			t.failed++
		}
		if outcome == surge.OK || outcome == surge.TimedOut {
			t.took = append(t.took, took.Seconds()*1000)
		}
	}
}

// take returns what was counted since it was last called.
func (m *meter) take(at time.Duration) Moment {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := Moment{Arm: m.arm, Phase: m.now, At: at, Of: m.plan.Total(), Lanes: map[string]LaneMoment{}}
	for i, name := range m.plan.Lanes {
		t := &m.lanes[i]
		out.Lanes[name] = LaneMoment{OK: t.ok, Refused: t.refused, Failed: t.failed, P99: p99(t.took)}
		*t = tally{took: t.took[:0]}
	}
	return out
}

// p99 is the value at ⌈0.99·n⌉, so that of few values the largest counts.
func p99(ms []float64) float64 {
	if len(ms) == 0 {
		return math.NaN()
	}
	slices.Sort(ms)
	return ms[int(math.Ceil(0.99*float64(len(ms))))-1]
}
