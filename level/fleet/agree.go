package fleet

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/daero/daero/level"
)

// vote is what one gateway says.
type vote struct{ load, weight float64 }

// spread is how many times the median a weight counts at most, and the part of
// it that it counts at least.
const spread = 4

// Agree returns what this gateway acts on: own, or what a majority measures if
// that is more. It is a function of now, own and what was heard. It allocates
// nothing and waits for nothing.
func (f *Fleet) Agree(now time.Time, own level.Standing) level.Standing {
	f.own, f.ownAt = own, now
	f.forget(now)
	f.count(now, own)
	f.majority = 0
	if f.heard > 0 {
		f.majority = majority(f.votes)
	}
	f.hold(now)
	return f.raise(own)
}

// count collects the votes of this gateway and of all that it hears.
func (f *Fleet) count(now time.Time, own level.Standing) {
	f.votes = append(f.votes[:0], vote{f.claim(own.Acting, own.Pressure, own.Pinned), f.weight})
	for _, m := range f.members {
		if !f.fresh(now, m) {
			continue
		}
		v := vote{weight: m.Weight}
		// Who has just come counts among those that measure nothing.
		if !lately(now, m.joined, f.cfg.Settle) {
			v.load = f.claim(m.Acting, m.Pressure, m.Pinned)
		}
		f.votes = append(f.votes, v)
	}
	f.heard = len(f.votes) - 1
}

// claim is what a standing says of the load. A pin says nothing of it.
func (f *Fleet) claim(acting level.Level, pressure float64, pinned bool) float64 {
	if pinned {
		return 0
	}
	return load(acting, pressure)
}

// majority is the greatest load that more than half of the heads, with more
// than half of the weight, stand at or above. It reorders votes.
func majority(votes []vote) float64 {
	bound(votes)
	slices.SortFunc(votes, func(a, b vote) int {
		return cmp.Or(cmp.Compare(b.load, a.load), cmp.Compare(a.weight, b.weight))
	})
	total := 0.0
	for _, v := range votes {
		total += v.weight
	}
	weight := 0.0
	for i, v := range votes {
		weight += v.weight
		if 2*(i+1) > len(votes) && 2*weight > total {
			return v.load
		}
	}
	return 0
}

// bound brings the weights near their median. Where half of all weigh nothing,
// each head counts the same.
func bound(votes []vote) {
	slices.SortFunc(votes, func(a, b vote) int { return cmp.Compare(a.weight, b.weight) })
	// The lower of two: between as many that weigh much and that weigh little,
	// those that claim much are not believed.
	median := votes[(len(votes)-1)/2].weight
	for i := range votes {
		if median <= 0 {
			votes[i].weight = 1
			continue
		}
		votes[i].weight = math.Min(math.Max(votes[i].weight, median/spread), median*spread)
	}
}

// hold finds the level that is raised: a level is until no majority has measured
// it for Hold. The load that strengths follow falls by at most one level in
// that time.
func (f *Fleet) hold(now time.Time) {
	fall := 0.0
	if !f.stepped.IsZero() {
		fall = math.Max(now.Sub(f.stepped).Seconds()/f.cfg.Hold.Seconds(), 0)
	}
	f.stepped = now
	f.raised = level.Normal
	for l := level.Attention; l < level.Count; l++ {
		if f.majority >= float64(l) {
			f.reached[l] = now
		}
		if !f.reached[l].IsZero() && lately(now, f.reached[l], f.cfg.Hold) {
			f.raised = l
		}
	}
	f.held = math.Max(f.majority, f.held-fall)
	if f.heard == 0 && f.raised == level.Normal {
		f.held = 0 // alone: nothing of the others is left
	}
}

// raise returns own, or more. What only outside warnings ask for, what the
// readings of this gateway permit, and a person's pin stay its own.
func (f *Fleet) raise(own level.Standing) level.Standing {
	if own.Pinned || f.raised < own.Acting {
		return own
	}
	pressure := math.Min(math.Max(f.held-float64(f.raised), 0), 1)
	if f.raised > own.Acting {
		own.Acting, own.Pressure = f.raised, pressure
		own.Level = max(own.Level, own.Acting)
		return own
	}
	own.Pressure = math.Max(own.Pressure, pressure)
	return own
}
