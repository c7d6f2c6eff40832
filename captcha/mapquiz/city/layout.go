package city

import (
	"math"
	"math/rand/v2"
)

// layout is the ground of a map: everything but places and names.
type layout struct {
	w, h    float64
	grid    *grid
	real    bool // the streets are real ones, and there is no grid
	streets []road
	parks   [][]pt
	roofs   []roof
	trees   []tree
	squares [][]pt // blocks of another tone
	river   []pt   // empty where there is none
	riverW  float64
	rail    []pt   // the subway line
	route   []pt   // the coloured road
	lines   [][]pt // thin ones, all over
}

// road is a line with a width.
type road struct {
	pts   []pt
	width float64
	major bool
}

type roof struct {
	pts  [4]pt
	tone int
}

type tree struct {
	at pt
	r  float64
}

// grid is a net of streets: straight lines of (u, v) that are bent by a long
// wave and turned.
type grid struct {
	mid            pt
	cos, sin       float64
	a1, l1, p1     float64
	a2, l2, p2     float64
	us, vs         []float64
	majorU, majorV int // indexes, -1 for none
}

func newGrid(r *rand.Rand, w, h float64) *grid {
	turn := (4 + 12*r.Float64()) * math.Pi / 180
	if r.IntN(2) == 0 {
		turn = -turn
	}
	g := &grid{
		mid: pt{w / 2, h / 2}, cos: math.Cos(turn), sin: math.Sin(turn),
		a1: 5 + 13*r.Float64(), l1: 90 + 60*r.Float64(), p1: 7 * r.Float64(),
		a2: 5 + 13*r.Float64(), l2: 90 + 60*r.Float64(), p2: 7 * r.Float64(),
	}
	spread := func(reach, least, more float64) (at []float64) {
		for v := -reach - 20*r.Float64(); v < reach; v += least + more*r.Float64() {
			at = append(at, v)
		}
		return at
	}
	g.us = spread(w*0.66, 58, 34)
	g.vs = spread(h*0.86, 46, 26)
	mid := func(at []float64, room float64) int {
		for range 20 {
			if i := r.IntN(len(at)); math.Abs(at[i]) < room {
				return i
			}
		}
		return len(at) / 2
	}
	g.majorU, g.majorV = -1, -1
	switch r.IntN(5) {
	case 0:
		g.majorU = mid(g.us, w/3)
	case 1:
		g.majorV = mid(g.vs, h/3)
	default:
		g.majorU, g.majorV = mid(g.us, w/2.4), mid(g.vs, h/2.6)
	}
	return g
}

// at is where (u, v) lies on the map.
func (g *grid) at(u, v float64) pt {
	x := u + g.a1*math.Sin(v/g.l1+g.p1)
	y := v + g.a2*math.Sin(u/g.l2+g.p2)
	return pt{g.mid.x + x*g.cos - y*g.sin, g.mid.y + x*g.sin + y*g.cos}
}

// between samples the line from one (u, v) to another, a point every 14 px.
func (g *grid) between(u0, v0, u1, v1 float64) []pt {
	n := int(math.Ceil(math.Hypot(u1-u0, v1-v0)/14)) + 1
	pts := make([]pt, 0, n+1)
	for i := range n + 1 {
		t := float64(i) / float64(n)
		pts = append(pts, g.at(u0+(u1-u0)*t, v0+(v1-v0)*t))
	}
	return pts
}

// invent makes up the ground of a map.
func invent(r *rand.Rand, w, h float64) *layout {
	l := &layout{w: w, h: h}
	g := newGrid(r, w, h)
	if r.IntN(5) < 2 {
		l.river = meander(r, w, h)
		l.riverW = 22 + 16*r.Float64()
	}
	l.rail = meander(r, w, h)
	l.layRoute(r, g)
	l.grid = g
	return l
}

