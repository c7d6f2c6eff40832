package ears

import (
	"math"
	"slices"
)

// span is a piece of a spectrum.
type span struct{ from, to int }

func (s span) len() int { return s.to - s.from }

const (
	smooth  = 5  // frames on both sides over which loudness is averaged
	bridge  = 6  // frames: a stop within a word is shorter
	least   = 12 // frames: a word is longer
	longest = 93
)

// loudness is that of every frame in decibels, smoothed so that a stop inside of
// a word does not cut it.
func loudness(s spectrum) []float64 {
	raw := make([]float64, len(s))
	for i := range s {
		for _, v := range s[i] {
			raw[i] += math.Exp(v)
		}
	}
	out := make([]float64, len(raw))
	for i := range out {
		sum, n := 0.0, 0
		for k := max(i-smooth, 0); k <= min(i+smooth, len(raw)-1); k++ {
			sum += raw[k]
			n++
		}
		out[i] = 10 * math.Log10(sum/float64(n))
	}
	return out
}

// above returns the stretches that are louder than a threshold.
func above(loud []float64, threshold float64) []span {
	var all []span
	for i, v := range loud {
		if v < threshold {
			continue
		}
		if n := len(all); n > 0 && i-all[n-1].to <= bridge {
			all[n-1].to = i + 1
			continue
		}
		all = append(all, span{i, i + 1})
	}
	return slices.DeleteFunc(all, func(s span) bool { return s.len() < least })
}

// segment finds n words by loudness alone: of all thresholds that leave n
// stretches, the middle one of the longest run; if none does, the loudest n
// stretches of the threshold that comes nearest. The question says how many words
// there are.
func segment(s spectrum, n int) []span {
	loud := loudness(s)
	if len(loud) == 0 {
		return nil
	}
	top := slices.Max(loud)
	const step, depth = 0.25, 64
	run, bestRun, bestEnd := 0, 0, -1
	for i := range depth {
		if fit(above(loud, top-step*float64(i)), n) {
			if run++; run > bestRun {
				bestRun, bestEnd = run, i
			}
			continue
		}
		run = 0
	}
	if bestEnd >= 0 {
		return above(loud, top-step*float64(bestEnd-bestRun/3))
	}
	return nearest(loud, top, n)
}

func fit(all []span, n int) bool {
	return len(all) == n && !slices.ContainsFunc(all, func(s span) bool { return s.len() > longest })
}

// nearest is for what no threshold cuts into n.
func nearest(loud []float64, top float64, n int) []span {
	var best []span
	for i := 4; i < 64; i++ {
		if all := above(loud, top-0.25*float64(i)); len(all) > len(best) {
			best = all
		}
	}
	sum := func(s span) (v float64) {
		for _, l := range loud[s.from:s.to] {
			v += math.Pow(10, l/10)
		}
		return v
	}
	slices.SortFunc(best, func(a, b span) int {
		if sum(a) > sum(b) {
			return -1
		}
		return 1
	})
	best = best[:min(n, len(best))]
	slices.SortFunc(best, func(a, b span) int { return a.from - b.from })
	return best
}
