package deferred

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/daero/daero/relay"
)

// counts only grow.
type counts struct {
	taken, repeated, unknown      atomic.Uint64
	full, large, away, misc       atomic.Uint64 // not kept, by why
	delivered, failed, expired    atomic.Uint64
	tries, again, cut, twice, bad atomic.Uint64
	stores                        atomic.Uint64
}

// refuse counts a request that was not kept.
func (c *counts) refuse(err error) {
	switch {
	case errors.Is(err, errFull), errors.Is(err, relay.ErrFull):
		c.full.Add(1)
	case errors.Is(err, errTooMuch), errors.Is(err, errHead), errors.Is(err, relay.ErrTooLarge):
		c.large.Add(1)
	case errors.Is(err, relay.ErrAway):
		c.away.Add(1)
	default:
		c.misc.Add(1)
	}
}

// Snapshot is what a Desk is doing, at one moment. Counters only grow.
type Snapshot struct {
	Waiting map[string]int // taken here and not yet seen delivered, by lane
	// Delivering are those of them that are with the service, Oldest is when the
	// first of them was taken; a lane in which none waits has no oldest.
	Delivering map[string]int
	Oldest     map[string]time.Time
	Polls      int // requests for an answer that wait for it

	Taken    uint64 // kept, and a ticket given
	Repeated uint64 // the same request sent again: the same ticket given
	Unknown  uint64 // it is not known whether they were kept
	// NotKept are requests that were refused instead, by why: full, large, away
	// (the log), other.
	NotKept map[string]uint64

	Delivered   uint64 // the service has answered
	Failed      uint64 // the service failed each time
	Expired     uint64 // not delivered in time
	Attempts    uint64
	Retries     uint64 // attempts that did not end it
	Cut         uint64 // answers whose body was too large to keep
	Repeats     uint64 // came a second time, and were not sent to the service again
	Undecodable uint64
	StoreErrors uint64 // times that the Store of answers failed
}

// Snapshot returns what d is doing.
func (d *Desk) Snapshot() Snapshot {
	c := &d.counts
	waiting, delivering, oldest := d.lines.count()
	return Snapshot{
		Waiting: waiting, Delivering: delivering, Oldest: oldest, Polls: int(d.polls.Load()),
		Taken: c.taken.Load(), Repeated: c.repeated.Load(), Unknown: c.unknown.Load(),
		NotKept: map[string]uint64{
			"full": c.full.Load(), "large": c.large.Load(), "away": c.away.Load(), "other": c.misc.Load(),
		},
		Delivered: c.delivered.Load(), Failed: c.failed.Load(), Expired: c.expired.Load(),
		Attempts: c.tries.Load(), Retries: c.again.Load(), Cut: c.cut.Load(), Repeats: c.twice.Load(),
		Undecodable: c.bad.Load(), StoreErrors: c.stores.Load(),
	}
}
