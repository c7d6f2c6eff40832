package city

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/daero/daero/captcha/mapquiz/names"
)

// What people need, in CSS pixels.
const (
	// IconRadius is an icon's: 25 px across, over the 24 of WCAG 2.5.8.
	IconRadius = 12.5
	// HitRadius is how far from an icon's centre a click still is meant for it.
	HitRadius = 23
	// MinCap is the least cap height of a name.
	MinCap = 11
	// MaxTurn is how far a name is turned at most: 17°.
	MaxTurn = 17 * math.Pi / 180
	// TwinRatio is how much further from the station the second of two places of
	// one category is than the nearest.
	TwinRatio = 1.5

	apart  = 2*HitRadius + 1 // between the centres of two icons
	margin = 4               // between a name and the map's edge
)

// shops are the categories without the station.
var shops = []names.Category{
	names.School, names.Bank, names.Pharmacy, names.Hospital, names.Mart, names.Church,
	names.Cafe, names.Library, names.Post, names.Police, names.Bakery, names.Apartment,
}

// settler places places: what is there already, and what comes.
type settler struct {
	r      *rand.Rand
	l      *layout
	level  int
	lang   string
	places []Place
	texts  []text
	quads  [][4]pt // of the names, with room around
}

// text is a name as it is drawn: its lines and how large.
type text struct {
	lines  []string
	widths []float64 // of the lines, in px
	cap    float64
	mid    pt
	angle  float64
	shear  float64
	wave   float64 // height of the wave, px
	long   float64 // length of the wave, px
	phase  float64
	tilt   float64 // how far letters are turned at most, each its way, radians
	hop    float64 // how far they stand off the line at most, px
	swell  float64 // how much wider they are than their place
	jog    uint64  // what tells one letter's way from another's
	bold   bool
	face   int // which font, of those that are there
	ink    int
}

// settle tries until there are places enough; every try is a fresh draw of the
// same stream, so the result is a function of the seed.
func settle(r *rand.Rand, l *layout, s Spec) (*settler, [2]int, bool) {
	st := &settler{r: r, l: l, level: s.Level, lang: s.Lang}
	cats := slices.Clone(shops)
	r.Shuffle(len(cats), func(i, j int) { cats[i], cats[j] = cats[j], cats[i] })
	twin := cats[0]
	singles := cats[1:]
	// The station, then the twins, whose distances from it are bound, then the
	// ends of the route, then whoever fits.
	if !st.try(names.Station, 40, func() pt { return st.onLine(l.rail) }, nil) {
		return nil, [2]int{}, false
	}
	hub := pt{st.places[0].X, st.places[0].Y}
	ends := [2]int{-1, -1}
	for k, at := range []pt{l.route[0], l.route[len(l.route)-1]} {
		ends[k] = len(st.places)
		if !st.try(singles[k], 12, func() pt { return at }, nil) {
			return nil, ends, false
		}
	}
	near := 0.0
	if !st.try(twin, 60, st.anywhere, func(a pt) bool { near = a.dist(hub); return near > apart && near < 150 }) {
		return nil, ends, false
	}
	near = hub.dist(pt{st.places[len(st.places)-1].X, st.places[len(st.places)-1].Y})
	far := func(a pt) bool { return a.dist(hub) >= TwinRatio*near+1 }
	if !st.try(twin, 90, st.anywhere, far) {
		return nil, ends, false
	}
	if r.IntN(3) == 0 {
		st.try(twin, 30, st.anywhere, far)
	}
	want := 9 + r.IntN(3)
	for _, c := range singles[2:] {
		if len(st.places) >= want {
			break
		}
		st.try(c, 60, st.anywhere, nil)
	}
	return st, ends, len(st.places) >= 9
}

func (s *settler) anywhere() pt {
	return pt{20 + (s.l.w-40)*s.r.Float64(), 20 + (s.l.h-40)*s.r.Float64()}
}

func (s *settler) onLine(pts []pt) pt {
	for range 30 {
		i := s.r.IntN(len(pts) - 1)
		a := pts[i].lerp(pts[i+1], s.r.Float64())
		if inside([]pt{a}, s.l.w, s.l.h, 50) {
			return a
		}
	}
	return pts[len(pts)/2]
}

// try looks for room for a place and its name, up to n times.
func (s *settler) try(c names.Category, n int, where func() pt, good func(pt) bool) bool {
	name := nameOf(s.r, c, s.lang)
	for range n {
		at := where()
		if good != nil && !good(at) || !s.free(at, c) {
			continue
		}
		t := s.shape(name.Full, c)
		for _, side := range s.r.Perm(4) {
			if s.put(at, side, &t) {
				s.add(c, name, at, t)
				return true
			}
		}
	}
	return false
}

