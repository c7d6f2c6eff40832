package city

import (
	"image"
	"image/color"
	"math"
)

// lineWidth is that of the lines across names: as wide as the strokes, so that
// no filter of widths takes them out.
const lineWidth = 1.3

// faintest is the alpha of the lines over the land, strongest what they gain
// where they cross a name: to the ink's colour nearly, so that no filter of
// colours takes them out. Between is a hem of lineReach px about the name.
const (
	faintest  = 29
	strongest = 197
	lineReach = 7.0
)

// paintLines lays the thin lines: faint over the land, and of the colour of the
// ink where they cross a name.
func (p *Plan) paintLines(c *canvas) {
	c.path.reset()
	for _, line := range p.ground.lines {
		p.shown(line, func(run []pt) { c.path.stroke(run, lineWidth, false) })
	}
	c.lines(&c.path)
	clear(c.near)
	for i := range p.boxes {
		c.hem(&p.boxes[i], uint8(i))
	}
	for i := range p.boxes {
		c.crossed(&p.boxes[i], uint8(i), p.ink(&p.texts[i]))
	}
	faint := p.look.inks[0]
	faint.A = faintest
	c.blend(c.room, c.lined, c.img.YStride, faint)
}

// shown gives the pieces of a line that are on the map.
func (p *Plan) shown(line []pt, each func([]pt)) {
	const m = 14 // more than the pieces are long
	from := -1
	for i, a := range line {
		on := a.x > -m && a.y > -m && a.x < float64(p.Width)+m && a.y < float64(p.Height)+m
		switch {
		case on && from < 0:
			from = i
		case !on && from >= 0:
			each(line[from:i])
			from = -1
		}
	}
	if from >= 0 {
		each(line[from:])
	}
}

// lines makes c.lined the coverage of the whole picture by a path.
func (c *canvas) lines(p *path) {
	n := len(c.img.Y)
	if cap(c.lined) < n {
		c.lined, c.near, c.owner = make([]uint8, n), make([]uint8, n), make([]uint8, n)
	}
	c.lined, c.near, c.owner = c.lined[:n], c.near[:n], c.owner[:n]
	clear(c.lined)
	c.prepare(p)
	c.tiles(c.room, func(t image.Rectangle) {
		if !c.cover(p, t) {
			return
		}
		for y := range t.Dy() {
			copy(c.lined[(t.Min.Y+y)*c.img.YStride+t.Min.X:], c.mask.Pix[y*t.Dx():(y+1)*t.Dx()])
		}
	})
}

// hem marks how near the lines about name i are to it, where no other name is
// nearer.
func (c *canvas) hem(b *box, i uint8) {
	t := c.about(b)
	for y := t.Min.Y; y < t.Max.Y; y++ {
		row := y * c.img.YStride
		for x := t.Min.X; x < t.Max.X; x++ {
			if c.lined[row+x] == 0 {
				continue
			}
			if k := b.strength((float64(x)+0.5)/c.scale, (float64(y)+0.5)/c.scale); k > c.near[row+x] {
				c.near[row+x], c.owner[row+x] = k, i
			}
		}
	}
}

// about is the box of pixels about a name and its hem.
func (c *canvas) about(b *box) image.Rectangle {
	w := (math.Abs(b.w*b.cos) + math.Abs(b.h*b.sin) + lineReach) * c.scale
	h := (math.Abs(b.w*b.sin) + math.Abs(b.h*b.cos) + lineReach) * c.scale
	x, y := b.mid.x*c.scale, b.mid.y*c.scale
	return c.even(image.Rect(int(x-w), int(y-h), int(x+w)+1, int(y+h)+1))
}

// strength is the alpha of a line at a point, by its distance from the name.
func (b *box) strength(x, y float64) uint8 {
	dx, dy := x-b.mid.x, y-b.mid.y
	u := max(math.Abs(dx*b.cos+dy*b.sin)-b.w, 0)
	v := max(math.Abs(dy*b.cos-dx*b.sin)-b.h, 0)
	if u == 0 && v == 0 {
		return faintest + strongest
	}
	k := 1 - math.Sqrt(u*u+v*v)/lineReach
	if k <= 0 {
		return 0
	}
	return uint8(faintest + strongest*k*k)
}

// crossed draws the lines about name i, and takes them out of c.lined.
func (c *canvas) crossed(b *box, i uint8, ink color.RGBA) {
	t := c.about(b)
	w := t.Dx()
	if n := w * t.Dy(); cap(c.soft) < n {
		c.soft = make([]uint8, n)
	}
	c.soft = c.soft[:w*t.Dy()]
	for y := range t.Dy() {
		at := (t.Min.Y+y)*c.img.YStride + t.Min.X
		to := c.soft[y*w:][:w]
		for x := range to {
			k := at + x
			to[x] = 0
			if c.near[k] > 0 && c.owner[k] == i {
				to[x] = uint8(uint32(c.lined[k]) * uint32(c.near[k]) / 255)
				c.lined[k] = 0
			}
		}
	}
	c.blend(t, c.soft, w, ink)
}
