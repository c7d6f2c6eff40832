package alert

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Filter says which alerts arm, and for how long. What it asks for must be
// stated by the alert: one that says no magnitude does not pass a Filter with a
// Magnitude.
type Filter struct {
	// Arm is how long an alert arms, from when it was received. Default 10 min,
	// 10 s to 24 h.
	Arm time.Duration
	// MaxAge is how old an event may be to arm; older ones are replays. Default
	// 10 min, at most 24 h.
	MaxAge time.Duration
	// Magnitude is the least that arms; 0: any. At most 10.
	Magnitude float64
	// Within is how near it must be to (Lat, Lon), in km; 0: anywhere. At most
	// 20,000.
	Within   float64
	Lat, Lon float64
	// Severity, Urgency and Certainty are the least that arm; unknown: any.
	Severity  Severity
	Urgency   Urgency
	Certainty Certainty
	// Regions are names or codes of which the alert must name one, in any case
	// of letters; none: any.
	Regions []string
}

// Defaults and bounds of Filter.
const (
	DefaultArm    = 10 * time.Minute
	DefaultMaxAge = 10 * time.Minute
	minArm        = 10 * time.Second
	maxTime       = 24 * time.Hour
	maxWithin     = 20000
)

// Validate reports every mistake at once, joined.
func (f Filter) Validate() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	bad(f.Arm != 0 && (f.Arm < minArm || f.Arm > maxTime), "arm for %s: must be %s to %s", f.Arm, minArm, maxTime)
	bad(f.MaxAge < 0 || f.MaxAge > maxTime, "max age %s: must be at most %s", f.MaxAge, maxTime)
	bad(!(f.Magnitude >= 0 && f.Magnitude <= 10), "magnitude %v: must be 0 to 10", f.Magnitude)
	bad(!(f.Within >= 0 && f.Within <= maxWithin), "within %vkm: must be 0 to %dkm", f.Within, maxWithin)
	bad(f.Within > 0 && !(Point{f.Lat, f.Lon}).OnEarth(), "within %vkm of %v,%v: latitude is -90 to 90, longitude -180 to 180", f.Within, f.Lat, f.Lon)
	bad(f.Within == 0 && (f.Lat != 0 || f.Lon != 0), "a place (%v,%v) without a distance: add how far it may be", f.Lat, f.Lon)
	bad(f.Severity > Extreme, "severity %d: must be minor to extreme", f.Severity)
	bad(f.Urgency > Immediate, "urgency %d: must be past to immediate", f.Urgency)
	bad(f.Certainty > Observed, "certainty %d: must be unlikely to observed", f.Certainty)
	bad(len(f.Regions) > maxRegions, "%d regions: at most %d", len(f.Regions), maxRegions)
	for _, r := range f.Regions {
		bad(strings.TrimSpace(r) == "", "an empty region: name it or take it out")
	}
	return errors.Join(errs...)
}

func (f Filter) withDefaults() Filter {
	if f.Arm == 0 {
		f.Arm = DefaultArm
	}
	if f.MaxAge == 0 {
		f.MaxAge = DefaultMaxAge
	}
	return f
}

// pass returns the info that passes and arms longest, nil if none does.
func (f *Filter) pass(a *Alert) (best *Info) {
	for i := range a.Infos {
		info := &a.Infos[i]
		if f.passes(info) && (best == nil || later(info.Expires, best.Expires)) {
			best = info
		}
	}
	return best
}

// later compares ends, of which zero is never.
func later(a, b time.Time) bool {
	return !b.IsZero() && (a.IsZero() || a.After(b))
}

func (f *Filter) passes(i *Info) bool {
	// Tenths, as magnitudes are given: 4.5 must pass 4.5 however it was written.
	if !(math.Round(i.Magnitude*10) >= math.Round(f.Magnitude*10)) {
		return false
	}
	if i.Severity < f.Severity || i.Urgency < f.Urgency || i.Certainty < f.Certainty {
		return false
	}
	if f.Within > 0 {
		if km, ok := i.distance(f.Lat, f.Lon); !ok || !(km <= f.Within) {
			return false
		}
	}
	return len(f.Regions) == 0 || f.names(i.Regions)
}

func (f *Filter) names(regions []string) bool {
	for _, want := range f.Regions {
		for _, r := range regions {
			if strings.EqualFold(strings.TrimSpace(want), strings.TrimSpace(r)) {
				return true
			}
		}
	}
	return false
}
