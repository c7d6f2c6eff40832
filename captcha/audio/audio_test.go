package audio

import (
	"bytes"
	"context"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
)

// least is how many phones, and how many jamo or letters, any two words differ
// by: one slip of the keyboard is forgiven, and two words are still told apart.
const least = 4

func TestWordsAreFarApart(t *testing.T) {
	for _, lang := range Langs() {
		words := Words(lang)
		if len(words) != 64 {
			t.Fatalf("%s: %d words, want 64", lang, len(words))
		}
		for i, a := range words {
			for _, b := range words[:i] {
				phones := distance([]rune(a.Phones), []rune(b.Phones))
				keys := distance(typed(a.Text), typed(b.Text))
				if phones < least || keys < least {
					t.Errorf("%s: %s and %s are %d phones and %d keys apart, want %d", lang, a.Text, b.Text, phones, keys, least)
				}
			}
		}
	}
}

// typed is what is typed: jamo, but for the silent one; letters.
func typed(word string) []rune {
	word, _, _ = strings.Cut(word, "|")
	return []rune(strings.ReplaceAll(norm.NFD.String(word), "\u110b", ""))
}

func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// Where espeak-ng is installed, the lists' phones are what it says.
func TestPhonesAreThoseOfTheSynthesiser(t *testing.T) {
	program, err := exec.LookPath("espeak-ng")
	if err != nil {
		t.Log("espeak-ng is not installed: the lists' phones are taken as they are")
		return
	}
	voices := map[string]string{"ko": "ko", "en": "en-us"}
	for _, lang := range Langs() {
		var said []string
		words := Words(lang)
		if testing.Short() {
			words = words[:8]
		}
		for _, w := range words {
			text, _, _ := strings.Cut(w.Text, "|")
			said = append(said, text)
		}
		cmd := exec.CommandContext(t.Context(), program, "-q", "-v", voices[lang], "--ipa")
		cmd.Stdin = strings.NewReader(strings.Join(said, "\n\n"))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(strings.NewReplacer("ˈ", "", "ˌ", "", "ː", "", "\u200d", "").Replace(string(out)))
		for i, w := range words {
			if i >= len(got) || got[i] != w.Phones {
				t.Errorf("%s %s: espeak-ng says %q, the list %q: run generate.sh after changing a list", lang, w.Text, got[min(i, len(got)-1)], w.Phones)
			}
		}
	}
}

func TestRecordingsAreThoseOfTheLists(t *testing.T) {
	total := 0
	for _, lang := range Langs() {
		dir, err := files.ReadDir("bank/" + lang)
		if err != nil {
			t.Fatal(err)
		}
		if want := len(Words(lang)) * Takes; len(dir) != want {
			t.Errorf("%s: %d recordings, want %d: remove those of words that are gone", lang, len(dir), want)
		}
		b, err := bankOf(lang)
		if err != nil {
			t.Fatal(err)
		}
		for i, takes := range b.takes {
			for n, take := range takes {
				total += len(take.law)
				seconds := float64(len(take.law)) / Rate
				if seconds < 0.3 || seconds > 1.3 || take.rms < 0.03 {
					t.Errorf("%s %s take %d: %.2f s at %.3f: nothing that can be understood", lang, b.words[i].Text, n+1, seconds, take.rms)
				}
			}
		}
	}
	if total > 4<<20 {
		t.Errorf("the bank has %d bytes, want 4 MiB at most", total)
	}
}

