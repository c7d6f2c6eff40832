package mapquiz

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// guesser clicks without knowing what an icon means.
type guesser struct {
	name string
	// from are the places it chooses among; nil: anywhere on the map.
	from func(p *city.Plan) []int
}

var guessers = []guesser{
	{"blind", nil},
	{"icons", func(p *city.Plan) (all []int) {
		for i := range p.Places {
			all = append(all, i)
		}
		return all
	}},
	// Sees which icons are the same, and leaves those out.
	{"icons that stand once", func(p *city.Plan) []int { return newAsker(p, 0).singles }},
	// And which one is the station.
	{"icons but the station", func(p *city.Plan) []int { return newAsker(p, 0).unseen }},
}

func (g guesser) guess(r *rand.Rand, p *city.Plan, clicks int) (points [][2]float64) {
	if g.from == nil {
		for range clicks {
			points = append(points, [2]float64{r.Float64() * float64(p.Width), r.Float64() * float64(p.Height)})
		}
		return points
	}
	all := g.from(p)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, i := range all[:clicks] {
		points = append(points, [2]float64{p.Places[i].X, p.Places[i].Y})
	}
	return points
}

// Every kind by itself: guessed in 2 % at most, on maps as they are drawn.
func TestClicksAreNotGuessed(t *testing.T) {
	maps := 300
	if testing.Short() {
		maps = 100
	}
	r := rand.New(rand.NewPCG(5, 5))
	const guesses = 200
	hits, tried := make(map[string]int), make(map[string]int)
	for i := range uint64(maps) {
		p := city.New(city.Spec{Seed: i * Variants, Level: 2, Lang: "ko"})
		for _, k := range []captcha.Kind{captcha.KindOrder, captcha.KindRelation} {
			z, ok := Ask(p, k, i*Variants+i%4)
			if !ok {
				continue
			}
			for _, g := range guessers {
				for range guesses {
					tried[string(k)+" by "+g.name]++
					if z.Answer.Match(answer.Given{Points: g.guess(r, p, z.Clicks)}) {
						hits[string(k)+" by "+g.name]++
					}
				}
			}
		}
	}
	for who, n := range tried {
		rate := float64(hits[who]) / float64(n)
		t.Logf("%s: %d of %d, %.2f %%", who, hits[who], n, 100*rate)
		if rate > 0.02 || n < maps*guesses/3 {
			t.Errorf("%s: %.2f %% of %d, want 2 %% at most", who, 100*rate, n)
		}
	}
}

// Who sees where everything is, which icons are the same, the station and the
// coloured road, and only not what an icon means, can give the icons any meaning
// and answer as if it were so. Package attack/guess has an attacker that does.
func TestShapesDoNotTell(t *testing.T) {
	maps := 300
	if testing.Short() {
		maps = 100
	}
	r := rand.New(rand.NewPCG(5, 6))
	for _, k := range []captcha.Kind{captcha.KindOrder, captcha.KindRelation} {
		hits, tried := 0, 0
		for i := range uint64(maps) {
			p := city.New(city.Spec{Seed: i * Variants, Level: 2, Lang: langs[i%2]})
			z, ok := Ask(p, k, i*Variants+i%4)
			for try := 0; ok && try < 200; try++ {
				g := meanings(r, p, z.Text)
				if g == nil {
					continue // so it cannot be: the question would not have been asked
				}
				tried++
				if z.Answer.Match(answer.Given{Points: g}) {
					hits++
				}
			}
		}
		rate := float64(hits) / float64(tried)
		t.Logf("%s: %d of %d, %.2f %%", k, hits, tried, 100*rate)
		if rate > 0.02 || tried < 20*maps {
			t.Errorf("%s: %.2f %% of %d, want 2 %% at most", k, 100*rate, tried)
		}
	}
}

// meanings answers a question as if the icons that stand once had each other's
// meanings; nil where it then would not be one.
func meanings(r *rand.Rand, p *city.Plan, text string) (points [][2]float64) {
	q := slim(p)
	q.Places = slices.Clone(p.Places)
	unseen := newAsker(p, 0).unseen
	for i, j := range r.Perm(len(unseen)) {
		q.Places[unseen[i]].Category = p.Places[unseen[j]].Category
	}
	a := newAsker(q, 0)
	places := make(map[string]int)
	for _, s := range slices.Concat(a.nextTo(), a.nearestOf(), a.roadEnds()) {
		places[s.text] = s.place
	}
	for _, s := range a.named() {
		places[s.text], places[a.word(s.place)] = s.place, s.place
	}
	for _, part := range steps(text) {
		i, ok := places[part]
		if !ok {
			return nil
		}
		points = append(points, [2]float64{q.Places[i].X, q.Places[i].Y})
	}
	return points
}

// steps are what a question asks for, one after another.
func steps(text string) []string {
	text = strings.TrimPrefix(text, "Click in this order: ")
	return strings.Split(strings.TrimSuffix(strings.TrimSuffix(text, " 순서로 누르세요."), "."), " → ")
}

// Names told from the question alone: by what the question says, by the words of
// the categories, and by names out of the same grammar.
func TestNamesAreNotGuessed(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 2_000
	}
	for _, lang := range langs {
		r := rand.New(rand.NewPCG(6, 6))
		for i := range uint64(n) {
			z, ok := Ask(sketch(i*Variants, lang), []captcha.Kind{captcha.KindName, captcha.KindIcon}[i%2], i*Variants)
			if !ok {
				continue
			}
			c, known := categoryOf(z.Answer.Suffix, lang)
			if !known {
				t.Fatalf("no category ends with %q", z.Answer.Suffix)
			}
			for _, guess := range []string{z.Text, names.Word(c, lang), z.Answer.Suffix, names.Of(r, c, lang).Full} {
				if z.Answer.Match(answer.Given{Text: guess}) {
					t.Fatalf("%q was guessed: %q", z.Text, guess)
				}
			}
		}
	}
}

// Which place is asked for says nothing: each one's turn comes as often.
func TestEveryPlaceIsAskedFor(t *testing.T) {
	asked := make(map[int]int)
	const maps = 3_000
	for i := range uint64(maps) {
		p := sketch(i*Variants, "ko")
		z, _ := Ask(p, captcha.KindOrder, i*Variants)
		at := slices.IndexFunc(p.Places, func(q city.Place) bool { return q.X == z.Answer.Spots[0].X && q.Y == z.Answer.Spots[0].Y })
		asked[at]++
	}
	for i, n := range asked {
		if n > maps/5 { // of seven or more that stand once
			t.Errorf("place %d is the first to click on in %d of %d maps", i, n, maps)
		}
	}
}
