package city

import (
	"image/color"
	"math"
	"math/rand/v2"
)

// theme is the palette of a map.
type theme struct {
	name                          string
	dark                          bool
	land, block, park, water      color.RGBA
	street, edge, main, mainEdge  color.RGBA
	roof, roofEdge, tree, contour color.RGBA
	halo                          color.RGBA
	rail                          color.RGBA
	inks                          []color.RGBA // before they are made to stand out
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}
}

// themes are the palettes; a season and a drop of the seed vary them further.
var themes = []theme{
	{
		name: "day", land: rgb(0xf5f1ea), block: rgb(0xefe9df), park: rgb(0xcfe7bf), water: rgb(0xb5daf0),
		street: rgb(0xffffff), edge: rgb(0xdcd5c9), main: rgb(0xfde293), mainEdge: rgb(0xe6c25a),
		roof: rgb(0xe6dfd3), roofEdge: rgb(0xd3cabb), tree: rgb(0xb3d6a0), contour: rgb(0xc2b49c),
		halo: rgb(0xffffff), rail: rgb(0x7a8aa0),
		inks: []color.RGBA{rgb(0x2b2f3a), rgb(0x1f3b63), rgb(0x5a2d0c), rgb(0x1d4d2b), rgb(0x5b1d46)},
	},
	{
		name: "paper", land: rgb(0xfaf6ec), block: rgb(0xf3edde), park: rgb(0xdde8c3), water: rgb(0xc4dfe2),
		street: rgb(0xfffdf7), edge: rgb(0xd8ceb9), main: rgb(0xf7d9a0), mainEdge: rgb(0xd9b271),
		roof: rgb(0xeadfc9), roofEdge: rgb(0xd6c7aa), tree: rgb(0xc3d3a0), contour: rgb(0xc7b28e),
		halo: rgb(0xfffdf7), rail: rgb(0x8c7a66),
		inks: []color.RGBA{rgb(0x3b2f22), rgb(0x5c2a1d), rgb(0x2e4034), rgb(0x2b3a55)},
	},
	{
		name: "mist", land: rgb(0xeef1f4), block: rgb(0xe6eaef), park: rgb(0xcbe5d3), water: rgb(0xa9cdea),
		street: rgb(0xffffff), edge: rgb(0xcfd6de), main: rgb(0xffe6a3), mainEdge: rgb(0xe3bf62),
		roof: rgb(0xdbe1e8), roofEdge: rgb(0xc6ced8), tree: rgb(0xa9d3b6), contour: rgb(0xaab6c4),
		halo: rgb(0xffffff), rail: rgb(0x6b7687),
		inks: []color.RGBA{rgb(0x1e2a3a), rgb(0x22326b), rgb(0x3b2a5e), rgb(0x0f4a4a)},
	},
	{
		name: "rose", land: rgb(0xf9eeea), block: rgb(0xf4e4de), park: rgb(0xd3e6c6), water: rgb(0xbfdcec),
		street: rgb(0xffffff), edge: rgb(0xe3cfc7), main: rgb(0xffdf94), mainEdge: rgb(0xe8bd5e),
		roof: rgb(0xeddad2), roofEdge: rgb(0xdcc3b9), tree: rgb(0xb9d8a8), contour: rgb(0xcfae9f),
		halo: rgb(0xffffff), rail: rgb(0x87748a),
		inks: []color.RGBA{rgb(0x3a2430), rgb(0x5a1f2e), rgb(0x27305a), rgb(0x3f3a1a)},
	},
	{
		name: "mint", land: rgb(0xecf4ef), block: rgb(0xe2eee6), park: rgb(0xbfe3bd), water: rgb(0xa8d8e4),
		street: rgb(0xffffff), edge: rgb(0xc6d9cd), main: rgb(0xfff0a8), mainEdge: rgb(0xdfc768),
		roof: rgb(0xd6e5db), roofEdge: rgb(0xbfd3c6), tree: rgb(0x9fd3a2), contour: rgb(0x9fbfa9),
		halo: rgb(0xfbfffc), rail: rgb(0x5d7f86),
		inks: []color.RGBA{rgb(0x16352b), rgb(0x123a55), rgb(0x3d2c14), rgb(0x4a1f3d)},
	},
	{
		name: "night", dark: true, land: rgb(0x1d2430), block: rgb(0x222b39), park: rgb(0x1f3a33), water: rgb(0x173a55),
		street: rgb(0x3a4556), edge: rgb(0x151b25), main: rgb(0x6b5a2c), mainEdge: rgb(0x2c2718),
		roof: rgb(0x2b3545), roofEdge: rgb(0x354154), tree: rgb(0x29503f), contour: rgb(0x4d5d75),
		halo: rgb(0x10151d), rail: rgb(0x8496b0),
		inks: []color.RGBA{rgb(0xe9eef6), rgb(0xffe9b8), rgb(0xbfe3ff), rgb(0xd9f5d4)},
	},
	{
		name: "dusk", dark: true, land: rgb(0x2b2735), block: rgb(0x322d3e), park: rgb(0x2b4038), water: rgb(0x28405e),
		street: rgb(0x4a4459), edge: rgb(0x201c29), main: rgb(0x7a5a34), mainEdge: rgb(0x3a2c20),
		roof: rgb(0x3b354a), roofEdge: rgb(0x494158), tree: rgb(0x3a584a), contour: rgb(0x6a6080),
		halo: rgb(0x191622), rail: rgb(0x9a8fb5),
		inks: []color.RGBA{rgb(0xf3eefb), rgb(0xffdcc2), rgb(0xd2dcff), rgb(0xe3f2cf)},
	},
}