func TestNextAsks(t *testing.T) {
	for _, lang := range Langs() {
		for level := range 5 {
			p, err := Source{}.Next(context.Background(), captcha.Want{Mode: captcha.Sound, Lang: lang, Level: level, Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			if p.Kind != captcha.KindWords || p.Text == "" || p.Answer.Rule != answer.Words || len(p.Answer.Texts) != count[level] {
				t.Errorf("%s %d: %+v", lang, level, p)
			}
			seen := map[string]bool{}
			for _, w := range p.Answer.Texts {
				if seen[w] || strings.Contains(p.Text, w) {
					t.Errorf("%s %d: %q is said twice, or in the question", lang, level, w)
				}
				seen[w] = true
			}
			if !utf8.ValidString(p.Text) || p.Clicks != 0 {
				t.Errorf("%+v", p)
			}
		}
	}
	for _, w := range []captcha.Want{{Mode: captcha.Click, Lang: "ko"}, {Mode: captcha.Sound, Lang: "fr"}, {Mode: captcha.Sound, Kind: captcha.KindName, Lang: "ko"}} {
		if _, err := (Source{}).Next(context.Background(), w); err == nil {
			t.Errorf("%+v was asked", w)
		}
	}
	if _, err := (Source{}).Media(context.Background(), &captcha.Puzzle{Kind: captcha.KindWords, Lang: "ko"}, captcha.PartImage); err == nil {
		t.Error("a picture of words was made")
	}
}

func TestTheSameSeedSoundsTheSame(t *testing.T) {
	s := Source{}
	ctx := context.Background()
	p := captcha.Puzzle{Kind: captcha.KindWords, Lang: "ko", Level: 2, Seed: 99}
	for _, part := range []captcha.Part{captcha.PartAudio, captcha.PartAudioSlow} {
		one, err := s.Media(ctx, &p, part)
		if err != nil {
			t.Fatal(err)
		}
		two, _ := s.Media(ctx, &p, part)
		if one.Type != "audio/wav" || !bytes.Equal(one.Bytes, two.Bytes) {
			t.Errorf("%s differs", part)
		}
		other := p
		other.Seed++
		if third, _ := s.Media(ctx, &other, part); bytes.Equal(one.Bytes, third.Bytes) {
			t.Errorf("%s is the same for another seed", part)
		}
	}
}

// Nobody listens in CI; what can be measured is: loudness, headroom, how far the
// murmur is below the words, and that words do not touch.
func TestListening(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 1
	}
	for _, lang := range Langs() {
		for level := range 5 {
			for seed := range rounds {
				for _, slow := range []bool{false, true} {
					m, err := NewMix(lang, level, uint64(seed), slow)
					if err != nil {
						t.Fatal(err)
					}
					listen(t, m, level, slow)
				}
			}
		}
	}
}

func listen(t *testing.T, m *Mix, level int, slow bool) {
	t.Helper()
	if size := len(EncodeWAV(m.Samples)); size > 150<<10 && !slow || size > 240<<10 {
		t.Errorf("level %d: %d bytes", level, size)
	}
	for i, s := range m.Samples {
		if math.Abs(float64(s)) > top*32767+1 {
			t.Fatalf("level %d: sample %d is %d: clipped, or nearly", level, i, s)
		}
	}
	last := 0
	for _, k := range m.Marks {
		if gap := float64(k.From-last) / Rate; gap < 0.39 || slow && gap < 0.6 {
			t.Errorf("level %d: %.2f s of silence, want 0.4", level, gap)
		}
		last = k.To
		word := rms(m.words[k.From:k.To])
		if db := 20 * math.Log10(word); db < loud-varied-2 || db > loud+varied+2 {
			t.Errorf("level %d: a word at %.1f dB", level, db)
		}
		sum := make([]float32, k.To-k.From)
		for i := range sum {
			sum[i] = float32(m.Samples[k.From+i]) / 32768
		}
		if db := 20 * math.Log10(rms(sum)); db < -26 || db > -16 {
			t.Errorf("level %d: a word with all around it at %.1f dB", level, db)
		}
	}
	var words []float32
	for _, k := range m.Marks {
		words = append(words, m.words[k.From:k.To]...)
	}
	got := 20 * math.Log10(rms(words)/rms(m.murmur))
	if math.Abs(got-murmur[level]) > 2 {
		t.Errorf("level %d: the murmur is %.1f dB below the words, want %.1f", level, got, murmur[level])
	}
}

// Slower is longer at the same pitch.
func TestStretchKeepsThePitch(t *testing.T) {
	x := make([]float32, Rate)
	for i := range x {
		x[i] = float32(0.5 * math.Sin(2*math.Pi*200*float64(i)/Rate))
	}
	y := stretch(x, slower)
	if want := int(slower * Rate); len(y) != want {
		t.Fatalf("%d samples, want %d", len(y), want)
	}
	crossings := 0
	for i := 1; i < len(y); i++ {
		if y[i-1] < 0 && y[i] >= 0 {
			crossings++
		}
	}
	if hz := float64(crossings) * Rate / float64(len(y)); math.Abs(hz-200) > 4 {
		t.Errorf("200 Hz became %.1f", hz)
	}
	if a, b := rms(x), rms(y[window:len(y)-2*window]); math.Abs(a-b) > 0.05*a {
		t.Errorf("rms %.3f became %.3f", a, b)
	}
}

func TestWAV(t *testing.T) {
	want := []int16{0, 1, -1, 32767, -32768}
	got, rate, err := DecodeWAV(EncodeWAV(want))
	if err != nil || rate != Rate || !slices.Equal(got, want) {
		t.Errorf("%v %d %v", got, rate, err)
	}
}

func FuzzDecodeWAV(f *testing.F) {
	f.Add(EncodeWAV([]int16{1, 2, 3}))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		samples, _, err := DecodeWAV(file)
		if err == nil && 2*len(samples) > len(file) {
			t.Errorf("%d samples of %d bytes", len(samples), len(file))
		}
	})
}

// The bar is 5 ms: no pool is needed then.
func BenchmarkMedia(b *testing.B) {
	for _, part := range []captcha.Part{captcha.PartAudio, captcha.PartAudioSlow} {
		b.Run(string(part), func(b *testing.B) {
			b.ReportAllocs()
			p := captcha.Puzzle{Kind: captcha.KindWords, Lang: "ko", Level: 3}
			for b.Loop() {
				p.Seed++
				if _, err := (Source{}).Media(context.Background(), &p, part); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
