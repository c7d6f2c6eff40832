package ears

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/audio"
)

// Sphinx is PocketSphinx with its model of American English, as Debian has it,
// told the 64 words as a grammar, once for each piece that loudness cuts out. It
// knows no Korean.
type Sphinx struct {
	dir string // with the grammar and the dictionary
}

// Close removes what it keeps on disk.
func (s *Sphinx) Close() error {
	if s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}

const (
	program    = "pocketsphinx_continuous"
	dictionary = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict"
	sphinxRate = 16000
)

// unlisted are words that the dictionary does not have.
var unlisted = map[string]string{"dragonfly": "D R AE G AH N F L AY"}

// Name implements [attack.Attacker].
func (*Sphinx) Name() string { return "pocketsphinx" }

// Class implements [attack.Classed].
func (*Sphinx) Class() attack.Class { return attack.Ears }

// Takes implements [attack.Picky].
func (*Sphinx) Takes(k captcha.Kind, lang string) bool { return k == captcha.KindWords && lang == "en" }

// Prepare implements [attack.Prepared]: it writes the grammar.
func (s *Sphinx) Prepare(context.Context, captcha.Kind, int, string) (err error) {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("%s: %w: apt-get install pocketsphinx pocketsphinx-en-us", program, attack.ErrAbsent)
	}
	if s.dir != "" {
		return nil
	}
	list, err := os.ReadFile(dictionary)
	if err != nil {
		return fmt.Errorf("%s: %w: apt-get install pocketsphinx-en-us", dictionary, attack.ErrAbsent)
	}
	if s.dir, err = os.MkdirTemp("", "daero-ears-"); err != nil {
		return err
	}
	words, said := grammar(list)
	if err := os.WriteFile(filepath.Join(s.dir, "words.dict"), said, 0o600); err != nil {
		return err
	}
	text := "#JSGF V1.0;\ngrammar words;\npublic <word> = " + strings.Join(words, " | ") + ";\n"
	return os.WriteFile(filepath.Join(s.dir, "words.jsgf"), []byte(text), 0o600)
}

// grammar returns the words, and how they are said.
func grammar(list []byte) (words []string, said []byte) {
	wanted := map[string]bool{}
	for _, w := range audio.Words("en") {
		word, _, _ := strings.Cut(w.Text, "|")
		words, wanted[word] = append(words, word), true
		if phones, ok := unlisted[word]; ok {
			said = fmt.Appendf(said, "%s %s\n", word, phones)
		}
	}
	lines := bufio.NewScanner(bytes.NewReader(list))
	for lines.Scan() {
		word, _, _ := strings.Cut(lines.Text(), " ")
		word, _, _ = strings.Cut(word, "(")
		if wanted[word] {
			said = append(append(said, lines.Bytes()...), '\n')
		}
	}
	return words, said
}

// Try implements [attack.Attacker].
func (s *Sphinx) Try(ctx context.Context, p *captcha.Puzzle, media map[captcha.Part]captcha.Media, _ *rand.Rand) (answer.Given, error) {
	samples, _, err := audio.DecodeWAV(media[captcha.PartAudio].Bytes)
	if err != nil {
		return answer.Given{}, err
	}
	file := filepath.Join(s.dir, "said.raw")
	if err := os.WriteFile(file, apart(samples, asked(p)), 0o600); err != nil {
		return answer.Given{}, err
	}
	out, err := exec.CommandContext(ctx, program, "-infile", file, "-samprate", fmt.Sprint(sphinxRate), //nolint:gosec // names of our own
		"-dict", filepath.Join(s.dir, "words.dict"), "-jsgf", filepath.Join(s.dir, "words.jsgf"), "-logfn", os.DevNull).Output()
	if err != nil {
		return answer.Given{}, fmt.Errorf("%s: %w", program, err)
	}
	text := strings.Join(strings.Fields(string(out)), " ")
	if text == "" {
		return answer.Given{}, attack.ErrNoAnswer
	}
	return answer.Given{Text: text}, nil
}

// apart puts silence between the words, so that each is an utterance, at the rate
// that the model knows.
func apart(samples []int16, n int) []byte {
	silence := make([]byte, sphinxRate) // half a second
	out := append([]byte(nil), silence...)
	for _, at := range segment(spectrumOf(samples), n) {
		from, to := max((at.from-3)*hop, 0), min((at.to+3)*hop, len(samples)-2)
		const up = float64(audio.Rate) / sphinxRate
		for x := float64(from); x < float64(to); x += up {
			k := int(x)
			t := x - float64(k)
			v := float64(samples[k])*(1-t) + float64(samples[k+1])*t
			out = binary.LittleEndian.AppendUint16(out, uint16(int16(v))) //nolint:gosec // two's complement
		}
		out = append(out, silence...)
	}
	return out
}
