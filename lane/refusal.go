package lane

import (
	"fmt"
	"time"
)

// Reason says why a request was refused.
type Reason uint8

// The reasons, in the order in which they are examined.
const (
	ReasonNone       Reason = iota
	ReasonPlaybook          // a playbook refuses its user at this level
	ReasonEarly             // it holds an appointment whose time has not come
	ReasonDeadline          // it could not be finished before its deadline
	ReasonBackground        // nobody is waiting for it, and people are
	ReasonTurn              // its user's turn has not come: users are let in by a hash of their key
	ReasonFull              // the lane has no permit left and does not queue
	ReasonQueueFull         // the lane's queue is full
	ReasonTimeout           // it waited as long as the queue allows
	numReasons

	// ReasonDefer is no refusal yet: a playbook wants the request to wait for
	// later. Nothing is counted and no time is given. Who has kept it says so with
	// [Lane.CountDeferred]; who could not refuses with [Lane.Refuse]. Only requests
	// that can wait get it.
	ReasonDefer = numReasons
	// ReasonChallenge is no refusal yet either: a playbook wants the caller asked
	// whether a person is there. Who has asked says so with [Lane.CountChallenged];
	// who could not refuses with [Lane.Refuse]. Only requests that can be asked get
	// it.
	ReasonChallenge = numReasons + 1
)

var reasonNames = [...]string{"none", "playbook", "early", "deadline", "background", "turn", "full", "queue_full", "timeout", ReasonDefer: "defer", ReasonChallenge: "challenge"}

// String returns the reason as one word, fit for a metric label.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}

// Reasons lists every reason a refusal can have.
func Reasons() []Reason {
	rs := make([]Reason, 0, numReasons-1)
	for r := ReasonNone + 1; r < numReasons; r++ {
		rs = append(rs, r)
	}
	return rs
}

// Refusal is the error of a request that was not let in.
type Refusal struct {
	Lane   string
	Reason Reason
	// After is the time until the caller should come back. Refusals of one
	// lane are spaced so that all returns together arrive at the rate the lane
	// can serve. Always above zero, except with [ReasonDefer] and
	// [ReasonChallenge].
	After time.Duration
}

// Error implements error.
func (r *Refusal) Error() string {
	return fmt.Sprintf("lane %s: refused (%s): come back in %s", r.Lane, r.Reason, r.After)
}
