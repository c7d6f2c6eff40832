package playbook

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/daero/daero/level"
)

// Runner carries a playbook out over time. It is not safe for concurrent use.
type Runner struct {
	book   *Playbook
	states []running // in the order of the playbook's slots
	pause  Pause
	orders []Order
	events []Event
}

// running is a slot over time.
type running struct {
	strength float64     // in force
	action   *Action     // in force; the last one while the ramp comes back
	shadow   bool        // the strength is recorded only
	moved    time.Time   // when the ramp last took a step
	high     float64     // how strong it was, which a ramp does not exceed
	row      level.Level // that asked for as much
	backs    int         // steps that the ramp took back
	told     float64     // the strength last told of
	said     *Action     // what was last told of
	since    time.Time
	stopped  Pause
}

// Pause is a person's word that nothing, or one action, is to be done. What
// would have been done is recorded. It ends by itself.
type Pause struct {
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// MaxPause bounds how long a pause lasts: what is forgotten must end.
const MaxPause = 7 * 24 * time.Hour

// Validate reports every mistake at once, joined.
func (p Pause) Validate(now time.Time) error {
	var errs []error
	if p.Reason == "" {
		errs = append(errs, errors.New("a pause without a reason: say why, for whoever is on call next"))
	}
	if d := p.Until.Sub(now); d <= 0 || d > MaxPause {
		errs = append(errs, fmt.Errorf("a pause until %s: must end after now and within %s", p.Until.Format(time.RFC3339), MaxPause))
	}
	return errors.Join(errs...)
}

func (p Pause) holds(now time.Time) bool { return now.Before(p.Until) }

// Event is something that a playbook did, or in shadow would have done.
type Event struct {
	At     time.Time
	ID     string // the slot
	Action *Action
	// From and To are strengths. From is 0 when the action comes into force, To
	// is 0 when it is withdrawn.
	From, To float64
	Shadow   bool
	Level    level.Level // shown at the time
}

// Entered and Left report whether the action came into force or was withdrawn;
// with neither its strength moved, or what it says did.
func (e Event) Entered() bool { return e.From == 0 }

// Left reports whether the action was withdrawn.
func (e Event) Left() bool { return e.To == 0 }

// NewRunner returns a Runner with nothing in force.
func NewRunner(p *Playbook) *Runner {
	r := &Runner{}
	r.Reload(p)
	return r
}

// Reload puts another playbook in force. Slots that both have go on from the
// strength they had; the others are withdrawn by the next step.
func (r *Runner) Reload(p *Playbook) {
	kept := map[string]running{}
	if r.book != nil {
		for i, sl := range r.book.slots {
			kept[sl.id] = r.states[i]
		}
	}
	r.book, r.states = p, make([]running, len(p.slots))
	for i, sl := range p.slots {
		if st, ok := kept[sl.id]; ok {
			r.states[i] = st
			delete(kept, sl.id)
		}
	}
	for id, st := range kept {
		if st.strength > 0 || st.told > 0 {
			r.dropped(id, st)
		}
	}
}

// dropped tells, at the next step, that a slot which is in the playbook no more
// is withdrawn.
func (r *Runner) dropped(id string, st running) {
	r.events = append(r.events, Event{ID: id, Action: st.action, From: math.Max(st.strength, st.told), Shadow: st.shadow})
}

// Pause withdraws everything from the next step on, until the pause ends.
func (r *Runner) Pause(now time.Time, p Pause) error {
	if err := p.Validate(now); err != nil {
		return err
	}
	r.pause = p
	return nil
}

// Resume ends a pause, and reports whether there was one.
func (r *Runner) Resume(now time.Time) bool {
	was := r.pause.holds(now)
	r.pause = Pause{}
	return was
}

// Paused returns the pause in force; ok is false without one.
func (r *Runner) Paused(now time.Time) (p Pause, ok bool) { return r.pause, r.pause.holds(now) }

// Stop withdraws one slot until the pause ends.
func (r *Runner) Stop(now time.Time, id string, p Pause) error {
	if err := p.Validate(now); err != nil {
		return err
	}
	for i, sl := range r.book.slots {
		if sl.id == id {
			r.states[i].stopped = p
			return nil
		}
	}
	return fmt.Errorf("no action %q in the playbook (known: %s)", id, strings.Join(r.book.ids(), ", "))
}

// Start ends the stop of one slot, and reports whether there was one.
func (r *Runner) Start(now time.Time, id string) bool {
	for i, sl := range r.book.slots {
		if sl.id == id {
			was := r.states[i].stopped.holds(now)
			r.states[i].stopped = Pause{}
			return was
		}
	}
	return false
}

// Stopped returns a slot's stop; ok is false without one.
func (r *Runner) Stopped(now time.Time, id string) (p Pause, ok bool) {
	for i, sl := range r.book.slots {
		if sl.id == id {
			return r.states[i].stopped, r.states[i].stopped.holds(now)
		}
	}
	return Pause{}, false
}

// Step returns what is in force now, and what happened since the step before.
// Both are valid until the next step.
func (r *Runner) Step(now time.Time, s level.Standing) ([]Order, []Event) {
	r.orders = r.orders[:0]
	events := r.events
	for i := range events {
		events[i].At, events[i].Level = now, s.Level
	}
	paused := r.pause.holds(now)
	for i := range r.states {
		st := &r.states[i]
		want, ok := r.book.order(i, s)
		target, before, was := 0.0, st.strength, st.shadow
		if ok {
			target, st.action, st.shadow = want.Strength, want.Action, want.Shadow
		}
		st.shadow = paused || st.stopped.holds(now) || st.action != nil && (r.book.cfg.Shadow || st.action.Shadow)
		st.move(now, target, s, r.book.cfg.Ramp)
		if st.strength > 0 {
			r.orders = append(r.orders, Order{ID: r.book.slots[i].id, Action: st.action, Strength: st.strength, Shadow: st.shadow})
		}
		events = st.tell(events, now, r.book.slots[i].id, s.Level, before, was)
	}
	r.events = events[:0]
	return r.orders, events
}

// move goes up to the target at once and down to it by ramp.
func (st *running) move(now time.Time, target float64, s level.Standing, ramp Ramp) {
	switch {
	case target >= st.strength:
		st.strength, st.high, st.moved, st.backs = target, target, now, 0
		if target > 0 {
			st.row = st.action.At
		}
		return
	case st.action == nil || !st.action.Kind.Refuses():
		st.strength = target
		return
	case now.Before(st.moved): // the clock was set back
		st.moved = now
		return
	case now.Sub(st.moved) < ramp.Every:
		return
	}
	st.moved = now
	if st.unhealthy(s) && float64(st.backs)*ramp.Step < 1 {
		st.strength = math.Min(st.strength+ramp.Step, st.high)
		st.backs++
		return
	}
	if st.strength -= ramp.Step; st.strength <= target+1e-9 {
		st.strength, st.high = target, target
	}
}

// unhealthy reports whether the readings would hold the row that was left. A
// ramp then takes a step back, but no more steps than it has: what was left is
// undone in the end, and load that needs it again raises the level. Inside the
// row strength follows the pressure, and a person's pin asks no readings.
func (st *running) unhealthy(s level.Standing) bool {
	return !s.Pinned && s.Acting < st.row && s.Ease >= st.row
}

// telling is how far a strength must move to be told of.
const telling = 0.1

// tell appends what is to be told of a slot.
func (st *running) tell(events []Event, now time.Time, id string, lv level.Level, before float64, was bool) []Event {
	e := Event{At: now, ID: id, Action: st.action, From: st.told, To: st.strength, Shadow: st.shadow, Level: lv}
	switch {
	case st.told > 0 && was != st.shadow:
		// It goes over from being done to being recorded, or back.
		events = append(events, Event{At: now, ID: id, Action: st.action, From: st.told, Shadow: was, Level: lv})
		if e.From = 0; e.To == 0 {
			st.told = 0
			return events
		}
	case st.told == 0 && st.strength > 0:
		st.since = now
	case st.strength == 0 && before > 0, math.Abs(st.strength-st.told) >= telling-1e-9:
	case st.strength > 0 && !st.action.says(st.said):
	default:
		return events
	}
	st.told, st.said = st.strength, st.action
	return append(events, e)
}

// InForce is an action in force, for screens.
type InForce struct {
	Order
	Since   time.Time
	Stopped *Pause
}

// InForce returns what the last step put in force.
func (r *Runner) InForce(now time.Time) (all []InForce) {
	for i, st := range r.states {
		if st.strength == 0 {
			continue
		}
		f := InForce{Order: Order{ID: r.book.slots[i].id, Action: st.action, Strength: st.strength, Shadow: st.shadow}, Since: st.since}
		if st.stopped.holds(now) {
			p := st.stopped
			f.Stopped = &p
		}
		all = append(all, f)
	}
	return all
}

// Book returns the playbook.
func (r *Runner) Book() *Playbook { return r.book }
