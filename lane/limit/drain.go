package limit

import (
	"math"
	"time"
)

// draining is what is known while the lower lanes are closed.
type draining struct {
	at       time.Duration // when it began
	low      int           // permits of lower lanes then
	from     int           // limit then
	in       phase         // phase then
	spared   time.Duration // last time a drain changed nothing
	calm     int           // entries in a row since then that did not wait
	n        int           // the most in flight one of them found
	emptyAt  time.Duration // since when few of the lower lanes' permits are left, 0 not yet
	vainFrom time.Duration // since when drains in a row have helped nothing
	vainAt   time.Duration // the last of them
	inVain   int           // entries since then that waited all the same
}

// surge is the state of the most important lanes when they alone are more than
// the backend bears.
type surge struct {
	on      bool
	above   time.Duration // last time they were
	lowSeen time.Duration // last time a lower lane held a permit
}

// suffers tells whether the gauge is slowed so much that waiting for more
// evidence would hurt.
func (f *Finder) suffers(in []LaneInput) bool {
	s := &f.slow
	return s.now.n >= 5 && s.now.mean() > severe || s.trend.n >= 30 && s.trend.mean() > moderate || f.stuck(in)
}

// stuck sees what completions cannot show: requests that do not come back.
// By Little's law demand of them are in flight on average, scattered as
// Poisson; five standard deviations above that is no accident.
func (f *Finder) stuck(in []LaneInput) bool {
	a := f.lanes[f.gauge].demand()
	return float64(in[f.gauge].InFlight) > a+5*math.Sqrt(a+1)+3
}

// drainFrom closes the lower lanes: what they hold runs off, and it will show
// whether they were the cause and how many the backend bears.
func (f *Finder) drainFrom(now time.Duration, in []LaneInput) {
	was := &f.drain
	f.drain = draining{at: now, low: f.low(in), from: f.limit, in: f.phase, spared: was.spared, vainFrom: was.vainFrom, vainAt: was.vainAt}
	f.phase = drain
	f.lanes[f.gauge].found = true
}

// feel takes in one of the gauge's requests.
func (d *draining) feel(s Sample, slow float64) {
	switch {
	case s.Entered < d.at:
	case slow < relieved:
		d.calm++
		d.n = max(d.n, s.N)
	case d.calm < enough:
		d.calm, d.n = 0, 0
		if d.emptyAt > 0 && s.Entered >= d.emptyAt {
			d.inVain++
		}
	}
}

// drainOn waits until the gauge is relieved; what is in flight then is what
// the backend bears. If the lower lanes are out of the way and nothing relieves
// it, they were not the cause.
func (f *Finder) drainOn(now time.Duration, in []LaneInput) {
	d := &f.drain
	if n := f.low(in); d.emptyAt == 0 && (20*n <= d.low || 10*n <= all(in)) {
		d.emptyAt = now
	}
	switch {
	case d.calm >= enough:
		f.drainEnd(now, in)
	case d.inVain >= 2*enough:
		f.notTheCause(now, in)
	case now-d.at > 2*f.heavyBase()+time.Second: // nothing tells either way
		f.settle(now)
	}
}

// drainEnd sets the limit after the gauge was relieved. Relief while the lower
// lanes hold hardly less says that the machine stuttered, not that the backend
// was full: then only a raise is taken back, and at the edge nothing, unless it
// happens again within a second while the limit is in somebody's way.
func (f *Finder) drainEnd(now time.Duration, in []LaneInput) {
	d := &f.drain
	stutter := now-d.at <= 60*time.Millisecond && (10*f.low(in) >= 7*d.low || d.low <= 3)
	if stutter && (now-d.spared > time.Second || !f.Pressed(now)) {
		d.spared = now
		f.settle(now)
		if d.in == climb {
			f.setLimit(now, f.limit-f.stride.applied)
		} else {
			f.phase = d.in
		}
		return
	}
	if n := max(d.n+1, int(0.3*f.work())); n < d.from {
		f.setLimit(now, n)
	}
	f.settle(now)
	// The edge is just above, so steps stay small until three have been right.
	f.stride.most = max(1, f.limit/16)
	f.stride.next = max(1, min((d.from-f.limit)/4, f.stride.most))
}

// notTheCause ends a drain that helped nothing: either the most important
// lanes alone are more than the backend bears, or their work became dearer.
func (f *Finder) notTheCause(now time.Duration, in []LaneInput) {
	work, offered := f.work(), 0.0
	for i := range in {
		if in[i].Tier <= f.top {
			offered += f.lanes[i].quick * f.lanes[i].base
		}
	}
	if offered > 0.6*float64(f.limit) && float64(in[f.gauge].InFlight) > 1.2*work {
		f.surge.on, f.surge.above = true, now
		f.setLimit(now, int(1.1*work)+1)
		f.settle(now)
		return
	}
	d := &f.drain
	if now-d.vainAt > time.Second {
		d.vainFrom = now
	}
	d.vainAt = now
	if now-d.vainFrom > dearAfter && f.slow.trend.n >= 10 {
		f.lanes[f.gauge].base *= 1 + min(max(0, f.slow.trend.mean()), 1)
	}
	f.limit = d.from
	f.settle(now)
}

// dearAfter is how long drains must have helped nothing before the gauge's work
// counts as dearer: a machine that stands still for a moment makes nothing
// dearer.
const dearAfter = 2 * time.Second

// watchSurge lifts the limit on the most important lanes once they would fit
// again for a second.
func (f *Finder) watchSurge(now time.Duration, in []LaneInput) {
	if !f.surge.on {
		return
	}
	demand := 0.0
	for i := range in {
		if in[i].Tier <= f.top {
			demand += f.lanes[i].demand()
		}
	}
	if demand > 0.8*float64(f.limit) {
		f.surge.above = now
	}
	f.surge.on = now-f.surge.above <= time.Second
}
