// Package retry knows when to try again, and when not to.
//
// [Backoff] says how long one message waits, [Budget] how many retries there may
// be at all, [Circuit] whether the target as a whole is down, [Bucket] how many
// of something there may be per second or minute, and [HeadOfLine] whether one
// message holds up a partition.
//
// All of it is pure: time and chance are arguments. Nothing here is safe for
// concurrent use.
package retry

import (
	"math"
	"math/rand/v2"
	"time"
)

// Backoff is how long a message waits before it is tried again.
type Backoff struct {
	First, Max time.Duration
}

// Wait is the time before the next attempt after so many (from 1) have failed.
// It doubles from First to Max; up to half is taken off by chance, so that what
// failed together does not come back together.
func (b Backoff) Wait(failed int, rnd *rand.Rand) time.Duration {
	d := b.First
	for i := 1; i < failed && d < b.Max; i++ {
		d *= 2
	}
	d = min(d, b.Max)
	return d - time.Duration(rnd.Float64()*float64(d)/2)
}

// Budget bounds retries as a share of all attempts over ten seconds, with at
// least one per second, so that a sick target is not asked more than a healthy
// one. While nothing waits for a first attempt, retries take its place: then
// each success earns ten of them besides. Without that a target that has
// recovered would be asked once a second for what failed before.
type Budget struct {
	share   float64
	slots   [budgetSlots]tally
	slot    int64 // now, in slots since any fixed moment
	sum     tally
	last    time.Time // of a retry
	started bool
}

type tally struct{ attempts, retries, successes int }

// earned is how many retries a success earns while nothing else waits: enough
// where more than one attempt in ten succeeds.
const earned = 10

// Ten seconds in slots of half a second.
const (
	budgetSlots = 20
	budgetSlot  = 500 * time.Millisecond
)

// NewBudget returns a Budget; share is 0.1 for a tenth.
func NewBudget(share float64) *Budget { return &Budget{share: share} }

// Attempt counts an attempt.
func (b *Budget) Attempt(now time.Time) {
	b.move(now)
	b.slots[b.slot%budgetSlots].attempts++
	b.sum.attempts++
}

// Success counts an attempt that succeeded.
func (b *Budget) Success(now time.Time) {
	b.move(now)
	b.slots[b.slot%budgetSlots].successes++
	b.sum.successes++
}

// Take asks for one retry, and counts it if it may be. idle says that nothing
// waits for a first attempt. The attempt is counted by Attempt.
func (b *Budget) Take(now time.Time, idle bool) bool {
	b.move(now)
	if !b.allows(now, idle) {
		return false
	}
	b.slots[b.slot%budgetSlots].retries++
	b.sum.retries++
	b.last = now
	return true
}

// Next is when Take may be granted, if nothing else happens.
func (b *Budget) Next(now time.Time) time.Time {
	b.move(now)
	if b.allows(now, false) {
		return now
	}
	return b.last.Add(time.Second)
}

func (b *Budget) allows(now time.Time, idle bool) bool {
	most := b.share * float64(b.sum.attempts+1) // the retry asked for is itself an attempt
	if idle {
		most += float64(earned * b.sum.successes)
	}
	return float64(b.sum.retries+1) <= most || !now.Before(b.last.Add(time.Second))
}

func (b *Budget) move(now time.Time) {
	at := now.UnixNano() / int64(budgetSlot)
	if !b.started {
		b.slot, b.started = at, true
	}
	for n := 0; b.slot < at && n < budgetSlots; n++ {
		b.slot++
		s := &b.slots[b.slot%budgetSlots]
		b.sum.attempts -= s.attempts
		b.sum.retries -= s.retries
		b.sum.successes -= s.successes
		*s = tally{}
	}
	b.slot = max(b.slot, at)
}

// Bucket holds tokens that come at a steady rate.
type Bucket struct {
	perSecond float64
	size      float64
	tokens    float64
	at        time.Time
}

// NewBucket returns a full Bucket of size tokens.
func NewBucket(perSecond, size float64, now time.Time) *Bucket {
	return &Bucket{perSecond, size, size, now}
}

// Take takes a token if there is one.
func (b *Bucket) Take(now time.Time) bool {
	b.fill(now)
	if b.tokens < 1-1e-9 {
		return false
	}
	b.tokens--
	return true
}

// Next is when there will be n tokens, the zero time if never.
func (b *Bucket) Next(now time.Time, n float64) time.Time {
	b.fill(now)
	lack := min(n, b.size) - b.tokens
	if lack <= 0 {
		return now
	}
	if b.perSecond <= 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(math.Ceil(lack / b.perSecond * 1e9)))
}

// Tokens is how many there are.
func (b *Bucket) Tokens(now time.Time) float64 {
	b.fill(now)
	return b.tokens
}

// Fill makes the bucket full.
func (b *Bucket) Fill(now time.Time) { b.at, b.tokens = now, b.size }

func (b *Bucket) fill(now time.Time) {
	if d := now.Sub(b.at); d > 0 {
		b.tokens = min(b.size, b.tokens+d.Seconds()*b.perSecond)
		b.at = now
	}
}

// HeadOfLine reports whether one message holds up a partition: nearly all of
// the window is used, and nearly all of that is finished. See track.Tracker's
// Load and Behind.
func HeadOfLine(load, behind float64) bool { return load > 0.9 && behind >= 0.98 }
