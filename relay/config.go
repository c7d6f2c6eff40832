package relay

import (
	"context"
	"time"
)

// Order says which messages wait for each other.
type Order uint8

// The orders.
const (
	ByKey       Order = iota // messages of one key, one after the other
	ByPartition              // all messages of a partition, one after the other
	NoOrder                  // none
)

var orderNames = [...]string{"key", "partition", "none"}

// String returns the order's word in configuration.
func (o Order) String() string {
	if int(o) < len(orderNames) {
		return orderNames[o]
	}
	return "unknown"
}

// Outage says what happens to messages that come while the log is away.
type Outage uint8

// The ways.
const (
	Refuse Outage = iota // they are refused, with a time to come back
	Spool                // they are kept on this machine's disk until the log is back
)

// Config describes a Relay.
type Config struct {
	Log Log
	// Topics are those that can be written to through [Relay.Accept].
	Topics []Topic
	// Deliveries are the targets, each with a group of its own, so that one
	// does not wait for another.
	Deliveries []Delivery
	// Spool keeps messages while the log is away. Required by topics whose
	// Outage is Spool.
	Spool Store
	// AcceptWithin is how long Accept waits for the log before it says
	// [ErrUnknown] or turns to the spool. Default 5 s.
	AcceptWithin time.Duration
	// Remember is how many accepted idempotency keys are remembered, so that
	// the same message sent again is not kept twice. Default 100,000.
	Remember int
	// Instance names this process in the groups across restarts. Default: it is
	// new each time.
	Instance string
	// Seed makes the jitter of retries repeatable. Default: by chance.
	Seed uint64
	// Listener is told what happens. Default: nobody is.
	Listener Listener
}

// Store keeps messages on disk until they are taken out, in order. Package
// spool has it.
type Store interface {
	// Append keeps b for good before it returns, and does not look at it any more
	// then. Errors are [ErrFull],
	// [ErrTooLarge], the cause of ctx (it was not kept), [ErrUnknown] (the disk
	// failed at it), or others: it was not kept, nor will anything be.
	Append(ctx context.Context, b []byte) error
	// Next returns the oldest entries that are there, waiting for one; they stay
	// until Done is called with how many of them are finished, the oldest first.
	// With a ctx that has ended it returns what is there without waiting. The
	// entries must not be changed.
	Next(ctx context.Context, most int) ([][]byte, error)
	Done(n int) error
}

// Topic is a topic that messages are accepted for.
type Topic struct {
	Name string
	// Order ByKey refuses messages without a key.
	Order Order
	// MaxBytes bounds a message, headers included. Default 1,000,000, up to
	// 16 MiB.
	MaxBytes int
	// MaxHeaders and MaxHeaderBytes bound its headers together. Default 64 and
	// 16 KiB.
	MaxHeaders, MaxHeaderBytes int
	Outage                     Outage
}

// Delivery is one target and what it gets.
type Delivery struct {
	// Name of the target, also its label in metrics.
	Name   string
	Topics []string
	// Group is the consumer group. Default "daero." and Name.
	Group string
	Order Order
	// Handler takes the messages.
	Handler Handler
	// InFlight bounds how many messages are with the target at once. How many
	// it bears below that is found. Default 512.
	InFlight int
	// Fixed uses InFlight as it is: nothing is found.
	Fixed bool
	// Rate bounds deliveries per second, 0 not. See also [Relay.Throttle].
	Rate float64
	// Timeout bounds one attempt. Default 30 s.
	Timeout time.Duration
	// Bytes bounds what is held in memory for this target. Default 64 MiB.
	Bytes int64
	// PerKey bounds how many messages of one key are held before the partition
	// is paused. Default 1,000.
	PerKey int
	// Latest begins a new group at the newest message. Default: the oldest.
	Latest bool
	// Drain bounds how long messages under way are waited for when partitions
	// go or the process ends. Default 10 s.
	Drain       time.Duration
	Retry       RetryPolicy
	Circuit     Circuit
	DeadLetters DeadLetters
	// Remember is how many idempotency keys that the target has taken are
	// remembered per partition: the same one again is not sent. Default 4,096,
	// -1 none.
	Remember int
}

// RetryPolicy says when a message is tried again. First its key waits in place; then
// the key is parked, so that it stands in nobody's way; then it is a dead
// letter.
type RetryPolicy struct {
	// First and Max bound the time between attempts, which doubles. Default
	// 100 ms and 30 s. Jitter takes up to half of it off.
	First, Max time.Duration
	// InPlace is how long a key is retried in place before it is parked.
	// Default 1 min; below 0 nothing is parked.
	InPlace time.Duration
	// Attempts and For bound the retries: what is reached first makes a dead
	// letter. Default 20 and 1 h. Attempts made while the circuit is open, or
	// answered with Down, count for neither.
	Attempts int
	For      time.Duration
	// Budget bounds retries as a share of all attempts over ten seconds, so
	// that a sick target is not asked more than a healthy one. Default 0.1, with
	// at least one retry per second, and more where attempts succeed and nothing
	// waits for its first.
	Budget float64
}

// Circuit says when a target is down as a whole. Then nothing is sent but a
// probe now and then, nothing is retried, and nothing becomes a dead letter.
type Circuit struct {
	// Failures in a row, over at least two keys if there are two, that open it.
	// Default 10.
	Failures int
	// Probe is the time between probes, which doubles up to 16 times. Default
	// 1 s.
	Probe time.Duration
}

// DeadLetters says where messages go that will not be delivered.
type DeadLetters struct {
	// Topic they go to. Default: the delivery's name and ".dead".
	Topic string
	// PerMinute bounds how many go there: above it the target is taken to be
	// broken rather than the messages, and deliveries pause. Default 100.
	PerMinute int
	// Redrives bounds how often a message may be taken back. Default 3.
	Redrives int
}
