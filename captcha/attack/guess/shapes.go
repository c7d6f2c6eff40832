package guess

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// Shapes sees more than [Icons]: which way the coloured road goes, and which icon
// the subway's line runs through. It still does not know what icons mean, but it
// knows how questions are made: that a place is only told as the nearest where it
// clearly is, and what that leaves.
type Shapes struct{}

// Name implements [attack.Attacker].
func (Shapes) Name() string { return "guess-shapes" }

// Told implements [attack.Oracle].
func (Shapes) Told() string { return "icons, which look alike, the station, the coloured road" }

// Blind implements [attack.Blind].
func (Shapes) Blind() bool { return true }

// Takes implements [attack.Picky].
func (Shapes) Takes(k captcha.Kind, _ string) bool { return k == captcha.KindRelation }

// Try implements [attack.Attacker].
func (Shapes) Try(_ context.Context, p *captcha.Puzzle, _ media, r *rand.Rand) (answer.Given, error) {
	m := plan(p)
	parts := strings.Split(p.Text, ", then ")
	if p.Lang == "ko" {
		parts = strings.Split(p.Text, ", 이어서 ")
	}
	var chosen []int
	for _, part := range parts {
		left := without(candidates(m, part), chosen)
		if len(left) == 0 {
			for i := range m.Places {
				left = append(left, i)
			}
			left = without(left, chosen)
		}
		if len(left) > 0 {
			chosen = append(chosen, likeliest(left, r))
		}
	}
	if len(chosen) != p.Clicks {
		return answer.Given{}, attack.ErrNoAnswer
	}
	return click(m, chosen...), nil
}

// candidates are the places that a part of the question may mean, as often as
// there are ways to mean them.
func candidates(m *city.Plan, part string) (all []int) {
	count := counted(m)
	switch {
	case strings.Contains(part, "other end"), strings.Contains(part, "길을 따라가면"):
		for _, end := range m.Route {
			if end >= 0 {
				all = append(all, end)
			}
		}
	case strings.Contains(part, "the place nearest"), strings.Contains(part, "가까운 곳"):
		for i, q := range m.Places {
			if count[q.Category] == 1 {
				all = append(all, clearest(m, i, func(int) bool { return true })...)
			}
		}
	default: // the nearest of those that look alike to the station
		for i, q := range m.Places {
			if q.Category != names.Station {
				continue
			}
			for c, n := range count {
				if n > 1 {
					all = append(all, clearest(m, i, func(j int) bool { return m.Places[j].Category == c })...)
				}
			}
		}
	}
	return all
}

// clearest is the place among some that is clearly the nearest to place i, if
// there is one: by a third, and by an icon's width.
func clearest(m *city.Plan, i int, among func(int) bool) []int {
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

func without(all, taken []int) (left []int) {
	for _, i := range all {
		free := true
		for _, t := range taken {
			free = free && t != i
		}
		if free {
			left = append(left, i)
		}
	}
	return left
}

// likeliest is one of those that come most often.
func likeliest(all []int, r *rand.Rand) int {
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	count, best := map[int]int{}, all[0]
	for _, i := range all {
		count[i]++
		if count[i] > count[best] {
			best = i
		}
	}
	return best
}

var _ attack.Attacker = Shapes{}
