package city

import (
	"image"
	"image/color"
	"math"
)

// line is how a line of a name is set: how much the font is stretched, where the
// next letter begins, and where the letters stand on.
type line struct{ kx, ky, pen, base float64 }

// set sets line k with a font, to the width that it has whatever the font.
func (t *text) set(f *face, k int) line {
	natural := 0.0
	for _, r := range t.lines[k] {
		if g := f.glyph(r); g != nil {
			natural += g.advance
		}
	}
	high := t.cap * (1 + rise + descent + lead*float64(len(t.lines)-1))
	return line{
		kx:   t.widths[k] / math.Max(natural, 1),
		ky:   t.cap / f.cap,
		pen:  -t.widths[k] / 2,
		base: -high/2 + t.cap*(1+rise+lead*float64(k)),
	}
}

// bend is where a point of a straight name comes to lie; c and s turn it.
func (t *text) bend(a pt, c, s float64) pt {
	a.x -= t.shear * a.y
	if t.wave > 0 {
		a.y += t.wave * math.Sin(2*math.Pi*a.x/t.long+t.phase)
	}
	return pt{t.mid.x + a.x*c - a.y*s, t.mid.y + a.x*s + a.y*c}
}

// outlineOf turns a name into outlines where it stands: every point of every
// glyph goes through the same bend, so that rotation, shear and wave cost
// nothing and stay sharp.
func (t *text) outlineOf(f *face, p *path) {
	c, s := math.Cos(t.angle), math.Sin(t.angle)
	i := 0
	for k, letters := range t.lines {
		l := t.set(f, k)
		for _, r := range letters {
			g := f.glyph(r)
			if g == nil {
				continue
			}
			j := t.jogged(i, pt{l.pen + g.advance*l.kx/2, l.base - t.cap/2})
			p.op = append(p.op, g.path.op...)
			for _, a := range g.path.pts {
				p.pts = append(p.pts, t.bend(j.at(pt{l.pen + a.x*l.kx, l.base + a.y*l.ky}), c, s))
			}
			l.pen += g.advance * l.kx
			i++
		}
	}
}

// jog is how one letter stands beside the line: turned and widened about its
// middle, and moved up or down. People read a dancing line as well as a straight
// one; programs that look for lines do not.
type jog struct {
	mid, to        pt
	wide, cos, sin float64
}

// jogged is the jog of letter i, whose middle is mid.
func (t *text) jogged(i int, mid pt) jog {
	h := (t.jog + uint64(i)) * 0x9e3779b97f4a7c15 // spreads numbers side by side over all bits
	h ^= h >> 32
	of := func(bits uint64) float64 { return float64(bits&0xffff)/32767.5 - 1 }
	a := t.tilt * of(h)
	return jog{mid, mid.add(pt{0, t.hop * of(h>>16)}), 1 + t.swell, math.Cos(a), math.Sin(a)}
}

func (j *jog) at(a pt) pt {
	d := a.sub(j.mid)
	d.x *= j.wide
	return pt{j.to.x + d.x*j.cos - d.y*j.sin, j.to.y + d.x*j.sin + d.y*j.cos}
}

// inked adds a name's outlines as they are drawn: those of a light font are laid
// down three times, a hair apart, until its strokes are as wide as they must be.
// Three copies at r from the middle widen a stroke by 1.5 to 1.73 r.
func (t *text) inked(f *face, p *path) {
	t.outlineOf(f, p)
	more := strokeWidth - p.meanStroke()
	if more <= 0 {
		return
	}
	r := more / 1.5
	ops, pts := len(p.op), len(p.pts)
	for k := range 3 {
		a := 2 * math.Pi * (float64(k)/3 + 0.25)
		d := pt{r * math.Cos(a), r * math.Sin(a)}
		p.op = append(p.op, p.op[:ops]...)
		for _, q := range p.pts[:pts] {
			p.pts = append(p.pts, q.add(d))
		}
	}
	p.op, p.pts = append(p.op[:0], p.op[ops:]...), append(p.pts[:0], p.pts[pts:]...)
}

// write draws a name: first a soft edge of the halo's colour, then the ink.
func (c *canvas) write(t *text, f *face, ink, halo color.RGBA, reach, gain float64) {
	c.path.reset()
	t.inked(f, &c.path)
	c.prepare(&c.path)
	box := c.bounds()
	if box.Empty() {
		return
	}
	pad := int(math.Ceil(reach*c.scale)) + 1
	box = image.Rect(box.Min.X-pad, box.Min.Y-pad, box.Max.X+pad, box.Max.Y+pad)
	box = c.even(box)
	if !c.cover(&c.path, box) {
		return
	}
	if reach > 0 {
		c.soften(box.Dx(), box.Dy(), int(math.Round(reach*c.scale/2)), gain)
		c.blend(box, c.soft, box.Dx(), halo)
	}
	c.blend(box, c.mask.Pix, c.mask.Stride, ink)
}

// soften blurs c.mask twice by a box of 2n+1 px into c.soft and makes it
// stronger: a rounded edge for a fraction of what stroking the outlines costs.
func (c *canvas) soften(w, h, n int, gain float64) {
	n = max(n, 1)
	if cap(c.soft) < w*h {
		c.soft = make([]uint8, w*h)
	}
	c.soft = c.soft[:w*h]
	copy(c.soft, c.mask.Pix)
	if k := max(w, h); cap(c.sums) < k {
		c.sums = make([]uint32, k)
	}
	for range 2 {
		for y := range h {
			c.blurLine(c.soft[y*w:][:w], n)
		}
		c.blurDown(w, h, n)
	}
	k := uint32(gain * 256)
	for i, v := range c.soft {
		if v != 0 {
			c.soft[i] = uint8(min(255, uint32(v)*k>>8))
		}
	}
}

// blurLine averages a row over 2r+1 neighbours.
func (c *canvas) blurLine(p []uint8, r int) {
	n := len(p)
	s := c.sums[:n]
	sum := uint32(0)
	for i := 0; i < min(r, n); i++ {
		sum += uint32(p[i])
	}
	for i := range n {
		if i+r < n {
			sum += uint32(p[i+r])
		}
		s[i] = sum
		if i-r >= 0 {
			sum -= uint32(p[i-r])
		}
	}
	m := share(r)
	for i, v := range s {
		p[i] = uint8(min(255, v*m>>16))
	}
}

// share is what a sum of 2r+1 is multiplied with and shifted by 16, in place of a
// division.
func share(r int) uint32 { return uint32(65536/(2*r+1)) + 1 }

// blurDown averages c.soft over 2r+1 rows, into the room of c.hard and back: row
// by row, for columns one by one would leave the cache at every step.
func (c *canvas) blurDown(w, h, r int) {
	if cap(c.hard) < w*h {
		c.hard = make([]uint8, w*h)
	}
	from, to := c.soft, c.hard[:w*h]
	s, m := c.sums[:w], share(r)
	clear(s)
	for y := range min(r, h) {
		for x, v := range from[y*w:][:w] {
			s[x] += uint32(v)
		}
	}
	for y := range h {
		if y+r < h {
			for x, v := range from[(y+r)*w:][:w] {
				s[x] += uint32(v)
			}
		}
		row := to[y*w:][:w]
		for x, v := range s {
			row[x] = uint8(min(255, v*m>>16))
		}
		if y-r >= 0 {
			for x, v := range from[(y-r)*w:][:w] {
				s[x] -= uint32(v)
			}
		}
	}
	c.soft, c.hard = to, from
}