// routeColours are the coloured roads that a question may name; the hues are
// far enough apart to be told by people who see colours differently as well:
// their lightness differs too.
var routeColours = []struct {
	name        string
	light, dark color.RGBA
}{
	{"blue", rgb(0x2f6fe4), rgb(0x5b9bff)},
	{"red", rgb(0xd9342b), rgb(0xff6a5e)},
	{"green", rgb(0x1f9a4c), rgb(0x4fd07f)},
	{"purple", rgb(0x8a3fc4), rgb(0xc58bff)},
}

// seasons tint parks and trees, in the light and by night.
var seasons = []struct {
	name       string
	park, tree color.RGBA
	share      float64
}{
	{"spring", rgb(0xdcecc0), rgb(0xf3c3d3), 0.55},
	{"summer", rgb(0xb9e2a8), rgb(0x86c67c), 0.5},
	{"autumn", rgb(0xe9dcae), rgb(0xe8a862), 0.6},
	{"winter", rgb(0xe6eee9), rgb(0xc7d6cf), 0.6},
}

// dress chooses a palette and varies it.
func dress(r *rand.Rand) theme {
	t := themes[r.IntN(len(themes))]
	s := seasons[r.IntN(len(seasons))]
	share := s.share
	if t.dark {
		share *= 0.16
	}
	t.park, t.tree = mix(t.park, s.park, share), mix(t.tree, s.tree, share*1.4)
	// A drop of one colour in everything: no two maps have the same greys.
	drop := hue(r.Float64())
	k := 0.05 * r.Float64()
	for _, c := range []*color.RGBA{&t.land, &t.block, &t.park, &t.water, &t.edge, &t.main, &t.roof, &t.roofEdge, &t.tree, &t.contour} {
		*c = mix(*c, drop, k)
	}
	inks := make([]color.RGBA, len(t.inks))
	for i, c := range t.inks {
		inks[i] = t.standOut(c, minContrast+0.3)
	}
	t.inks = inks
	return t
}

// minContrast is what WCAG 2.2, 1.4.3, asks for text of this size.
const minContrast = 4.5

// grounds are the colours that a name may lie on.
func (t *theme) grounds() []color.RGBA {
	return []color.RGBA{t.land, t.block, t.park, t.water, t.street, t.edge, t.main, t.mainEdge, t.roof, t.roofEdge, t.tree, t.halo}
}

// standOut moves a colour towards black, on dark maps towards white, until it
// has the contrast against everything a name may lie on.
func (t *theme) standOut(c color.RGBA, least float64) color.RGBA {
	end := rgb(0)
	if t.dark {
		end = rgb(0xffffff)
	}
	for range 40 {
		if t.worst(c) >= least {
			return c
		}
		c = mix(c, end, 0.12)
	}
	return end
}

// worst is the least contrast of a colour against the grounds.
func (t *theme) worst(c color.RGBA) float64 {
	least := 21.0
	for _, g := range t.grounds() {
		least = math.Min(least, Contrast(c, g))
	}
	return least
}

// Contrast is the ratio of WCAG between two opaque colours, 1 to 21.
func Contrast(a, b color.RGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// linear holds the light of each value of sRGB.
var linear = func() (t [256]float64) {
	for i := range t {
		v := float64(i) / 255
		if v <= 0.04045 {
			t[i] = v / 12.92
		} else {
			t[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return t
}()

func luminance(c color.RGBA) float64 {
	return 0.2126*linear[c.R] + 0.7152*linear[c.G] + 0.0722*linear[c.B]
}

func mix(a, b color.RGBA, k float64) color.RGBA {
	k = math.Max(0, math.Min(1, k))
	f := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*k)) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 255}
}

// hue is a full colour, h of a turn.
func hue(h float64) color.RGBA {
	f := func(k float64) uint8 {
		_, v := math.Modf(h + k)
		return uint8(255 * math.Max(0, math.Min(1, math.Abs(v*6-3)-1)))
	}
	return color.RGBA{f(0), f(2.0 / 3), f(1.0 / 3), 255}
}
