package audio

import "math"

// resample plays x at rate times its speed, pitch and all, by the cubic of Catmull
// and Rom: through two samples with the slopes of their neighbours.
func resample(x []float32, rate float64) []float32 {
	n := int(float64(len(x)) / rate)
	padded := make([]float32, len(x)+4) // one before, and what the last ones need
	copy(padded[1:], x)
	out := make([]float32, n)
	p := 0.0
	for i := range out {
		k := int(p)
		t := float32(p - float64(k))
		q := padded[k : k+4 : k+4]
		a, b, c, d := q[0], q[1], q[2], q[3]
		out[i] = b + t/2*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a)))
		p += rate
	}
	return out
}

// Of time-stretching: windows of 30 ms, half of each over the next, moved by up to
// 8 ms to where they continue what is there.
const (
	window = Rate * 30 / 1000
	hop    = window / 2
	search = Rate * 8 / 1000
)

// hann fades a window in and out; two of them half a window apart make one.
var hann = func() (w [window]float32) {
	for i := range w {
		w[i] = float32(0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/window))
	}
	return w
}()

// stretch makes x slower by a factor, at the same pitch: waveform similarity
// overlap-add. Each window is taken near where it should be, at the place most like
// what would have followed the last one.
func stretch(x []float32, slower float64) []float32 {
	if len(x) < 2*window+2*search {
		return x
	}
	n := int(float64(len(x)) * slower)
	out := make([]float32, n+window)
	copy(out, x[:hop]) // the first half window has none before it
	last := 0          // where the last window was taken
	for o := 0; o+window <= len(out); o += hop {
		want := int(float64(o) / slower)
		from := want
		if o > 0 {
			from = likest(x, last+hop, want)
		}
		if from+window > len(x) {
			break
		}
		for i := range window {
			if o == 0 && i < hop {
				continue // copied
			}
			out[o+i] += x[from+i] * hann[i]
		}
		last = from
	}
	return out[:n]
}

// likest returns the place within search of want where x goes on most like it does
// at next. Every third sample of every third place is compared: a ninth of the
// work, and pitch is far below 2 kHz.
func likest(x []float32, next, want int) int {
	best, most := want, float32(math.Inf(-1))
	if next+window > len(x) {
		return want
	}
	for from := max(want-search, 0); from <= want+search && from+window <= len(x); from += 3 {
		var like, own float32
		for i := 0; i < window; i += 3 {
			v := x[from+i]
			like += v * x[next+i]
			own += v * v
		}
		if own > 0 {
			like /= float32(math.Sqrt(float64(own)))
		}
		if like > most {
			best, most = from, like
		}
	}
	return best
}

// rms is the root of the mean square.
func rms(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	if len(x) == 0 {
		return 0
	}
	return math.Sqrt(sum / float64(len(x)))
}

func decibels(db float64) float64 { return math.Pow(10, db/20) }
