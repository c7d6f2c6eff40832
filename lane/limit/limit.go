// Package limit finds how many requests a backend bears at once, without
// being told, and divides that number among lanes.
//
// It is pure: a [Finder] is moved by Step(now, input) alone. It starts no
// goroutine, reads no clock and knows nothing of requests, queues or HTTP.
//
// # How the limit is found
//
// A backend's bottleneck, whatever it is (workers, cores, a lock), delays all
// lanes alike. The lane with the cheapest requests feels it first and most:
// it is the gauge. Every finished request of the gauge tells how many requests
// were in flight when it entered (n) and how long it took. Below the limit
// the time does not depend on n; from the limit on it grows:
//
//	time |                     . '
//	     |                  . '
//	base |------------------'          the edge: entries with n >= limit wait,
//	     +------------------|----> n   entries just below do not
//	                      limit
//
// So the limit is where entries at n >= limit are slower than entries below
// it in the same moments. What slows both alike (a noisy host, dearer work)
// moves no limit. Lower lanes are let in up to a few places short of the
// limit, so that only a few gauge requests in a hundred touch the edge:
// enough to know where it is, too few to be felt.
package limit

import "time"

// Sample is one finished request.
type Sample struct {
	Entered time.Duration // when it was let in
	Took    time.Duration
	N       int  // requests in flight, all lanes, when it entered
	Served  bool // false: an error, which says nothing about the time the work takes
	Refused bool // the backend itself refused for load
}

// LaneInput is what happened in one lane since the step before.
type LaneInput struct {
	Tier     uint8   // smaller is more important
	Floor    float64 // share of the limit
	Ceiling  float64 // share of the limit, 0 none
	Max      int     // permits, 0 none
	Samples  []Sample
	Arrived  int // asked to enter, whether let in or not
	Refused  int // were refused
	InFlight int // now
	Waiting  int // now
}

// LaneOutput is what one lane may use until the next step.
type LaneOutput struct {
	Cap    int     // own permits, at most
	Floor  int     // own permits it has whatever others use
	Total  int     // above its floor it may enter while all lanes together hold fewer
	Demand float64 // permits it would use if there were enough
}

// Config sets up a Finder.
type Config struct {
	Initial int // where the search starts
	Fixed   int // if above 0: no search
}

// phase says what the Finder is doing.
type phase uint8

const (
	search phase = iota // never met the edge: grow by quarters
	climb               // the edge is above: grow step by step
	hold                // at the edge
	drain               // lower lanes closed until the gauge is relieved
)

var phaseNames = [...]string{"search", "climb", "hold", "drain"}

func (p phase) String() string { return phaseNames[p] }

// Interval is the time between two steps.
const Interval = 10 * time.Millisecond

const (
	// tolerance is how much later than below the edge an entry at the edge may
	// finish, as a share of the gauge's base time, before it counts as waiting.
	tolerance = 0.15
	// touch is the most that may be the share of gauge requests that find the
	// backend full: the reserve is made for it, see bearable for what is aimed at.
	touch = 0.09
	// severe and moderate: mean slowdown of the gauge that closes the lower
	// lanes at once, and after a while.
	severe   = 1.0
	moderate = 0.35
	// calmExcess: above this mean slowdown the limit is not raised.
	calmExcess = 0.2
	// leanExcess: above this mean slowdown over a second the limit is lowered
	// bit by bit.
	leanExcess = 0.1
	// relieved: a request slowed by less than this did not wait; enough of
	// them in a row end a drain.
	relieved = 0.3
	enough   = 3
)
