package ears

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/daero/daero/captcha/audio"
)

// softmax is a linear classifier: a row of weights for each word.
type softmax struct {
	weights [][inputs]float32
}

func (m *softmax) scores(x *[inputs]float32) []float32 {
	out := make([]float32, len(m.weights))
	for w := range m.weights {
		var sum float32
		row := &m.weights[w]
		for i := range x {
			sum += row[i] * x[i]
		}
		out[w] = sum
	}
	return out
}

func (m *softmax) likeliest(x *[inputs]float32) int {
	best, top := 0, float32(math.Inf(-1))
	for w, v := range m.scores(x) {
		if v > top {
			best, top = w, v
		}
	}
	return best
}

// example is a word as it was cut out.
type example struct {
	word int
	x    [inputs]float32
}

const (
	mixesUsual = 800
	epochs     = 12
	rate       = 0.02
	decay      = 1e-5
)

// train makes mixes, cuts them as the attacker will have to, keeps what was cut
// where a word is, and descends the loss by one example at a time.
func train(ctx context.Context, lang string, level, mixes int, seed uint64) (*softmax, error) {
	if mixes == 0 {
		mixes = mixesUsual
	}
	// Seeds of its own: what is asked comes from other streams.
	r := rand.New(rand.NewPCG(seed, 0x6c697374656e)) //nolint:gosec // to be repeated
	var all []example
	for range mixes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m, err := audio.NewMix(lang, level, r.Uint64(), false)
		if err != nil {
			return nil, err
		}
		all = append(all, examples(m)...)
	}
	m := &softmax{weights: make([][inputs]float32, len(audio.Words(lang)))}
	for epoch := range epochs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		step := float32(rate / (1 + float64(epoch)/4))
		for i := range all {
			m.learn(&all[i], step)
		}
	}
	return m, nil
}

// examples are the words of a mix that were cut out more or less whole.
func examples(m *audio.Mix) (all []example) {
	s := spectrumOf(m.Samples)
	for _, at := range segment(s, len(m.Marks)) {
		for _, k := range m.Marks {
			from, to := k.From/hop, k.To/hop
			if both := min(at.to, to) - max(at.from, from); 2*both > max(at.len(), to-from) {
				all = append(all, example{k.Word, features(s, at)})
			}
		}
	}
	return all
}

// learn takes one step down the loss of one example.
func (m *softmax) learn(e *example, step float32) {
	p := m.scores(&e.x)
	top := p[0]
	for _, v := range p {
		top = max(top, v)
	}
	var sum float32
	for w := range p {
		p[w] = float32(math.Exp(float64(p[w] - top)))
		sum += p[w]
	}
	for w := range p {
		off := p[w] / sum
		if w == e.word {
			off--
		}
		if off > -1e-4 && off < 1e-4 {
			continue
		}
		row, by := &m.weights[w], step*off
		for i := range row {
			row[i] -= by*e.x[i] + decay*row[i]
		}
	}
}
