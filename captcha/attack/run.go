package attack

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"

	"github.com/daero/daero/captcha"
)

// Job is one measurement: an attacker at one kind of question.
type Job struct {
	Attacker Attacker
	Source   captcha.Source
	Kind     captcha.Kind
	Level    int
	Lang     string
	N        int
	// Seed makes the questions and the attacker's chance: the same seed, the same
	// result. Two attackers with one seed see the same questions.
	Seed uint64
	// Begun is what came of the first tries of the same job, made earlier: they are
	// not made again.
	Begun Outcome
	// Tell, unless nil, is told after every try what came of all so far.
	Tell func(Outcome) error
}

// Outcome is what came of a Job.
type Outcome struct {
	Attacker string
	Class    Class
	Told     string // what an [Oracle] was told, "" for the others
	Kind     captcha.Kind
	Level    int
	Lang     string
	N        int
	Solved   int
	// Seconds and CoreSeconds are those of one try, without making the question:
	// of a clock, and of all cores with the programs that the attacker starts.
	Seconds     float64
	CoreSeconds float64
}

// Rate is how often it worked.
func (o Outcome) Rate() float64 {
	if o.N == 0 {
		return 0
	}
	return float64(o.Solved) / float64(o.N)
}

// Wilson95 is Wilson's interval of the rate, for 95 %.
func (o Outcome) Wilson95() (low, high float64) { return Wilson(o.Solved, o.N) }

// Wilson returns the interval in which a rate lies with 95 % that was found k
// times of n. Unlike the usual one it says something where k is 0: 0 of 1,000 is
// up to 0.38 %.
func Wilson(k, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	low, high = max(middle-half, 0), min(middle+half, 1)
	if k == 0 {
		low = 0 // but for rounding
	}
	if k == n {
		high = 1
	}
	return low, high
}

// ClassOf returns an attacker's class.
func ClassOf(a Attacker) Class {
	if c, ok := a.(Classed); ok {
		return c.Class()
	}
	return Guess
}

// Takes reports whether an attacker tries such questions.
func Takes(a Attacker, k captcha.Kind, lang string) bool {
	p, ok := a.(Picky)
	return !ok || p.Takes(k, lang)
}

// Measure lets an attacker try N questions, one after another.
func Measure(ctx context.Context, j Job) (Outcome, error) {
	o := Outcome{Attacker: j.Attacker.Name(), Class: ClassOf(j.Attacker), Kind: j.Kind, Level: j.Level, Lang: j.Lang}
	if oracle, ok := j.Attacker.(Oracle); ok {
		o.Told = oracle.Told()
	}
	if p, ok := j.Attacker.(Prepared); ok {
		if err := p.Prepare(ctx, j.Kind, j.Level, j.Lang); err != nil {
			return o, fmt.Errorf("%s: %w", o.Attacker, err)
		}
	}
	stream := fnv.New64a()
	_, _ = fmt.Fprintf(stream, "%s/%d/%s", j.Kind, j.Level, j.Lang) // never fails
	questions := rand.New(rand.NewPCG(j.Seed, stream.Sum64()))      //nolint:gosec // to be repeated
	o.N, o.Solved, o.Seconds, o.CoreSeconds = j.Begun.N, j.Begun.Solved, j.Begun.Seconds, j.Begun.CoreSeconds
	for range o.N {
		questions.Uint64() // was asked then
	}
	for o.N < j.N {
		if err := ctx.Err(); err != nil {
			return o, err
		}
		p, err := j.Source.Next(ctx, captcha.Want{Mode: captcha.ModeOf(j.Kind), Kind: j.Kind, Level: j.Level, Lang: j.Lang, Seed: questions.Uint64()})
		if err != nil {
			return o, fmt.Errorf("%s question %d: %w", j.Kind, o.N+1, err)
		}
		right, took, core, err := try(ctx, j, &p, rand.New(rand.NewPCG(p.Seed, j.Seed))) //nolint:gosec // to be repeated
		if err != nil {
			return o, fmt.Errorf("%s: question %d: %w", o.Attacker, o.N+1, err)
		}
		o.add(right, took.Seconds(), core)
		if j.Tell == nil {
			continue
		}
		if err := j.Tell(o); err != nil {
			return o, err
		}
	}
	return o, nil
}

// add counts a try.
func (o *Outcome) add(right bool, seconds, core float64) {
	n := float64(o.N)
	o.N++
	if right {
		o.Solved++
	}
	o.Seconds = (n*o.Seconds + seconds) / (n + 1)
	o.CoreSeconds = (n*o.CoreSeconds + core) / (n + 1)
}

// try lets the attacker answer one question.
func try(ctx context.Context, j Job, p *captcha.Puzzle, r *rand.Rand) (right bool, took time.Duration, core float64, err error) {
	media := map[captcha.Part]captcha.Media{}
	if b, ok := j.Attacker.(Blind); !ok || !b.Blind() {
		for _, part := range Parts(p.Kind) {
			if media[part], err = j.Source.Media(ctx, p, part); err != nil {
				return false, 0, 0, err
			}
		}
	}
	shown := *p
	if _, ok := j.Attacker.(Oracle); !ok {
		shown.Answer, shown.Seed = captcha.Puzzle{}.Answer, 0
	}
	began, cores := time.Now(), coreSeconds()
	given, err := j.Attacker.Try(ctx, &shown, media, r)
	took, core = time.Since(began), coreSeconds()-cores
	if errors.Is(err, ErrNoAnswer) {
		return false, took, core, nil
	}
	return err == nil && p.Answer.Match(given), took, core, err
}

// Parts are the media of a kind of question.
func Parts(k captcha.Kind) []captcha.Part {
	switch k {
	case captcha.KindIcon:
		return []captcha.Part{captcha.PartImage, captcha.PartIcon}
	case captcha.KindWords:
		return []captcha.Part{captcha.PartAudio, captcha.PartAudioSlow}
	case captcha.KindWork:
		return nil
	}
	return []captcha.Part{captcha.PartImage}
}

// Kinds are all kinds of question.
func Kinds() []captcha.Kind {
	return []captcha.Kind{captcha.KindOrder, captcha.KindRelation, captcha.KindName, captcha.KindMissing, captcha.KindIcon, captcha.KindWords}
}
