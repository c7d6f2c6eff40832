package guess

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/sight"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// Shapes sees more than [Icons]: which way the coloured road goes, and which icon
// the subway's line runs through. It still does not know what icons mean, but it
// knows how questions are made: that a word stands for an icon that stands once,
// that a place is only told as the nearest where it clearly is, and what that
// leaves. It tries every icon for every word, and clicks what comes of that most
// often: nobody who knows no more can do better.
type Shapes struct{}

// Name implements [attack.Attacker].
func (Shapes) Name() string { return "guess-shapes" }

// Told implements [attack.Oracle].
func (Shapes) Told() string { return "icons, which look alike, the station, the coloured road" }

// Blind implements [attack.Blind].
func (Shapes) Blind() bool { return true }

// Takes implements [attack.Picky].
func (Shapes) Takes(k captcha.Kind, _ string) bool { return captcha.ModeOf(k) == captcha.Click }

// Try implements [attack.Attacker].
func (Shapes) Try(_ context.Context, p *captcha.Puzzle, _ media, r *rand.Rand) (answer.Given, error) {
	m := plan(p)
	var parts [][]meant
	for _, part := range sight.Parts(p.Text) {
		parts = append(parts, candidates(m, part, p.Lang))
	}
	chosen := likeliest(parts, r)
	if len(chosen) != p.Clicks {
		return answer.Given{}, attack.ErrNoAnswer
	}
	return click(m, chosen...), nil
}

// meant is a place that a part of a question may mean, and the icon that its
// word then stands for: -1 for one that is known.
type meant struct{ place, word int }

// candidates are what a part of the question may mean.
func candidates(m *city.Plan, part, lang string) (all []meant) {
	station, singles := seen(m)
	near := strings.Contains(part, "nearest") || strings.Contains(part, "가까운")
	switch cats := sight.Mentioned(part, lang); {
	case strings.Contains(part, "other end"), strings.Contains(part, "길을 따라가면"):
		for k, end := range m.Route {
			if end >= 0 && m.Route[1-k] >= 0 {
				all = append(all, meant{end, m.Route[1-k]})
			}
		}
	case near && len(cats) > 1: // the nearest of those that look alike to the station
		for c, n := range counted(m) {
			if n > 1 && station >= 0 {
				for _, i := range clearest(m, station, func(j int) bool { return m.Places[j].Category == c }) {
					all = append(all, meant{i, -1})
				}
			}
		}
	case len(cats) == 1 && cats[0] == names.Station && near:
		for _, i := range clearest(m, station, func(int) bool { return true }) {
			all = append(all, meant{i, station})
		}
	case len(cats) == 1 && cats[0] == names.Station:
		all = append(all, meant{station, station})
	case near:
		for _, i := range singles {
			for _, j := range clearest(m, i, func(int) bool { return true }) {
				all = append(all, meant{j, i})
			}
		}
	default:
		for _, i := range singles {
			all = append(all, meant{i, i})
		}
	}
	return all
}

// seen are the station, -1 for none, and the other icons that stand once.
func seen(m *city.Plan) (station int, singles []int) {
	station = -1
	count := counted(m)
	for i, q := range m.Places {
		switch {
		case q.Category == names.Station:
			station = i
		case count[q.Category] == 1:
			singles = append(singles, i)
		}
	}
	return station, singles
}

// clearest is the place among some that is clearly the nearest to place i, if
// there is one: by a third, and by an icon's width.
func clearest(m *city.Plan, i int, among func(int) bool) []int {
	if i < 0 {
		return nil
	}
	best, first, second := -1, math.Inf(1), math.Inf(1)
	for j, q := range m.Places {
		if j == i || !among(j) {
			continue
		}
		switch d := math.Hypot(q.X-m.Places[i].X, q.Y-m.Places[i].Y); {
		case d < first:
			best, first, second = j, d, first
		case d < second:
			second = d
		}
	}
	if best < 0 || second < 1.35*first || second-first < 16 {
		return nil
	}
	return []int{best}
}

// likeliest are the places that come most often where every part means another
// place and every word another icon; one of those, if there are several.
func likeliest(parts [][]meant, r *rand.Rand) []int {
	count := map[[3]int]int{}
	var order [][3]int // for the same seed, the same choice
	var place, word [3]int
	var try func(k int)
	try = func(k int) {
		if k == len(parts) {
			if count[place]++; count[place] == 1 {
				order = append(order, place)
			}
			return
		}
		for _, m := range parts[k] {
			free := true
			for i := range k {
				free = free && place[i] != m.place && (m.word < 0 || word[i] != m.word)
			}
			if free {
				place[k], word[k] = m.place, m.word
				try(k + 1)
			}
		}
	}
	if len(parts) == 0 || len(parts) > len(place) {
		return nil
	}
	try(0)
	if len(order) == 0 {
		return nil
	}
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	best := order[0]
	for _, o := range order {
		if count[o] > count[best] {
			best = o
		}
	}
	return best[:len(parts)]
}

var _ attack.Attacker = Shapes{}
