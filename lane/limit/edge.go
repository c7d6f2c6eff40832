package limit

import "time"

// edge is the gauge's times, in seconds, by how many were in flight when a
// request entered.
type edge struct {
	below moments // further under the limit
	at    moments // just under it
	over  moments // at it or over it
}

func (e *edge) forget() { *e = edge{} }

// slowness is how much slower than its base the gauge is, 1 meaning twice the
// time, over three memories.
type slowness struct {
	now   moments // 20 ms
	trend moments // 200 ms
	long  moments // 2 s
}

func (s *slowness) forget() { *s = slowness{} }

// exposure is how many gauge requests find the backend full, and what is done
// to keep that bearable: see keepFree.
type exposure struct {
	share  float64 // of gauge entries that found the backend full
	extra  float64 // places let in beyond what the reserve would allow
	dither float64
}

// feel sorts the gauge's samples.
func (f *Finder) feel(now, dt time.Duration, in []LaneInput) {
	seconds := keep(dt, 2*time.Second)
	f.edge.below.decay(seconds)
	f.edge.at.decay(seconds)
	f.edge.over.decay(keep(dt, time.Second))
	f.slow.now.decay(keep(dt, 20*time.Millisecond))
	f.slow.trend.decay(keep(dt, 200*time.Millisecond))
	f.slow.long.decay(seconds)
	if f.gauge < 0 {
		return
	}
	f.correctBase(now, in)
	for _, s := range in[f.gauge].Samples {
		if s.Served {
			f.feelOne(s)
		}
	}
}

func (f *Finder) feelOne(s Sample) {
	base := f.lanes[f.gauge].base
	took := min(s.Took.Seconds(), 5*base) // one outlier must not decide
	slow := took/base - 1
	current := s.Entered >= f.since
	if current {
		f.slow.now.add(slow)
		f.slow.trend.add(slow)
		f.slow.long.add(slow)
	}
	switch {
	case s.N >= f.edgeAt():
		if current {
			f.edge.over.add(took)
		}
	case s.N >= f.limit-f.band():
		f.edge.at.add(took)
	default:
		f.edge.below.add(took)
	}
	if f.phase == hold && !f.stride.streak {
		full := 0.0
		if s.N >= f.limit {
			full = 1
		}
		f.exposure.share += 0.005 * (full - f.exposure.share)
	}
	if f.phase == drain {
		f.drain.feel(s, slow)
	}
}

// edgeAt is from where on an entry tells about the limit. While the limit is
// far away, being nearly full is evidence enough.
func (f *Finder) edgeAt() int {
	switch f.phase {
	case search:
		return f.limit - f.limit/8
	case climb:
		return f.limit - min(f.stride.applied/2, f.limit/32)
	}
	return f.limit
}

// band is how many places below the limit count as just below.
func (f *Finder) band() int { return max(1, f.limit/100) }

// tolerance is how much later than below the edge, in seconds, an entry at the
// edge may finish before it counts as waiting: a share of the gauge's base, or
// where few requests end per second, of the time until the next one ends and
// leaves its place to the first in the backend's queue.
func (f *Finder) tolerance() float64 {
	ends := 0.0
	for i := range f.lanes {
		ends += f.lanes[i].done
	}
	base := f.lanes[f.gauge].base
	if ends <= 0 {
		return tolerance * base
	}
	return max(tolerance*base, min(0.3/ends, base/2))
}
