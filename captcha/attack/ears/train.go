package ears

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/daero/daero/captcha/audio"
)

// softmax is a linear classifier: a row of weights for each word, and one for what
// is none.
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

// example is a piece with what it is.
type example struct {
	word int
	x    [inputs]float32
}

const (
	mixesUsual = 600
	epochs     = 12
	rate       = 0.02
	decay      = 1e-5
)

// train makes mixes, takes pieces where words are and where none is, and descends
// the loss by one example at a time.
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
		all = append(all, examples(m, r)...)
	}
	m := &softmax{weights: make([][inputs]float32, len(audio.Words(lang))+1)}
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

// Of one mix: how often each word is taken, not quite at its place, and how often
// something else is.
const (
	perWord   = 3
	elsewhere = 10
)

// examples are pieces of a mix.
func examples(m *audio.Mix, r *rand.Rand) (all []example) {
	s := spectrumOf(m.Samples)
	c := s.sums()
	none := len(audio.Words("ko")) // of either language
	for _, k := range m.Marks {
		where := span{k.From / hop, k.To / hop}
		for try, got := 0, 0; try < 20 && got < perWord; try++ {
			n := lengths[r.IntN(len(lengths))]
			from := (where.from+where.to-n)/2 + r.IntN(9) - 4
			if at := (span{from, from + n}); from >= 0 && at.to <= len(s) && shared(at, where) > 0.75 {
				all = append(all, example{k.Word, c.features(at)})
				got++
			}
		}
	}
	for range elsewhere {
		n := lengths[r.IntN(len(lengths))]
		from := r.IntN(max(len(s)-n, 1))
		at, most := span{from, from + n}, 0.0
		for _, k := range m.Marks {
			most = max(most, shared(at, span{k.From / hop, k.To / hop}))
		}
		if most < 0.5 && at.to <= len(s) {
			all = append(all, example{none, c.features(at)})
		}
	}
	return all
}

// shared is how much of two pieces is common to both, of all that either has.
func shared(a, b span) float64 {
	both := min(a.to, b.to) - max(a.from, b.from)
	return max(float64(both), 0) / float64(a.len()+b.len()-both)
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
