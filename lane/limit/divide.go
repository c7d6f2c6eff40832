package limit

import (
	"math"
	"time"
)

// unlimited is more permits than anyone can use.
const unlimited = math.MaxInt32

// divide writes what each lane may use. Tiers are served in order: a tier gets
// what the limit leaves after the needs of the tiers above it; within a tier
// the permits are dealt by water-filling, so that what one lane does not use
// another may.
func (f *Finder) divide(now time.Duration, in []LaneInput, out []LaneOutput) {
	f.watchSurge(now, in)
	for i := range in {
		out[i] = LaneOutput{Demand: f.lanes[i].demand(), Floor: int(in[i].Floor * float64(f.limit))}
	}
	above := 0.0 // permits needed by the tiers above
	for tier, more := topTier(in), true; more; tier, more = nextTier(in, tier) {
		free, total := f.share(tier, above)
		f.deal(tier, free, in, out)
		for i := range in {
			if in[i].Tier == tier {
				out[i].Total = total
				above += min(out[i].Demand, float64(out[i].Cap))
			}
		}
	}
}

// share is what is left for a tier: own permits, and the total up to which it
// may enter.
func (f *Finder) share(tier uint8, above float64) (free, total int) {
	switch {
	case f.cfg.Fixed > 0:
		return f.limit, f.limit
	case tier == f.top && f.surge.on:
		n := f.limit + max(1, f.limit/32) // a little past the edge, to know where it is
		return n, n
	case tier <= f.top:
		// Past the limit if need be: it shows, and the lower lanes give way.
		return unlimited, unlimited
	case f.phase == drain:
		return 0, 0
	case f.phase == search:
		return max(f.limit-int(above), 1), f.limit
	case f.phase == climb || f.stride.streak:
		return max(f.limit-int(math.Ceil(above)), 1), f.limit
	}
	return max(f.limit-f.keepFree(above), 1), f.limit
}

// bearable is the share of gauge requests that may find the backend full. It is
// what p99 allows: one in a hundred may be late by more than a third of p99,
// which is about half a base. A request that finds the backend full waits for
// the next place, on average 1/rate, where rate is what the backend finishes
// per second, the gauge's own among them (hence 1.5 a base); it waits longer
// than half a base with probability exp(-base·rate/2). So one in a hundred is
// late if that share of those who found it full is: 0.01·exp(base·rate/2), and
// a quarter more, for the limit is felt less where it is touched less.
func (f *Finder) bearable() float64 {
	ends := 0.0
	for i := range f.lanes {
		ends += f.lanes[i].done
	}
	if f.gauge < 0 {
		return 0.7 * touch
	}
	return min(0.0125*math.Exp(0.45*(f.lanes[f.gauge].base*ends+1.5)), 0.7*touch)
}

// keepFree is how many places to leave for the tiers above at the edge. The
// reserve is what Poisson arrivals would need; how often the gauge really finds
// the backend full corrects it. The fraction is dithered over the steps, in the
// golden ratio, which spreads it evenly.
func (f *Finder) keepFree(above float64) int {
	bearable, e := f.bearable(), &f.exposure
	most := reserve(above, bearable/0.7)
	e.extra += 0.3 * (bearable - e.share)
	e.extra = max(min(e.extra, float64(most)-math.Ceil(above)), 0)
	_, e.dither = math.Modf(e.dither + 0.6180339887)
	return most - int(e.extra+e.dither)
}

func nextTier(in []LaneInput, tier uint8) (next uint8, more bool) {
	next = math.MaxUint8
	for i := range in {
		if in[i].Tier > tier && in[i].Tier <= next {
			next, more = in[i].Tier, true
		}
	}
	return next, more
}

// deal divides free permits among the lanes of one tier: everyone its demand
// while there is enough, else equal parts, floors first; what nobody asked
// for may be borrowed by all.
func (f *Finder) deal(tier uint8, free int, in []LaneInput, out []LaneOutput) {
	left := f.fill(tier, float64(free), in, out)
	for i := range in {
		if in[i].Tier != tier {
			continue
		}
		n := math.MaxInt32
		if free < unlimited {
			n = max(int(math.Round(f.lanes[i].part+left)), out[i].Floor)
		}
		out[i].Cap = f.bound(&in[i], &f.lanes[i], n)
	}
}

// fill gives each lane of the tier its part, the modest first, and returns what
// is left over.
func (f *Finder) fill(tier uint8, left float64, in []LaneInput, out []LaneOutput) float64 {
	open := 0
	for i := range in {
		f.lanes[i].part = -1
		if in[i].Tier == tier {
			open++
		}
	}
	for open > 0 {
		part, modest := left/float64(open), false
		for i := range in {
			st := &f.lanes[i]
			if need := st.need(out[i].Demand); in[i].Tier == tier && st.part < 0 && need <= part {
				st.part = need
				left -= st.part
				open--
				modest = true
			}
		}
		if modest {
			continue
		}
		for i := range in {
			if in[i].Tier == tier && f.lanes[i].part < 0 {
				f.lanes[i].part = part
			}
		}
		return 0
	}
	return left
}

// need is what a lane is dealt where others want more than there is: what it
// would use, and for who asked lately at least one permit. A lane of which
// nothing is known yet, or that needs less than half a permit, would else find
// none, be served never, and stay unknown.
func (st *laneState) need(demand float64) float64 {
	if st.asked > 0 {
		return max(demand, 1)
	}
	return demand
}

// bound applies what is configured, and the lane's own limit if it has one.
func (f *Finder) bound(l *LaneInput, st *laneState, n int) int {
	if l.Ceiling > 0 {
		n = min(n, max(1, int(l.Ceiling*float64(f.limit))))
	}
	if l.Max > 0 {
		n = min(n, l.Max)
	}
	if st.own > 0 {
		n = min(n, int(math.Ceil(st.own)))
	}
	return n
}
