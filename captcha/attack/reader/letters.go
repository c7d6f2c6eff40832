package reader

import (
	"math"
	"slices"

	"github.com/daero/daero/captcha/attack/sight"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// side is how many points a letter's piece of the map has each way: about as
// many as the picture has there that are sharp.
const side = 28

// window is how wide that piece is, in cap heights: a syllable with a bit of its
// neighbours.
const window = 1.7

// alphabet is what can be read: the syllables that names are made of, and the
// letters.
var alphabet = func() []rune {
	var all []rune
	for _, s := range names.Syllables("ko") {
		all = append(all, []rune(s)...)
	}
	for _, c := range names.Categories() {
		for _, s := range names.Suffixes(c, "ko") {
			all = append(all, []rune(s)...)
		}
	}
	for r := 'a'; r <= 'z'; r++ {
		all = append(all, r, r-'a'+'A')
	}
	slices.Sort(all)
	return slices.Compact(all)
}()

// hangul is where the syllables of the alphabet begin: behind the letters.
var hangul = func() int {
	for i, r := range alphabet {
		if r >= 0xAC00 {
			return i
		}
	}
	return len(alphabet)
}()

// piece takes what is around a letter out of a map, turned straight, dark or
// light alike: 0 for the ground, about 1 for ink.
func piece(pic *sight.Picture, x, y, angle, size float64, to []float32) {
	c, s := math.Cos(angle), math.Sin(angle)
	for j := range side {
		for i := range side {
			u, v := ((float64(i)+0.5)/side-0.5)*size, ((float64(j)+0.5)/side-0.5)*size
			to[j*side+i] = sight.Grey(pic.At(x+u*c-v*s, y+u*s+v*c))
		}
	}
	// The ground is what most of the piece is.
	var sorted [side * side]float32
	copy(sorted[:], to)
	slices.Sort(sorted[:])
	low, mid, high := sorted[len(sorted)/20], sorted[len(sorted)/2], sorted[len(sorted)*19/20]
	sign, span := float32(1), high-mid
	if mid-low > span {
		sign, span = -1, mid-low
	}
	span = max(span, 24)
	for i := range to {
		to[i] = sign * (to[i] - mid) / span
	}
}

func newLetters(seed uint64) net {
	return newNet(random(seed),
		layer{in: 1, out: 10, k: 5, relu: true, pool: true},  // 28 → 24 → 12
		layer{in: 10, out: 28, k: 3, relu: true, pool: true}, // 12 → 10 → 5
		layer{in: 28, out: 144, k: 5, relu: true},            // 5 → 1
		layer{in: 144, out: len(alphabet), k: 1},
	)
}

// read returns the chances of every letter of the alphabet, of those of a
// language; they are good until the next call.
func (m *Model) read(pic *sight.Picture, x, y, angle, high float64, ko bool) []float32 {
	m.patch = grow(m.patch, side*side)
	piece(pic, x, y, angle, window*high, m.patch)
	out := m.letters.run(plane{side, side, 1, m.patch}, m.lettersPass).v
	if ko {
		out = out[hangul:]
	} else {
		out = out[:hangul]
	}
	softmax(out)
	return out
}

// likeliest is the letter with the best chance.
func likeliest(p []float32, ko bool) (rune, float32) {
	best := 0
	for i, v := range p {
		if v > p[best] {
			best = i
		}
	}
	if ko {
		return alphabet[hangul+best], p[best]
	}
	return alphabet[best], p[best]
}
