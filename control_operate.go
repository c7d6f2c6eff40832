package daero

import (
	"errors"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// errNothingResponds is the error of operating what there is not.
var errNothingResponds = errors.New("no level and no playbook is configured: add them to the global option daero")

// errNothingSteps is likewise, of ordering lanes where no response is in force.
var errNothingSteps = errors.New("nothing is in force that would end the order: apply a response first, which may be empty")

// responds reports whether there are levels or a playbook to operate. A response
// may be in force that has neither, for lanes to be ordered by hand.
func (c *Control) responds() bool {
	n := len(c.entries)
	return n > 0 && (len(c.entries[n-1].r.Signals) > 0 || len(c.entries[n-1].r.Playbook.Actions) > 0)
}

// Pin sets the level until the pin's time, from the next step on.
func (c *Control) Pin(now time.Time, p level.Pin) error {
	_, err := c.Do(now, Change{Held: Held{What: HoldsLevel}, Set: Value{Pin: p}, By: p.By, Reason: p.Reason})
	return err
}

// Unpin ends a pin, and reports whether there was one.
func (c *Control) Unpin(now time.Time, by, reason string) bool {
	return c.release(now, Held{What: HoldsLevel}, by, reason)
}

// Pause withdraws everything the playbook does, from the next step on, until
// the pause ends. What it would have done goes on being recorded.
func (c *Control) Pause(now time.Time, p playbook.Pause) error {
	_, err := c.Do(now, Change{Held: Held{What: HoldsPlaybook}, Set: Value{Pause: p}, By: p.By, Reason: p.Reason})
	return err
}

// Resume ends a pause, and reports whether there was one.
func (c *Control) Resume(now time.Time, by, reason string) bool {
	return c.release(now, Held{What: HoldsPlaybook}, by, reason)
}

// StopAction withdraws one action, by its slot ("shed login background"),
// until the pause ends.
func (c *Control) StopAction(now time.Time, id string, p playbook.Pause) error {
	_, err := c.Do(now, Change{Held: Held{What: HoldsAction, ID: id}, Set: Value{Pause: p}, By: p.By, Reason: p.Reason})
	return err
}

// StartAction ends the stop of one action, and reports whether there was one.
func (c *Control) StartAction(now time.Time, id, by, reason string) bool {
	return c.release(now, Held{What: HoldsAction, ID: id}, by, reason)
}

// OrderLane orders one lane, from the next step on until the order ends. It
// replaces the one before.
func (c *Control) OrderLane(now time.Time, o LaneOrder) error {
	_, err := c.Do(now, Change{Held: Held{What: HoldsLane, ID: o.ID()}, Set: Value{Order: o}, By: o.By, Reason: o.Reason})
	return err
}

// ReleaseLane ends the order for a lane, and reports whether there was one.
func (c *Control) ReleaseLane(now time.Time, backend, name, by, reason string) bool {
	return c.release(now, Held{What: HoldsLane, ID: LaneOrder{Backend: backend, Lane: name}.ID()}, by, reason)
}

func (c *Control) release(now time.Time, h Held, by, reason string) bool {
	_, err := c.Do(now, Change{Held: h, By: by, Reason: reason})
	return err == nil
}

// ControlState is all there is to know about the response, for screens.
type ControlState struct {
	At      time.Time
	Level   level.State
	Paused  *playbook.Pause
	Shadow  bool // the whole playbook is in shadow
	Actions []ActionState
	Tellers []TellerState
	Flags   map[string]string // of actions in force
	Book    playbook.Config
	// Revision is that of what is controlled by hand.
	Revision uint64
	// Lanes are the orders by hand.
	Lanes []LaneOrderState
}

// ActionState is an action in force, or in shadow.
type ActionState struct {
	playbook.InForce
	Share float64 // predicted, of all traffic, from the last minute
}

// State returns what the last step found and did.
func (c *Control) State(now time.Time) ControlState {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := ControlState{At: now, Level: c.ladder.State(), Book: c.runner.Book().Config(), Flags: map[string]string{}}
	st.Shadow, st.Revision, st.Lanes = st.Book.Shadow, c.revision.Load(), c.laneStates(now)
	if p, ok := c.runner.Paused(now); ok {
		st.Paused = &p
	}
	for _, f := range c.runner.InForce(now) {
		a := ActionState{InForce: f}
		if f.Action.Kind.Refuses() {
			a.Share = c.traffic.share(f.Action, f.Strength)
		}
		if f.Action.Kind == playbook.Flag && !f.Shadow {
			st.Flags[f.Action.Target] = f.Action.Value
		}
		st.Actions = append(st.Actions, a)
	}
	if len(c.entries) > 0 {
		for _, t := range c.entries[len(c.entries)-1].tellers {
			st.Tellers = append(st.Tellers, t.state())
		}
	}
	return st
}

// Level returns the level that is shown and acted on.
func (c *Control) Level() level.Level {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stood.Level
}

// Predict returns the share (0 to 1) of all traffic, as it was in the last
// minute, that an action of a strength would refuse.
func (c *Control) Predict(a playbook.Action, strength float64) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.traffic.share(&a, strength)
}
