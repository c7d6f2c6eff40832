package daero

import (
	"time"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/playbook"
)

// traffic is what lanes counted lately: tenths of a second over the last one
// and a half, for signals, and seconds over the last minute, for predictions.
type traffic struct {
	tenths  ring[counts]
	seconds ring[counts]
}

// counts are the counters of all lanes at one moment.
type counts struct {
	at       time.Time
	backends map[string]lane.Snapshot
}

// ring keeps the newest n.
type ring[T any] struct {
	all  []T
	next int
}

func (r *ring[T]) push(v T, n int) {
	if len(r.all) < n {
		r.all = append(r.all, v)
		return
	}
	r.all[r.next] = v
	r.next = (r.next + 1) % n
}

// back returns the i-th newest, or the oldest there is; ok is false if there
// is none.
func (r *ring[T]) back(i int) (v T, ok bool) {
	if len(r.all) == 0 {
		return v, false
	}
	i = min(i, len(r.all)-1)
	return r.all[(r.next-1-i+2*len(r.all))%len(r.all)], true
}

const (
	tenthsKept  = 15
	secondsKept = 61
)

// take notes what lanes count now, and reports whether a second has passed.
func (t *traffic) take(now time.Time, d *Daero) bool {
	c := counts{at: now, backends: map[string]lane.Snapshot{}}
	for name, set := range d.inForceSets() {
		c.backends[name] = set.Snapshot()
	}
	t.tenths.push(c, tenthsKept)
	if last, ok := t.seconds.back(0); !ok || now.Sub(last.at) >= time.Second {
		t.seconds.push(c, secondsKept)
		return true
	}
	return false
}

func (t *traffic) latest() counts {
	c, _ := t.tenths.back(0)
	return c
}

// flow is what went through a lane between two moments.
type flow struct {
	arrived       [2]float64 // by intent: let in, refused or challenged
	refused       float64    // refused or deferred, by the lane or by order, or would have been
	ended, failed float64
	waits         float64
	waited        time.Duration
	recent, calm  time.Duration // what a request takes, now and when calm
	streams       bool
}

// between returns what went through one lane from then to now.
func between(then, now lane.LaneSnapshot) flow {
	f := flow{
		recent: now.Recent, calm: now.Base, streams: now.Streams,
		waited: now.Waited - then.Waited, waits: count(now.Waits, then.Waits),
	}
	for i := range f.arrived {
		refused := count(total(now.Refused[i]), total(then.Refused[i]))
		// What waits for later is load that the service would not bear now, so for
		// levels it is like what was refused.
		refused += count(now.Deferred[i], then.Deferred[i])
		// Who is challenged is not refused: a person is back in a moment, and a level
		// must not be held up by nothing but its own questions.
		f.arrived[i] = count(now.Passed[i], then.Passed[i]) + refused + count(now.Challenged[i], then.Challenged[i])
		f.refused += refused + count(now.WouldShed[i], then.WouldShed[i]) + count(now.WouldDefer[i], then.WouldDefer[i])
	}
	f.refused += count(now.WouldRefuse, then.WouldRefuse)
	f.failed = count(now.Failed, then.Failed) + count(now.Overloaded, then.Overloaded)
	f.ended = f.failed + count(now.Served, then.Served)
	return f
}

// count is how much a counter grew. One that started anew grew by what it is.
func count(now, then uint64) float64 {
	if now < then {
		return float64(now)
	}
	return float64(now - then)
}

func total(m map[lane.Reason]uint64) (n uint64) {
	for _, c := range m {
		n += c
	}
	return n
}

// flows calls f for each lane with what went through it in the last n tenths.
func flows(r *ring[counts], n int, f func(backend string, l lane.LaneSnapshot, fl flow, over time.Duration)) {
	now, ok := r.back(0)
	if !ok {
		return
	}
	then, _ := r.back(n)
	over := now.at.Sub(then.at)
	for backend, b := range now.backends {
		for _, l := range b.Lanes {
			old, found := laneOf(then.backends[backend], l.Name)
			if !found {
				old = l
			}
			f(backend, l, between(old, l), over)
		}
	}
}

func laneOf(b lane.Snapshot, name string) (lane.LaneSnapshot, bool) {
	for _, l := range b.Lanes {
		if l.Name == name {
			return l, true
		}
	}
	return lane.LaneSnapshot{}, false
}

// meanIn is how many permits a lane had out, on average over the last minute.
func (t *traffic) meanIn(backend, name string) float64 {
	var sum, n float64
	for _, c := range t.seconds.all {
		if l, ok := laneOf(c.backends[backend], name); ok {
			sum += float64(l.InFlight)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// share predicts which share of all traffic an action of a strength refuses,
// from what arrived in the last minute.
func (t *traffic) share(a *playbook.Action, strength float64) float64 {
	var all, hit float64
	flows(&t.seconds, secondsKept, func(backend string, l lane.LaneSnapshot, f flow, _ time.Duration) {
		all += f.arrived[0] + f.arrived[1]
		if l.Name != a.Lane || a.Backend != "" && a.Backend != backend {
			return
		}
		if a.Who != playbook.Background {
			hit += f.arrived[lane.Foreground]
		}
		if a.Who != playbook.Foreground {
			hit += f.arrived[lane.Background]
		}
	})
	if all == 0 {
		return 0
	}
	return hit * strength / all
}
