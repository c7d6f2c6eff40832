package attack

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/audio"
)

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 1000, 0, 0.0038}, {1000, 1000, 0.9962, 1}, {50, 100, 0.4038, 0.5962}, {3, 60, 0.0171, 0.1370}, {0, 0, 0, 1},
	} {
		low, high := Wilson(c.k, c.n)
		if math.Abs(low-c.low) > 1e-4 || math.Abs(high-c.high) > 1e-4 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

// spy records what it is shown, and answers what it is told to.
type spy struct {
	seen  []captcha.Puzzle
	media int
}

func (s *spy) Name() string { return "spy" }

func (s *spy) Try(_ context.Context, p *captcha.Puzzle, media map[captcha.Part]captcha.Media, r *rand.Rand) (answer.Given, error) {
	s.seen = append(s.seen, *p)
	s.media += len(media)
	if len(p.Answer.Texts) == 0 || r.IntN(4) == 0 {
		return answer.Given{}, ErrNoAnswer
	}
	text := ""
	for _, w := range p.Answer.Texts {
		text += w + " "
	}
	return answer.Given{Text: text}, nil
}

type oracle struct{ *spy }

func (oracle) Told() string { return "everything" }

func TestAttackersSeeWhatVisitorsSee(t *testing.T) {
	job := Job{Source: audio.Source{}, Kind: captcha.KindWords, Level: 1, Lang: "en", N: 20, Seed: 5}
	plain := &spy{}
	job.Attacker = plain
	o, err := Measure(t.Context(), job)
	if err != nil || o.N != 20 || o.Solved != 0 || plain.media != 40 {
		t.Errorf("%+v %v", o, err)
	}
	for _, p := range plain.seen {
		if p.Seed != 0 || len(p.Answer.Texts) > 0 || p.Text == "" || p.Lang != "en" {
			t.Errorf("a visitor would not see %+v", p)
		}
	}
	told := &spy{}
	job.Attacker = oracle{told}
	first, err := Measure(t.Context(), job)
	if err != nil || first.Solved == 0 || first.Solved == 20 || first.Told != "everything" {
		t.Errorf("%+v %v", first, err)
	}
	again, err := Measure(t.Context(), job)
	if err != nil || again.Solved != first.Solved {
		t.Errorf("the same seed solved %d, then %d", first.Solved, again.Solved)
	}
}

type broken struct{}

func (broken) Name() string { return "broken" }
func (broken) Try(context.Context, *captcha.Puzzle, map[captcha.Part]captcha.Media, *rand.Rand) (answer.Given, error) {
	return answer.Given{}, errors.New("out of order")
}

func TestABrokenAttackerIsNotAMiss(t *testing.T) {
	_, err := Measure(t.Context(), Job{Attacker: broken{}, Source: audio.Source{}, Kind: captcha.KindWords, Lang: "ko", N: 3})
	if err == nil {
		t.Error("a program that is out of order was taken for one that does not know")
	}
}

// A measurement that was begun comes to what it would have come to in one go.
func TestAMeasurementGoesOn(t *testing.T) {
	s := &spy{}
	job := Job{Attacker: oracle{s}, Source: audio.Source{}, Kind: captcha.KindWords, Level: 1, Lang: "en", N: 20, Seed: 5}
	var some Outcome
	job.Tell = func(o Outcome) error {
		if o.N == 8 {
			some = o
		}
		return nil
	}
	whole, err := Measure(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	job.Tell, job.Begun = nil, some
	rest, err := Measure(t.Context(), job)
	if err != nil || rest.N != 20 || rest.Solved != whole.Solved || len(s.seen) != 32 {
		t.Errorf("%+v in one go, %+v in two, %d questions asked: %v", whole, rest, len(s.seen), err)
	}
	full := errors.New("the disk is full")
	job.Tell = func(Outcome) error { return full }
	if _, err := Measure(t.Context(), job); !errors.Is(err, full) {
		t.Errorf("what cannot be kept is lost in silence: %v", err)
	}
}
