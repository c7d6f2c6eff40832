package city

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"

	"github.com/daero/daero/captcha/mapquiz/names"
)

// sign is how an icon looks: a plate with a picture on it.
type sign struct {
	shape  int // 0 disc, 1 rounded square, 2 shield-like drop
	style  int // 0 white on colour, 1 colour on white
	colour color.RGBA
	second bool // the other picture of the category
	turn   float64
}

// colours are what maps usually give a category, two to choose from.
var colours = map[names.Category][2]color.RGBA{
	names.School:    {rgb(0xc9822b), rgb(0x8a6d3b)},
	names.Bank:      {rgb(0x2f5fb3), rgb(0x41508c)},
	names.Pharmacy:  {rgb(0x1f9d55), rgb(0x20877a)},
	names.Hospital:  {rgb(0xd0354b), rgb(0x3a6fc4)},
	names.Mart:      {rgb(0x5b4fc9), rgb(0xb0552f)},
	names.Church:    {rgb(0x6b6f7a), rgb(0x7a5c48)},
	names.Cafe:      {rgb(0x8d5a34), rgb(0x5f4b3a)},
	names.Library:   {rgb(0x2c8a8a), rgb(0x596b2e)},
	names.Post:      {rgb(0xd9482b), rgb(0xa83a5a)},
	names.Police:    {rgb(0x1d4f91), rgb(0x33475f)},
	names.Bakery:    {rgb(0xc77b1e), rgb(0xa8622f)},
	names.Apartment: {rgb(0x566070), rgb(0x47627d)},
	names.Station:   {rgb(0x0f7fc2), rgb(0x2f8f3e)},
}

// signs chooses the look of a map's icons: one shape and style for all, so that
// it looks made by one hand, pictures and colours one by one.
func signs(r *rand.Rand) func(names.Category) sign {
	shape, style := r.IntN(3), r.IntN(2)
	bits, drop := r.Uint64(), hue(r.Float64())
	return func(c names.Category) sign {
		k := 0
		for i, s := range append([]names.Category{names.Station}, shops...) {
			if s == c {
				k = i
			}
		}
		s := sign{shape: shape, style: style, second: bits>>(2*k)&1 == 1}
		s.colour = mix(colours[c][bits>>(2*k+1)&1], drop, 0.1)
		return s
	}
}

// icon draws a sign of radius r about at.
func (c *canvas) icon(cat names.Category, s sign, at pt, r float64, rim color.RGBA) {
	white := rgb(0xffffff)
	plate, fore := s.colour, white
	if s.style == 1 {
		plate, fore = white, s.colour
	}
	c.path.reset()
	s.outline(&c.path, at, r)
	c.fill(&c.path, rim)
	if s.style == 1 {
		c.path.reset()
		s.outline(&c.path, at, r-0.09*r)
		c.fill(&c.path, s.colour)
		c.path.reset()
		s.outline(&c.path, at, r-0.24*r)
		c.fill(&c.path, plate)
	} else {
		c.path.reset()
		s.outline(&c.path, at, r-0.11*r)
		c.fill(&c.path, plate)
	}
	b := brush{c: c, at: at, k: r * 0.62, cos: math.Cos(s.turn), sin: math.Sin(s.turn), fore: fore, back: plate}
	picture(&b, cat, s.second)
}

func (s *sign) outline(p *path, at pt, r float64) {
	switch s.shape {
	case 0:
		p.circle(at, r)
	case 1:
		k := r * 0.92
		q := r * 0.34
		p.polygon(roundRect(at, k, k, q)...)
	default:
		// A superellipse: between a disc and a square.
		pts := make([]pt, 0, 40)
		for i := range 40 {
			a := 2 * math.Pi * float64(i) / 40
			x, y := math.Cos(a), math.Sin(a)
			f := math.Pow(math.Pow(math.Abs(x), 3.4)+math.Pow(math.Abs(y), 3.4), -1/3.4) * 0.95
			pts = append(pts, at.add(pt{x * f * r, y * f * r}))
		}
		p.polygon(pts...)
	}
}

func roundRect(c pt, w, h, r float64) []pt {
	pts := make([]pt, 0, 24)
	for q, o := range []pt{{w - r, h - r}, {r - w, h - r}, {r - w, r - h}, {w - r, r - h}} {
		for i := range 6 {
			a := (float64(q) + float64(i)/5) * math.Pi / 2
			pts = append(pts, c.add(o).add(pt{math.Cos(a) * r, math.Sin(a) * r}))
		}
	}
	return pts
}

// IconPNG draws a category's icon alone, for questions about an icon, varied by
// seed: shape, colours, a few degrees of turn.
func IconPNG(cat names.Category, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0x69636f6e))
	s := signs(r)(cat)
	s.turn = (r.Float64() - 0.5) * 0.36
	c := new(canvas)
	c.fit(256, 256, 4)
	t := dress(r)
	c.flood(t.land)
	c.path.stroke([]pt{{-4, 64 * r.Float64()}, {68, 64 * r.Float64()}}, 14, false)
	c.fill(&c.path, t.street)
	c.icon(cat, s, pt{32 + 4*(r.Float64()-0.5), 32 + 4*(r.Float64()-0.5)}, 22+4*r.Float64(), rgb(0xffffff))
	var b bytes.Buffer
	if err := png.Encode(&b, half(&c.img)); err != nil {
		return nil // writing to memory does not fail
	}
	return b.Bytes()
}

// half is a picture at half its size, where every pixel has a hue of its own.
func half(m *image.YCbCr) *image.RGBA {
	w, h := m.Rect.Dx()/2, m.Rect.Dy()/2
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			at := 2*y*m.YStride + 2*x
			light := (uint32(m.Y[at]) + uint32(m.Y[at+1]) + uint32(m.Y[at+m.YStride]) + uint32(m.Y[at+m.YStride+1]) + 2) / 4
			hue := y*m.CStride + x
			r, g, b := color.YCbCrToRGB(uint8(light), m.Cb[hue], m.Cr[hue])
			to.SetRGBA(x, y, color.RGBA{r, g, b, 255})
		}
	}
	return to
}
