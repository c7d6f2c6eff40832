package peers

import (
	"math"
	"time"

	"github.com/daero/daero/rehearse/virtual"
)

// Stage is a scenario with eyes: what a contender may see of the backend
// beside its answers, if its library asks for more.
type Stage struct {
	Scenario *virtual.Scenario
	workers  int
	inside   int
}

// NewStage prepares a scenario that is to be played once.
func NewStage(s *virtual.Scenario) *Stage {
	st := &Stage{Scenario: s, workers: s.Workers}
	build := s.Backend
	s.Backend = func() virtual.Backend { return &metered{build(), st} }
	return st
}

// Busy is the share of the backend's workers or cores that are at work: what
// its CPU would show if every worker were one.
func (st *Stage) Busy() float64 {
	return math.Min(1, float64(st.inside)/float64(max(st.workers, 1)))
}

// Every calls do again and again until the scenario ends.
func (st *Stage) Every(d time.Duration, do func()) {
	for at := d; at < st.end(); at += d {
		st.Scenario.Changes = append(st.Scenario.Changes, virtual.Change{At: at, Do: func(*virtual.Run) { do() }})
	}
}

func (st *Stage) end() time.Duration {
	return st.Scenario.Phases[len(st.Scenario.Phases)-1].To
}

// Capacity is what the backend has from a time on.
type Capacity struct {
	At      time.Duration
	Workers int
}

// Foresee plays the scenario's changes on nothing, to tell what the backend
// will have and when. Only an oracle asks.
func (st *Stage) Foresee() []Capacity {
	out := []Capacity{{0, st.Scenario.Workers}}
	for _, ch := range st.Scenario.Changes {
		crystal := &crystalBall{}
		ch.Do(&virtual.Run{Backend: crystal})
		if crystal.workers > 0 {
			out = append(out, Capacity{ch.At, crystal.workers})
		}
	}
	return out
}

type crystalBall struct{ workers int }

func (*crystalBall) Start(*virtual.World, virtual.Job) {}

func (c *crystalBall) Resize(_ *virtual.World, n int) { c.workers = n }

// metered counts what is inside a backend.
type metered struct {
	virtual.Backend
	st *Stage
}

// Start implements virtual.Backend.
func (m *metered) Start(w *virtual.World, j virtual.Job) {
	m.st.inside++
	done := j.Done
	j.Done = func(o virtual.Outcome) {
		m.st.inside--
		done(o)
	}
	m.Backend.Start(w, j)
}

// Resize implements virtual.Backend.
func (m *metered) Resize(w *virtual.World, n int) {
	m.st.workers = n
	m.Backend.Resize(w, n)
}

var _ virtual.Backend = (*metered)(nil)
