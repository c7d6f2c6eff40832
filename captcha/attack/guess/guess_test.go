package guess_test

import (
	"testing"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/guess"
	"github.com/daero/daero/captcha/audio"
	"github.com/daero/daero/captcha/mapquiz"
)

// Guessing is under 2 % for every kind, and what is typed is never guessed.
func TestGuessing(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 100
	}
	maps, err := mapquiz.New(mapquiz.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range mapquiz.Langs() {
		for _, a := range []attack.Attacker{guess.Random{}, guess.Icons{}, guess.Shapes{}, guess.Question{}} {
			for _, k := range attack.Kinds() {
				if !attack.Takes(a, k, lang) {
					continue
				}
				var source captcha.Source = maps
				if k == captcha.KindWords {
					source = audio.Source{}
				}
				o, err := attack.Measure(t.Context(), attack.Job{Attacker: a, Source: source, Kind: k, Level: 3, Lang: lang, N: n, Seed: 1})
				if err != nil {
					t.Fatal(err)
				}
				if o.N != n || o.Class != attack.Guess {
					t.Errorf("%+v", o)
				}
				if captcha.ModeOf(k) != captcha.Click && o.Solved > 0 {
					t.Errorf("%s %s %s: %d of %d typed by guessing", a.Name(), k, lang, o.Solved, o.N)
				}
				// 2 % and what chance adds to a few hundred tries.
				if low, _ := o.Wilson95(); low > 0.02 {
					t.Errorf("%s %s %s: %d of %d", a.Name(), k, lang, o.Solved, o.N)
				}
			}
		}
	}
}

// The attacker that sees shapes understands the questions: it always has an
// answer, and knowing more is worth more than clicking icons at random.
func TestShapesUnderstandsTheQuestions(t *testing.T) {
	maps, err := mapquiz.New(mapquiz.Config{})
	if err != nil {
		t.Fatal(err)
	}
	n := 500
	if testing.Short() {
		n = 200
	}
	solved, tried := map[string]int{}, 0
	for _, lang := range mapquiz.Langs() {
		for _, a := range []attack.Attacker{guess.Icons{}, guess.Shapes{}} {
			o, err := attack.Measure(t.Context(), attack.Job{Attacker: a, Source: maps, Kind: captcha.KindRelation, Level: 3, Lang: lang, N: n, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			solved[a.Name()] += o.Solved
			tried += o.N
		}
	}
	t.Logf("%v of %d", solved, tried/2)
	if solved["guess-shapes"] <= solved["guess-icons"] {
		t.Errorf("%v", solved)
	}
}
