package lane

import (
	"sync/atomic"
	"time"
)

// booking hands out times to come back. It is one number: the next free time.
// Each refusal takes it and moves it on by the time the lane needs to serve
// one request, so that all who come back arrive at the rate the lane can serve:
//
//	refused at once:  | | | | | | |
//	return:             |    |    |    |    |    |    |
//	                    <-1/rate->
type booking struct {
	next    atomic.Int64 // nanoseconds on the Set's clock
	spacing atomic.Int64 // 1/rate, nanoseconds
}

const (
	minReturn = time.Second      // Retry-After counts in seconds
	maxReturn = 10 * time.Minute // beyond, times are no longer promises
)

// take returns the next free time.
func (b *booking) take(now time.Duration, spread uint32) time.Duration {
	first := int64(now + minReturn)
	step := b.spacing.Load()
	for {
		next := b.next.Load()
		at := max(next, first)
		if at > int64(now+maxReturn) {
			// Full for longer than anyone should be told: spread over the
			// second half of the longest time.
			return now + maxReturn/2 + time.Duration(uint64(maxReturn/2)>>16*uint64(spread)>>16)
		}
		if b.next.CompareAndSwap(next, at+step) {
			return time.Duration(at)
		}
	}
}

// giveBack returns a time that its holder no longer needs.
func (b *booking) giveBack() { b.next.Add(-b.spacing.Load()) }

// setRate sets how many returns a second the lane can serve.
func (b *booking) setRate(perSecond float64) {
	b.spacing.Store(int64(float64(time.Second) / max(perSecond, 0.1)))
}
