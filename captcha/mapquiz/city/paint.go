package city

import (
	"image"
	"image/color"
)

// Scale is how many pixels of the picture make one of CSS. A phone shows a map
// about 340 px wide on two or three pixels each: with 1.5 names stay sharp there,
// for half of what 2 costs in time and bytes.
const Scale = 1.5

// quality of the JPEG: from 78 up nobody sees the difference at one and a half pixels.
const quality = 78

// Draw draws it, Scale times as large as Width and Height.
func (p *Plan) Draw() *image.YCbCr {
	c := new(canvas)
	p.paint(c)
	return &c.img
}

// JPEG draws and encodes it, without metadata.
func (p *Plan) JPEG() []byte {
	c := canvases.Get().(*canvas)
	defer canvases.Put(c)
	p.paint(c)
	return c.out.encode(&c.img)
}

// fit makes room for a picture of w × h pixels, in the buffer that is there.
func (c *canvas) fit(w, h int, scale float64) {
	c.scale = scale
	wide, high := (w+15)&^15, (h+15)&^15
	c.room = image.Rect(0, 0, wide, high)
	if n := wide * high; cap(c.pix) < n*3/2 {
		c.pix = make([]uint8, n*3/2)
	}
	n := wide * high
	c.img = image.YCbCr{
		Y: c.pix[:n:n], Cb: c.pix[n : n*5/4 : n*5/4], Cr: c.pix[n*5/4 : n*3/2],
		YStride: wide, CStride: wide / 2, SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, w, h),
	}
}

// paint draws everything, from the ground up.
func (p *Plan) paint(c *canvas) {
	c.fit(p.Width*3/2, p.Height*3/2, Scale)
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
	v := tintOf(col)
	fillWith(c.img.Y, uint8(v.y))
	fillWith(c.img.Cb, uint8(v.cb))
	fillWith(c.img.Cr, uint8(v.cr))
}

func fillWith(p []uint8, v uint8) {
	p[0] = v
	for n := 1; n < len(p); n *= 2 {
		copy(p[n:], p[:n])
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

// grain adds noise of up to k to the brightness of every pixel.
func (c *canvas) grain(seed uint64, k int) {
	for i, v := range c.img.Y {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		c.img.Y[i] = uint8(max(0, min(255, int(v)+int(seed>>33)%(2*k+1)-k)))
	}
}
