package city

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
)

// Scale is how many pixels of the picture make one of CSS. A phone shows a map
// about 340 px wide on two or three pixels each: with 1.5 names stay sharp there,
// for half of what 2 costs in time and bytes.
const Scale = 1.5

// quality of the JPEG: from 78 up nobody sees the difference at one and a half pixels.
const quality = 78

// Draw draws it, Scale times as large as Width and Height.
func (p *Plan) Draw() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, p.Width*3/2, p.Height*3/2))
	c := canvases.Get().(*canvas)
	defer canvases.Put(c)
	c.img, c.scale = img, Scale
	p.paint(c)
	c.img = nil
	return img
}

// JPEG draws and encodes it, without metadata.
func (p *Plan) JPEG() []byte {
	c := canvases.Get().(*canvas)
	defer canvases.Put(c)
	c.scale = Scale
	c.fit(p.Width*3/2, p.Height*3/2)
	p.paint(c)
	var b bytes.Buffer
	b.Grow(128 << 10)
	if err := jpeg.Encode(&b, c.img, &jpeg.Options{Quality: quality}); err != nil {
		return nil // writing to memory does not fail
	}
	return b.Bytes()
}

// fit makes room for a picture of w × h, in the buffer that is there.
func (c *canvas) fit(w, h int) {
	if c.own == nil || cap(c.own.Pix) < 4*w*h {
		c.own = image.NewRGBA(image.Rect(0, 0, maxWidth*3/2, maxHeight*3/2))
	}
	c.own.Pix, c.own.Stride, c.own.Rect = c.own.Pix[:4*w*h], 4*w, image.Rect(0, 0, w, h)
	c.img = c.own
}

// paint draws everything, from the ground up.
func (p *Plan) paint(c *canvas) {
	p.fillOnce.Do(func() { p.ground.fill(stream(p.seed, streamFill)) })
	p.paintGround(c)
	p.paintStreets(c)
	p.paintRail(c)
	p.paintRoute(c)
	r := stream(p.Spec.Seed, streamDirt)
	p.paintLabels(c)
	if p.Spec.Level >= 3 {
		p.paintLines(c)
	}
	for _, q := range p.Places {
		c.icon(q.Category, p.sign(q.Category), pt{q.X, q.Y}, q.R, p.rim())
	}
	if p.Spec.Level >= 4 {
		c.grain(r.Uint64(), 9)
	}
}

func (p *Plan) rim() color.RGBA {
	if p.look.dark {
		return mix(p.look.halo, rgb(0xffffff), 0.85)
	}
	return rgb(0xffffff)
}

func (p *Plan) paintGround(c *canvas) {
	l, t := p.ground, &p.look
	draw := func(col color.RGBA, add func(*path)) {
		c.path.reset()
		add(&c.path)
		c.fill(&c.path, col)
	}
	c.flood(t.land)
	draw(t.block, func(q *path) {
		for _, ring := range l.squares {
			q.polygon(ring...)
		}
	})
	draw(t.park, func(q *path) {
		for _, ring := range l.parks {
			q.polygon(ring...)
		}
	})
	if len(l.river) > 0 {
		draw(mix(t.park, t.land, 0.35), func(q *path) { q.stroke(l.river, l.riverW+11, false) })
		draw(t.water, func(q *path) { q.stroke(l.river, l.riverW, false) })
	}
	draw(t.tree, func(q *path) {
		for _, tr := range l.trees {
			q.circle(tr.at, tr.r)
		}
	})
	draw(t.roofEdge, func(q *path) {
		for _, b := range l.roofs { // a hint of a shadow
			d := pt{0.9, 1.1}
			q.polygon(b.pts[0].add(d), b.pts[1].add(d), b.pts[2].add(d), b.pts[3].add(d))
		}
	})
	for tone, col := range []color.RGBA{t.roof, mix(t.roof, t.roofEdge, 0.45)} {
		draw(col, func(q *path) {
			for _, b := range l.roofs {
				if b.tone == tone {
					q.polygon(b.pts[:]...)
				}
			}
		})
	}
}

// flood paints everything.
func (c *canvas) flood(col color.RGBA) {
	row := c.img.Pix[:c.img.Stride]
	for i := 0; i < len(row); i += 4 {
		row[i], row[i+1], row[i+2], row[i+3] = col.R, col.G, col.B, 255
	}
	for y := 1; y < c.img.Rect.Dy(); y++ {
		copy(c.img.Pix[y*c.img.Stride:(y+1)*c.img.Stride], row)
	}
}

