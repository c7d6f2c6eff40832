package level

import (
	"math"
	"strconv"
	"strings"
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
		v = math.Min(math.Max(v, -mostSeconds), mostSeconds)
		return shortDuration(time.Duration(v * float64(time.Second)).Round(roundTo(v)))
	case Times:
		return short(v) + "x"
	}
	return short(v)
}

// mostSeconds is as long as a time.Duration can tell, in round figures.
const mostSeconds = 9e9

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

// shortDuration writes 1m, not 1m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

var koreanDuration = strings.NewReplacer("h", "시간 ", "m", "분 ", "s", "초")

// durationKorean writes whole seconds: 1분 30초.
func durationKorean(d time.Duration) string {
	return strings.TrimSuffix(koreanDuration.Replace(shortDuration(d.Round(time.Second))), " ")
}

// showKorean is Show in Korean, where multiples are called 배.
func (s *Signal) showKorean(v float64) string {
	return koreanValue(s.Show(v))
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
