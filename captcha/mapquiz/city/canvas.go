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
//
// It paints in the colours of JPEG, a brightness for every pixel and a hue for
// every two by two: that is half the bytes of red, green and blue, and nothing is
// left to convert when the picture is encoded.
type canvas struct {
	img   image.YCbCr     // whole blocks of 16 × 16: what is beyond Rect is painted, and not shown
	pix   []uint8         // of img
	room  image.Rectangle // the whole of it
	scale float64

	ras  vector.Rasterizer
	mask image.Alpha // coverage of the shape at hand
	soft []uint8     // room for a halo's mask
	hard []uint8     // and for another
	sums []uint32
	path path

	shapes []shape // of the path at hand
	dots   [][2]float32

	lined, near, owner []uint8 // of the lines across names
	out                encoder
}

// canvases keeps canvases with their buffers: a fresh one costs 2 MB.
var canvases = sync.Pool{New: func() any { return new(canvas) }}

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
	return c.even(image.Rect(at(t.x0), at(t.y0), at(t.x1)+1, at(t.y1)+1))
}

// even makes a box's corners even, so that it has whole squares of hue, and clips
// it to the picture.
func (c *canvas) even(t image.Rectangle) image.Rectangle {
	return image.Rect(t.Min.X&^1, t.Min.Y&^1, (t.Max.X+1)&^1, (t.Max.Y+1)&^1).Intersect(c.room)
}

// fill paints a path. The boxes that are rasterised are clipped to the picture:
// the rasteriser's time is that of its box, and it panics outside of it.
func (c *canvas) fill(p *path, col color.RGBA) {
	c.prepare(p)
	c.tiles(c.bounds(), func(t image.Rectangle) {
		if c.cover(p, t) {
			c.blend(t, c.mask.Pix, c.mask.Stride, col)
		}
	})
}

// tiles cuts a box into tiles.
func (c *canvas) tiles(box image.Rectangle, each func(image.Rectangle)) {
	for y := box.Min.Y; y < box.Max.Y; y += tile {
		for x := box.Min.X; x < box.Max.X; x += tile {
			each(image.Rect(x, y, x+tile, y+tile).Intersect(box))
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

// blend lays a colour over box t, whose corners are even, as far as the mask
// covers it. Eight bytes of mask at a time are nothing or all in most places.
func (c *canvas) blend(t image.Rectangle, mask []uint8, stride int, col color.RGBA) {
	v := tintOf(col)
	w := t.Dx()
	m := &c.img
	for y := 0; y < t.Dy(); y += 2 {
		m0, m1 := mask[y*stride:][:w], mask[(y+1)*stride:][:w]
		at, hue := (t.Min.Y+y)*m.YStride+t.Min.X, (t.Min.Y+y)/2*m.CStride+t.Min.X/2
		v.rows(m0, m1, m.Y[at:][:w], m.Y[at+m.YStride:][:w], m.Cb[hue:][:w/2], m.Cr[hue:][:w/2])
	}
}

// tint is a colour as it is laid over others.
type tint struct{ y, cb, cr, a uint32 }

func tintOf(c color.RGBA) tint {
	y, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
	return tint{uint32(y), uint32(cb), uint32(cr), uint32(c.A)}
}

// rows blends two rows, m0 and m1 of the mask, into y0 and y1 of the brightness
// and the row of the hues that they share.
func (v *tint) rows(m0, m1, y0, y1, cb, cr []uint8) {
	const all = 1<<64 - 1
	const each = 0x0101010101010101
	for x := 0; x < len(m0); {
		if x+8 <= len(m0) {
			a, b := binary.LittleEndian.Uint64(m0[x:]), binary.LittleEndian.Uint64(m1[x:])
			if a|b == 0 {
				x += 8
				continue
			}
			if a&b == all && v.a == 255 {
				binary.LittleEndian.PutUint64(y0[x:], uint64(v.y)*each)
				binary.LittleEndian.PutUint64(y1[x:], uint64(v.y)*each)
				binary.LittleEndian.PutUint32(cb[x/2:], v.cb*(each&(1<<32-1)))
				binary.LittleEndian.PutUint32(cr[x/2:], v.cr*(each&(1<<32-1)))
				x += 8
				continue
			}
		}
		v.square((*[2]uint8)(m0[x:]), (*[2]uint8)(m1[x:]), (*[2]uint8)(y0[x:]), (*[2]uint8)(y1[x:]), &cb[x/2], &cr[x/2])
		x += 2
	}
}

// square blends two by two pixels.
func (v *tint) square(m0, m1, y0, y1 *[2]uint8, cb, cr *uint8) {
	a, b, c, d := uint32(m0[0]), uint32(m0[1]), uint32(m1[0]), uint32(m1[1])
	if v.a != 255 {
		a, b, c, d = a*v.a/255, b*v.a/255, c*v.a/255, d*v.a/255
	}
	sum := a + b + c + d
	if sum == 0 {
		return
	}
	y0[0], y0[1] = lay(y0[0], v.y, a), lay(y0[1], v.y, b)
	y1[0], y1[1] = lay(y1[0], v.y, c), lay(y1[1], v.y, d)
	*cb, *cr = layAll(*cb, v.cb, sum), layAll(*cr, v.cr, sum)
}

// lay lays v over d, a of 255: (x*257+257*128)>>16 is x/255 to the nearest for x
// up to 65,025.
func lay(d uint8, v, a uint32) uint8 {
	return uint8(((uint32(d)*(255-a)+v*a)*257 + 128*257) >> 16)
}

// layAll lays v over d, s of 4 × 255.
func layAll(d uint8, v, s uint32) uint8 {
	return uint8(((uint32(d)*(4*255-s)+v*s)*257 + 512*257) >> 18)
}
