package city

import (
	"bytes"
	"image/jpeg"
	"image/png"
	"math"
	"reflect"
	"testing"

	"github.com/daero/daero/captcha/mapquiz/names"
)

func seeds(t *testing.T) int {
	t.Helper()
	if testing.Short() {
		return 30
	}
	return 260
}

func langs() []string {
	if Hangul() {
		return []string{"ko", "en"}
	}
	return []string{"en"}
}

// What people need holds for every map at every level.
func TestMapsAreComfortable(t *testing.T) {
	for _, lang := range langs() {
		for level := range 5 {
			worst := Comfort{Contrast: 21, Cap: 99, Stroke: 99, Target: 99, Apart: 99, Twins: 99}
			for seed := range seeds(t) {
				p := New(Spec{Seed: uint64(seed), Level: level, Lang: lang})
				m := p.Measure()
				if !m.Good() {
					t.Errorf("%s, level %d, seed %d: %+v", lang, level, seed, m)
				}
				worst.Contrast = min(worst.Contrast, m.Contrast)
				worst.Cap = min(worst.Cap, m.Cap)
				worst.Stroke = min(worst.Stroke, m.Stroke)
				worst.Turn = max(worst.Turn, m.Turn)
				worst.Target, worst.Apart = min(worst.Target, m.Target), min(worst.Apart, m.Apart)
				worst.Twins = min(worst.Twins, m.Twins)
			}
			t.Logf("%s, level %d, the worst of %d: %+v", lang, level, seeds(t), worst)
		}
	}
}

// What questions are made of is on every map.
func TestMapsHaveWhatIsAsked(t *testing.T) {
	for seed := range seeds(t) {
		p := New(Spec{Seed: uint64(seed), Level: 2, Lang: "en"})
		if n := len(p.Places); n < 9 || n > 11 {
			t.Errorf("seed %d: %d places, want 9 to 11", seed, n)
		}
		count := map[names.Category]int{}
		for _, q := range p.Places {
			count[q.Category]++
		}
		once, twice := 0, 0
		for c, n := range count {
			switch {
			case c == names.Station && n != 1:
				t.Errorf("seed %d: %d stations", seed, n)
			case c == names.Station:
			case n == 1:
				once++
			case n <= 3:
				twice++
			}
		}
		if once < 4 || twice != 1 {
			t.Errorf("seed %d: %d categories once, %d more than once", seed, once, twice)
		}
		if a, b := p.Route[0], p.Route[1]; a < 0 || b < 0 || a == b || p.RouteColour == "" {
			t.Errorf("seed %d: route %v, %q", seed, p.Route, p.RouteColour)
		}
		if len(p.FromStation) != len(p.Places)-1 {
			t.Errorf("seed %d: %d of %d places by their way from the station", seed, len(p.FromStation), len(p.Places))
		}
		for k, e := range p.Route {
			at := p.ground.route[k*(len(p.ground.route)-1)]
			if q := p.Places[e]; math.Hypot(q.X-at.x, q.Y-at.y) > 1 {
				t.Errorf("seed %d: the route ends %v, its place is at %.0f,%.0f", seed, at, q.X, q.Y)
			}
		}
		for i, q := range p.Places {
			if i != p.Route[0] && i != p.Route[1] && lineDist(p.ground.route, pt{q.X, q.Y}) < HitRadius {
				t.Errorf("seed %d: place %d may be thought to be on the route", seed, i)
			}
		}
	}
}

// Another gateway draws the same from the same Spec, and no two seeds look the
// same.
func TestTheSameSpecIsTheSameMap(t *testing.T) {
	seen := map[string]bool{}
	for seed := range 6 {
		s := Spec{Seed: uint64(seed), Level: seed % 5, Lang: "ko"}
		a, b := New(s), New(s)
		if !reflect.DeepEqual(a.Places, b.Places) || a.Width != b.Width || a.Theme != b.Theme || a.Route != b.Route {
			t.Fatalf("seed %d: two plans differ", seed)
		}
		x := a.JPEG()
		if !bytes.Equal(x, b.JPEG()) || !bytes.Equal(x, a.JPEG()) {
			t.Errorf("seed %d: two pictures differ", seed)
		}
		if seen[string(x)] {
			t.Errorf("seed %d: a picture that was there already", seed)
		}
		seen[string(x)] = true
	}
}

// Places are where they are whatever fonts a gateway has, and in whatever
// language the names are.
func TestPlacesDoNotDependOnFonts(t *testing.T) {
	for seed := range 20 {
		s := Spec{Seed: uint64(seed), Level: 3, Lang: "ko"}
		p := New(s)
		for i := range p.texts {
			w, h := p.texts[i].extent()
			q := around(p.texts[i].mid, w, h, p.texts[i].angle)
			for k, a := range q {
				if p.Places[i].Label[k] != [2]float64{a.x, a.y} {
					t.Fatalf("seed %d: label %d is not where its nominal size says", seed, i)
				}
			}
		}
	}
}

