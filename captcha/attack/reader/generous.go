package reader

import (
	"math"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack/sight"
	"github.com/daero/daero/captcha/mapquiz/city"
)

// Legible is how much of the names of maps the generous reader reads.
type Legible struct {
	Letters, Read int // syllables, in English letters
	Names, Whole  int // names, and those of them without a mistake
}

// Rate is the share of letters that was read.
func (l Legible) Rate() float64 { return float64(l.Read) / max(float64(l.Letters), 1) }

// Legibility reads the names of n maps from a seed on, told where each letter
// stands and how it is turned: what a reader misses then is not in the picture.
// 99 % say that hardening destroyed nothing.
func (m *Model) Legibility(seed uint64, n, level int, lang string) (l Legible) {
	for i := range n {
		plan := city.New(city.Spec{Seed: seed + uint64(i), Level: level, Lang: lang}) //nolint:gosec // small
		pic, err := sight.Open(&captcha.Puzzle{Width: plan.Width}, captcha.Media{Type: "image/jpeg", Bytes: plan.JPEG()})
		if err != nil {
			return l // what we drew can be opened
		}
		for k, q := range plan.Places {
			all := true
			for _, c := range plan.Letters(k) {
				r, _ := likeliest(m.read(pic, c.X, c.Y, q.Angle, q.Cap, lang == "ko"), lang == "ko")
				l.Letters++
				if r == c.Rune {
					l.Read++
				} else {
					all = false
				}
			}
			l.Names++
			if all {
				l.Whole++
			}
		}
	}
	return l
}

// nearest is how far the nearest icon is.
func nearest(plan *city.Plan, x, y float64) float64 {
	least := math.Inf(1)
	for _, q := range plan.Places {
		least = math.Min(least, math.Hypot(q.X-x, q.Y-y))
	}
	return least
}
