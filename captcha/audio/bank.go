package audio

import (
	"embed"
	"fmt"
	"strings"
	"sync"
)

//go:embed bank/ko.tsv bank/en.tsv bank/ko/*.wav bank/en/*.wav
var files embed.FS

// Takes is how many recordings there are of every word.
const Takes = 3

// Word is one of a bank.
type Word struct {
	ID   string // names its recordings
	Text string // as it is typed, with alternatives after a bar
	// Phones are how espeak-ng says it, without stress and length.
	Phones string
}

// take is a recording: mu-law as it lies in the program, decoded when it is mixed.
type take struct {
	law []byte
	rms float64 // of 1
}

// bank is the words of a language.
type bank struct {
	words []Word
	takes [][Takes]take
}

// banks are read when a question is first asked by ear.
var banks = map[string]func() (*bank, error){
	"ko": sync.OnceValues(func() (*bank, error) { return readBank("ko") }),
	"en": sync.OnceValues(func() (*bank, error) { return readBank("en") }),
}

// Langs are the languages in which questions are asked by ear.
func Langs() []string { return []string{"ko", "en"} }

// Words returns the words of a language, nil if there are none.
func Words(lang string) []Word {
	b, err := bankOf(lang)
	if err != nil {
		return nil
	}
	return append([]Word(nil), b.words...)
}

func bankOf(lang string) (*bank, error) {
	read, ok := banks[lang]
	if !ok {
		return nil, fmt.Errorf("audio: there are no words in %q: ask in ko or en", lang)
	}
	return read()
}

func readBank(lang string) (*bank, error) {
	list, err := files.ReadFile("bank/" + lang + ".tsv")
	if err != nil {
		return nil, fmt.Errorf("audio: %w", err)
	}
	b := &bank{}
	for line := range strings.Lines(string(list)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("audio: bank/%s.tsv: %q: must be id, text and phones, with tabs between", lang, line)
		}
		b.words = append(b.words, Word{ID: f[0], Text: f[1], Phones: f[2]})
		t, err := readTakes(lang, f[0])
		if err != nil {
			return nil, err
		}
		b.takes = append(b.takes, t)
	}
	return b, nil
}

func readTakes(lang, id string) (all [Takes]take, err error) {
	for i := range all {
		name := fmt.Sprintf("bank/%s/%s-%d.wav", lang, id, i+1)
		raw, err := files.ReadFile(name)
		if err != nil {
			return all, fmt.Errorf("audio: %w: run captcha/audio/bank/generate.sh", err)
		}
		w, err := readChunks(raw)
		if err != nil || w.format != formatMuLaw || w.rate != Rate || w.channels != 1 {
			return all, fmt.Errorf("audio: %s must be mu-law of one channel at %d Hz: run captcha/audio/bank/generate.sh", name, Rate)
		}
		all[i] = take{law: w.data}
		all[i].rms = rms(all[i].samples())
	}
	return all, nil
}

// samples decodes a take.
func (t take) samples() []float32 {
	out := make([]float32, len(t.law))
	for i, b := range t.law {
		out[i] = float32(muLaw[b]) / 32768
	}
	return out
}

// muLaw is ITU-T G.711: sign, three bits of exponent, four of mantissa, all
// inverted.
var muLaw = func() (table [256]int16) {
	for i := range table {
		u := ^byte(i) //nolint:gosec // 0 to 255
		v := (int16(u&0x0f)<<3 + 0x84) << (u >> 4 & 7)
		v -= 0x84
		if u&0x80 != 0 {
			v = -v
		}
		table[i] = v
	}
	return table
}()
