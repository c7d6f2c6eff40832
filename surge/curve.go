package surge

import (
	"math"
	"time"
)

// Never is the time of what does not happen.
const Never = time.Duration(math.MaxInt64)

// Curve is a rate of events over time, in events per second.
type Curve interface {
	// Rate returns the rate at t. It is never negative, NaN or infinite.
	Rate(t time.Duration) float64
	// Bound returns a bound on the rate that holds in [from, until), with
	// until > from. It is what [Arrivals] thins against: the tighter the
	// bound, the fewer candidates are thrown away.
	Bound(from time.Duration) (highest float64, until time.Duration)
}

// clean makes a rate out of any number: what is not a rate is none.
func clean(rate float64) float64 {
	if rate > 0 && !math.IsInf(rate, 1) { // false for NaN
		return rate
	}
	return 0
}

// after is t+d without wrapping around.
func after(t, d time.Duration) time.Duration {
	if d > 0 && t > Never-d {
		return Never
	}
	return t + d
}

// Constant is the same rate at all times: with [Arrivals] a Poisson process,
// the usual traffic of many people who know nothing of each other.
type Constant float64

// Rate implements [Curve].
func (c Constant) Rate(time.Duration) float64 { return clean(float64(c)) }

// Bound implements [Curve].
func (c Constant) Bound(time.Duration) (float64, time.Duration) { return clean(float64(c)), Never }

// Step is a rate that holds from a time on.
type Step struct {
	At   time.Duration
	Rate float64
}

// Steps is a rate that jumps. It is 0 before the first step; steps are in the
// order of their times.
type Steps []Step

// Rate implements [Curve].
func (s Steps) Rate(t time.Duration) float64 {
	rate := 0.0
	for _, step := range s {
		if step.At > t {
			break
		}
		rate = step.Rate
	}
	return clean(rate)
}

// Bound implements [Curve].
func (s Steps) Bound(from time.Duration) (float64, time.Duration) {
	for _, step := range s {
		if step.At > from {
			return s.Rate(from), step.At
		}
	}
	return s.Rate(from), Never
}

// Ramp is a rate that goes in a straight line from one value to another.
//
//	To   |        ,------
//	     |      ,'
//	From |-----'
//	     +-----+--+-------> t
//	       Start  End
type Ramp struct {
	Start, End time.Duration
	From, To   float64
}

// Rate implements [Curve].
func (r Ramp) Rate(t time.Duration) float64 {
	from, to := clean(r.From), clean(r.To)
	switch {
	case t < r.Start:
		return from
	case t >= r.End:
		return to
	}
	done := float64(t-r.Start) / float64(r.End-r.Start)
	return from + (to-from)*done
}

// Bound implements [Curve]. The slope is cut into 32 pieces, so that a
// candidate is rarely thrown away.
func (r Ramp) Bound(from time.Duration) (float64, time.Duration) {
	switch {
	case from < r.Start:
		return clean(r.From), r.Start
	case from >= r.End:
		return clean(r.To), Never
	}
	until := min(after(from, max(1, (r.End-r.Start)/32)), r.End)
	return max(r.Rate(from), r.Rate(until)), until
}

// Sum is several curves at once.
type Sum []Curve

// Rate implements [Curve].
func (s Sum) Rate(t time.Duration) float64 {
	rate := 0.0
	for _, c := range s {
		rate += c.Rate(t)
	}
	return min(rate, math.MaxFloat64)
}

// Bound implements [Curve].
func (s Sum) Bound(from time.Duration) (float64, time.Duration) {
	highest, until := 0.0, Never
	for _, c := range s {
		h, u := c.Bound(from)
		highest += h
		until = min(until, u)
	}
	return min(highest, math.MaxFloat64), until
}

// Scale is a curve with every rate multiplied: the same shape, more people.
type Scale struct {
	Curve Curve
	By    float64
}

// Rate implements [Curve].
func (s Scale) Rate(t time.Duration) float64 {
	return min(s.Curve.Rate(t)*clean(s.By), math.MaxFloat64)
}

// Bound implements [Curve].
func (s Scale) Bound(from time.Duration) (float64, time.Duration) {
	h, until := s.Curve.Bound(from)
	return min(h*clean(s.By), math.MaxFloat64), until
}

// Between is a curve that is 0 outside [From, To).
type Between struct {
	Curve    Curve
	From, To time.Duration
}

// Rate implements [Curve].
func (b Between) Rate(t time.Duration) float64 {
	if t < b.From || t >= b.To {
		return 0
	}
	return b.Curve.Rate(t)
}

// Bound implements [Curve].
func (b Between) Bound(from time.Duration) (float64, time.Duration) {
	switch {
	case from >= b.To || b.From >= b.To:
		return 0, Never
	case from < b.From:
		return 0, b.From
	}
	h, until := b.Curve.Bound(from)
	return h, min(until, b.To)
}
