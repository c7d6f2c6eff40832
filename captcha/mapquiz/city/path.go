package city

import "math"

// path is a list of outlines, flattened as far as lines, quadratics and cubics.
type path struct {
	op  []byte // 'M', 'L', 'Q', 'C'
	pts []pt

	left, right []pt // of the line at hand
}

// pt is a point, in CSS pixels.
type pt struct{ x, y float64 }

func (a pt) add(b pt) pt             { return pt{a.x + b.x, a.y + b.y} }
func (a pt) sub(b pt) pt             { return pt{a.x - b.x, a.y - b.y} }
func (a pt) mul(k float64) pt        { return pt{a.x * k, a.y * k} }
func (a pt) dot(b pt) float64        { return a.x*b.x + a.y*b.y }
func (a pt) len() float64            { return math.Hypot(a.x, a.y) }
func (a pt) dist(b pt) float64       { return math.Hypot(a.x-b.x, a.y-b.y) }
func (a pt) lerp(b pt, t float64) pt { return pt{a.x + (b.x-a.x)*t, a.y + (b.y-a.y)*t} }

func (p *path) reset() { p.op, p.pts = p.op[:0], p.pts[:0] }

func (p *path) move(a pt)        { p.op, p.pts = append(p.op, 'M'), append(p.pts, a) }
func (p *path) line(a pt)        { p.op, p.pts = append(p.op, 'L'), append(p.pts, a) }
func (p *path) quad(a, b pt)     { p.op, p.pts = append(p.op, 'Q'), append(p.pts, a, b) }
func (p *path) cubic(a, b, c pt) { p.op, p.pts = append(p.op, 'C'), append(p.pts, a, b, c) }

// polygon adds a polygon, turned so that all polygons of a path have the same
// sense: the rasteriser adds signed areas, and two that overlap must not cancel.
func (p *path) polygon(pts ...pt) {
	area := 0.0
	for i, a := range pts {
		b := pts[(i+1)%len(pts)]
		area += a.x*b.y - b.x*a.y
	}
	n := len(pts)
	for i := range pts {
		k := i
		if area < 0 {
			k = n - 1 - i
		}
		if i == 0 {
			p.move(pts[k])
		} else {
			p.line(pts[k])
		}
	}
}

// circle adds a disc, of four cubics: 0.5523 makes them round to 0.03 %.
func (p *path) circle(c pt, r float64) { p.ellipse(c, r, r) }

func (p *path) ellipse(c pt, rx, ry float64) {
	const k = 0.5523
	at := func(x, y float64) pt { return pt{c.x + x*rx, c.y + y*ry} }
	p.move(at(1, 0))
	p.cubic(at(1, k), at(k, 1), at(0, 1))
	p.cubic(at(-k, 1), at(-1, k), at(-1, 0))
	p.cubic(at(-1, -k), at(-k, -1), at(0, -1))
	p.cubic(at(k, -1), at(1, -k), at(1, 0))
}

// Bends up to bendCos, 24°, are mitred; at sharper ones, and where a piece is too
// short for it, a line goes on with a disc at the joint.
const bendCos = 0.913

// stroke adds a line of width w, as one ribbon as far as it bends gently: a third
// of the edges that a quad for each piece and a disc at each joint have.
func (p *path) stroke(pts []pt, w float64, round bool) {
	r := w / 2
	disc := func(a pt) {
		if w > 1.6 { // smaller ones are not seen
			p.circle(a, r)
		}
	}
	p.left, p.right = p.left[:0], p.right[:0]
	var from, n pt // the last point, and the half width across the piece to it
	long := 0.0
	for i, a := range pts {
		d := a.sub(from)
		l := d.len()
		if i > 0 && l < 1e-6 {
			continue
		}
		if i > 0 {
			next := pt{-d.y / l * r, d.x / l * r}
			switch m, ok := mitre(n, next, r, min(l, long)); {
			case len(p.left) == 0:
				p.left, p.right = append(p.left, from.add(next)), append(p.right, from.sub(next))
			case ok:
				p.left, p.right = append(p.left, from.add(m)), append(p.right, from.sub(m))
			default:
				p.ribbon(from, n)
				disc(from)
				p.left, p.right = append(p.left, from.add(next)), append(p.right, from.sub(next))
			}
			n, long = next, l
		}
		from = a
	}
	if len(p.left) == 0 {
		return
	}
	p.ribbon(from, n)
	if round {
		disc(pts[0])
		disc(from)
	}
}

// mitre is half the way across a joint of two pieces, given half the way across
// each and the shorter's length; false where the line bends too much for it.
func mitre(a, b pt, r, short float64) (pt, bool) {
	cos := a.dot(b) / (r * r)
	if cos < bendCos {
		return pt{}, false
	}
	m := a.add(b).mul(1 / (1 + cos))
	// On the inner side the pieces are shorter by r·tan(half the bend) at each end.
	return m, short > 2*r*math.Sqrt((1-cos)/(1+cos))
}

// ribbon closes the line that is in left and right at a, and begins anew.
func (p *path) ribbon(a, n pt) {
	p.move(p.right[0])
	for _, q := range p.right[1:] {
		p.line(q)
	}
	p.line(a.sub(n))
	p.line(a.add(n))
	for i := len(p.left) - 1; i >= 0; i-- {
		p.line(p.left[i])
	}
	p.left, p.right = p.left[:0], p.right[:0]
}

// dashed adds a line in dashes of length on, with gaps of length off.
func (p *path) dashed(pts []pt, w, on, off float64) {
	left, draw := on, true
	run := []pt{}
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		for {
			l := a.dist(b)
			if l <= left {
				if draw {
					if len(run) == 0 {
						run = append(run, a)
					}
					run = append(run, b)
				}
				left -= l
				break
			}
			m := a.lerp(b, left/l)
			if draw {
				if len(run) == 0 {
					run = append(run, a)
				}
				p.stroke(append(run, m), w, false)
				run = run[:0]
			}
			a, draw = m, !draw
			left = off
			if draw {
				left = on
			}
		}
	}
	if len(run) > 1 {
		p.stroke(run, w, false)
	}
}
