package ears

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/audio"
)

// Listener is a classifier that is trained on mixes of our own bank, of other
// seeds than those that are asked: it looks for words everywhere in a sound, at
// several lengths, and takes as many as are asked for that do not overlap and
// together are the likeliest. Its training is some seconds of one core for a
// language and a level.
type Listener struct {
	// Mixes are how many it is trained on. Zero: 600, some six seconds; more make it better.
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
	words := audio.Words(p.Lang)
	var said []string
	for _, at := range chain(everywhere(m, s), len(s), asked(p)) {
		word, _, _ := strings.Cut(words[at.word].Text, "|")
		said = append(said, word)
	}
	if len(said) == 0 {
		return answer.Given{}, attack.ErrNoAnswer
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