// Every name is drawn inside of its label, whatever the font, and fills it.
func TestNamesFillTheirLabels(t *testing.T) {
	for seed := range 40 {
		for _, lang := range langs() {
			p := New(Spec{Seed: uint64(seed), Level: 2 + seed%2, Lang: lang})
			for i := range p.texts {
				tx := p.texts[i]
				for _, f := range faces() {
					if lang == "ko" && !f.hangul {
						continue
					}
					var q path
					tx.outlineOf(f, &q)
					w, h := tx.extent()
					out := 0.0
					for _, a := range q.pts {
						d := a.sub(tx.mid)
						cs, sn := math.Cos(tx.angle), math.Sin(tx.angle)
						out = max(out, math.Abs(d.x*cs+d.y*sn)-w, math.Abs(d.y*cs-d.x*sn)-h)
					}
					if out > 1.5 {
						t.Errorf("seed %d: %s in %s leaves its label by %.1f px", seed, p.Places[i].Name.Full, f.name, out)
					}
				}
			}
		}
	}
}

func TestPicturesCarryNothingElse(t *testing.T) {
	p := New(Spec{Seed: 7, Level: 2, Lang: "en"})
	b := p.JPEG()
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if w, h := m.Bounds().Dx(), m.Bounds().Dy(); w != p.Width*3/2 || h != p.Height*3/2 {
		t.Errorf("%d × %d pixels for %d × %d", w, h, p.Width, p.Height)
	}
	for _, marker := range []string{"Exif", "JFIF", "Adobe", "ICC_PROFILE"} {
		if bytes.Contains(b, []byte(marker)) {
			t.Errorf("the picture has %s", marker)
		}
	}
}

func TestIcons(t *testing.T) {
	for _, c := range append([]names.Category{names.Station}, shops...) {
		a, b := IconPNG(c, 1), IconPNG(c, 2)
		if _, err := png.Decode(bytes.NewReader(a)); err != nil {
			t.Errorf("%s: %v", c, err)
		}
		if bytes.Equal(a, b) {
			t.Errorf("%s: two seeds look the same", c)
		}
		if !bytes.Equal(a, IconPNG(c, 1)) {
			t.Errorf("%s: one seed looks different", c)
		}
	}
}

// town is a small real city: crooked streets about a ring.
func town() *Streets {
	s := &Streets{}
	for i := range 24 {
		a := float64(i) * math.Pi / 12
		var p [][2]float64
		for d := 40.0; d < 1500; d += 60 {
			p = append(p, [2]float64{d * math.Cos(a+0.2*math.Sin(d/150)), d * math.Sin(a)})
		}
		s.Lines = append(s.Lines, Street{Major: i%8 == 0, Points: p})
	}
	for d := 100.0; d < 1500; d += 90 {
		var p [][2]float64
		for i := range 49 {
			a := float64(i) * math.Pi / 24
			p = append(p, [2]float64{d * math.Cos(a), d * math.Sin(a)})
		}
		s.Lines = append(s.Lines, Street{Points: p})
	}
	return s
}

// An operator's own streets make maps as comfortable as those that are made up.
func TestRealStreets(t *testing.T) {
	s := town()
	kept := 0
	for seed := range 60 {
		p := New(Spec{Seed: uint64(seed), Level: 2, Lang: "en", Streets: s})
		if m := p.Measure(); !m.Good() {
			t.Errorf("seed %d: %+v", seed, m)
		}
		if p.ground.real {
			kept++
		}
		if seed < 6 && len(p.JPEG()) < 10_000 {
			t.Errorf("seed %d: a picture of nothing", seed)
		}
	}
	if kept < 55 {
		t.Errorf("only %d of 60 maps show the streets that were given", kept)
	}
}

// Streets that are none, or nonsense, are no reason to have no map.
func TestStreetsThatAreNone(t *testing.T) {
	nan := math.NaN()
	for name, s := range map[string]*Streets{
		"none":      {},
		"empty":     {Lines: []Street{{}, {Points: [][2]float64{}}}},
		"one point": {Lines: []Street{{Points: [][2]float64{{1, 1}}}}},
		"nonsense":  {Lines: []Street{{Points: [][2]float64{{nan, 1}, {math.Inf(1), 2}, {1e300, -1e300}, {0, 0}, {nan, nan}}}}},
		"far apart": {Lines: []Street{{Points: [][2]float64{{0, 0}, {9e7, 9e7}}}, {Points: [][2]float64{{-9e7, 9e7}, {9e7, -9e7}}}}},
	} {
		p := New(Spec{Seed: 5, Level: 3, Lang: "en", Streets: s})
		if len(p.Places) < 9 || len(p.JPEG()) == 0 {
			t.Errorf("%s: no map", name)
		}
	}
}
