package limit

import "time"

// Finder finds the limit. The zero value is not usable; see [New].
//
// File map: observe.go what happened and what it costs; edge.go where the gauge
// waits; move.go the limit up and down; drain.go what to do when the gauge
// suffers; divide.go the limit among the lanes.
type Finder struct {
	cfg   Config
	limit int
	phase phase
	last  time.Duration // of the step before

	lanes []laneState
	gauge int   // index of the lane the limit is felt with, -1 none
	top   uint8 // the least important tier that is never refused for the limit's sake: see chooseTop

	edge    edge
	slow    slowness
	since   time.Duration // when the limit last changed
	pressed time.Duration // last time a request was refused or waited

	stride stride
	lean   leaning
	drain  draining

	exposure exposure
	surge    surge
}

// New returns a Finder for n lanes.
func New(cfg Config, n int) *Finder {
	if cfg.Initial < 1 {
		cfg.Initial = 20
	}
	f := &Finder{cfg: cfg, limit: cfg.Initial, lanes: make([]laneState, n), gauge: -1}
	if cfg.Fixed > 0 {
		f.limit = cfg.Fixed
	}
	f.stride = stride{next: 1, applied: 1, most: 1}
	f.pressed, f.drain.spared, f.drain.vainAt = -time.Hour, -time.Hour, -time.Hour
	return f
}

// Limit is how many requests the backend is believed to bear at once.
func (f *Finder) Limit() int { return f.limit }

// Phase is one word for what the Finder is doing: search, climb, hold, drain.
func (f *Finder) Phase() string { return f.phase.String() }

// Base is the mean time of the lane's requests when nothing queues.
func (f *Finder) Base(lane int) time.Duration {
	return time.Duration(f.lanes[lane].base * float64(time.Second))
}

// Pressed tells whether the limit stood in somebody's way in the last second.
func (f *Finder) Pressed(now time.Duration) bool { return now-f.pressed < time.Second }

// SetLimit starts again from a limit learned before.
func (f *Finder) SetLimit(n int) {
	if f.cfg.Fixed == 0 && n > 0 {
		f.limit = n
		f.climb(1)
	}
}

// SetBase gives a lane a base learned before.
func (f *Finder) SetBase(lane int, base time.Duration) {
	f.lanes[lane].base, f.lanes[lane].seen = base.Seconds(), known
}

// Step takes in what happened since the step before and writes what each lane
// may use into out, which has the length of in.
func (f *Finder) Step(now time.Duration, in []LaneInput, out []LaneOutput) {
	dt := max(now-f.last, time.Microsecond)
	f.last = now
	f.observe(now, dt, in)
	if f.cfg.Fixed == 0 {
		f.feel(now, dt, in)
		f.move(now, in)
	}
	f.divide(now, in, out)
}

// setLimit changes the limit; what was felt at the old one no longer counts.
func (f *Finder) setLimit(now time.Duration, n int) {
	f.limit = max(1, n)
	f.since = now
	f.lean.from = 0
	f.edge.at.reset()
	f.edge.over.reset()
}

// low is the permits held by lanes below the top.
func (f *Finder) low(in []LaneInput) (n int) {
	for i := range in {
		if in[i].Tier > f.top {
			n += in[i].InFlight
		}
	}
	return n
}

// all is the permits held by all lanes.
func all(in []LaneInput) (n int) {
	for i := range in {
		n += in[i].InFlight
	}
	return n
}

func topTier(in []LaneInput) uint8 {
	top := in[0].Tier
	for i := range in {
		top = min(top, in[i].Tier)
	}
	return top
}
