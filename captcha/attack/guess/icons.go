package guess

import (
	"context"
	"math/rand/v2"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// plan is a puzzle's map. How streets ran before an operator's took their place
// does not matter to where icons are told to be: benches use none.
func plan(p *captcha.Puzzle) *city.Plan {
	return city.New(city.Spec{Seed: mapquiz.MapSeed(p.Seed), Level: p.Level, Lang: p.Lang})
}

func click(p *city.Plan, places ...int) (g answer.Given) {
	for _, i := range places {
		g.Points = append(g.Points, [2]float64{p.Places[i].X, p.Places[i].Y})
	}
	return g
}

// Icons knows where the icons are and not what they mean: it clicks different
// ones. Where places are named by what they are, it leaves out icons that come
// twice, for those are not asked for.
type Icons struct{}

// Name implements [attack.Attacker].
func (Icons) Name() string { return "guess-icons" }

// Told implements [attack.Oracle].
func (Icons) Told() string { return "where icons are, and which look alike" }

// Blind implements [attack.Blind].
func (Icons) Blind() bool { return true }

// Takes implements [attack.Picky].
func (Icons) Takes(k captcha.Kind, _ string) bool { return captcha.ModeOf(k) == captcha.Click }

// Try implements [attack.Attacker].
func (Icons) Try(_ context.Context, p *captcha.Puzzle, _ media, r *rand.Rand) (answer.Given, error) {
	m := plan(p)
	var choice []int
	count := counted(m)
	for i, q := range m.Places {
		if p.Kind != captcha.KindOrder || count[q.Category] == 1 {
			choice = append(choice, i)
		}
	}
	if len(choice) < p.Clicks {
		return answer.Given{}, attack.ErrNoAnswer
	}
	r.Shuffle(len(choice), func(i, j int) { choice[i], choice[j] = choice[j], choice[i] })
	return click(m, choice[:p.Clicks]...), nil
}

func counted(m *city.Plan) map[names.Category]int {
	count := map[names.Category]int{}
	for _, q := range m.Places {
		count[q.Category]++
	}
	return count
}

var (
	_ attack.Attacker = Icons{}
	_ attack.Oracle   = Icons{}
)
