package ears

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/audio"
)

const (
	parts  = 16              // a word is looked at in so many
	inputs = parts*bands + 2 // and how long it is, and one
)

// Listener is a classifier that is trained on mixes of our own bank, of other
// seeds than those that are asked: it cuts by loudness, as it has to when it is
// asked, looks at each word's spectrum, and takes the likeliest of the 64. Its
// training is a few seconds of one core for a language and a level.
type Listener struct {
	// Mixes are how many it is trained on. Zero: 800.
	Mixes int
	// Seed of its training.
	Seed uint64

	mu     sync.Mutex
	models map[model]*softmax
}

type model struct {
	lang  string
	level int
}

// Name implements [attack.Attacker].
func (*Listener) Name() string { return "listener" }

// Class implements [attack.Classed].
func (*Listener) Class() attack.Class { return attack.Ears }

// Takes implements [attack.Picky].
func (*Listener) Takes(k captcha.Kind, _ string) bool { return k == captcha.KindWords }

// Prepare implements [attack.Prepared]: it trains.
func (l *Listener) Prepare(ctx context.Context, _ captcha.Kind, level int, lang string) error {
	_, err := l.model(ctx, level, lang)
	return err
}

func (l *Listener) model(ctx context.Context, level int, lang string) (*softmax, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.models[model{lang, level}]
	if m != nil {
		return m, nil
	}
	m, err := train(ctx, lang, level, max(l.Mixes, 0), l.Seed)
	if err != nil {
		return nil, err
	}
	if l.models == nil {
		l.models = map[model]*softmax{}
	}
	l.models[model{lang, level}] = m
	return m, nil
}

// Try implements [attack.Attacker].
func (l *Listener) Try(ctx context.Context, p *captcha.Puzzle, media map[captcha.Part]captcha.Media, _ *rand.Rand) (answer.Given, error) {
	m, err := l.model(ctx, p.Level, p.Lang)
	if err != nil {
		return answer.Given{}, err
	}
	samples, _, err := audio.DecodeWAV(media[captcha.PartAudio].Bytes)
	if err != nil {
		return answer.Given{}, err
	}
	s := spectrumOf(samples)
	spans := segment(s, asked(p))
	if len(spans) == 0 {
		return answer.Given{}, attack.ErrNoAnswer
	}
	words := audio.Words(p.Lang)
	var said []string
	for _, at := range spans {
		x := features(s, at)
		word, _, _ := strings.Cut(words[m.likeliest(&x)].Text, "|")
		said = append(said, word)
	}
	return answer.Given{Text: strings.Join(said, " ")}, nil
}

// asked is how many words a question asks for.
func asked(p *captcha.Puzzle) int {
	if strings.Contains(p.Text, "네 개") || strings.Contains(p.Text, "four") {
		return 4
	}
	return 3
}

// features are a word's spectrum in even slices, without its loudness, and how
// long it is.
func features(s spectrum, at span) (x [inputs]float32) {
	// A little around it, for what is quiet at the ends.
	from, to := max(at.from-3, 0), min(at.to+3, len(s))
	n := to - from
	mean := 0.0
	for _, row := range s[from:to] {
		for _, v := range row {
			mean += v
		}
	}
	mean /= float64(n * bands)
	for i := range parts {
		a := from + i*n/parts
		b := max(from+(i+1)*n/parts, a+1)
		for k := range bands {
			sum := 0.0
			for _, row := range s[a:b] {
				sum += row[k]
			}
			x[i*bands+k] = float32((sum/float64(b-a) - mean) / 3)
		}
	}
	x[inputs-2] = float32(math.Log(float64(n) / 40))
	x[inputs-1] = 1
	return x
}
