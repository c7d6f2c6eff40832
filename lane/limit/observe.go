package limit

import "time"

// laneState is what is known of one lane.
type laneState struct {
	lately  moments       // seconds of its requests, a memory of 2 s
	base    float64       // mean seconds of its requests when nothing queues
	seen    float64       // samples behind base
	quick   float64       // arrivals/s, a memory of 15 ms
	usual   float64       // arrivals/s, a memory of 400 ms
	done    float64       // served/s, a memory of 400 ms
	doneNow float64       // served/s, a memory of 15 ms
	fresh   float64       // samples of the last 150 ms or so: is it fit to be the gauge
	found   bool          // it was the gauge when the gauge suffered
	turned  float64       // share of its requests that the backend itself refused
	asked   time.Duration // how long it still counts as having asked lately
	part    float64       // what it was dealt, scratch of divide
	own     float64       // permits beyond which the backend refuses, 0 not known
	ownAt   time.Duration // when own was last lowered
}

// known is how many samples make a base that pressure no longer moves.
const known = 50

// askedLately is how long one permit is kept for a lane that asked: longer than
// the shortest time after which a refused request is told to come back.
const askedLately = 2 * time.Second

// observe updates rates, bases and the choice of the gauge.
func (f *Finder) observe(now, dt time.Duration, in []LaneInput) {
	quick, usual := keep(dt, 15*time.Millisecond), keep(dt, 400*time.Millisecond)
	fresh, lately := keep(dt, 150*time.Millisecond), keep(dt, 2*time.Second)
	for i := range in {
		l, st := &in[i], &f.lanes[i]
		served := 0
		st.lately.decay(lately)
		for _, s := range l.Samples {
			if s.Served {
				served++
				st.lately.add(s.Took.Seconds())
			}
			st.count(s)
		}
		arrived, ended := float64(l.Arrived)/dt.Seconds(), float64(served)/dt.Seconds()
		st.quick += (1 - quick) * (arrived - st.quick)
		st.usual += (1 - usual) * (arrived - st.usual)
		st.done += (1 - usual) * (ended - st.done)
		st.doneNow += (1 - quick) * (ended - st.doneNow)
		st.fresh = st.fresh*fresh + float64(served)
		st.asked = max(st.asked-dt, 0)
		if l.Arrived > 0 || l.Waiting > 0 {
			st.asked = askedLately
		}
		if l.Refused > 0 || l.Waiting > 0 {
			f.pressed = now
		}
	}
	for i := range in {
		f.learnBase(now, &f.lanes[i], in[i].Samples)
		f.lanes[i].ownLimit(now, dt, in[i].InFlight)
	}
	f.chooseGauge(in)
	f.chooseTop(in)
}

// demand is, by Little's law, how many permits the lane would use if there
// were enough.
func (st *laneState) demand() float64 { return max(st.quick, st.usual) * st.base }

// learnBase moves a lane's base while nothing presses; under pressure only
// until there is one at all. A base that followed a long incident would call
// the incident normal.
func (f *Finder) learnBase(now time.Duration, st *laneState, samples []Sample) {
	frozen := f.Pressed(now) || f.phase == drain
	for _, s := range samples {
		if !s.Served || frozen && st.seen >= known {
			continue
		}
		x := s.Took.Seconds()
		if st.seen > known {
			x = min(x, 4*st.base) // one outlier moves the base by little
		}
		st.seen++
		st.base += max(1/st.seen, 1.0/2000) * (x - st.base)
	}
}

// count keeps the share of the lane's requests that the backend refused.
func (st *laneState) count(s Sample) {
	refused := 0.0
	if s.Refused {
		refused = 1
	}
	st.turned += 0.02 * (refused - st.turned)
}

// ownLimit finds the lane's own limit where the backend tells it by refusing,
// fast and without slowing anyone: a dependency with a limit of its own. What
// it refuses is in flight for a moment only, so what is in flight is little
// more than what it bears: 5 % less at a time stops the waste, and 10 % more
// every second finds out when it bears more.
func (st *laneState) ownLimit(now, dt time.Duration, inFlight int) {
	switch {
	case st.turned > 0.1 && now-st.ownAt > 100*time.Millisecond:
		st.own, st.ownAt = max(1, 0.95*float64(inFlight)), now
	case st.own > 0 && st.turned < 0.1:
		st.own *= 1 + 0.1*dt.Seconds()
		if st.own > 2*st.demand()+10 {
			st.own = 0
		}
	}
}

// chooseGauge picks the cheapest lane of the most important tier that has one
// with enough traffic to tell something. A shared queue delays all lanes alike,
// and the cheapest shows it best; but only what is let in past the limit can
// tell what is there.
func (f *Finder) chooseGauge(in []LaneInput) {
	best := -1
	for i := range in {
		st := &f.lanes[i]
		fit := st.fresh >= 5 || i == f.gauge && in[i].InFlight > 0 && st.fresh >= 1
		if st.seen >= 20 && fit && (best < 0 || in[i].Tier < in[best].Tier || in[i].Tier == in[best].Tier && st.base < f.lanes[best].base) {
			best = i
		}
	}
	if best != f.gauge {
		f.gauge = best
		f.edge.forget()
		f.slow.forget()
	}
}

// chooseTop finds the tier below which a drain closes lanes: the gauge's, while
// others ask below it. Where the more important lanes are idle, the gauge is not
// in their tier, and a drain that closed it could not tell of relief. Where
// nobody asks below it, the gauge's own lane is what to close.
func (f *Finder) chooseTop(in []LaneInput) {
	f.top = topTier(in)
	if f.gauge < 0 {
		return
	}
	tier := in[f.gauge].Tier
	for i := range in {
		if in[i].Tier > tier && (f.lanes[i].asked > 0 || in[i].InFlight > 0) {
			f.top = tier
			return
		}
	}
}

// correctBase moves bases under pressure, where they are otherwise frozen, in
// the two cases that cannot hide a backlog: a lane is faster than its base, or
// the gauge is slower while the lower lanes hold nothing.
func (f *Finder) correctBase(now time.Duration, in []LaneInput) {
	for i := range f.lanes {
		st := &f.lanes[i]
		if m := st.lately.mean(); st.lately.n >= 30 && m < 0.8*st.base {
			st.base += 0.1 * (m - st.base)
		}
	}
	if f.low(in) > 0 || f.surge.on {
		f.surge.lowSeen = now
	}
	slow := f.slow.trend.mean()
	if f.slow.trend.n >= 30 && f.slow.long.n >= 100 && slow > 0.05 && now-f.surge.lowSeen > 300*time.Millisecond {
		f.lanes[f.gauge].base *= 1 + 0.02*min(slow, 0.5)
	}
}

// heavyBase is the base of the dearest requests now served.
func (f *Finder) heavyBase() time.Duration {
	h := 0.0
	for i := range f.lanes {
		if f.lanes[i].done > 0.5 {
			h = max(h, f.lanes[i].base)
		}
	}
	return time.Duration(h * float64(time.Second))
}

// work is, by Little's law, how many requests the backend is serving, not
// counting those that wait in it: what it finishes per second, times what each
// takes when it does not wait.
func (f *Finder) work() (w float64) {
	for i := range f.lanes {
		w += f.lanes[i].doneNow * f.lanes[i].base
	}
	return w
}
