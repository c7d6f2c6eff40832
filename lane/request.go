package lane

import "time"

// Request is what a lane needs to know about a request. The zero Request is
// an anonymous person in the foreground.
type Request struct {
	// User is a hash of the user's or device's key (see [HashUser]), never of
	// a session: a session key would teach people to log in again for a better
	// place. 0 means anonymous.
	User uint64
	// Intent is Foreground unless nobody is waiting for the answer.
	Intent Intent
	// Booked says that the request came with a valid appointment, DueIn how
	// long it is until its time; zero or less means now.
	Booked bool
	DueIn  time.Duration
	// Budget is how long the caller will still wait, 0 if not known. The
	// deadline of the context given to Enter counts as well.
	Budget time.Duration
	// CanWait says that the caller is able to keep the request and deliver it
	// later: where a playbook defers its user, the refusal's reason is then
	// [ReasonDefer].
	CanWait bool
	// CanAsk says that the caller is able to ask whether a person is there: where a
	// playbook challenges its user, the refusal's reason is then
	// [ReasonChallenge].
	CanAsk bool
	// Cleared says that it came with a clearance: its caller was asked and passed.
	// KnownDevice says that its device had one lately.
	Cleared     bool
	KnownDevice bool
	// Deferred says that the request was kept and is delivered now. Its time is
	// somebody else's decision: no order, no turn and no appointment holds it
	// back, and refusing it counts for nothing. It should be of the background.
	Deferred bool
	// Refusal, if not nil, is where a refusal is written, so that refusing
	// allocates nothing.
	Refusal *Refusal
}

// Outcome is how a request ended, as the lane learns from it.
type Outcome uint8

// The outcomes.
const (
	// Served: the backend did the work. Its duration is learned from.
	Served Outcome = iota
	// Failed: the backend answered with an error that says nothing about its
	// load. The duration is not learned from: errors are often fast.
	Failed
	// Overloaded: the backend itself refused for load (429, 503).
	Overloaded
)
