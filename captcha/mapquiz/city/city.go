// Package city draws maps of cities that do not exist, after a seed: streets,
// blocks, a river, parks, a station with its subway line, buildings, and places
// with icons and names.
package city

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"

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

	seed   uint64 // of the try that had room
	ground *layout
	look   theme
	texts  []text // of Places, in the same order
	boxes  []box  // of texts
	sign   func(names.Category) sign
	routed int // index of routeColours

	fillOnce sync.Once
}

// streams of random numbers of one seed: what is decided by one does not change
// when another needs more of them.
const (
	streamGround = 0x67726f756e64
	streamLook   = 0x6c6f6f6b
	streamPlaces = 0x706c61636573
	streamFill   = 0x66696c6c
	streamDirt   = 0x64697274
)

// The size differs from map to map, so that no table of coordinates helps.
const (
	minWidth, maxWidth   = 460, 500
	minHeight, maxHeight = 288, 316
)

func stream(seed, which uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, which)) }

// New plans a map: the same for the same Spec on every machine of one
// architecture, whatever fonts it has. (Some architectures round a product and a
// sum once, others twice: gateways that share a ledger are of one kind.)
func New(s Spec) *Plan {
	s.Level = max(0, min(4, s.Level))
	if s.Lang != "ko" {
		s.Lang = "en"
	}
	// Now and then a ground has no room for nine places: another is drawn.
	for try := uint64(0); ; try++ {
		if p := plan(s, s.Seed+try*0x9e3779b97f4a7c15); p != nil {
			return p
		}
		if try == maxTries { // real streets with nothing between them
			s.Streets = nil
		}
	}
}

// maxTries is how often real streets are cut out anew before streets are made
// up after all.
const maxTries = 60

func plan(s Spec, seed uint64) *Plan {
	r := stream(seed, streamGround)
	p := &Plan{Spec: s, Width: minWidth + 2*r.IntN(21), Height: minHeight + 2*r.IntN(15)}
	if w, h := float64(p.Width), float64(p.Height); s.Streets != nil {
		p.ground = cutOut(r, w, h, s.Streets)
	} else {
		p.ground = invent(r, w, h)
	}
	if p.ground.route == nil {
		return nil
	}
	look := stream(seed, streamLook)
	p.look = dress(look)
	p.Theme = p.look.name
	p.sign = signs(look)
	p.routed = look.IntN(len(routeColours))
	p.RouteColour = routeColours[p.routed].name
	p.seed = seed
	var st *settler
	var ends [2]int
	places := stream(seed, streamPlaces)
	for range 4 {
		var ok bool
		if st, ends, ok = settle(places, p.ground, s); ok {
			break
		}
		st = nil
	}
	if st == nil {
		return nil
	}
	p.Places, p.texts, p.Route = st.places, st.texts, ends
	p.shuffle(stream(seed, streamDirt))
	return p
}

// shuffle hides the order in which places were found, and sorts them by their
// way from the station.
func (p *Plan) shuffle(r *rand.Rand) {
	to := r.Perm(len(p.Places))
	places, texts := make([]Place, len(to)), make([]text, len(to))
	for from, at := range to {
		places[at], texts[at] = p.Places[from], p.texts[from]
	}
	p.Places, p.texts, p.boxes = places, texts, boxes(texts)
	p.Route = [2]int{to[p.Route[0]], to[p.Route[1]]}
	hub := places[to[0]]
	for i, q := range places {
		if q.Category != names.Station {
			p.FromStation = append(p.FromStation, i)
		}
	}
	far := func(i int) float64 { return pt{places[i].X, places[i].Y}.dist(pt{hub.X, hub.Y}) }
	slices.SortFunc(p.FromStation, func(a, b int) int { return cmp.Compare(far(a), far(b)) })
}