// nameOf makes up a name.
func nameOf(r *rand.Rand, c names.Category, lang string) names.Name { return names.Of(r, c, lang) }

// free reports whether an icon may stand at a.
func (s *settler) free(a pt, c names.Category) bool {
	if !inside([]pt{a}, s.l.w, s.l.h, IconRadius+5) || s.l.wet(a, IconRadius+3) {
		return false
	}
	end := a == s.l.route[0] || a == s.l.route[len(s.l.route)-1]
	// No place but those at its ends may be thought to be on the route, and only
	// the station on the subway line.
	if !end && lineDist(s.l.route, a) < 34 {
		return false
	}
	if c != names.Station && lineDist(s.l.rail, a) < IconRadius+6 {
		return false
	}
	for _, e := range []pt{s.l.route[0], s.l.route[len(s.l.route)-1]} {
		if !end && a.dist(e) < apart {
			return false
		}
	}
	for _, p := range s.places {
		if a.dist(pt{p.X, p.Y}) < apart {
			return false
		}
	}
	for _, q := range s.quads {
		if touches(q, a, IconRadius+3) {
			return false
		}
	}
	return true
}

// shape decides how a name looks, all but where it stands. The widths are
// nominal, the same for every font: what is drawn is stretched to them.
func (s *settler) shape(name string, c names.Category) text {
	r := s.r
	t := text{cap: MinCap + 0.3 + 0.9*r.Float64(), bold: r.IntN(3) == 0 || c == names.Station, face: r.IntN(1 << 16), ink: r.IntN(1 << 16)}
	t.lines = breakName(name)
	for _, line := range t.lines {
		t.widths = append(t.widths, nominal(line)*t.cap)
	}
	if s.level >= 3 {
		t.bold = false // beside thick strokes thin lines would be told by their width
		t.jog = r.Uint64()
		t.tilt, t.hop, t.swell = 10*math.Pi/180, 1.8, 0.06
		if s.lang != "ko" { // letters are half as wide, and taken for each other where they touch
			t.hop, t.swell = 1.2, 0
		}
	}
	if s.level >= 1 {
		room := MaxTurn - t.tilt - 0.01 // no letter is turned more than MaxTurn
		t.angle = (2*r.Float64() - 1) * room
		if math.Abs(t.angle) < min(0.05, room/3) {
			t.angle *= 3
		}
	}
	if s.level >= 2 {
		t.shear = (2*r.Float64() - 1) * 0.3
		t.wave = 0.7 + 0.9*r.Float64()
		t.long = 34 + 40*r.Float64()
		t.phase = 7 * r.Float64()
	}
	return t
}

// box is a turned box, half as wide as w and half as high as h.
type box struct {
	mid            pt
	w, h, cos, sin float64
}

// boxes are the boxes of the names.
func boxes(texts []text) []box {
	all := make([]box, len(texts))
	for i := range texts {
		t := &texts[i]
		w, h := t.extent()
		all[i] = box{t.mid, w, h, math.Cos(t.angle), math.Sin(t.angle)}
	}
	return all
}

// breakName breaks a long name of several words into two lines.
func breakName(name string) []string {
	if utf8.RuneCountInString(name) < 11 || !strings.Contains(name, " ") {
		return []string{name}
	}
	words := strings.Fields(name)
	best, least := 1, math.Inf(1)
	for k := 1; k < len(words); k++ {
		w := math.Max(nominal(strings.Join(words[:k], " ")), nominal(strings.Join(words[k:], " ")))
		if w < least {
			best, least = k, w
		}
	}
	return []string{strings.Join(words[:best], " "), strings.Join(words[best:], " ")}
}

// nominal is how wide a line is, in cap heights: 1.2 for a syllable, as the
// fonts that are used have it within a few per cent.
func nominal(line string) float64 {
	w := 0.0
	for _, r := range line {
		switch {
		case r >= 0x1100:
			w += 1.21
		case r == ' ':
			w += 0.36
		case strings.ContainsRune("iljt.,'!|frI-", r):
			w += 0.46
		case strings.ContainsRune("mwMW@", r):
			w += 1.15
		case r >= 'A' && r <= 'Z':
			w += 0.94
		default:
			w += 0.78
		}
	}
	return w
}

