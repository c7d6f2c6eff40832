package limit

import (
	"math"
	"time"
)

// stride is how far the limit moves.
type stride struct {
	next    int
	applied int  // the raise before
	most    int  // half of the step that last went too far
	wins    int  // raises since
	streak  bool // raised at the edge once, not yet confirmed
}

// leaning is a limit lowered bit by bit: see leanAway.
type leaning struct {
	from int           // limit when it began, 0 it has not
	slow float64       // slowdown then
	at   time.Duration // its last step
}

// leanEvery is the time between two steps of leaning: what the slowdown's
// average needs to follow.
const leanEvery = 200 * time.Millisecond

// move is the decision: one step of the phase the Finder is in.
func (f *Finder) move(now time.Duration, in []LaneInput) {
	switch {
	case f.gauge < 0:
		if f.phase == drain {
			f.climb(1)
		}
	case f.phase == drain:
		f.drainOn(now, in)
	case f.suffers(in):
		f.drainFrom(now, in)
	default:
		if f.Pressed(now) {
			f.leanAway(now)
		}
		f.judge(now)
	}
}

// judge holds what the gauge felt at the edge against what it felt below it.
func (f *Finder) judge(now time.Duration) {
	base := f.lanes[f.gauge].base
	tol, ref, sigma := f.tolerance(), base, base/4
	if f.edge.below.n >= 16 && !f.surge.on { // alone at the edge, it is never below it
		ref, sigma = f.edge.below.mean(), f.edge.below.deviation()
	}
	if at := &f.edge.at; f.phase == hold && at.n >= 12 {
		if at.mean()-ref > tol+sigma/math.Sqrt(at.n) {
			f.setLimit(now, f.limit-f.band())
			f.stride.streak = false
			return
		}
		at.reset()
	}
	over := f.edge.over
	need, sure := f.evidence(tol, sigma)
	if over.n < need {
		return
	}
	later, trend := over.mean()-ref, f.slow.trend
	waits := later-over.se() > tol || f.phase == climb && trend.n >= 20 && trend.mean() > calmExcess
	free := later+sure*sigma/math.Sqrt(over.n) < tol && trend.mean() < calmExcess && f.slow.long.mean() < leanExcess
	if waits || over.n > 100 {
		f.edge.over.reset()
	}
	switch {
	case waits:
		f.lower(now)
	case free && f.mayRaise():
		f.raise(now)
	}
}

// evidence is how many entries at the edge a raise needs, and by how many
// standard errors they must be clear of waiting. Far from the edge, speed
// matters more than certainty.
func (f *Finder) evidence(tol, sigma float64) (need, sure float64) {
	switch {
	case f.phase == search:
		return 4, 0
	case f.phase == climb || f.stride.streak:
		// The closer it feels, the longer it looks: behind a lock the edge is
		// a slope.
		return 6 * min(1+max(0, f.slow.trend.mean())/0.05, 3), 1
	}
	// Enough for 1.5 standard errors to be half the tolerance, within reason.
	return min(max(9*sigma*sigma/(tol*tol), 7), 10), 1.5
}

// mayRaise: a coarse gauge may not raise what a fine one has found: it would
// not feel what the fine one suffers.
func (f *Finder) mayRaise() bool {
	for i := range f.lanes {
		if f.lanes[i].found && f.lanes[i].base < f.lanes[f.gauge].base/2 {
			return false
		}
	}
	return true
}

// raise moves the limit up after entries at the edge did not wait. At the edge
// one raise may be chance; a second in a row means the backend has grown.
func (f *Finder) raise(now time.Duration) {
	s := &f.stride
	switch {
	case f.phase == search:
		s.applied = max(1, f.limit/4)
	case f.phase == climb:
		s.applied = s.next
		if s.wins++; s.wins > 2 {
			s.most, s.wins = min(2*s.most, unlimited), 0
		}
		s.next = max(1, min(2*s.next, s.most, f.longest()))
	case s.streak:
		f.climb(2)
		s.applied = 1
	default:
		s.applied, s.streak = 1, true
	}
	f.setLimit(now, f.limit+s.applied)
}

// longest is how far a climb may step: an eighth, or a thirty-second near
// where it last hurt.
func (f *Finder) longest() int {
	if from := f.drain.from; 4*f.limit > 3*from && 10*f.limit < 11*from {
		return max(2, from/32)
	}
	return max(2, f.limit/8)
}

// lower moves the limit back after entries at the edge waited: the edge is
// between here and the step before, so half a step is tried next.
func (f *Finder) lower(now time.Duration) {
	s := &f.stride
	switch f.phase {
	case search:
		f.setLimit(now, f.limit-f.limit/5)
		f.settle(now)
	case climb:
		f.setLimit(now, f.limit-s.applied)
		s.most, s.wins = s.applied/2, 0
		s.next = max(1, s.most)
		if s.most == 0 {
			f.phase = hold
		}
	}
	// A first raise at the edge that is not confirmed stays all the same: if it
	// was one too many, entries just below the limit will tell.
	s.streak = false
}

// climb begins to look for the edge above, with steps that double.
func (f *Finder) climb(next int) {
	f.phase = climb
	f.stride = stride{next: next, applied: f.stride.applied, most: unlimited}
}

// settle goes on after a disturbance: the edge is near, what was felt is stale.
func (f *Finder) settle(now time.Duration) {
	f.climb(1)
	f.since = now
	f.edge.forget()
	f.slow.forget()
}

// leanAway answers a slowdown that is too small for a drain but does not go
// away, as behind a lock or on shared cores, where there is no sharp edge: it
// lowers the limit bit by bit, as long as that helps. If a fifth less does not
// take a fifth of the slowdown away, the lower lanes are not its cause.
func (f *Finder) leanAway(now time.Duration) {
	l, trend := &f.lean, f.slow.trend
	if f.phase != hold || trend.n < 30 || trend.mean() <= leanExcess || f.slow.long.mean() <= leanExcess {
		l.from = 0
		return
	}
	if l.from == 0 {
		*l = leaning{from: f.limit, slow: trend.mean(), at: now}
	}
	if now-l.at < leanEvery {
		return
	}
	l.at = now
	if f.limit > l.from-l.from/5-1 {
		f.limit = max(1, f.limit-f.band())
		f.edge.forget()
		f.stride.streak = false
		return
	}
	if trend.mean() > 0.8*l.slow {
		f.lanes[f.gauge].base *= 1 + trend.mean()
		f.slow.trend.reset()
		f.setLimit(now, l.from)
	}
	l.from = 0
}
