package reader

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/sight"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// Attacker answers questions about maps with a model: it clicks, and it types
// Korean names. English names it does not type: their letters do not stand at
// even distances, and a second net to part them would prove nothing new.
type Attacker struct {
	m *Model
}

// New returns an attacker with the model that comes with the program.
func New() (*Attacker, error) {
	m, err := Load()
	if err != nil {
		return nil, err
	}
	return &Attacker{m}, nil
}

// With returns an attacker with a model of one's own, trained just now.
func With(m *Model) *Attacker { return &Attacker{m} }

// Name implements [attack.Attacker].
func (*Attacker) Name() string { return "reader" }

// Class implements [attack.Classed].
func (*Attacker) Class() attack.Class { return attack.Trained }

// Takes implements [attack.Picky].
func (*Attacker) Takes(k captcha.Kind, lang string) bool {
	return captcha.ModeOf(k) == captcha.Click || captcha.ModeOf(k) == captcha.Text && lang == "ko"
}

// Try implements [attack.Attacker].
func (a *Attacker) Try(_ context.Context, p *captcha.Puzzle, m map[captcha.Part]captcha.Media, _ *rand.Rand) (answer.Given, error) {
	pic, err := sight.Open(p, m[captcha.PartImage])
	if err != nil {
		return answer.Given{}, err
	}
	found := a.m.find(pic)
	if captcha.ModeOf(p.Kind) == captcha.Text {
		return a.typed(p, m, pic, found)
	}
	var points [][2]float64
	switch p.Kind {
	case captcha.KindOrder:
		for _, c := range sight.Mentioned(p.Text, p.Lang) {
			if i, ok := one(found, c); ok {
				points = append(points, [2]float64{found[i].X, found[i].Y})
			}
		}
	case captcha.KindRelation:
		for _, part := range sight.Parts(p.Text) {
			if i, ok := told(pic, found, part, p.Lang); ok {
				points = append(points, [2]float64{found[i].X, found[i].Y})
			}
		}
	}
	if len(points) != p.Clicks || len(points) == 0 {
		return answer.Given{}, attack.ErrNoAnswer
	}
	return answer.Given{Points: points}, nil
}

// one is the icon of a category that is surest.
func one(found []Icon, c names.Category) (int, bool) {
	best := -1
	for i, f := range found {
		if f.Category == c && (best < 0 || f.Sure > found[best].Sure) {
			best = i
		}
	}
	return best, best >= 0
}

// told finds the place that a part of a question tells by its name, or by where
// it is.
func told(pic *sight.Picture, found []Icon, part, lang string) (int, bool) {
	cats := sight.Mentioned(part, lang)
	if len(cats) == 0 {
		return 0, false
	}
	if strings.Contains(part, "other end") || strings.Contains(part, "길을 따라가면") {
		from, ok := one(found, cats[0])
		if !ok {
			return 0, false
		}
		return otherEnd(pic, found, from, part)
	}
	if !strings.Contains(part, "nearest") && !strings.Contains(part, "가까운") {
		return one(found, cats[0])
	}
	if len(cats) == 1 { // the nearest place, whatever it is
		from, ok := one(found, cats[0])
		if !ok {
			return 0, false
		}
		return closest(found, from, func(Icon) bool { return true })
	}
	// Of two categories one is the station, from which the others are looked at.
	wanted := cats[0]
	if wanted == names.Station {
		wanted = cats[1]
	}
	from, ok := one(found, names.Station)
	if !ok {
		return 0, false
	}
	return closest(found, from, func(i Icon) bool { return i.Category == wanted })
}

func closest(found []Icon, from int, good func(Icon) bool) (int, bool) {
	best, least := -1, math.Inf(1)
	for i, f := range found {
		if d := math.Hypot(f.X-found[from].X, f.Y-found[from].Y); i != from && good(f) && d < least {
			best, least = i, d
		}
	}
	return best, best >= 0
}

// road are the colours of coloured roads, by day and by night.
var road = map[string][2][3]float32{
	"blue":   {{0x2f, 0x6f, 0xe4}, {0x5b, 0x9b, 0xff}},
	"red":    {{0xd9, 0x34, 0x2b}, {0xff, 0x6a, 0x5e}},
	"green":  {{0x1f, 0x9a, 0x4c}, {0x4f, 0xd0, 0x7f}},
	"purple": {{0x8a, 0x3f, 0xc4}, {0xc5, 0x8b, 0xff}},
}

// called are their names in questions.
var called = map[string]string{
	"파란": "blue", "빨간": "red", "초록": "green", "보라": "purple",
	"blue": "blue", "red": "red", "green": "green", "purple": "purple",
}

// otherEnd follows the coloured road from an icon: over what has its colour, and
// over gaps of a few pixels, to the icon that is furthest along it.
func otherEnd(pic *sight.Picture, found []Icon, from int, part string) (int, bool) {
	colour := ""
	for word, c := range called {
		if strings.Contains(part, word+" 길") || strings.Contains(part, word+" road") {
			colour = c
		}
	}
	if colour == "" {
		return 0, false
	}
	const step = 1.5 // CSS pixels from point to point
	w, h := int(float64(pic.W)/pic.Scale/step), int(float64(pic.H)/pic.Scale/step)
	on := make([]bool, w*h)
	for y := range h {
		for x := range w {
			c := pic.At(float64(x)*step, float64(y)*step)
			on[y*w+x] = off(c, road[colour][0]) < 70 || off(c, road[colour][1]) < 70
		}
	}
	// Points on the road within reach of the first icon, then whatever is near
	// those, in rings: the last icon that is reached is the other end.
	far := make([]int, w*h)
	var next []int
	reach := 20 / step
	for i, v := range on {
		if v && math.Hypot(float64(i%w)-found[from].X/step, float64(i/w)-found[from].Y/step) < reach {
			far[i] = 1
			next = append(next, i)
		}
	}
	const gap = 4
	for len(next) > 0 {
		i := next[0]
		next = next[1:]
		for y := max(0, i/w-gap); y <= min(h-1, i/w+gap); y++ {
			for x := max(0, i%w-gap); x <= min(w-1, i%w+gap); x++ {
				if k := y*w + x; on[k] && far[k] == 0 {
					far[k] = far[i] + 1
					next = append(next, k)
				}
			}
		}
	}
	best, most := -1, 0
	for k, f := range found {
		if k == from {
			continue
		}
		for i, v := range far {
			if v > most && math.Hypot(float64(i%w)-f.X/step, float64(i/w)-f.Y/step) < reach {
				best, most = k, v
			}
		}
	}
	return best, best >= 0
}

func off(a, b [3]float32) float64 {
	return math.Sqrt(float64((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2])))
}

var (
	_ attack.Attacker = (*Attacker)(nil)
	_ attack.Picky    = (*Attacker)(nil)
)
