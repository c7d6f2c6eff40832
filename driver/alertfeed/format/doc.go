// Package format reads the messages of alert feeds: CAP 1.2 and Atom feeds of
// it, USGS GeoJSON, P2PQuake's JSON and KMA's PEWS binary.
//
// Everything read is hostile. A parser takes what was received whole, at most
// [MaxBody], and returns alerts or an error; it opens nothing, follows nothing
// and expands nothing. What stands in a message but cannot be believed (a
// magnitude of 40, a place that is not on the earth) counts as not stated.
package format

import (
	"errors"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
)

// MaxBody is the largest document or message that is read, in bytes.
const MaxBody = 1 << 20

// ErrTooLarge is returned for what is larger than [MaxBody].
var ErrTooLarge = errors.New("more than 1 MB: is the address that of a feed?")

func fits(data []byte) error {
	if len(data) > MaxBody {
		return ErrTooLarge
	}
	return nil
}

// magnitude returns m if an earthquake can have it, else 0: not stated.
func magnitude(m float64) float64 {
	if m > 0 && m <= 10 { // false for NaN
		return m
	}
	return 0
}

// place returns the area of an epicentre, none if it is not on the earth.
func place(lat, lon float64) []alert.Area {
	if !(alert.Point{Lat: lat, Lon: lon}).OnEarth() { // true for NaN
		return nil
	}
	return []alert.Area{alert.At(lat, lon)}
}

// millis is a time in milliseconds since 1970, as JSON has it; the zero time
// if it is none of this age.
func millis(ms float64) time.Time {
	if !(ms > 0 && ms < 1<<43) { // the year 2248
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC()
}
