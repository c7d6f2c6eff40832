package ears

import "math"

// lengths of words, in frames: 0.36 to 1.1 s, a quarter longer each time.
var lengths = [...]int{24, 30, 37, 46, 58, 72}

const (
	parts  = 16              // a word is looked at in so many
	inputs = parts*bands + 2 // and how long it is, and one
	stride = 2               // frames between the places that are looked at
)

// sums are a spectrum added up from its beginning, so that the mean of any piece
// is one subtraction.
type sums [][bands]float64

func (s spectrum) sums() sums {
	out := make(sums, len(s)+1)
	for i, row := range s {
		for k, v := range row {
			out[i+1][k] = out[i][k] + v
		}
	}
	return out
}

// features are a piece's spectrum in even slices, without its loudness, and how
// long it is.
func (c sums) features(at span) (x [inputs]float32) {
	n := at.len()
	mean := 0.0
	for k := range bands {
		mean += c[at.to][k] - c[at.from][k]
	}
	mean /= float64(n * bands)
	for i := range parts {
		a := at.from + i*n/parts
		b := max(at.from+(i+1)*n/parts, a+1)
		for k := range bands {
			x[i*bands+k] = float32(((c[b][k]-c[a][k])/float64(b-a) - mean) / 3)
		}
	}
	x[inputs-2] = float32(math.Log(float64(n) / 40))
	x[inputs-1] = 1
	return x
}

// spotted is a piece that may be a word.
type spotted struct {
	span
	word  int
	score float64 // how much likelier a word than none, in logarithms
}

// everywhere looks at all places for words.
func everywhere(m *softmax, s spectrum) (all []spotted) {
	c := s.sums()
	for to := lengths[0]; to <= len(s); to += stride {
		for _, n := range lengths {
			if n > to {
				continue
			}
			at := span{to - n, to}
			x := c.features(at)
			p := m.scores(&x)
			none := len(p) - 1
			best := 0
			for w, v := range p[:none] {
				if v > p[best] {
					best = w
				}
			}
			all = append(all, spotted{at, best, float64(p[best] - p[none])})
		}
	}
	return all
}

// chain returns the n pieces that do not overlap and together are the likeliest:
// the question says how many words there are.
func chain(all []spotted, frames, n int) []spotted {
	type cell struct {
		score float64
		last  int // of all, -1: none ends here
		from  int // the cell before
	}
	impossible := math.Inf(-1)
	best := make([][]cell, n+1)
	for k := range best {
		best[k] = make([]cell, frames+1)
		for t := range best[k] {
			best[k][t] = cell{score: impossible, last: -1, from: t - 1}
			if k == 0 {
				best[k][t].score = 0
			}
		}
	}
	next := 0
	for t := 1; t <= frames; t++ {
		first := next
		for next < len(all) && all[next].to == t {
			next++
		}
		for k := 1; k <= n; k++ {
			best[k][t].score = best[k][t-1].score
			for i := first; i < next; i++ {
				if v := best[k-1][all[i].from].score + all[i].score; v > best[k][t].score {
					best[k][t] = cell{v, i, all[i].from}
				}
			}
		}
	}
	var out []spotted
	for k, t := n, frames; k > 0 && t > 0; {
		c := best[k][t]
		if c.last >= 0 {
			out = append([]spotted{all[c.last]}, out...)
			k--
		}
		t = c.from
	}
	return out
}
