package calendar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// when is a time as a calendar writes it.
type when struct {
	time.Time
	day bool // a whole day: Time is its first moment
}

// parseWhen reads "20270101", "20270101T000000" in loc or "20261231T150000Z".
func parseWhen(s string, loc *time.Location) (when, error) {
	layout := map[int]string{8: "20060102", 15: "20060102T150405", 16: "20060102T150405Z"}[len(s)]
	if layout == "" {
		return when{}, fmt.Errorf("%q is not a date or time", clean(s, 30))
	}
	if len(s) == 16 {
		loc = time.UTC
	}
	t, err := time.ParseInLocation(layout, s, loc)
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		return when{}, fmt.Errorf("%q is not a date or time", clean(s, 30))
	}
	return when{t, len(s) == 8}, nil
}

var errDuration = errors.New("not a duration such as PT2H or P1D")

// parseDuration reads a DURATION: weeks, days, hours, minutes, seconds.
func parseDuration(s string) (time.Duration, error) {
	s, ok := strings.CutPrefix(strings.TrimPrefix(s, "+"), "P")
	if !ok || s == "" {
		return 0, errDuration // negative ones end before they start
	}
	days, clock, timed := strings.Cut(s, "T")
	if timed && clock == "" {
		return 0, errDuration
	}
	a, err1 := sumUnits(days, "WD", []time.Duration{7 * 24 * time.Hour, 24 * time.Hour})
	b, err2 := sumUnits(clock, "HMS", []time.Duration{time.Hour, time.Minute, time.Second})
	return a + b, errors.Join(err1, err2)
}

// sumUnits adds "2H30M" up, each unit at most once and in order.
func sumUnits(s, units string, lengths []time.Duration) (sum time.Duration, err error) {
	for next := 0; s != ""; {
		i := strings.IndexAny(s, units)
		if i < 1 || i > 6 {
			return 0, errDuration
		}
		n, err := strconv.ParseUint(s[:i], 10, 20) // a million of anything is enough
		u := strings.IndexByte(units, s[i])
		if err != nil || u < next {
			return 0, errDuration
		}
		sum += time.Duration(n) * lengths[u]
		next, s = u+1, s[i+1:]
	}
	return sum, nil
}

// parseOffset reads "+0900" or "-033000", in seconds.
func parseOffset(s string) (int, error) {
	bad := fmt.Errorf("%q is not an offset such as +0900", clean(s, 20))
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, bad
	}
	n, err := strconv.ParseUint(s[1:], 10, 32)
	if err != nil {
		return 0, bad
	}
	if len(s) == 5 {
		n *= 100
	}
	h, m, sec := int(n/10000), int(n/100%100), int(n%100)
	if h > 15 || m > 59 || sec > 59 {
		return 0, bad
	}
	off := h*3600 + m*60 + sec
	if s[0] == '-' {
		off = -off
	}
	return off, nil
}

// clean makes text from outside fit for one line of at most most runes.
func clean(s string, most int) string {
	if len(s) > 16*most {
		s = s[:16*most]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !strconv.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		s = strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}
