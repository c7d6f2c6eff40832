package city

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"math"
	"sync"

	"golang.org/x/image/vector"
)

// canvas is a picture under the brush, with what is needed to paint on it. All
// coordinates are in CSS pixels; scale makes pixels of the picture of them.
type canvas struct {
	img   *image.RGBA
	own   *image.RGBA // kept from picture to picture
	scale float64

	ras  vector.Rasterizer
	mask image.Alpha // coverage of the shape at hand
	soft []uint8     // room for a halo's mask
	sums []uint32
	path path

	shapes []shape // of the path at hand
	dots   [][2]float32
}

// canvases keeps canvases with their buffers: a fresh one costs 2 MB.
var canvases = sync.Pool{New: func() any { return new(canvas) }}

// path is a list of outlines, flattened as far as lines, quadratics and cubics.
type path struct {
	op  []byte // 'M', 'L', 'Q', 'C'
	pts []pt
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

// stroke adds a line of width w: a quad for each piece, a disc at each joint.
// Unlike an outline offset to both sides it cannot fold in a tight bend.
func (p *path) stroke(pts []pt, w float64, round bool) {
	r := w / 2
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		d := b.sub(a)
		l := d.len()
		if l < 1e-6 {
			continue
		}
		n := pt{-d.y / l * r, d.x / l * r}
		p.polygon(a.add(n), b.add(n), b.sub(n), a.sub(n))
		last := i == len(pts)-1
		if w > 1.6 && (!last || round) {
			p.circle(b, r)
		}
	}
	if round && len(pts) > 0 && w > 1.6 {
		p.circle(pts[0], r)
	}
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

// tile is the largest box rasterised at once: up to 512 the rasteriser computes
// in integers, which is a quarter faster, and its buffer stays in the cache.
const tile = 256

// shape is one outline of a path, in pixels of the picture: where its
// operations and points begin and what box it fills.
type shape struct {
	op, pt         int
	x0, y0, x1, y1 float32
}

// prepare turns a path into pixels and finds the boxes of its outlines.
func (c *canvas) prepare(p *path) {
	c.shapes, c.dots = c.shapes[:0], c.dots[:0]
	k := c.scale
	for _, a := range p.pts {
		c.dots = append(c.dots, [2]float32{float32(a.x * k), float32(a.y * k)})
	}
	i := 0
	for o, op := range p.op {
		n := int(points[op])
		if op == 'M' {
			d := c.dots[i]
			c.shapes = append(c.shapes, shape{o, i, d[0], d[1], d[0], d[1]})
		}
		s := &c.shapes[len(c.shapes)-1]
		for _, d := range c.dots[i : i+n] {
			s.x0, s.y0 = min(s.x0, d[0]), min(s.y0, d[1])
			s.x1, s.y1 = max(s.x1, d[0]), max(s.y1, d[1])
		}
		i += n
	}
}

// bounds returns the box of the path that was prepared, clipped to the picture.
func (c *canvas) bounds() image.Rectangle {
	if len(c.shapes) == 0 {
		return image.Rectangle{}
	}
	t := c.shapes[0]
	for _, s := range c.shapes[1:] {
		t.x0, t.y0 = min(t.x0, s.x0), min(t.y0, s.y0)
		t.x1, t.y1 = max(t.x1, s.x1), max(t.y1, s.y1)
	}
	const far = 1 << 20
	at := func(v float32) int { return int(math.Floor(float64(max(-far, min(far, v))))) }
	return image.Rect(at(t.x0), at(t.y0), at(t.x1)+1, at(t.y1)+1).Intersect(c.img.Rect)
}

// fill paints a path. The boxes that are rasterised are clipped to the picture:
// the rasteriser's time is that of its box, and it panics outside of it.
func (c *canvas) fill(p *path, col color.RGBA) {
	c.prepare(p)
	box := c.bounds()
	for y := box.Min.Y; y < box.Max.Y; y += tile {
		for x := box.Min.X; x < box.Max.X; x += tile {
			t := image.Rect(x, y, x+tile, y+tile).Intersect(box)
			if c.cover(p, t) {
				c.blend(t, c.mask.Pix, c.mask.Stride, col)
			}
		}
	}
}

// cover computes the coverage of box t by the path that was prepared into
// c.mask, and reports whether there is any.
func (c *canvas) cover(p *path, t image.Rectangle) bool {
	w, h := t.Dx(), t.Dy()
	if w <= 0 || h <= 0 {
		return false
	}
	x0, y0, x1, y1 := float32(t.Min.X), float32(t.Min.Y), float32(t.Max.X), float32(t.Max.Y)
	ready := false
	for i, s := range c.shapes {
		// A closed outline that lies beside the box covers nothing of it.
		if s.x1 < x0 || s.y1 < y0 || s.x0 > x1 || s.y0 > y1 {
			continue
		}
		if !ready {
			c.ras.Reset(w, h)
			ready = true
		}
		end := len(p.op)
		if i+1 < len(c.shapes) {
			end = c.shapes[i+1].op
		}
		c.trace(p.op[s.op:end], c.dots[s.pt:], x0, y0)
	}
	if !ready {
		return false
	}
	if n := w * h; cap(c.mask.Pix) < n {
		c.mask.Pix = make([]uint8, n)
	}
	c.mask.Pix = c.mask.Pix[:w*h]
	c.mask.Stride, c.mask.Rect = w, image.Rect(0, 0, w, h)
	c.ras.DrawOp = draw.Src // the mask is written whole
	c.ras.Draw(&c.mask, c.mask.Rect, image.Opaque, image.Point{})
	return true
}

// trace feeds an outline to the rasteriser, whose box begins at (x, y).
func (c *canvas) trace(ops []byte, q [][2]float32, x, y float32) {
	for _, op := range ops {
		ax, ay := q[0][0]-x, q[0][1]-y
		switch op {
		case 'M':
			c.ras.MoveTo(ax, ay)
		case 'L':
			c.ras.LineTo(ax, ay)
		case 'Q':
			c.ras.QuadTo(ax, ay, q[1][0]-x, q[1][1]-y)
		case 'C':
			c.ras.CubeTo(ax, ay, q[1][0]-x, q[1][1]-y, q[2][0]-x, q[2][1]-y)
		}
		q = q[points[op]:]
	}
	c.ras.ClosePath()
}

// points says how many points an operation takes.
var points = [128]uint8{'M': 1, 'L': 1, 'Q': 2, 'C': 3}

// blend lays a colour over box t as far as the mask covers it. Eight bytes of
// mask at a time are nothing or all in most places.
func (c *canvas) blend(t image.Rectangle, mask []uint8, stride int, col color.RGBA) {
	w := t.Dx()
	one := uint64(col.R) | uint64(col.G)<<8 | uint64(col.B)<<16 | 255<<24
	two := one | one<<32
	for y := range t.Dy() {
		m := mask[y*stride : y*stride+w]
		at := c.img.PixOffset(t.Min.X, t.Min.Y+y)
		d := c.img.Pix[at : at+4*w]
		for x := 0; x < w; {
			if x+8 <= w {
				switch eight := binary.LittleEndian.Uint64(m[x:]); {
				case eight == 0:
					x += 8
					continue
				case eight == 1<<64-1 && col.A == 255:
					e := d[4*x : 4*x+32]
					for k := 0; k < 32; k += 8 {
						binary.LittleEndian.PutUint64(e[k:], two)
					}
					x += 8
					continue
				}
			}
			over(d[4*x:4*x+4:4*x+4], uint32(m[x])*uint32(col.A)/255, col)
			x++
		}
	}
}

// over lays a colour over one pixel, a of 255.
func over(d []uint8, a uint32, col color.RGBA) {
	switch a {
	case 0:
	case 255:
		d[0], d[1], d[2] = col.R, col.G, col.B
	default:
		b := 255 - a
		// (v*257+128)>>16 is v/255 to the nearest for v up to 65,025.
		d[0] = uint8(((uint32(d[0])*b+uint32(col.R)*a)*257 + 128*257) >> 16)
		d[1] = uint8(((uint32(d[1])*b+uint32(col.G)*a)*257 + 128*257) >> 16)
		d[2] = uint8(((uint32(d[2])*b+uint32(col.B)*a)*257 + 128*257) >> 16)
	}
}
