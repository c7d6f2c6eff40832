package ocr

import (
	"context"
	"image"
	"math/rand/v2"
	"slices"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/sight"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

type media = map[captcha.Part]captcha.Media

// Whole gives the whole map to tesseract, twice as large, and takes the name
// that ends as the question says.
type Whole struct{}

// Name implements [attack.Attacker].
func (Whole) Name() string { return "tesseract" }

// Class implements [attack.Classed].
func (Whole) Class() attack.Class { return attack.Plain }

// Takes implements [attack.Picky].
func (Whole) Takes(k captcha.Kind, _ string) bool { return takes(k) }

// Prepare implements [attack.Prepared].
func (Whole) Prepare(ctx context.Context, _ captcha.Kind, _ int, _ string) error {
	return prepared(ctx)
}

// Try implements [attack.Attacker].
func (Whole) Try(ctx context.Context, p *captcha.Puzzle, m media, _ *rand.Rand) (answer.Given, error) {
	pic, err := sight.Open(p, m[captcha.PartImage])
	if err != nil {
		return answer.Given{}, err
	}
	w, h := float64(p.Width), float64(p.Height)
	strip := pic.Strip(w/2, h/2, 0, w, h, 3)
	sight.DarkOnLight(strip)
	pages, err := read(ctx, "11", strip)
	if err != nil {
		return answer.Given{}, err
	}
	return given(choose(p, pages))
}

// Targeted is told where the name stands and how it is turned: it cuts it out,
// turns it back by several angles, takes thin lines away, and gives all of that
// to tesseract, four times as large.
type Targeted struct{}

// Name implements [attack.Attacker].
func (Targeted) Name() string { return "tesseract-targeted" }

// Class implements [attack.Classed].
func (Targeted) Class() attack.Class { return attack.Targeted }

// Told implements [attack.Oracle].
func (Targeted) Told() string { return "where the name stands, and its angle" }

// Takes implements [attack.Picky].
func (Targeted) Takes(k captcha.Kind, _ string) bool { return takes(k) }

// Prepare implements [attack.Prepared].
func (Targeted) Prepare(ctx context.Context, _ captcha.Kind, _ int, _ string) error {
	return prepared(ctx)
}

// Try implements [attack.Attacker].
func (Targeted) Try(ctx context.Context, p *captcha.Puzzle, m media, _ *rand.Rand) (answer.Given, error) {
	pic, err := sight.Open(p, m[captcha.PartImage])
	if err != nil {
		return answer.Given{}, err
	}
	place, ok := target(p)
	if !ok {
		return answer.Given{}, attack.ErrNoAnswer
	}
	mode := "7" // one line
	if p.Lang != "ko" {
		mode = "6" // a block: long names stand in two
	}
	pages, err := read(ctx, mode, crops(pic, place)...)
	if err != nil {
		return answer.Given{}, err
	}
	return given(choose(p, pages))
}

// target finds the place that is asked for: the one whose name is right.
func target(p *captcha.Puzzle) (city.Place, bool) {
	m := city.New(city.Spec{Seed: mapquiz.MapSeed(p.Seed), Level: p.Level, Lang: p.Lang})
	for _, q := range m.Places {
		if slices.Contains(p.Answer.Texts, q.Name.Full) {
			return q, true
		}
	}
	return city.Place{}, false
}

// crops cuts a name out: as it is and without thin lines, at three angles.
func crops(pic *sight.Picture, q city.Place) (all []image.Image) {
	var x, y float64
	for _, c := range q.Label {
		x, y = x+c[0]/4, y+c[1]/4
	}
	w, h := dist(q.Label[0], q.Label[1])+8, dist(q.Label[1], q.Label[2])+6
	for _, turn := range []float64{-0.05, 0, 0.05} {
		g := pic.Strip(x, y, q.Angle+turn, w, h, 4)
		sight.DarkOnLight(g)
		// Lines are about 1 CSS pixel wide, strokes from 1.25 up: 4 and 5 here.
		all = append(all, g, without(g, 2))
	}
	return all
}

// given is an answer, unless there is none.
func given(text string) (answer.Given, error) {
	if text == "" {
		return answer.Given{}, attack.ErrNoAnswer
	}
	return answer.Given{Text: text}, nil
}

// suffixes are the endings that the name asked for may have; for a question
// about an icon, which tesseract cannot name, all there are.
func suffixes(p *captcha.Puzzle) (all []string) {
	if c, ok := sight.Asked(p.Text, p.Lang); ok {
		return names.Suffixes(c, p.Lang)
	}
	for _, c := range names.Categories() {
		all = append(all, names.Suffixes(c, p.Lang)...)
	}
	return all
}

var (
	_ attack.Attacker = Whole{}
	_ attack.Prepared = Whole{}
	_ attack.Attacker = Targeted{}
	_ attack.Oracle   = Targeted{}
)
