package city

import (
	"image/color"
	"math"

	"github.com/daero/daero/captcha/mapquiz/names"
)

// brush draws a picture of a sign, in a square from -1 to 1.
type brush struct {
	c          *canvas
	at         pt
	k          float64
	cos, sin   float64
	fore, back color.RGBA
}

func (b *brush) on(x, y float64) pt {
	return pt{b.at.x + (x*b.cos-y*b.sin)*b.k, b.at.y + (x*b.sin+y*b.cos)*b.k}
}

func (b *brush) poly(col color.RGBA, xy ...float64) {
	b.c.path.reset()
	pts := make([]pt, 0, len(xy)/2)
	for i := 0; i+1 < len(xy); i += 2 {
		pts = append(pts, b.on(xy[i], xy[i+1]))
	}
	b.c.path.polygon(pts...)
	b.c.fill(&b.c.path, col)
}

func (b *brush) box(col color.RGBA, x0, y0, x1, y1 float64) {
	b.poly(col, x0, y0, x1, y0, x1, y1, x0, y1)
}

func (b *brush) round(col color.RGBA, x0, y0, x1, y1, r float64) {
	b.c.path.reset()
	pts := roundRect(pt{(x0 + x1) / 2, (y0 + y1) / 2}, (x1-x0)/2, (y1-y0)/2, r)
	for i, p := range pts {
		pts[i] = b.on(p.x, p.y)
	}
	b.c.path.polygon(pts...)
	b.c.fill(&b.c.path, col)
}

func (b *brush) disc(col color.RGBA, x, y, r float64) {
	b.c.path.reset()
	b.c.path.circle(b.on(x, y), r*b.k)
	b.c.fill(&b.c.path, col)
}

func (b *brush) pen(col color.RGBA, w float64, xy ...float64) {
	b.c.path.reset()
	pts := make([]pt, 0, len(xy)/2)
	for i := 0; i+1 < len(xy); i += 2 {
		pts = append(pts, b.on(xy[i], xy[i+1]))
	}
	b.c.path.stroke(pts, w*b.k, true)
	b.c.fill(&b.c.path, col)
}

func (b *brush) arc(col color.RGBA, w, x, y, r, from, to float64) {
	xy := make([]float64, 0, 26)
	for i := range 13 {
		a := from + (to-from)*float64(i)/12
		xy = append(xy, x+r*math.Cos(a), y+r*math.Sin(a))
	}
	b.pen(col, w, xy...)
}

// picture draws what a category is known by; each has two pictures.
func picture(b *brush, c names.Category, second bool) {
	f, k := b.fore, b.back
	switch c {
	case names.School:
		school(b, f, k, second)
	case names.Bank:
		bank(b, f, k, second)
	case names.Pharmacy:
		pharmacy(b, f, k, second)
	case names.Hospital:
		hospital(b, f, k, second)
	case names.Mart:
		mart(b, f, k, second)
	case names.Church:
		church(b, f, k, second)
	case names.Cafe:
		cafe(b, f, k, second)
	case names.Library:
		library(b, f, k, second)
	case names.Post:
		post(b, f, k, second)
	case names.Police:
		police(b, f, k, second)
	case names.Bakery:
		bakery(b, f, k, second)
	case names.Apartment:
		apartment(b, f, k, second)
	case names.Station:
		station(b, f, k, second)
	}
}

func school(b *brush, f, k color.RGBA, second bool) {
	if second { // a mortarboard
		b.poly(f, 0, -0.75, 1.05, -0.25, 0, 0.25, -1.05, -0.25)
		b.poly(f, -0.6, 0.12, 0, 0.42, 0.6, 0.12, 0.6, 0.55, 0, 0.85, -0.6, 0.55)
		b.pen(f, 0.14, 0.92, -0.2, 0.92, 0.55)
		return
	}
	b.box(f, -0.95, 0, 0.95, 0.8) // a house with a flag and a clock
	b.poly(f, -0.5, 0, 0, -0.45, 0.5, 0)
	b.pen(f, 0.14, 0, -0.4, 0, -1)
	b.poly(f, 0, -1.05, 0.55, -0.82, 0, -0.58)
	b.box(k, -0.17, 0.35, 0.17, 0.8)
	b.box(k, -0.7, 0.22, -0.42, 0.5)
	b.box(k, 0.42, 0.22, 0.7, 0.5)
}

