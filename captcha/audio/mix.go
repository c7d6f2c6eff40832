package audio

import (
	"math/rand/v2"
)

// How things sound. Levels are as in the maps: what grows is the murmur, and from
// level 3 on there are four words.
var (
	// murmur is how far competing speech is below the words, dB.
	murmur = [5]float64{10, 10, 9.5, 9, 8}
	// voices is how many speak at once in it.
	voices = [5]int{1, 1, 2, 2, 2}
	// count is how many words are asked for.
	count = [5]int{3, 3, 3, 4, 4}
)

const (
	loud   = -20.0 // dB of full scale, of a word
	varied = 1.5   // dB up or down
	room   = -38.0 // dB below the words: a room that is not quite silent
	top    = 0.89  // -1 dB: no sample is above

	slower   = 1.3 // words of the slow part
	roomier  = 1.6 // its gaps
	fadeTime = Rate * 5 / 1000
)

// utterance is a word as it is said in a mix.
type utterance struct {
	word, take int
	rate       float64 // pitch and tempo, as on a tape
	gain       float64 // dB
	gap        float64 // seconds of silence before it
}

// script is what is said in a mix, before it is.
type script struct {
	words []utterance
	level int
	seed  [2]uint64 // of the murmur and the room
}

// newScript draws a script. Each word is said once.
func newScript(b *bank, lang string, level int, seed uint64) script {
	// The stream differs by language and level, so that one seed does not say the
	// same places of both banks.
	r := rand.New(rand.NewPCG(seed, uint64(level)<<8|uint64(lang[0]))) //nolint:gosec // the seed is the secret
	s := script{level: level}
	order := r.Perm(len(b.words))
	for i := range count[level] {
		u := utterance{word: order[i], take: r.IntN(Takes)}
		u.rate = 0.95 + 0.13*r.Float64()
		u.gain = varied * (2*r.Float64() - 1)
		u.gap = 0.4 + 0.25*r.Float64()
		s.words = append(s.words, u)
	}
	s.seed = [2]uint64{r.Uint64(), r.Uint64()}
	return s
}

// Mark is where a word is in a mix.
type Mark struct {
	Word     int // of Words(lang)
	From, To int // samples
}

// Mix is a sound with what is in it.
type Mix struct {
	Samples []int16 // at [Rate]
	Marks   []Mark
	// Apart, as they are before they are joined.
	words, murmur []float32
}

// NewMix mixes what a puzzle of that language, level and seed lets be heard: the
// same every time.
func NewMix(lang string, level int, seed uint64, slow bool) (*Mix, error) {
	b, err := bankOf(lang)
	if err != nil {
		return nil, err
	}
	level = clampLevel(level)
	s := newScript(b, lang, level, seed)
	m := &Mix{}
	m.say(b, s, slow)
	r := rand.New(rand.NewPCG(s.seed[0], s.seed[1])) //nolint:gosec // follows from the seed
	m.murmur = make([]float32, len(m.words))
	for range voices[level] {
		m.talk(b, s, r)
	}
	m.join(level, r)
	return m, nil
}

// say puts the words one after another.
func (m *Mix) say(b *bank, s script, slow bool) {
	tempo, wide := 1.0, 1.0
	if slow {
		tempo, wide = slower, roomier
	}
	var parts [][]float32
	at := 0
	for _, u := range s.words {
		t := b.takes[u.word][u.take]
		x := resample(t.samples(), u.rate)
		if slow {
			x = stretch(x, tempo)
		}
		fade(x)
		scale(x, decibels(loud+u.gain)/t.rms)
		at += int(u.gap * wide * Rate)
		m.Marks = append(m.Marks, Mark{Word: u.word, From: at, To: at + len(x)})
		parts = append(parts, x)
		at += len(x)
	}
	m.words = make([]float32, at+Rate/4)
	for i, x := range parts {
		copy(m.words[m.Marks[i].From:], x)
	}
}

// talk adds a competing voice from beginning to end: other words of the bank,
// backwards, so that nobody who listens takes them for the words.
func (m *Mix) talk(b *bank, s script, r *rand.Rand) {
	for at := -r.IntN(Rate / 2); at < len(m.murmur); {
		word := r.IntN(len(b.words))
		if s.says(word) {
			continue
		}
		t := b.takes[word][r.IntN(Takes)]
		x := resample(t.samples(), 0.85+0.3*r.Float64())
		fade(x)
		gain := float32(1 / t.rms)
		for i := range x {
			if k := at + i; k >= 0 && k < len(m.murmur) {
				m.murmur[k] += gain * x[len(x)-1-i]
			}
		}
		at += len(x) + r.IntN(Rate/8)
	}
}

func (s script) says(word int) bool {
	for _, u := range s.words {
		if u.word == word {
			return true
		}
	}
	return false
}

// join levels the murmur below the words, adds the room, and keeps the peak below
// full scale.
func (m *Mix) join(level int, r *rand.Rand) {
	scale(m.murmur, decibels(loud-murmur[level])/rms(m.murmur))
	hiss := decibels(loud+room) * 1.7 // uniform in ±1 has 1/√3
	var peak, low float32
	sum := make([]float32, len(m.words))
	for i := range sum {
		// A room rumbles more than it hisses: each sample keeps half of the last.
		low = low/2 + float32(hiss*(2*r.Float64()-1))
		sum[i] = m.words[i] + m.murmur[i] + low
		peak = max(peak, sum[i], -sum[i])
	}
	gain := float32(1)
	if peak > top {
		gain = top / peak
	}
	m.Samples = make([]int16, len(sum))
	for i, v := range sum {
		m.Samples[i] = int16(v * gain * 32767)
	}
}

func fade(x []float32) {
	for i := range min(fadeTime, len(x)/2) {
		g := float32(i) / fadeTime
		x[i] *= g
		x[len(x)-1-i] *= g
	}
}

func scale(x []float32, by float64) {
	for i := range x {
		x[i] *= float32(by)
	}
}