// paintStreets draws all edges first and all surfaces after them, so that
// crossings are open; wide roads lie above the others.
func (p *Plan) paintStreets(c *canvas) {
	t := &p.look
	for _, major := range []bool{false, true} {
		edge, top, rim := t.edge, t.street, 1.9
		if major {
			edge, top, rim = t.mainEdge, t.main, 2.2
		}
		for _, w := range []float64{rim, 0} {
			c.path.reset()
			for _, s := range p.ground.streets {
				if s.major == major {
					c.path.stroke(s.pts, s.width+w, true)
				}
			}
			if w > 0 {
				c.fill(&c.path, edge)
			} else {
				c.fill(&c.path, top)
			}
		}
	}
}

func (p *Plan) paintRail(c *canvas) {
	t := &p.look
	c.path.reset()
	c.path.stroke(p.ground.rail, 3.6, false)
	c.fill(&c.path, t.rail)
	c.path.reset()
	c.path.dashed(p.ground.rail, 1.8, 7, 7)
	c.fill(&c.path, t.street)
}

// paintRoute draws the coloured road.
func (p *Plan) paintRoute(c *canvas) {
	k := routeColours[p.routed]
	col := k.light
	if p.look.dark {
		col = k.dark
	}
	c.path.reset()
	c.path.stroke(p.ground.route, 8, true)
	c.fill(&c.path, p.look.halo)
	c.path.reset()
	c.path.stroke(p.ground.route, 5, true)
	c.fill(&c.path, col)
}

// paintLabels writes the names.
func (p *Plan) paintLabels(c *canvas) {
	reach, gain := 2.2, 5.0
	if p.Spec.Level >= 3 {
		reach, gain = 1.2, 2.6
	}
	for i := range p.texts {
		t := &p.texts[i]
		c.write(t, p.face(t), p.ink(t), p.look.halo, reach, gain)
	}
}

func (p *Plan) face(t *text) *face { return choose(t.face, t.bold, p.Spec.Lang == "ko") }

func (p *Plan) ink(t *text) color.RGBA { return p.look.inks[t.ink%len(p.look.inks)] }

// grain adds noise of up to k to every pixel.
func (c *canvas) grain(seed uint64, k int) {
	for y := range c.img.Rect.Dy() {
		row := c.img.Pix[y*c.img.Stride:]
		for x := range c.img.Rect.Dx() {
			seed ^= seed << 13
			seed ^= seed >> 7
			seed ^= seed << 17
			n := int(seed>>33)%(2*k+1) - k
			for i := range 3 {
				row[4*x+i] = uint8(max(0, min(255, int(row[4*x+i])+n)))
			}
		}
	}
}

// lineWidth is that of the lines across names: as wide as the strokes, so that
// no filter of widths takes them out.
const lineWidth = 1.3

// paintLines lays the thin lines: faint over the land, and of the colour of the
// ink where they cross a name, so that no filter of colours takes them out.
func (p *Plan) paintLines(c *canvas) {
	const steps, reach = 5, 7.0
	by := make([][steps]path, len(p.look.inks))
	var far path
	for _, line := range p.ground.lines {
		for i := 1; i < len(line); i++ {
			p.cut(line[i-1], line[i], func(a, b pt) {
				d, name := p.nameDist(a.lerp(b, 0.5))
				if k := int(d / reach * steps); k < steps {
					by[p.texts[name].ink%len(by)][k].stroke([]pt{a, b}, lineWidth, false)
				} else {
					far.stroke([]pt{a, b}, 1, false)
				}
			})
		}
	}
	faint := p.look.inks[0]
	faint.A = 36
	c.fill(&far, faint)
	for i := range by {
		for k := range by[i] {
			near := 1 - float64(k)/steps
			ink := p.look.inks[i]
			ink.A = uint8(36 + 190*near*near)
			c.fill(&by[i][k], ink)
		}
	}
}

// cut cuts a piece of a line that is on the map into pieces of 3 px at most.
func (p *Plan) cut(a, b pt, each func(a, b pt)) {
	if m := a.lerp(b, 0.5); m.x < -12 || m.y < -12 || m.x > float64(p.Width)+12 || m.y > float64(p.Height)+12 {
		return
	}
	n := int(a.dist(b)/3) + 1
	for i := range n {
		each(a.lerp(b, float64(i)/float64(n)), a.lerp(b, float64(i+1)/float64(n)))
	}
}

// nameDist is how far a point is from the nearest name, and which that is.
func (p *Plan) nameDist(a pt) (float64, int) {
	least, name := math.Inf(1), 0
	for i := range p.boxes {
		t := &p.boxes[i]
		d := a.sub(t.mid)
		x := max(math.Abs(d.x*t.cos+d.y*t.sin)-t.w, 0)
		y := max(math.Abs(d.y*t.cos-d.x*t.sin)-t.h, 0)
		if q := x*x + y*y; q < least {
			least, name = q, i
		}
	}
	return math.Sqrt(least), name
}
