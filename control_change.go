package daero

import (
	"fmt"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// Holding is what kind of thing a person can hold by hand.
type Holding uint8

// What can be held.
const (
	HoldsLevel    Holding = iota + 1 // a pin
	HoldsPlaybook                    // a pause
	HoldsAction                      // the stop of one action
	HoldsLane                        // an order for one lane
)

// Held names one thing that a person can hold by hand. Each holds one value, or
// none: what is set replaces what was.
type Held struct {
	What Holding
	// ID is the action's slot, or the lane as "backend/lane"; else "".
	ID string
}

// Value is what is held: the field of the kind, and no other. The zero Value is
// nothing.
type Value struct {
	Pin   level.Pin
	Pause playbook.Pause // of the playbook, or of one action
	Order LaneOrder
}

func (v Value) none() bool { return v.until().IsZero() }

// until is when it ends by itself.
func (v Value) until() time.Time {
	switch {
	case !v.Pin.Until.IsZero():
		return v.Pin.Until
	case !v.Pause.Until.IsZero():
		return v.Pause.Until
	}
	return v.Order.Until
}

// Change is what a person changes by hand.
type Change struct {
	Held
	// Set is the new value; the zero Value lets go.
	Set Value
	// By is who, Reason why. Values have their own, which may be another's where
	// something is brought back.
	By, Reason string
	// Seen is the revision that the person saw when they decided. If anything was
	// changed by hand since, nothing is done. 0: whatever was changed.
	Seen uint64

	of uint64 // the revision that it undoes
}

// Changed is a change that was made.
type Changed struct {
	Change
	// Revision is that of the controls since.
	Revision uint64
	At       time.Time
	// What is its word in the record.
	What string
	// Before is what was held until then.
	Before Value
}

// ConflictError says that somebody else changed the controls meanwhile, so that
// nothing was done.
type ConflictError struct {
	Revision uint64 // of the controls now
	By, What string // the change that is in the way: who, and its word in the record
	Target   string
	At       time.Time
	Why      string // in words
}

// Error implements error.
func (e *ConflictError) Error() string { return e.Why }

// NotHeldError is the error of letting go of what nobody holds.
type NotHeldError struct{ Held Held }

// Error implements error.
func (e *NotHeldError) Error() string {
	switch e.Held.What {
	case HoldsLevel:
		return "nothing is pinned"
	case HoldsPlaybook:
		return "the playbook is not paused"
	case HoldsAction:
		return e.Held.ID + " is not stopped"
	}
	return "lane " + e.Held.ID + ": there is no order by hand"
}

// changesKept is how many changes can be undone.
const changesKept = 1000

// changes are what was done by hand.
type changes struct {
	made ring[Changed]
	last map[Held]uint64 // the revision of each thing's last change
	// last grows with each lane that was ever ordered. It is cut down to what is
	// still in made when it has twice as many.
}

func (h *changes) push(d Changed) {
	h.made.push(d, changesKept)
	h.last[d.Held] = d.Revision
	if len(h.last) <= 2*changesKept {
		return
	}
	oldest, _ := h.made.back(changesKept)
	for held, rev := range h.last {
		if rev < oldest.Revision {
			delete(h.last, held)
		}
	}
}

// find returns a change by its revision, the newest first.
func (h *changes) find(revision uint64) (Changed, bool) {
	for i := range h.made.all {
		if d, _ := h.made.back(i); d.Revision == revision {
			return d, true
		}
	}
	return Changed{}, false
}

// Revision names the state of what is controlled by hand. It rises with every
// change a person makes (pins, pauses, stops, orders for lanes, their ends by
// hand, and undoing any of them) and when a configuration comes into force or
// goes, since a name may then mean something else. It does not rise with the
// level, with strengths and ramps, or when something ends at its time: those
// move by themselves all through an incident, were said beforehand, and would
// have a person who sees one second too late refused for nothing.
func (c *Control) Revision() uint64 { return c.revision.Load() }

// Do makes a change, from the next step on. The error is a [ConflictError], a
// [NotHeldError], or says what is wrong with it.
func (c *Control) Do(now time.Time, ch Change) (Changed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.do(now, ch)
}

func (c *Control) do(now time.Time, ch Change) (Changed, error) {
	if is := c.revision.Load(); ch.Seen != 0 && ch.Seen != is {
		return Changed{}, c.conflict("the controls were changed meanwhile: look again, and decide again")
	}
	if ch.Held.What == HoldsLane && !ch.Set.none() {
		ch.Held.ID = ch.Set.Order.ID()
	}
	d := Changed{Change: ch, At: now, What: ch.what(), Before: c.holds(now, ch.Held)}
	if ch.Set.none() {
		if d.Before.none() {
			return Changed{}, &NotHeldError{ch.Held}
		}
		c.letGo(now, ch.Held)
	} else if err := c.hold(now, ch.Held, ch.Set); err != nil {
		return Changed{}, err
	}
	d.Revision = c.revision.Add(1)
	c.changes.push(d)
	c.record(c.entryOf(d))
	return d, nil
}

// conflict says what the last change was.
func (c *Control) conflict(why string) *ConflictError {
	e := &ConflictError{Revision: c.revision.Load(), Why: why}
	if d, ok := c.changes.made.back(0); ok && d.Revision >= c.turned.Revision {
		e.By, e.What, e.Target, e.At = d.By, d.What, d.Target(), d.At
	} else {
		e.By, e.What, e.At = c.turned.By, c.turned.What, c.turned.At
	}
	return e
}

// holds returns what is held now.
func (c *Control) holds(now time.Time, h Held) (v Value) {
	switch h.What {
	case HoldsLevel:
		if p, ok := c.ladder.Pinned(); ok && now.Before(p.Until) {
			v.Pin = p
		}
	case HoldsPlaybook:
		if p, ok := c.runner.Paused(now); ok {
			v.Pause = p
		}
	case HoldsAction:
		if p, ok := c.runner.Stopped(now, h.ID); ok {
			v.Pause = p
		}
	case HoldsLane:
		v.Order = c.lanes.holds(now, h.ID)
	}
	return v
}

// hold sets what is held.
func (c *Control) hold(now time.Time, h Held, v Value) error {
	switch h.What {
	case HoldsLevel, HoldsPlaybook:
		if !c.responds() {
			return errNothingResponds
		}
		if h.What == HoldsLevel {
			return c.ladder.Pin(now, v.Pin)
		}
		return c.runner.Pause(now, v.Pause)
	case HoldsAction:
		return c.runner.Stop(now, h.ID, v.Pause)
	}
	return c.orderLane(now, v.Order)
}

// letGo ends what is held.
func (c *Control) letGo(now time.Time, h Held) {
	switch h.What {
	case HoldsLevel:
		c.ladder.Unpin()
	case HoldsPlaybook:
		c.runner.Resume(now)
	case HoldsAction:
		c.runner.Start(now, h.ID)
	case HoldsLane:
		delete(c.lanes, h.ID)
	}
}

// turn notes that a configuration came into force, or went.
func (c *Control) turn(what string) {
	c.turned = Changed{Revision: c.revision.Add(1), What: what, At: c.last, Change: Change{By: audit.By}}
}

// what is the change's word in the record.
func (ch Change) what() string {
	words := [...][2]string{
		HoldsLevel:    {audit.LevelPinned, audit.LevelUnpinned},
		HoldsPlaybook: {audit.PlaybookPaused, audit.PlaybookResumed},
		HoldsAction:   {audit.ActionStopped, audit.ActionStarted},
		HoldsLane:     {audit.LaneOrdered, audit.LaneReleased},
	}
	if ch.Set.none() {
		return words[ch.What][1]
	}
	return words[ch.What][0]
}

// Target is what the record says that it was done to.
func (d Changed) Target() string {
	switch {
	case d.Held.What != HoldsLevel:
		return d.ID
	case d.Set.none():
		return d.Before.Pin.Level.String()
	}
	return d.Set.Pin.Level.String()
}

// entryOf is a change as the record has it.
func (c *Control) entryOf(d Changed) audit.Entry {
	e := audit.Entry{
		At: d.At, Who: d.By, What: d.What, Target: d.Target(), Why: d.Reason, Until: d.Set.until(), Undo: d.undoes(),
	}
	switch {
	case d.Held.What == HoldsLane:
		e.Before, e.After = d.Before.Order.String(), d.Set.Order.String()
	case d.Held.What == HoldsLevel && d.Set.none():
		e.Before = d.Before.Pin.Level.String()
	case d.Held.What == HoldsLevel:
		e.Before, e.After = c.ladder.Standing().Level.String(), d.Set.Pin.Level.String()
	}
	return e
}

// undoes says what undoing does.
func (d Changed) undoes() audit.Undo {
	u := audit.Undo{Revision: d.Revision, Of: d.of, Until: d.Before.until()}
	back := "until " + u.Until.UTC().Format(time.RFC3339)
	switch before := !d.Before.none(); d.Held.What {
	case HoldsLevel:
		u.Kind, u.Does = audit.UndoUnpin, "unpins the level"
		if before {
			u.Kind, u.To = audit.UndoPin, d.Before.Pin.Level.String()
			u.Does = fmt.Sprintf("pins the level to %s %s, as before", u.To, back)
		}
	case HoldsPlaybook:
		u.Kind, u.Does = audit.UndoResume, "resumes the playbook"
		if before {
			u.Kind, u.Does = audit.UndoPause, "pauses the playbook "+back+", as before"
		}
	case HoldsAction:
		u.Kind, u.Does = audit.UndoStart, "lets "+d.ID+" go on"
		if before {
			u.Kind, u.Does = audit.UndoStop, "stops "+d.ID+" "+back+", as before"
		}
	default:
		u.Kind, u.Does = audit.UndoRelease, "releases lane "+d.ID
		if before {
			u.Kind, u.To = audit.UndoOrder, d.Before.Order.String()
			u.Does = "orders lane " + d.ID + " as before: " + u.To + " " + back
		}
	}
	return u
}
