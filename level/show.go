package level

import (
	"math"
	"strconv"
	"time"
)

// Show writes a value of the signal as people read it: 93%, 50ms, 4x.
func (s *Signal) Show(v float64) string {
	if math.IsInf(v, 1) {
		return "never"
	}
	switch s.Unit {
	case Percent:
		return short(v*100) + "%"
	case Seconds:
		return (time.Duration(v * float64(time.Second))).Round(roundTo(v)).String()
	case Times:
		return short(v) + "x"
	}
	return short(v)
}

// short writes three digits at most after what matters.
func short(v float64) string { return strconv.FormatFloat(round3(v), 'f', -1, 64) }

// round3 keeps three significant digits.
func round3(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
	if math.IsInf(scale, 0) {
		return v
	}
	return math.Round(v*scale) / scale
}

func roundTo(seconds float64) time.Duration {
	switch {
	case seconds >= 10:
		return time.Second
	case seconds >= 1:
		return 100 * time.Millisecond
	case seconds >= 0.01:
		return time.Millisecond
	}
	return 10 * time.Microsecond
}
