package surge

import (
	"math/rand/v2"
	"time"
)

// Arrivals draws the times at which a crowd comes: a Poisson process whose
// rate follows a [Curve].
//
// It is exact, by thinning: candidates come at the rate of the bound, which is
// constant over an interval and needs no integral; each is kept with
// probability rate/bound.
//
//	bound |-----x---o-----x---+
//	      |        ,''.       |      x  thrown away (above the curve)
//	rate  |  o  ,-'    '.  o  |      o  kept
//	      |__,-'         '-.__|
//	      +-------------------+--> t
//	     from               until
//
// A gap between candidates is exponential with mean 1/bound. Where it leaves
// the interval, the draw starts afresh at its end: an exponential gap does not
// remember how long it has lasted.
type Arrivals struct {
	curve Curve
	rng   *rand.Rand
	now   time.Duration
}

// NewArrivals returns the arrivals of curve from time start on.
func NewArrivals(curve Curve, start time.Duration, rng *rand.Rand) *Arrivals {
	return &Arrivals{curve: curve, rng: rng, now: start}
}

// maxIntervals bounds the search for the next arrival: a curve whose bound
// never ends would otherwise hang the caller.
const maxIntervals = 1_000_000

// Next returns the time of the next arrival; false if there is none.
// Times never go back, and two may be equal.
func (a *Arrivals) Next() (time.Duration, bool) {
	for range maxIntervals {
		if a.now == Never {
			return Never, false
		}
		highest, until := a.curve.Bound(a.now)
		if highest <= 0 {
			a.now = max(until, a.now)
			continue
		}
		for {
			gap := a.rng.ExpFloat64() / highest * float64(time.Second)
			if gap >= float64(until-a.now) {
				a.now = until
				break
			}
			a.now += time.Duration(gap)
			if a.rng.Float64()*highest < a.curve.Rate(a.now) {
				return a.now, true
			}
		}
	}
	a.now = Never
	return Never, false
}