// fill lays the ground out: what the places do not depend on is made when the
// map is drawn, so that a plan alone is quick.
func (l *layout) fill(r *rand.Rand) {
	if l.real {
		l.settleBeside(r)
	} else {
		g := l.grid
		l.layStreets(r, g)
		for i := range len(g.us) - 1 {
			for j := range len(g.vs) - 1 {
				l.fillBlock(r, g, i, j)
			}
		}
	}
	l.layLines(r)
}

// meander is a smooth line across the map.
func meander(r *rand.Rand, w, h float64) []pt {
	a := math.Pi * r.Float64()
	d := pt{math.Cos(a), math.Sin(a)}
	n := pt{-d.y, d.x}
	mid := pt{w * (0.3 + 0.4*r.Float64()), h * (0.3 + 0.4*r.Float64())}
	amp, wave, phase := 12+20*r.Float64(), 50+50*r.Float64(), 7*r.Float64()
	reach := w*0.75 + 40
	pts := make([]pt, 0, 64)
	for s := -reach; s <= reach; s += 14 {
		pts = append(pts, mid.add(d.mul(s)).add(n.mul(amp*math.Sin(s/wave+phase))))
	}
	return pts
}

// layStreets draws the lines of the net, with gaps where two blocks are one,
// and with few bridges.
func (l *layout) layStreets(r *rand.Rand, g *grid) {
	one := func(u0, v0, u1, v1 float64, major, keep bool) {
		if !keep && r.IntN(9) == 0 {
			return
		}
		width := 6 + 1.6*r.Float64()
		if major {
			width = 14
		}
		bridge := major || r.IntN(6) == 0
		var run []pt
		for _, a := range g.between(u0, v0, u1, v1) {
			if !bridge && l.wet(a, 5) {
				l.addStreet(run, width, major)
				run = nil
				continue
			}
			run = append(run, a)
		}
		l.addStreet(run, width, major)
	}
	for i, u := range g.us {
		for j := range len(g.vs) - 1 {
			one(u, g.vs[j], u, g.vs[j+1], i == g.majorU, i == g.majorU)
		}
	}
	for j, v := range g.vs {
		for i := range len(g.us) - 1 {
			one(g.us[i], v, g.us[i+1], v, j == g.majorV, j == g.majorV)
		}
	}
}

func (l *layout) addStreet(pts []pt, width float64, major bool) {
	if len(pts) < 2 || !l.near(pts, 20) {
		return
	}
	l.streets = append(l.streets, road{pts, width, major})
}

// near reports whether a line comes within m px of the map.
func (l *layout) near(pts []pt, m float64) bool {
	for _, a := range pts {
		if a.x > -m && a.y > -m && a.x < l.w+m && a.y < l.h+m {
			return true
		}
	}
	return false
}

// wet reports whether a point is within m px of the river.
func (l *layout) wet(a pt, m float64) bool {
	return len(l.river) > 0 && lineDist(l.river, a) < l.riverW/2+m
}

// layRoute leads the coloured road along the net: one way, a turn, another, and
// sometimes a second turn, from a crossing well inside the map to another.
func (l *layout) layRoute(r *rand.Rand, g *grid) {
	const edge = 40
	var us, vs []int // lines of the net that pass through the map
	for i, u := range g.us {
		if math.Abs(u) < l.w/2-edge/2 {
			us = append(us, i)
		}
	}
	for j, v := range g.vs {
		if math.Abs(v) < l.h/2-edge/2 {
			vs = append(vs, j)
		}
	}
	if len(us) < 2 || len(vs) < 2 {
		return
	}
	var most float64
	for range 40 {
		i0, j0 := us[r.IntN(len(us))], vs[r.IntN(len(vs))]
		i1, j1 := us[r.IntN(len(us))], vs[r.IntN(len(vs))]
		if i0 == i1 || j0 == j1 {
			continue
		}
		im := i0 + (i1-i0)*r.IntN(2)
		if abs(i1-i0) > 1 && r.IntN(2) == 0 {
			im = (i0 + i1) / 2
		}
		pts := g.between(g.us[i0], g.vs[j0], g.us[im], g.vs[j0])
		pts = append(pts, g.between(g.us[im], g.vs[j0], g.us[im], g.vs[j1])[1:]...)
		pts = append(pts, g.between(g.us[im], g.vs[j1], g.us[i1], g.vs[j1])[1:]...)
		long := lineLen(pts)
		if long > 400 || long < 120 || long < most || pts[0].dist(pts[len(pts)-1]) < 90 {
			continue
		}
		if !inside(pts, l.w, l.h, edge) || !l.endsFree(pts) {
			continue
		}
		// The first that is long enough; the longest, should none be.
		if l.route, most = pts, long; long > 190 {
			return
		}
	}
}

