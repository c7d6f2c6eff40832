package names

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

var langs = []string{"ko", "en"}

// ways counts the stems that are allowed, and those of each first piece.
func ways(lang string) (all int, byFirst map[string]int) {
	byFirst = make(map[string]int)
	choices := stems(lang)
	if lang == "ko" {
		// What is allowed is said of pairs: a count per last syllable is enough.
		for _, first := range choices[0] {
			count := map[string]int{first: 1}
			for _, choice := range choices[1:] {
				next := make(map[string]int)
				for last, n := range count {
					for _, s := range choice {
						if koreanAllowed([]string{last, s}) {
							next[s] += n
						}
					}
				}
				count = next
			}
			for _, n := range count {
				all += n
				byFirst[first] += n
			}
		}
		return all, byFirst
	}
	ends := make(map[string]int) // how many may follow a middle
	for _, middle := range choices[1] {
		for _, end := range choices[2] {
			if englishAllowed([]string{middle, end}) {
				ends[middle]++
			}
		}
	}
	for _, first := range choices[0] {
		for _, middle := range choices[1] {
			if englishAllowed([]string{first, middle}) { // words across all three: taken off below
				all += ends[middle]
				byFirst[first[:1]] += ends[middle]
			}
		}
	}
	return all, byFirst
}

func TestEveryCategoryHasManyNames(t *testing.T) {
	for _, lang := range langs {
		all, byFirst := ways(lang)
		if lang == "en" {
			// Denied words that reach across all three pieces hold a middle whole: a
			// few in a thousand, seen by drawing.
			across, r := 0, rand.New(rand.NewPCG(1, 2))
			const n = 100_000
			for range n {
				s := []string{pick(r, 0, lang), pick(r, 1, lang), pick(r, 2, lang)}
				if !englishAllowed(s) && englishAllowed(s[:2]) && englishAllowed(s[1:]) {
					across++
				}
			}
			if across > n/100 {
				t.Fatalf("%d of %d names are denied for a word across all pieces: count them", across, n)
			}
			all = all * 99 / 100
		}
		t.Logf("%s: %d stems", lang, all)
		if all < 1<<20 {
			t.Errorf("%s: %d stems, want 2^20 for every category", lang, all)
		}
		for first, n := range byFirst {
			if n < 100_000 {
				t.Errorf("%s: %d stems begin with %s: the rest could be guessed", lang, n, first)
			}
		}
	}
}

func pick(r *rand.Rand, i int, lang string) string {
	choice := stems(lang)[i]
	return choice[r.IntN(len(choice))]
}

func TestNamesFitTheirLabels(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, lang := range langs {
		for _, c := range Categories() {
			seen := make(map[string]bool)
			for range 500 {
				n := Of(r, c, lang)
				seen[n.Full] = true
				if !strings.HasSuffix(n.Full, n.Suffix) || n.Suffix == "" {
					t.Fatalf("%s %s: %+v does not end with its suffix", lang, c, n)
				}
				length := utf8.RuneCountInString(strings.ReplaceAll(n.Full, " ", ""))
				if lang == "ko" && (length < 4 || length > 8) || lang == "en" && length > 18 {
					t.Fatalf("%s %s: %q has %d letters", lang, c, n.Full, length)
				}
				if stem := n.Stem(); utf8.RuneCountInString(stem) < 4 || strings.ContainsAny(stem, " ") {
					t.Fatalf("%s %s: stem %q of %q", lang, c, stem, n.Full)
				}
			}
			if len(seen) < 499 {
				t.Errorf("%s %s: %d different names of 500", lang, c, len(seen))
			}
		}
	}
}

// A stem that says a category, or the word of a question, would confuse people
// and could leak into the question's text.
func TestStemsSayNoCategory(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, lang := range langs {
		var said []string
		for _, c := range Categories() {
			said = append(said, strings.ToLower(Word(c, lang)))
			for _, s := range Suffixes(c, lang) {
				said = append(said, strings.ToLower(s))
			}
		}
		for range 20_000 {
			stem := strings.ToLower(Of(r, Pharmacy, lang).Stem())
			for _, s := range said {
				if strings.Contains(stem, s) {
					t.Fatalf("%s: the stem %q says %q", lang, stem, s)
				}
			}
		}
	}
}

func TestDeniedNeverComes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		ko, en := Of(r, Bank, "ko").Stem(), strings.ToLower(Of(r, Bank, "en").Stem())
		for pair := range koreanDenied {
			if strings.Contains(ko, pair) {
				t.Fatalf("%q has %q", ko, pair)
			}
		}
		for _, bad := range englishDenied {
			if strings.Contains(en, bad) {
				t.Fatalf("%q has %q", en, bad)
			}
		}
	}
	for pair := range koreanDenied {
		if utf8.RuneCountInString(pair) != 2 {
			t.Errorf("%q is not a pair of syllables", pair)
		}
	}
}

// Every syllable is as likely as any other at its place, nearly: a frequency
// table helps nobody.
func TestNoSyllableIsFrequent(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const n = 40_000
	for i, choice := range koreanStem {
		seen := make(map[string]int)
		for range n {
			seen[string([]rune(Of(r, Cafe, "ko").Stem())[i])]++
		}
		if len(choice) != 80 || len(seen) != 80 {
			t.Errorf("place %d: %d syllables to choose from, %d seen, want 80", i, len(choice), len(seen))
		}
		for s, k := range seen {
			if k > n/80*3/2 {
				t.Errorf("place %d: %s comes %d times of %d, want about %d", i, s, k, n, n/80)
			}
		}
	}
}

func TestSyllablesAreThoseOfTheNames(t *testing.T) {
	known := make(map[string]bool)
	for _, s := range Syllables("ko") {
		if known[s] {
			t.Errorf("%s comes twice", s)
		}
		known[s] = true
	}
	r := rand.New(rand.NewPCG(11, 12))
	for range 5_000 {
		for _, s := range Of(r, Station, "ko").Stem() {
			if !known[string(s)] {
				t.Fatalf("%c is not among the syllables", s)
			}
		}
	}
	if n := len(Syllables("en")); n < 400 {
		t.Errorf("%d English pieces", n)
	}
}

func TestSameSeedSameName(t *testing.T) {
	a, b := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(1, 1))
	for range 100 {
		if x, y := Of(a, Mart, "ko"), Of(b, Mart, "ko"); x != y {
			t.Fatalf("%v and %v", x, y)
		}
	}
}

func TestParticles(t *testing.T) {
	for _, c := range []struct{ word, closed, open, want string }{
		{"약국", "을", "를", "약국을"},
		{"학교", "을", "를", "학교를"},
		{"역", "이", "가", "역이"},
		{"카페", "이", "가", "카페가"},
		{"역", "과", "와", "역과"},
		{"마트", "으로", "로", "마트로"},
		{"길", "으로", "로", "길로"},
		{"은행", "으로", "로", "은행으로"},
		{"cafe", "은", "는", "cafe는"},
		{"", "은", "는", "는"},
	} {
		if got := With(c.word, c.closed, c.open); got != c.want {
			t.Errorf("With(%q, %q, %q) = %q, want %q", c.word, c.closed, c.open, got, c.want)
		}
	}
}
