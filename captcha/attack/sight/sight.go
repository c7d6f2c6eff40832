// Package sight is what attackers on pictures see with: it opens a map, takes
// turned pieces out of it, and understands what a question asks for. It knows
// nothing that a visitor is not shown.
package sight

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/daero/daero/captcha"
)

// Picture is a map as an attacker has it: red, green and blue of every pixel.
type Picture struct {
	W, H  int
	Scale float64 // pixels of one CSS pixel
	Pix   []uint8 // RGB
}

// maxSide bounds what is opened; maps are about 750 pixels wide.
const maxSide = 4096

// ErrNoPicture says that a question came without its map.
var ErrNoPicture = errors.New("the question has no map")

// Open decodes a medium of a puzzle.
func Open(p *captcha.Puzzle, m captcha.Media) (*Picture, error) {
	decode, config := jpeg.Decode, jpeg.DecodeConfig
	if m.Type == "image/png" {
		decode, config = png.Decode, png.DecodeConfig
	}
	c, err := config(bytes.NewReader(m.Bytes))
	if err != nil || c.Width > maxSide || c.Height > maxSide {
		return nil, ErrNoPicture
	}
	img, err := decode(bytes.NewReader(m.Bytes))
	if err != nil {
		return nil, ErrNoPicture
	}
	pic := Of(img)
	if p != nil && p.Width > 0 {
		pic.Scale = float64(pic.W) / float64(p.Width)
	}
	return pic, nil
}

// Of takes an image as it is.
func Of(img image.Image) *Picture {
	b := img.Bounds()
	p := &Picture{W: b.Dx(), H: b.Dy(), Scale: 1, Pix: make([]uint8, 3*b.Dx()*b.Dy())}
	i := 0
	if m, ok := img.(*image.YCbCr); ok { // what a JPEG decodes to: 10 times as fast
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				c := m.COffset(x, y)
				p.Pix[i], p.Pix[i+1], p.Pix[i+2] = color.YCbCrToRGB(m.Y[m.YOffset(x, y)], m.Cb[c], m.Cr[c])
				i += 3
			}
		}
		return p
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			p.Pix[i], p.Pix[i+1], p.Pix[i+2] = uint8(r>>8), uint8(g>>8), uint8(bl>>8) //nolint:gosec // of 16 bits
			i += 3
		}
	}
	return p
}

// At is the colour at a point in CSS pixels, between pixels by their distance.
func (p *Picture) At(x, y float64) (c [3]float32) {
	x, y = x*p.Scale-0.5, y*p.Scale-0.5
	x0, y0 := math.Floor(x), math.Floor(y)
	fx, fy := float32(x-x0), float32(y-y0)
	for _, k := range [4]struct {
		dx, dy int
		w      float32
	}{{0, 0, (1 - fx) * (1 - fy)}, {1, 0, fx * (1 - fy)}, {0, 1, (1 - fx) * fy}, {1, 1, fx * fy}} {
		px := min(max(int(x0)+k.dx, 0), p.W-1)
		py := min(max(int(y0)+k.dy, 0), p.H-1)
		q := p.Pix[3*(py*p.W+px):]
		c[0] += k.w * float32(q[0])
		c[1] += k.w * float32(q[1])
		c[2] += k.w * float32(q[2])
	}
	return c
}

// Strip takes a turned box out of a picture, as grey: w × h CSS pixels about a
// middle, turned by angle, k pixels to a CSS pixel.
func (p *Picture) Strip(midX, midY, angle, w, h, k float64) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, max(1, int(w*k)), max(1, int(h*k))))
	c, s := math.Cos(angle), math.Sin(angle)
	for y := range g.Rect.Dy() {
		for x := range g.Rect.Dx() {
			u, v := (float64(x)+0.5)/k-w/2, (float64(y)+0.5)/k-h/2
			g.Pix[y*g.Stride+x] = uint8(Grey(p.At(midX+u*c-v*s, midY+u*s+v*c)))
		}
	}
	return g
}

// Grey is how bright a colour is, 0 to 255.
func Grey(c [3]float32) float32 { return 0.299*c[0] + 0.587*c[1] + 0.114*c[2] }

// DarkOnLight turns a strip over where its writing is lighter than its ground.
func DarkOnLight(g *image.Gray) {
	sum := 0
	for _, v := range g.Pix {
		sum += int(v)
	}
	if sum > 110*len(g.Pix) {
		return
	}
	for i, v := range g.Pix {
		g.Pix[i] = 255 - v
	}
}
