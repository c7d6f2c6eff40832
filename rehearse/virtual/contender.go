// Package virtual replays a storm against an admission control in virtual
// time: a backend, clients that retry, and what came of it.
//
// It is driven from one goroutine and waits only through package time, so that
// inside a testing/synctest bubble a storm of minutes takes a moment and the
// same seed gives the same result to the last digit. It knows nothing of HTTP.
package virtual

import (
	"context"
	"time"
)

// Kind is the kind of a request in the scenarios.
type Kind int

// The kinds.
const (
	Message Kind = iota // critical
	Login               // sheddable
	Sync                // normal; in drills alone
	numKinds
)

// String returns the kind's word.
func (k Kind) String() string { return [...]string{"message", "login", "sync"}[k] }

// Attempt is one try of one user's action, as the admission control sees it.
type Attempt struct {
	Kind       Kind
	User       uint64
	Background bool
	Booked     bool          // it comes back with an appointment
	DueIn      time.Duration // until the appointment
}

// Outcome is how the backend answered.
type Outcome int

// The outcomes.
const (
	Served     Outcome = iota
	Failed             // an error that says nothing about load
	Overloaded         // the backend itself refused for load
)

// Contender is an admission control under test. Enter may wait, until ctx
// ends at the client's patience. If err is nil, release is called once when
// the backend has answered.
type Contender interface {
	Enter(ctx context.Context, a Attempt) (release func(Outcome), err error)
	// MayWait tells whether Enter may block for such an attempt. It is then
	// called on a goroutine of its own.
	MayWait(a Attempt) bool
}

// ReturnLater is implemented by a refusal that says when to come back.
type ReturnLater interface {
	error
	ReturnAfter() time.Duration
}
