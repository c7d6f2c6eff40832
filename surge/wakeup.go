package surge

import (
	"math"
	"time"
)

// z99 is the standard normal quantile of 99 %.
const z99 = 2.3263478740408408

// WakeUp is what a broadcast to every phone does: each of Devices comes once,
// after a delay that is log-normal. Half have come Median after At, 99 % by
// Tail after it. A real broadcast has a median of 3 to 5 s and a tail of about
// a minute; a time-scaled replay divides both.
//
//	rate |   ,.
//	     |  /  '.          Devices·f(x)
//	     | /      '-.,
//	     |/            ''--..___
//	     +--+--+----------------+--> x = t - At
//	     0  |  Median          Tail
//	       mode
//
// With m = ln Median and s = ln(Tail/Median)/2.326 the delay's density is
//
//	f(x) = exp(-(ln x - m)²/2s²) / (x·s·√2π),  highest at x = exp(m - s²)
//
// and its integral is 1, so that Devices arrivals are expected in all.
type WakeUp struct {
	At      time.Duration
	Devices float64
	Median  time.Duration // default 4 s
	Tail    time.Duration // default 60 s; never below 1.01 × Median
}

// shape returns m (of seconds) and s.
func (w WakeUp) shape() (m, s float64) {
	median, tail := w.Median, w.Tail
	if median <= 0 {
		median = 4 * time.Second
	}
	if tail <= 0 {
		tail = 15 * median
	}
	spread := max(float64(tail)/float64(median), 1.01)
	return math.Log(median.Seconds()), math.Log(spread) / z99
}

// Rate implements [Curve].
func (w WakeUp) Rate(t time.Duration) float64 {
	if t <= w.At {
		return 0
	}
	m, s := w.shape()
	return w.rate((t - w.At).Seconds(), m, s)
}

func (w WakeUp) rate(x, m, s float64) float64 {
	z := (math.Log(x) - m) / s
	return clean(clean(w.Devices) * math.Exp(-z*z/2) / (x * s * math.Sqrt(2*math.Pi)))
}

// Bound implements [Curve]. The rate has one peak, so over an interval it is
// highest at an end, or at the peak if that lies inside. Intervals grow with
// the distance from At, as the curve flattens.
func (w WakeUp) Bound(from time.Duration) (float64, time.Duration) {
	if from < w.At {
		return 0, w.At
	}
	if clean(w.Devices) == 0 {
		return 0, Never
	}
	m, s := w.shape()
	mode := time.Duration(math.Exp(m-s*s) * float64(time.Second))
	x := from - w.At
	// At 30 standard deviations nothing is left of one device in 10^190.
	if x > 0 && math.Log(x.Seconds()) > m+30*s {
		return 0, Never
	}
	until := after(from, max(x/4, mode/8, 1))
	highest := max(w.Rate(from), w.Rate(until))
	if x <= mode && mode <= until-w.At {
		highest = w.rate(math.Exp(m-s*s), m, s)
	}
	return highest, until
}

// Come returns the share of the devices that have come by t.
func (w WakeUp) Come(t time.Duration) float64 {
	if t <= w.At {
		return 0
	}
	m, s := w.shape()
	return math.Erfc(-(math.Log((t-w.At).Seconds())-m)/(s*math.Sqrt2)) / 2
}
