package city

import (
	"math"

	"github.com/daero/daero/captcha/mapquiz/names"
)

// Comfort is what can be measured of a map without asking people: whether they
// can read it and hit what they mean. All lengths are in CSS pixels.
type Comfort struct {
	Contrast float64 // WCAG's, the least of a name's ink against any ground, edge or halo it may lie on; thin lines across it are not counted
	Cap      float64 // the least cap height
	Stroke   float64 // the thinnest name's mean stroke, twice its area by its outline's length
	Turn     float64 // the most that a name, or a letter with its name, is turned, radians
	Overlaps int     // pairs of names, and of a name and an icon, that overlap, and names that leave the map
	Target   float64 // the least icon's width
	Apart    float64 // the least distance of two icons' centres, in hit radii
	Twins    float64 // how much further from the station the second of a category is than its first, the least ratio
}

// Good reports whether all of it is as it should be: contrast ≥ 4.5, cap height
// ≥ 11, strokes ≥ 1.2, turned by ≤ 17°, no overlap, targets ≥ 24 and two hit
// radii apart, twins told apart at a glance.
func (c Comfort) Good() bool {
	return c.Contrast >= minContrast && c.Cap >= MinCap && c.Stroke >= minStroke && c.Turn <= MaxTurn &&
		c.Overlaps == 0 && c.Target >= 24 && c.Apart >= 2 && c.Twins >= TwinRatio
}

// minStroke is the least width of a name's strokes, strokeWidth what lighter
// fonts are widened to.
const (
	minStroke   = 1.2
	strokeWidth = 1.26
)

// Measure measures a plan as it is drawn with the fonts of this machine.
func (p *Plan) Measure() Comfort {
	m := Comfort{Contrast: 21, Cap: math.Inf(1), Stroke: math.Inf(1), Target: math.Inf(1), Apart: math.Inf(1), Twins: math.Inf(1)}
	for i, q := range p.Places {
		t := &p.texts[i]
		m.Contrast = math.Min(m.Contrast, p.look.worst(p.ink(t)))
		m.Cap = math.Min(m.Cap, q.Cap)
		m.Stroke = math.Min(m.Stroke, t.stroke(p.face(t)))
		m.Turn = math.Max(m.Turn, math.Abs(q.Angle)+t.tilt)
		m.Target = math.Min(m.Target, 2*q.R)
		m.Overlaps += p.overlaps(i)
		for _, o := range p.Places[i+1:] {
			m.Apart = math.Min(m.Apart, math.Hypot(q.X-o.X, q.Y-o.Y)/HitRadius)
		}
	}
	m.Twins = p.twins()
	return m
}

// overlaps counts what the name of place i is in the way of.
func (p *Plan) overlaps(i int) (n int) {
	quad := corners(p.Places[i].Label)
	for _, a := range quad {
		if a.x < 0 || a.y < 0 || a.x > float64(p.Width) || a.y > float64(p.Height) {
			n++
			break
		}
	}
	for j, o := range p.Places {
		if touches(quad, pt{o.X, o.Y}, o.R) {
			n++
		}
		if j > i && overlap(quad, corners(o.Label)) {
			n++
		}
	}
	return n
}

// twins compares, for each category that is there more than once, the way from
// the station to the nearest and to the second.
func (p *Plan) twins() float64 {
	least := math.Inf(1)
	var hub pt
	for _, q := range p.Places {
		if q.Category == names.Station {
			hub = pt{q.X, q.Y}
		}
	}
	first, second := map[names.Category]float64{}, map[names.Category]bool{}
	for _, i := range p.FromStation {
		q := p.Places[i]
		d := hub.dist(pt{q.X, q.Y})
		if near, met := first[q.Category]; !met {
			first[q.Category] = d
		} else if !second[q.Category] {
			second[q.Category] = true
			least = math.Min(least, d/near)
		}
	}
	return least
}

func corners(q [4][2]float64) (c [4]pt) {
	for i, a := range q {
		c[i] = pt{a[0], a[1]}
	}
	return c
}

// stroke is the mean width of a name's strokes as it is drawn.
func (t *text) stroke(f *face) float64 {
	var p path
	t.outlineOf(f, &p)
	return math.Max(p.meanStroke(), strokeWidth)
}

// meanStroke is the mean width of the strokes of outlines: a stroke of length l
// and width w has the area lw and an outline of 2l.
func (p *path) meanStroke() float64 {
	area, long := 0.0, 0.0
	var from, at pt
	to := func(b pt) {
		area += at.x*b.y - b.x*at.y
		long += at.dist(b)
		at = b
	}
	q := p.pts
	for _, op := range p.op {
		switch op {
		case 'M':
			to(from) // closes the last
			from, at = q[0], q[0]
		case 'L':
			to(q[0])
		case 'Q':
			a := at
			for k := 1.0; k <= 4; k++ {
				u := k / 4
				to(a.lerp(q[0], u).lerp(q[0].lerp(q[1], u), u))
			}
		case 'C':
			a := at
			for k := 1.0; k <= 4; k++ {
				u := k / 4
				x, y, z := a.lerp(q[0], u), q[0].lerp(q[1], u), q[1].lerp(q[2], u)
				to(x.lerp(y, u).lerp(y.lerp(z, u), u))
			}
		}
		q = q[points[op]:]
	}
	to(from)
	if long == 0 {
		return 0
	}
	return math.Abs(area) / long // the sum above is twice the area
}
