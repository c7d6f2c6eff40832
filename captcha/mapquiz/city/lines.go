package city

import (
	"math"
	"math/rand/v2"
)

// layLines lays the thin lines that names are crossed by at the harder levels,
// in place of dirt: what a surveyor's map has all over, lines of height or the
// bounds of parcels.
func (l *layout) layLines(r *rand.Rand) {
	if r.IntN(2) == 0 {
		l.layContours(r)
		return
	}
	// Never along a name: a stroke beside the strokes of a letter makes another
	// letter of it, one across them does not.
	a := (38 + 14*r.Float64()) * math.Pi / 180
	for _, turn := range []float64{a, a - math.Pi/2} {
		d := pt{math.Cos(turn), math.Sin(turn)}
		n := pt{-d.y, d.x}
		for off := -l.w * 0.7; off < l.w*0.7; off += 10.5 + 6.5*r.Float64() {
			from := pt{l.w / 2, l.h / 2}.add(n.mul(off))
			slant, bow := 16*(r.Float64()-0.5), 8*(r.Float64()-0.5)
			var pts []pt
			for s := -l.w * 0.75; s <= l.w*0.75; s += 12 {
				pts = append(pts, from.add(d.mul(s)).add(n.mul(slant*s/l.w+bow*math.Cos(s/90))))
			}
			l.addLine(pts)
		}
	}
}

func (l *layout) addLine(pts []pt) {
	if l.near(pts, 0) {
		l.lines = append(l.lines, pts)
	}
}

// layContours lays lines of height: side by side, winding together.
func (l *layout) layContours(r *rand.Rand) {
	a := (34 + 26*r.Float64()) * math.Pi / 180
	if r.IntN(2) == 0 {
		a = -a
	}
	d := pt{math.Cos(a), math.Sin(a)}
	n := pt{-d.y, d.x}
	mid := pt{l.w / 2, l.h / 2}
	p1, p2 := 7*r.Float64(), 7*r.Float64()
	w1, w2 := 17+9*r.Float64(), 43+20*r.Float64()
	for off := -l.w * 0.7; off < l.w*0.7; off += 6.8 + 2.7*r.Float64() {
		var pts []pt
		for s := -l.w * 0.75; s <= l.w*0.75; s += 6 {
			wob := 3.5*math.Sin(s/w1+p1+off/40) + 10*math.Sin(s/w2+p2+off/70)
			pts = append(pts, mid.add(d.mul(s)).add(n.mul(off+wob)))
		}
		l.addLine(pts)
	}
}
