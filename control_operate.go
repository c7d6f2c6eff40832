package daero

import (
	"errors"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// errNothingResponds is the error of operating what there is not.
var errNothingResponds = errors.New("no level and no playbook is configured: add them to the global option daero")

// Pin sets the level until the pin's time, from the next step on.
func (c *Control) Pin(now time.Time, p level.Pin) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) == 0 {
		return errNothingResponds
	}
	before := c.ladder.Standing().Level
	if err := c.ladder.Pin(now, p); err != nil {
		return err
	}
	c.record(audit.Entry{
		At: now, Who: p.By, What: audit.LevelPinned, Target: p.Level.String(),
		Before: before.String(), After: p.Level.String(), Why: p.Reason, Until: p.Until,
	})
	return nil
}

// Unpin ends a pin, and reports whether there was one.
func (c *Control) Unpin(now time.Time, by, reason string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, _ := c.ladder.Pinned()
	if !c.ladder.Unpin() {
		return false
	}
	c.record(audit.Entry{At: now, Who: by, What: audit.LevelUnpinned, Target: p.Level.String(), Before: p.Level.String(), Why: reason})
	return true
}

// Pause withdraws everything the playbook does, from the next step on, until
// the pause ends. What it would have done goes on being recorded.
func (c *Control) Pause(now time.Time, p playbook.Pause) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) == 0 {
		return errNothingResponds
	}
	if err := c.runner.Pause(now, p); err != nil {
		return err
	}
	c.record(audit.Entry{At: now, Who: p.By, What: audit.PlaybookPaused, Why: p.Reason, Until: p.Until})
	return nil
}

// Resume ends a pause, and reports whether there was one.
func (c *Control) Resume(now time.Time, by, reason string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.runner.Resume(now) {
		return false
	}
	c.record(audit.Entry{At: now, Who: by, What: audit.PlaybookResumed, Why: reason})
	return true
}

// StopAction withdraws one action, by its slot ("shed login background"),
// until the pause ends.
func (c *Control) StopAction(now time.Time, id string, p playbook.Pause) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.runner.Stop(now, id, p); err != nil {
		return err
	}
	c.record(audit.Entry{At: now, Who: p.By, What: audit.ActionStopped, Target: id, Why: p.Reason, Until: p.Until})
	return nil
}

// StartAction ends the stop of one action, and reports whether there was one.
func (c *Control) StartAction(now time.Time, id, by, reason string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.runner.Start(now, id) {
		return false
	}
	c.record(audit.Entry{At: now, Who: by, What: audit.ActionStarted, Target: id, Why: reason})
	return true
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
	st.Shadow = st.Book.Shadow
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