// endsFree reports whether a place may stand at both ends of a route.
func (l *layout) endsFree(pts []pt) bool {
	for _, e := range []pt{pts[0], pts[len(pts)-1]} {
		if l.wet(e, IconRadius+4) || lineDist(l.rail, e) < IconRadius+12 {
			return false
		}
	}
	return true
}

// fillBlock puts a park, a square or buildings into a block of the net.
func (l *layout) fillBlock(r *rand.Rand, g *grid, i, j int) {
	u0, u1 := g.us[i]+6.5, g.us[i+1]-6.5
	v0, v1 := g.vs[j]+6.5, g.vs[j+1]-6.5
	if i == g.majorU {
		u0 += 4
	}
	if i+1 == g.majorU {
		u1 -= 4
	}
	if j == g.majorV {
		v0 += 4
	}
	if j+1 == g.majorV {
		v1 -= 4
	}
	mid := g.at((u0+u1)/2, (v0+v1)/2)
	if mid.x < -60 || mid.y < -60 || mid.x > l.w+60 || mid.y > l.h+60 {
		return
	}
	ring := []pt{g.at(u0, v0), g.at((u0+u1)/2, v0), g.at(u1, v0), g.at(u1, (v0+v1)/2), g.at(u1, v1), g.at((u0+u1)/2, v1), g.at(u0, v1), g.at(u0, (v0+v1)/2)}
	switch k := r.IntN(20); {
	case k < 3:
		l.parks = append(l.parks, ring)
		for range 5 + r.IntN(8) {
			at := g.at(u0+5+(u1-u0-10)*r.Float64(), v0+5+(v1-v0-10)*r.Float64())
			if !l.wet(at, 3) {
				l.trees = append(l.trees, tree{at, 2.2 + 2.4*r.Float64()})
			}
		}
		return
	case k < 8:
		l.squares = append(l.squares, ring)
	}
	l.build(r, g, u0, v0, u1, v1)
}

// build sets buildings on the lots of a block.
func (l *layout) build(r *rand.Rand, g *grid, u0, v0, u1, v1 float64) {
	nu, nv := 1+r.IntN(3), 1+r.IntN(2)
	if u1-u0 > 70 {
		nu++
	}
	tone := r.IntN(2)
	for a := range nu {
		for b := range nv {
			if r.IntN(5) == 0 {
				continue
			}
			lu, lv := (u1-u0)/float64(nu), (v1-v0)/float64(nv)
			x0 := u0 + float64(a)*lu + 2 + r.Float64()*lu*0.22
			y0 := v0 + float64(b)*lv + 2 + r.Float64()*lv*0.22
			x1 := x0 + lu*(0.42+0.3*r.Float64())
			y1 := y0 + lv*(0.42+0.3*r.Float64())
			l.addRoof(g, x0, y0, x1, y1, tone)
			if r.IntN(3) == 0 { // a wing
				l.addRoof(g, x0, y1-1, x0+(x1-x0)*(0.35+0.2*r.Float64()), math.Min(y1+lv*0.22, v1), tone)
			}
		}
	}
}

func (l *layout) addRoof(g *grid, x0, y0, x1, y1 float64, tone int) {
	b := roof{[4]pt{g.at(x0, y0), g.at(x1, y0), g.at(x1, y1), g.at(x0, y1)}, tone}
	for _, a := range b.pts {
		if l.wet(a, 8) {
			return
		}
	}
	if l.near(b.pts[:], 0) {
		l.roofs = append(l.roofs, b)
	}
}
