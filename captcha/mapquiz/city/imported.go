package city

import (
	"math"
	"math/rand/v2"
	"sync"
)

// Streets are lines of a real city, in metres.
type Streets struct {
	Lines []Street

	once  sync.Once
	cells map[[2]int32][]int32 // indexes of the Lines that pass a square of cell metres
}

// Street is one line.
type Street struct {
	Major  bool
	Points [][2]float64
}

// cell is how large a square of the index is: about what a map shows.
const cell = 400.0

// index finds the lines near a place: a plan must not look at a whole country.
func (s *Streets) index() {
	s.once.Do(func() {
		s.cells = map[[2]int32][]int32{}
		for i, line := range s.Lines {
			last := [2]int32{math.MinInt32, 0}
			for _, p := range line.Points {
				k := cellOf(p[0], p[1])
				if k != last && valid(p) {
					s.cells[k] = append(s.cells[k], int32(i)) //nolint:gosec // no country has 2^31 streets
					last = k
				}
			}
		}
	})
}

func valid(p [2]float64) bool {
	const far = 1e8 // metres: farther than the earth is round
	return math.Abs(p[0]) < far && math.Abs(p[1]) < far
}

func cellOf(x, y float64) [2]int32 {
	return [2]int32{int32(math.Floor(x / cell)), int32(math.Floor(y / cell))}
}

// cutOut takes a piece of a real city, turned and scaled at random, as the
// ground of a map. Without a road for the route in it there is none.
func cutOut(r *rand.Rand, w, h float64, s *Streets) *layout {
	s.index()
	l := &layout{w: w, h: h, real: true}
	l.rail = meander(r, w, h)
	if len(s.Lines) == 0 {
		return l
	}
	line := s.Lines[r.IntN(len(s.Lines))].Points
	if len(line) == 0 {
		return l
	}
	mid := line[r.IntN(len(line))]
	if !valid(mid) {
		return l
	}
	k := 0.55 + 0.35*r.Float64() // px per metre
	turn := 2 * math.Pi * r.Float64()
	c, sn := k*math.Cos(turn), k*math.Sin(turn)
	at := func(p [2]float64) pt {
		x, y := p[0]-mid[0], mid[1]-p[1] // north is up before it is turned
		return pt{w/2 + x*c - y*sn, h/2 + x*sn + y*c}
	}
	seen := map[int32]bool{}
	m := cellOf(mid[0], mid[1])
	reach := int32(math.Ceil(math.Hypot(w, h) / 2 / k / cell))
	for dx := -reach; dx <= reach; dx++ {
		for dy := -reach; dy <= reach; dy++ {
			for _, i := range s.cells[[2]int32{m[0] + dx, m[1] + dy}] {
				if !seen[i] && len(l.streets) < maxStreets {
					seen[i] = true
					l.takeStreet(r, s.Lines[i], at)
				}
			}
		}
	}
	l.pickRoute(r)
	return l
}

// maxStreets bounds what one map is drawn of.
const maxStreets = 600

// takeStreet adds the parts of a line that are near the map.
func (l *layout) takeStreet(r *rand.Rand, s Street, at func([2]float64) pt) {
	width := 6 + 1.6*r.Float64()
	if s.Major {
		width = 13
	}
	var run []pt
	end := func() {
		if len(run) > 1 {
			l.streets = append(l.streets, road{run, width, s.Major})
		}
		run = nil
	}
	const room = 30
	for i, p := range s.Points {
		if !valid(p) {
			end()
			continue
		}
		a := at(p)
		if a.x > -room && a.y > -room && a.x < l.w+room && a.y < l.h+room {
			if run == nil && i > 0 && valid(s.Points[i-1]) {
				run = append(run, at(s.Points[i-1])) // the piece that comes in
			}
			run = append(run, a)
		} else if run != nil {
			run = append(run, a) // and the one that leaves
			end()
		}
	}
	end()
}

// pickRoute takes a stretch of a street well inside the map as the route.
func (l *layout) pickRoute(r *rand.Rand) {
	const edge = 40
	best := 120.0
	for _, k := range r.Perm(len(l.streets)) {
		var run []pt
		long := 0.0
		for _, a := range append(resample(l.streets[k].pts, 12), pt{-1e9, 0}) {
			if inside([]pt{a}, l.w, l.h, edge) && long < 340 {
				if len(run) > 0 {
					long += a.dist(run[len(run)-1])
				}
				run = append(run, a)
				continue
			}
			if long > best && run[0].dist(run[len(run)-1]) > 90 && l.endsFree(run) {
				l.route, best = run, long
			}
			run, long = nil, 0
		}
		if best > 200 {
			return
		}
	}
}

// resample sets points on a line, step apart, so that it can be cut anywhere.
func resample(pts []pt, step float64) []pt {
	var out []pt
	for i := 1; i < len(pts); i++ {
		n := int(math.Min(400, pts[i-1].dist(pts[i])/step)) + 1
		for j := range n {
			out = append(out, pts[i-1].lerp(pts[i], float64(j)/float64(n)))
		}
	}
	return append(out, pts[len(pts)-1])
}

// settleBeside sets buildings along real streets, and parks where none are near.
func (l *layout) settleBeside(r *rand.Rand) {
	near := func(a pt) float64 {
		least := math.Inf(1)
		for _, s := range l.streets {
			least = math.Min(least, lineDist(s.pts, a)-s.width/2)
		}
		return least
	}
	for range 14 {
		a := pt{l.w * r.Float64(), l.h * r.Float64()}
		if d := near(a); d > 22 && !math.IsInf(d, 1) {
			l.park(r, a, math.Min(d-6, 46))
		}
	}
	for _, s := range l.streets {
		pts := resample(s.pts, 17)
		for i := 1; i < len(pts); i++ {
			d := pts[i].sub(pts[i-1])
			if d.len() < 1e-6 || r.IntN(4) == 0 || len(l.roofs) > 500 {
				continue
			}
			d = d.mul(1 / d.len())
			side := pt{-d.y, d.x}
			if r.IntN(2) == 0 {
				side = side.mul(-1)
			}
			deep, wide := 4+4*r.Float64(), 4+4*r.Float64()
			a := pts[i].add(side.mul(s.width/2 + 3 + deep))
			if near(a) < math.Min(deep, wide)+1 || !inside([]pt{a}, l.w, l.h, -10) {
				continue
			}
			u, v := d.mul(wide), side.mul(deep)
			l.roofs = append(l.roofs, roof{[4]pt{a.sub(u).sub(v), a.add(u).sub(v), a.add(u).add(v), a.sub(u).add(v)}, r.IntN(2)})
		}
	}
}

func (l *layout) park(r *rand.Rand, a pt, d float64) {
	ring := make([]pt, 0, 12)
	for i := range 12 {
		t := 2 * math.Pi * float64(i) / 12
		k := d * (0.82 + 0.18*r.Float64())
		ring = append(ring, a.add(pt{k * math.Cos(t), k * math.Sin(t)}))
	}
	l.parks = append(l.parks, ring)
	for range 6 {
		t, k := 2*math.Pi*r.Float64(), d*0.7*r.Float64()
		l.trees = append(l.trees, tree{a.add(pt{k * math.Cos(t), k * math.Sin(t)}), 2.2 + 2.4*r.Float64()})
	}
}
