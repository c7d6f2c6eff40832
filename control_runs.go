package daero

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// Run is one time that an action of the playbook was in force, or in shadow
// would have been.
type Run struct {
	// ID rises, and means something only in this process.
	ID     uint64
	Slot   string // "shed login background"
	Kind   playbook.Kind
	Target string      // of what tells somebody
	Row    level.Level // that asked for most of it
	Began  time.Time
	Ended  time.Time // zero while it goes on
	// Strength and Share are the most it was: of the action, and the predicted
	// share of all traffic that it refused.
	Strength float64
	Share    float64
	Shadow   bool
	Error    string // why somebody could not be told
}

// runsKept is how many runs are remembered.
const runsKept = 1000

// runs are the newest. They have a lock of their own, taken after the
// control's: whom telling fails for is heard of amid a step, and without one.
type runs struct {
	mu    sync.Mutex
	all   ring[*Run]
	going map[string]*Run
	last  uint64
}

// happened notes what a playbook did.
func (r *runs) happened(a Acted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run := r.going[a.ID]
	if run == nil || a.Entered() {
		r.last++
		run = &Run{ID: r.last, Slot: a.ID, Began: a.At, Shadow: a.Shadow}
		if a.Action != nil {
			run.Kind, run.Row = a.Action.Kind, a.Action.At
			if a.Action.Kind.Tells() {
				run.Target = a.Action.Target
			}
		}
		r.all.push(run, runsKept)
		r.going[a.ID] = run
	}
	if a.To >= run.Strength && a.Action != nil {
		run.Row = a.Action.At
	}
	run.Strength, run.Share = max(run.Strength, a.To), max(run.Share, a.Share)
	if a.Left() {
		run.Ended = a.At
		delete(r.going, a.ID)
	}
}

// failed notes that somebody could not be told.
func (r *runs) failed(target string, row level.Level, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.all.all {
		if run, _ := r.all.back(i); run.Target == target && run.Row == row && !run.Shadow {
			run.Error = why
			return
		}
	}
}

// newest returns at most n runs, the newest first; 0 returns all.
func (r *runs) newest(n int) []Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	if have := len(r.all.all); n <= 0 || n > have {
		n = have
	}
	list := make([]Run, n)
	for i := range list {
		run, _ := r.all.back(i)
		list[i] = *run
	}
	return list
}

// Runs returns the newest runs of the playbook's actions, at most n of the
// thousand that are remembered, the newest first; 0 returns all.
func (c *Control) Runs(n int) []Run { return c.runs.newest(n) }

// Foreseen is something that is expected to happen.
type Foreseen struct {
	At, Until time.Time
	Name      string
}

// Foreseer is a Source that knows what is to come.
type Foreseer interface {
	// Foresee returns at most n events that are not over, the next first.
	Foresee(now time.Time, n int) []Foreseen
}

// Coming is something that is expected to arm, or arms now.
type Coming struct {
	Foreseen
	Signal string
	Level  level.Level
	// Alert says that it is a warning that stands, and not an event of a calendar.
	Alert bool
}

// Coming returns at most n things that are expected, or stand, the next first.
func (c *Control) Coming(now time.Time, n int) []Coming {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) == 0 {
		return nil
	}
	var all []Coming
	states := c.ladder.State().Signals
	for i, s := range c.entries[len(c.entries)-1].r.Signals {
		if f, ok := s.Source.(Foreseer); ok {
			for _, e := range f.Foresee(now, n) {
				all = append(all, Coming{Foreseen: e, Signal: s.Name, Level: s.Arms})
			}
			continue
		}
		if i >= len(states) || s.Arms == level.Normal || !now.Before(states[i].Until) {
			continue
		}
		began := states[i].Over
		if began.IsZero() {
			began = now
		}
		all = append(all, Coming{
			Foreseen: Foreseen{At: began, Until: states[i].Until, Name: cmp.Or(states[i].Note, s.Name)}, Signal: s.Name, Level: s.Arms, Alert: true,
		})
	}
	slices.SortStableFunc(all, func(a, b Coming) int { return a.At.Compare(b.At) })
	return all[:min(n, len(all))]
}
