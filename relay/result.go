package relay

import (
	"context"
	"time"
)

// Handler takes a message and says what became of it. It may be called for
// messages of several keys at once, and must return when ctx ends: then the
// message is no longer this process's to deliver, and what it returns does not
// count. A panic is a Retry.
type Handler func(ctx context.Context, m *Message) Result

// Verb is what became of a message.
type Verb uint8

// The verbs.
const (
	Retried  Verb = iota // not taken; try again
	Acked                // taken: it is done
	Rejected             // will never be taken: it is a dead letter
	Deferred             // not now, for a reason that is nobody's failure
)

var verbNames = [...]string{"retry", "ack", "reject", "defer"}

// String returns the verb's word.
func (v Verb) String() string {
	if int(v) < len(verbNames) {
		return verbNames[v]
	}
	return "unknown"
}

// Result is what became of a message. The zero Result is a Retry.
type Result struct {
	Verb Verb
	// After is how long to wait before the next attempt, 0 as the policy says.
	After time.Duration
	// Until is when a Deferred message is due.
	Until time.Time
	// Reason says why in a sentence, for people. It is bounded when it is kept.
	Reason string
	// Status is the target's own code, 0 if it has none.
	Status int
	// Down says that the target as a whole did not answer or refuses work: the
	// circuit counts it, and it brings the message no nearer to the dead letters.
	Down bool
	// Overloaded says that the target asks for less.
	Overloaded bool
}

// Ack says that the message is done.
func Ack() Result { return Result{Verb: Acked} }

// Retry says that the message is to be tried again, after a while, or with 0
// when the policy says so.
func Retry(after time.Duration) Result { return Result{Verb: Retried, After: after} }

// Reject says that the message will never be taken, and why: it becomes a dead
// letter.
func Reject(reason string) Result { return Result{Verb: Rejected, Reason: reason} }

// Defer says that the message is due at a time. It costs no attempt, and blocks
// the messages of its key until then.
func Defer(until time.Time) Result { return Result{Verb: Deferred, Until: until} }

// Because returns r with a reason.
func (r Result) Because(reason string) Result {
	r.Reason = reason
	return r
}
