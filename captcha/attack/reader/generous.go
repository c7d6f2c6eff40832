package reader

import (
	"math"
	"slices"

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
				l.Letters++
				if m.look(pic, c.X, c.Y, q.Angle, q.Cap, lang == "ko") == c.Rune {
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

// certain is the chance from which on a letter is looked at once.
const certain = 0.98

// look reads a letter as somebody does who has time: again from a little beside,
// above and below where the first look leaves a doubt, and all looks count alike.
func (m *Model) look(pic *sight.Picture, x, y, angle, high float64, ko bool) rune {
	const aside = 0.7 // CSS pixels, half of a stroke
	p := m.read(pic, x, y, angle, high, ko)
	r, sure := likeliest(p, ko)
	if sure > certain {
		return r
	}
	sum := slices.Clone(p)
	for _, d := range [4][2]float64{{aside, 0}, {-aside, 0}, {0, aside}, {0, -aside}} {
		for i, v := range m.read(pic, x+d[0], y+d[1], angle, high, ko) {
			sum[i] += v
		}
	}
	r, _ = likeliest(sum, ko)
	return r
}

// nearest is how far the nearest icon is.
func nearest(plan *city.Plan, x, y float64) float64 {
	least := math.Inf(1)
	for _, q := range plan.Places {
		least = math.Min(least, math.Hypot(q.X-x, q.Y-y))
	}
	return least
}
