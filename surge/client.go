package surge

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Outcome is how one attempt ended, as the client sees it.
type Outcome uint8

// The outcomes.
const (
	OK       Outcome = iota // the action is done
	Refused                 // told to come back (429, 503)
	Failed                  // an error, or the connection broke
	TimedOut                // no answer within the client's patience
)

var outcomeNames = [...]string{"ok", "refused", "failed", "timed out"}

// String returns the outcome in words.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// Client is what one kind of client does after an attempt. attempt counts from
// 1. retryAfter is what the refusal said, 0 if nothing. Next returns how long
// the client waits before it tries again, or false if it does not; it keeps no
// state but rng's.
type Client interface {
	Next(attempt int, outcome Outcome, retryAfter time.Duration, rng *rand.Rand) (wait time.Duration, again bool)
}

// Honouring comes back when it is told to, never earlier. Where it is told
// nothing it waits about 1 s, 2 s, 4 s …, each between half and one and a half of that.
type Honouring struct {
	Tries  int           // attempts in all; default 5
	Jitter time.Duration // comes up to so much later; default 50 ms
	Cap    time.Duration // longest wait where it is told nothing; default 30 s
}

// Next implements [Client].
func (h Honouring) Next(attempt int, outcome Outcome, retryAfter time.Duration, rng *rand.Rand) (time.Duration, bool) {
	if outcome == OK || attempt >= or(h.Tries, 5) {
		return 0, false
	}
	if outcome == Refused && retryAfter > 0 {
		return after(retryAfter, upTo(or(h.Jitter, 50*time.Millisecond), rng)), true
	}
	wait := doubled(time.Second, attempt, or(h.Cap, 30*time.Second))
	return after(wait/2, upTo(wait, rng)), true
}

// Naive tries again after a time of its own, whatever it was told: what made
// a fivefold surge fiftyfold.
type Naive struct {
	Every  time.Duration // default 1 s
	Spread float64       // ± share of the wait; default 0.1
	Double bool          // wait twice as long after each attempt, up to Cap
	Cap    time.Duration // default 30 s
	Tries  int           // attempts in all; default 100
}

// Next implements [Client].
func (n Naive) Next(attempt int, outcome Outcome, _ time.Duration, rng *rand.Rand) (time.Duration, bool) {
	if outcome == OK || attempt >= or(n.Tries, 100) {
		return 0, false
	}
	wait := or(n.Every, time.Second)
	if n.Double {
		wait = doubled(wait, attempt, or(n.Cap, 30*time.Second))
	}
	spread := min(or(clean(n.Spread), 0.1), 1)
	return time.Duration(float64(wait) * (1 + spread*(2*rng.Float64()-1))), true
}

// Impatient is a person: waits as told, but sometimes presses again before.
type Impatient struct {
	Early    float64       // share of waits cut short; default 0.3
	Min, Max time.Duration // when it presses early or is told nothing; default 0.5 s to 5 s
	Tries    int           // attempts in all; default 10
}

// Next implements [Client].
func (i Impatient) Next(attempt int, outcome Outcome, retryAfter time.Duration, rng *rand.Rand) (time.Duration, bool) {
	if outcome == OK || attempt >= or(i.Tries, 10) {
		return 0, false
	}
	low, high := or(i.Min, 500*time.Millisecond), or(i.Max, 5*time.Second)
	press := after(low, upTo(max(high-low, 0), rng))
	early := rng.Float64() < or(clean(i.Early), 0.3)
	switch {
	case outcome != Refused || retryAfter <= 0:
		return press, true
	case early:
		return min(press, retryAfter), true
	}
	return after(retryAfter, upTo(200*time.Millisecond, rng)), true
}

// doubled is base·2^(attempt-1), at most limit, without overflow.
func doubled(base time.Duration, attempt int, limit time.Duration) time.Duration {
	for range attempt - 1 {
		if base >= limit/2 {
			return limit
		}
		base *= 2
	}
	return min(base, limit)
}

// upTo is evenly distributed in [0, d).
func upTo(d time.Duration, rng *rand.Rand) time.Duration {
	return time.Duration(rng.Float64() * float64(d))
}

// or is v, or def if v is its zero value or below.
func or[T int | float64 | time.Duration](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}
