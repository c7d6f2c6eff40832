package virtual

import (
	"time"

	"github.com/daero/daero/level"
)

// What an arm with daero's response is held against.
const (
	drillSuccess  = 0.999 // of messages answered the first time
	drillKept     = 0.95  // of sessions
	drillAttempts = 1.5   // per action, of clients that honour Retry-After
	drillRaise    = 2 * time.Second
	drillAct      = 300 * time.Millisecond
	drillNeedless = 0.05 // logins that the playbook refused while there was room, of all logins
)

// Misses names the bars that the arm misses. The first two hold for every arm,
// the others for the one with levels and a playbook.
func (r *Record) Misses() (missed []string) {
	miss := func(bad bool, name string) {
		if bad {
			missed = append(missed, name)
		}
	}
	miss(!(r.Success() >= drillSuccess), "messages")
	miss(r.Kept < drillKept, "sessions")
	if r.Arm != Auto {
		return missed
	}
	miss(!(r.PerAction() <= drillAttempts), "attempts")
	raised, ok := r.Raised()
	miss(r.Saturated >= 0 && (!ok || raised > drillRaise), "raise")
	acting, ok := r.ActedAfter()
	miss(r.Saturated >= 0 && !ok || acting > drillAct, "act")
	miss(len(r.Flaps()) > 0, "flaps")
	miss(!r.Undone, "undone")
	miss(r.OrderedPeople > 0 || float64(r.Needless) > drillNeedless*float64(r.Logins), "needless")
	return missed
}

// Raised is how long after saturation a level from caution on was measured,
// 0 if it was before.
func (r *Record) Raised() (time.Duration, bool) {
	for _, c := range r.Levels {
		if c.To > c.From && c.To >= level.Caution {
			return max(c.At-r.Saturated, 0), true
		}
	}
	return 0, false
}

// ActedAfter is the longest time from a level that the playbook has a row for
// until what the row says was in force.
func (r *Record) ActedAfter() (worst time.Duration, ok bool) {
	for _, c := range r.Levels {
		if c.To < c.From || c.To < level.Caution || c.From >= level.Caution {
			continue
		}
		if r.acted < c.At {
			return 0, false
		}
		worst, ok = max(worst, r.acted-c.At), true
	}
	return worst, ok
}

// Flaps are the levels that were raised again within a dwell of being left.
func (r *Record) Flaps() (flaps []Moved) {
	left := map[level.Level]time.Duration{}
	for _, c := range r.Levels {
		for lv := c.To + 1; lv <= c.From; lv++ {
			left[lv] = c.At
		}
		for lv := c.From + 1; lv <= c.To; lv++ {
			if at, was := left[lv]; was && c.At-at < level.DefaultDwell {
				flaps = append(flaps, c)
				break
			}
		}
	}
	return flaps
}