func bank(b *brush, f, k color.RGBA, second bool) {
	if second { // a coin with the sign of the won
		b.disc(f, 0, 0, 0.95)
		b.pen(k, 0.17, -0.55, -0.45, -0.27, 0.5, 0, -0.35, 0.27, 0.5, 0.55, -0.45)
		b.pen(k, 0.12, -0.68, -0.02, 0.68, -0.02)
		return
	}
	b.poly(f, -1, -0.35, 0, -0.95, 1, -0.35)
	for _, x := range []float64{-0.66, 0, 0.66} {
		b.box(f, x-0.14, -0.25, x+0.14, 0.5)
	}
	b.box(f, -0.95, 0.58, 0.95, 0.85)
}

func pharmacy(b *brush, f, k color.RGBA, second bool) {
	if second { // a mortar with its pestle
		b.poly(f, -0.8, -0.15, 0.8, -0.15, 0.5, 0.6, -0.5, 0.6)
		b.box(f, -0.5, 0.68, 0.5, 0.88)
		b.pen(f, 0.2, 0.1, -0.3, 0.6, -0.95)
		b.pen(k, 0.14, 0, 0.02, 0, 0.42)
		b.pen(k, 0.14, -0.2, 0.22, 0.2, 0.22)
		return
	}
	b.pen(f, 0.8, -0.45, 0.45, 0.45, -0.45) // a capsule
	b.pen(k, 0.5, 0.06, -0.06, 0.43, -0.43)
	b.pen(f, 0.12, -0.33, -0.33, 0.33, 0.33)
}

func hospital(b *brush, f, k color.RGBA, second bool) {
	if second { // an H
		b.box(f, -0.68, -0.8, -0.3, 0.8)
		b.box(f, 0.3, -0.8, 0.68, 0.8)
		b.box(f, -0.3, -0.19, 0.3, 0.19)
		return
	}
	b.box(f, -0.3, -0.9, 0.3, 0.9)
	b.box(f, -0.9, -0.3, 0.9, 0.3)
	_ = k
}

func mart(b *brush, f, k color.RGBA, second bool) {
	if second { // a bag
		b.poly(f, -0.72, -0.3, 0.72, -0.3, 0.86, 0.85, -0.86, 0.85)
		b.arc(f, 0.16, 0, -0.32, 0.4, math.Pi, 2*math.Pi)
		b.arc(k, 0.14, 0, 0, 0.36, 0, math.Pi)
		return
	}
	b.pen(f, 0.16, -1, -0.7, -0.7, -0.7, -0.42, 0.35, 0.72, 0.35) // a trolley
	b.poly(f, -0.62, -0.45, 0.95, -0.45, 0.75, 0.15, -0.48, 0.15)
	b.disc(f, -0.28, 0.7, 0.19)
	b.disc(f, 0.56, 0.7, 0.19)
}

func church(b *brush, f, k color.RGBA, second bool) {
	if second { // a nave with a spire
		b.poly(f, -0.85, 0.9, -0.85, 0.25, 0, -0.3, 0.85, 0.25, 0.85, 0.9)
		b.pen(f, 0.15, 0, -0.3, 0, -1.05)
		b.pen(f, 0.15, -0.27, -0.75, 0.27, -0.75)
		b.box(k, -0.17, 0.4, 0.17, 0.9)
		return
	}
	b.box(f, -0.16, -1, 0.16, 1)
	b.box(f, -0.6, -0.5, 0.6, -0.2)
}

func cafe(b *brush, f, k color.RGBA, second bool) {
	if second { // a paper cup
		b.poly(f, -0.5, -0.4, 0.5, -0.4, 0.36, 0.95, -0.36, 0.95)
		b.round(f, -0.66, -0.78, 0.66, -0.5, 0.12)
		b.poly(k, -0.44, 0.05, 0.44, 0.05, 0.4, 0.45, -0.4, 0.45)
		b.pen(f, 0.12, 0.1, -0.8, 0.3, -1.1)
		return
	}
	b.poly(f, -0.8, -0.2, 0.5, -0.2, 0.38, 0.5, 0.1, 0.68, -0.4, 0.68, -0.68, 0.5)
	b.arc(f, 0.15, 0.5, 0.12, 0.28, -math.Pi/2, math.Pi/2)
	b.pen(f, 0.13, -0.9, 0.88, 0.65, 0.88)
	b.pen(f, 0.12, -0.45, -0.4, -0.32, -0.6, -0.48, -0.78, -0.35, -0.98)
	b.pen(f, 0.12, 0.02, -0.4, 0.15, -0.6, -0.01, -0.78, 0.12, -0.98)
}