// lead is the distance of two lines, descent what hangs below the line and rise
// what stands above the cap height, in cap heights: a syllable is higher and
// deeper than a capital letter.
const (
	lead    = 1.5
	descent = 0.24
	rise    = 0.14
)

// extent is half the size of a name as it is drawn, before it is turned.
func (t *text) extent() (w, h float64) {
	for _, v := range t.widths {
		w = math.Max(w, v)
	}
	h = t.cap * (1 + rise + descent + lead*float64(len(t.lines)-1))
	return w/2 + math.Abs(t.shear)*h/2, h/2 + t.wave + t.hop
}

// put tries to set a name at a side of an icon: 0 below, 1 above, 2 right, 3
// left.
func (s *settler) put(at pt, side int, t *text) bool {
	w, h := t.extent()
	c, sn := math.Abs(math.Cos(t.angle)), math.Abs(math.Sin(t.angle))
	bw, bh := w*c+h*sn, w*sn+h*c
	const gap = IconRadius + 2.5
	switch side {
	case 0, 1:
		// The name's long side, which is turned, stays clear of the round icon.
		d := (gap + h) / c
		if side == 1 {
			d = -d
		}
		t.mid = pt{at.x + (s.r.Float64()-0.5)*8, at.y + d}
	default:
		d := gap + w
		if side == 3 {
			d = -d
		}
		t.mid = pt{at.x + d*math.Cos(t.angle), at.y + d*math.Sin(t.angle)}
	}
	if t.mid.x-bw < margin || t.mid.y-bh < margin || t.mid.x+bw > s.l.w-margin || t.mid.y+bh > s.l.h-margin {
		return false
	}
	q := around(t.mid, w+2, h+1.5, t.angle)
	for _, p := range s.places {
		if touches(q, pt{p.X, p.Y}, IconRadius+3) {
			return false
		}
	}
	for _, o := range s.quads {
		if overlap(q, o) {
			return false
		}
	}
	for _, e := range []pt{s.l.route[0], s.l.route[len(s.l.route)-1]} {
		if e != at && touches(q, e, IconRadius+3) {
			return false
		}
	}
	return !crosses(q, s.l.route, 5) && !crosses(q, s.l.rail, 3)
}

func (s *settler) add(c names.Category, n names.Name, at pt, t text) {
	w, h := t.extent()
	q := around(t.mid, w, h, t.angle)
	p := Place{Category: c, Name: n, X: at.x, Y: at.y, R: IconRadius, Angle: t.angle, Cap: t.cap}
	for i, a := range q {
		p.Label[i] = [2]float64{a.x, a.y}
	}
	s.places = append(s.places, p)
	s.texts = append(s.texts, t)
	s.quads = append(s.quads, around(t.mid, w+2, h+1.5, t.angle))
}

// around is a box about a point, half as wide as w and as high as h, turned.
func around(c pt, w, h, angle float64) [4]pt {
	cs, sn := math.Cos(angle), math.Sin(angle)
	at := func(x, y float64) pt { return pt{c.x + x*cs - y*sn, c.y + x*sn + y*cs} }
	return [4]pt{at(-w, -h), at(w, -h), at(w, h), at(-w, h)}
}

// overlap reports whether two convex quads have a point in common: if not, one
// of their sides parts them.
func overlap(a, b [4]pt) bool { return !parts(a, b) && !parts(b, a) }

func parts(a, b [4]pt) bool {
	for i := range a {
		d := a[(i+1)%4].sub(a[i])
		n := pt{d.y, -d.x} // outward, for corners in this order
		out := true
		for _, p := range b {
			out = out && p.sub(a[i]).dot(n) > 0
		}
		if out {
			return true
		}
	}
	return false
}

// touches reports whether a quad comes within r px of a point.
func touches(q [4]pt, c pt, r float64) bool {
	in := true
	for i := range q {
		a, b := q[i], q[(i+1)%4]
		if segDist2(a, b, c) < r*r {
			return true
		}
		d := b.sub(a)
		in = in && d.x*(c.y-a.y)-d.y*(c.x-a.x) >= 0
	}
	return in
}

// crosses reports whether a line comes within m px of a quad.
func crosses(q [4]pt, line []pt, m float64) bool {
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		n := b.sub(a)
		l := n.len()
		if l == 0 {
			continue
		}
		n = pt{-n.y / l * m, n.x / l * m}
		if overlap(q, [4]pt{a.sub(n), b.sub(n), b.add(n), a.add(n)}) {
			return true
		}
	}
	return false
}
