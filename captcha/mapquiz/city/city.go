// Package city draws maps of cities that do not exist, after a seed: streets,
// blocks, a river, parks, a station with its subway line, buildings, and places
// with icons and names.
package city

import (
	"image"

	"github.com/daero/daero/captcha/mapquiz/names"
)

// Spec says which map.
type Spec struct {
	Seed  uint64
	Level int    // of hardening, 0 to 4
	Lang  string // "ko", "en"
	// Streets, unless nil, take the place of the streets that are made up: what an
	// operator imported. The same for all gateways.
	Streets *Streets
}

// Streets are lines of a real city, in metres.
type Streets struct {
	Lines []Street
}

// Street is one line.
type Street struct {
	Major  bool
	Points [][2]float64
}

// Place is a place with an icon and a name.
type Place struct {
	Category names.Category
	Name     names.Name
	X, Y     float64       // the icon's centre, in CSS pixels
	R        float64       // the icon's radius
	Label    [4][2]float64 // corners of the name as it is drawn
	Angle    float64       // of the name, radians
	Cap      float64       // cap height, px
}

// Plan is a map before it is drawn: the same for the same Spec, quickly.
type Plan struct {
	Spec          Spec
	Width, Height int
	Theme         string
	Places        []Place
	// Route is the index of the places at which the coloured road begins and
	// ends, -1 for no place there.
	Route [2]int
	// RouteColour is the colour's name: "blue", "red", "green", "purple".
	RouteColour string
	// Nearest to the station first: indexes of Places without the station.
	FromStation []int
}

// New plans a map.
func New(s Spec) *Plan { panic("to be written") }

// Draw draws it.
func (p *Plan) Draw() *image.RGBA { panic("to be written") }

// JPEG draws and encodes it, without metadata.
func (p *Plan) JPEG() []byte { panic("to be written") }

// IconPNG draws a category's icon alone, for questions about an icon, varied by
// seed.
func IconPNG(c names.Category, seed uint64) []byte { panic("to be written") }

// Hangul reports whether a font with Hangul is there; without one maps are in
// English.
func Hangul() bool { panic("to be written") }