func library(b *brush, f, k color.RGBA, second bool) {
	if second { // books on a shelf
		b.box(f, -0.8, -0.75, -0.42, 0.6)
		b.box(f, -0.34, -0.55, 0.02, 0.6)
		b.poly(f, 0.12, -0.62, 0.46, -0.72, 0.8, 0.5, 0.46, 0.6)
		b.box(f, -0.95, 0.68, 0.95, 0.86)
		b.pen(k, 0.1, -0.72, -0.45, -0.5, -0.45)
		return
	}
	b.poly(f, -0.06, -0.45, -0.5, -0.68, -1, -0.6, -1, 0.55, -0.5, 0.48, -0.06, 0.7) // an open book
	b.poly(f, 0.06, -0.45, 0.5, -0.68, 1, -0.6, 1, 0.55, 0.5, 0.48, 0.06, 0.7)
	for _, y := range []float64{-0.3, 0, 0.28} {
		b.pen(k, 0.1, -0.8, y-0.06, -0.3, y+0.02)
		b.pen(k, 0.1, 0.3, y+0.02, 0.8, y-0.06)
	}
}

func post(b *brush, f, k color.RGBA, second bool) {
	if second { // a letter box
		b.poly(f, -0.75, 0.35, -0.75, -0.3, -0.45, -0.7, 0.6, -0.7, 0.85, -0.4, 0.85, 0.35)
		b.box(f, -0.14, 0.35, 0.14, 1)
		b.box(k, -0.5, -0.25, 0.05, -0.08)
		b.pen(k, 0.13, 0.35, 0.1, 0.35, -0.4, 0.6, -0.4)
		return
	}
	b.box(f, -0.95, -0.62, 0.95, 0.62)
	b.pen(k, 0.15, -0.9, -0.55, 0, 0.14, 0.9, -0.55)
}

func police(b *brush, f, k color.RGBA, second bool) {
	star := func(col color.RGBA, y, r float64) {
		xy := make([]float64, 0, 20)
		for i := range 10 {
			q := r
			if i%2 == 1 {
				q = r * 0.42
			}
			a := float64(i)*math.Pi/5 - math.Pi/2
			xy = append(xy, q*math.Cos(a), y+q*math.Sin(a))
		}
		b.poly(col, xy...)
	}
	if second {
		star(f, 0.06, 1.05)
		b.disc(k, 0, 0.06, 0.2)
		return
	}
	b.poly(f, 0, -1, 0.42, -0.78, 0.88, -0.76, 0.82, 0.2, 0.48, 0.68, 0, 1, -0.48, 0.68, -0.82, 0.2, -0.88, -0.76, -0.42, -0.78)
	star(k, -0.06, 0.58)
}

func bakery(b *brush, f, k color.RGBA, second bool) {
	if second { // a slice of a loaf
		b.round(f, -0.68, -0.55, 0.68, 0.85, 0.14)
		b.round(f, -0.88, -0.8, 0.88, 0, 0.36)
		b.arc(k, 0.11, 0, 0.15, 0.33, 0.2, 2.2)
		b.disc(k, -0.22, -0.25, 0.1)
		b.disc(k, 0.26, -0.12, 0.1)
		return
	}
	b.pen(f, 0.66, -0.55, 0.42, 0.55, -0.42) // a baguette
	for _, d := range []float64{-0.42, 0, 0.42} {
		b.pen(k, 0.13, d-0.02, -d*0.78-0.24, d+0.14, -d*0.78+0.14)
	}
}

func apartment(b *brush, f, k color.RGBA, second bool) {
	win := func(x, y float64) { b.box(k, x-0.1, y-0.1, x+0.1, y+0.1) }
	if second { // one tower
		b.box(f, -0.55, -0.95, 0.55, 0.9)
		for _, y := range []float64{-0.62, -0.22, 0.18} {
			win(-0.25, y)
			win(0.25, y)
		}
		b.box(k, -0.14, 0.52, 0.14, 0.9)
		return
	}
	b.box(f, -0.9, -0.85, -0.08, 0.85)
	b.box(f, 0.06, -0.3, 0.9, 0.85)
	for _, y := range []float64{-0.55, -0.12, 0.31} {
		win(-0.67, y)
		win(-0.31, y)
	}
	win(0.3, 0.05)
	win(0.66, 0.05)
	win(0.3, 0.45)
	win(0.66, 0.45)
}

func station(b *brush, f, k color.RGBA, second bool) {
	b.round(f, -0.7, -0.95, 0.7, 0.6, 0.28)
	if second {
		b.round(k, -0.48, -0.62, -0.06, 0, 0.1)
		b.round(k, 0.06, -0.62, 0.48, 0, 0.1)
	} else {
		b.round(k, -0.48, -0.66, 0.48, 0, 0.12)
	}
	b.disc(k, -0.38, 0.3, 0.14)
	b.disc(k, 0.38, 0.3, 0.14)
	b.pen(f, 0.15, -0.4, 0.7, -0.65, 1)
	b.pen(f, 0.15, 0.4, 0.7, 0.65, 1)
}
