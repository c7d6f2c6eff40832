package reader

import (
	"cmp"
	"math"
	"slices"

	"github.com/daero/daero/captcha/attack/sight"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// coarse is how many CSS pixels are one point of the picture in which icons are
// looked for: an icon is 8 points wide there, and 9 are looked at at once.
const (
	coarse = 3.0
	glance = 9
)

func newSpotter(seed uint64) net {
	return newNet(random(seed),
		layer{in: 3, out: 10, k: 5, relu: true}, // 9 → 5
		layer{in: 10, out: 16, k: 5, relu: true},
		layer{in: 16, out: 1, k: 1},
	)
}

func newIcons(seed uint64) net {
	return newNet(random(seed),
		layer{in: 3, out: 10, k: 5, relu: true, pool: true},
		layer{in: 10, out: 20, k: 3, relu: true, pool: true},
		layer{in: 20, out: 64, k: 4, relu: true},
		layer{in: 64, out: len(names.Categories()) + 1, k: 1}, // the last is no icon
	)
}

// colours takes a square of a map: n × n points, step CSS pixels apart.
func colours(pic *sight.Picture, x, y, step float64, w, h int, to []float32) {
	for j := range h {
		for i := range w {
			c := pic.At(x+(float64(i)-float64(w-1)/2)*step, y+(float64(j)-float64(h-1)/2)*step)
			for k := range 3 {
				to[3*(j*w+i)+k] = c[k]/127.5 - 1
			}
		}
	}
}

// iconStep is how far apart the points of an icon's piece are: 24 of them are 30
// CSS pixels, an icon and a little around it.
const iconStep = 1.25

// iconSide is how many points such a piece has each way.
const iconSide = 24

// Icon is an icon that was found.
type Icon struct {
	Category names.Category
	X, Y     float64
	Sure     float64
}

// find finds the icons of a map.
func (m *Model) find(pic *sight.Picture) []Icon {
	w, h := int(float64(pic.W)/pic.Scale/coarse), int(float64(pic.H)/pic.Scale/coarse)
	if w < glance || h < glance {
		return nil
	}
	x := newPlane(h, w, 3)
	colours(pic, float64(w)*coarse/2, float64(h)*coarse/2, coarse, w, h, x.v)
	heat := m.spotter.run(x, m.spotterPass)
	var found []Icon
	for y := range heat.h {
		for x := range heat.w {
			if v := heat.v[y*heat.w+x]; v > -1 {
				// An output looks at the middle of its glance.
				found = append(found, Icon{X: (float64(x+glance/2) + 0.5) * coarse, Y: (float64(y+glance/2) + 0.5) * coarse, Sure: float64(v)})
			}
		}
	}
	return m.name(pic, apart(found))
}

// apart keeps of places closer than an icon's width the one that is surest.
func apart(found []Icon) (kept []Icon) {
	slices.SortFunc(found, func(a, b Icon) int { return cmp.Compare(b.Sure, a.Sure) })
	for _, f := range found {
		if !slices.ContainsFunc(kept, func(k Icon) bool { return math.Hypot(k.X-f.X, k.Y-f.Y) < 22 }) && len(kept) < 40 {
			kept = append(kept, f)
		}
	}
	return kept
}

// name says what each icon is, looking at it from a few places, and leaves out
// what is none.
func (m *Model) name(pic *sight.Picture, found []Icon) (all []Icon) {
	m.square = grow(m.square, 3*iconSide*iconSide)
	cats := names.Categories()
	sum := make([]float64, len(cats)+1)
	for _, f := range found {
		clear(sum)
		for _, d := range [5][2]float64{{0, 0}, {1.5, 0}, {-1.5, 0}, {0, 1.5}, {0, -1.5}} {
			colours(pic, f.X+d[0], f.Y+d[1], iconStep, iconSide, iconSide, m.square)
			p := m.icons.run(plane{iconSide, iconSide, 3, m.square}, m.iconsPass).v
			softmax(p)
			for i, v := range p {
				sum[i] += float64(v) / 5
			}
		}
		best := 0
		for i, v := range sum {
			if v > sum[best] {
				best = i
			}
		}
		if best < len(cats) {
			f.Category, f.Sure = cats[best], sum[best]
			all = append(all, f)
		}
	}
	return all
}
