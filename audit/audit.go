// Package audit has the record of what was done, by whom or by what, and why.
// Stores keep it; nothing in it is ever changed.
package audit

import "time"

// Entry is one thing that was done, or in shadow would have been.
type Entry struct {
	ID int64     `json:"id,omitempty"` // given by the store, rising
	At time.Time `json:"at"`
	// Who did it: an operator's name, "daero" for what it did by itself,
	// "local" for who has the machine.
	Who string `json:"who"`
	// What happened, from a fixed set: see the constants.
	What string `json:"what"`
	// Target is what it was done to: a level, an action, a lane, an operator.
	Target string `json:"target,omitempty"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	Why    string `json:"why,omitempty"`
	// Until is when it ends by itself.
	Until time.Time `json:"until,omitzero"`
	// Shadow says that it would have been done, and was not.
	Shadow bool `json:"shadow,omitempty"`
	// Share is the predicted share (0 to 1) of all traffic that an action
	// refuses, from the last minute.
	Share float64 `json:"share,omitempty"`
	// Node is the gateway.
	Node string `json:"node,omitempty"`
	// Undo is set where a person did it by hand and one click undoes it.
	Undo Undo `json:"undo,omitzero"`
}

// What can happen. The relay's own events are recorded by their words, which
// begin with "relay." as well.
const (
	LevelChanged    = "level.changed"
	LevelPinned     = "level.pinned"
	LevelUnpinned   = "level.unpinned"
	ActionEntered   = "action.entered"
	ActionMoved     = "action.moved"
	ActionLeft      = "action.left"
	ActionFailed    = "action.failed"
	ActionStopped   = "action.stopped"
	ActionStarted   = "action.started"
	PlaybookPaused  = "playbook.paused"
	PlaybookResumed = "playbook.resumed"
	PlanApplied     = "plan.applied"
	PlanWithdrawn   = "plan.withdrawn"
	OperatorAdded   = "operator.added"
	OperatorRemoved = "operator.removed"
	LoggedIn        = "operator.login"
	LoginRefused    = "operator.refused"
	SignalLost      = "signal.lost"
	SignalBack      = "signal.back"
	RelayPaused     = "relay.paused"   // a delivery, by a person
	RelayResumed    = "relay.resumed"  // likewise
	RelayPeeked     = "relay.peeked"   // contents of messages were shown
	RelayRedriven   = "relay.redriven" // dead letters were taken back; After says how many
	RelayRedriving  = "relay.redriving"
	RelayStopped    = "relay.redrive_stopped" // by a person; what was taken back stays so
	// RelayLengthened says that a topic keeps messages longer, because they grow
	// old; RelayNotLengthened that it should and does not.
	RelayLengthened    = "relay.retention_lengthened"
	RelayNotLengthened = "relay.retention_not_lengthened"
	Pruned             = "audit.pruned" // entries were removed; the entry says how many
	Lost               = "audit.lost"   // entries were not recorded; the entry says how many
)

// By is who acts when no person does.
const By = "daero"
