package answer

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
)

var danbi = Answer{Rule: Name, Texts: []string{"단비나무약국"}, Suffix: "약국"}

func TestNames(t *testing.T) {
	marlovan := Answer{Rule: Name, Texts: []string{"Marlovan Pharmacy"}, Suffix: "Pharmacy"}
	post := Answer{Rule: Name, Texts: []string{"Dintekor Post Office"}, Suffix: "Post Office"}
	homes := Answer{Rule: Name, Texts: []string{"Silpokel Apartments"}, Suffix: "Apartments"}
	cafe := Answer{Rule: Name, Texts: []string{"하람누리카페"}, Suffix: "카페"}
	gahui := Answer{Rule: Name, Texts: []string{"단비솔가역"}, Suffix: "역"}
	bakery := Answer{Rule: Name, Texts: []string{"연별한울빵집"}, Suffix: "빵집"}
	for _, c := range []struct {
		a     Answer
		typed string
		want  bool
		why   string
	}{
		{danbi, "단비나무약국", true, "as it stands"},
		{danbi, norm.NFD.String("단비나무약국"), true, "as macOS sends it"},
		{danbi, "ㄷㅏ비나무약국", true, "loose jamo, one of them missing"},
		{danbi, " 단비 나무  약국 ", true, "spaces"},
		{danbi, "단비나무\n약국", true, "a broken line"},
		{danbi, "'단비나무약국'.", true, "punctuation"},
		{danbi, "단비나무", true, "without the suffix"},
		{danbi, "단비나무약국을", true, "a particle"},
		{danbi, "단비나무약국입니다.", true, "a sentence"},
		{danbi, "단비나무 약국이에요", true, "a polite one"},
		{danbi, "단비나무요", true, "a short one"},
		{danbi, "\u202e단비\u200b나무\u2066약국\ufeff\u115f\u3164", true, "what cannot be seen"},
		{danbi, "단비\u0301\u0301\u0301나무약국", true, "marks on top"},
		{danbi, "담비나무약국", true, "one jamo off"},
		{danbi, "단비나므약국", true, "one vowel off"},
		{danbi, "단비나문약국", true, "one jamo more"},
		{danbi, "다비나무", true, "one less, without the suffix"},
		{danbi, "eksqlskandirrnr", true, "a keyboard that is set to Latin letters"},
		{danbi, "EksqlSkan", true, "the same, without the suffix"},
		{danbi, "eksqlskan dmsgod", false, "the same, with another suffix"},
		{danbi, "담비니무약국", false, "two off"},
		{danbi, "단비약국", false, "half of the stem"},
		{danbi, "나무약국", false, "the other half"},
		{danbi, "약국", false, "the suffix alone"},
		{danbi, "단비나무은행", false, "another suffix"},
		{danbi, "", false, "nothing"},
		{danbi, "\u200b \u3164", false, "nothing that can be seen"},
		{danbi, "단비나무약국 하람은행", false, "two names at a time"},
		{danbi, strings.Repeat("단비나무약국 ", 12), false, "all that is known"},
		{danbi, "단비나무약국" + strings.Repeat(" ", MaxText), false, "too long"},
		{danbi, "단비나무약국\xff", false, "not UTF-8"},
		{cafe, "하람누리까페", true, "another spelling"},
		{cafe, "하람누리카패", true, "ㅐ for ㅔ"},
		{cafe, "하람누리카페에", true, "a particle"},
		{bakery, "연별한울베이커리", true, "another word for it"},
		{gahui, "단비솔가", true, "a stem that ends as a particle does"},
		{gahui, "단비솔가역이", true, "and with one"},
		{gahui, "단비솔", false, "the stem's last syllable is no particle"},
		{marlovan, "marlovan pharmacy", true, "small letters"},
		{marlovan, "MARLOVAN", true, "capitals, without the suffix"},
		{marlovan, "Ｍａｒｌｏｖａｎ", true, "wide letters"},
		{marlovan, "Márlovan", true, "an accent"},
		{marlovan, "The Marlovan Pharmacy", true, "an article"},
		{marlovan, "Marlovna", true, "two letters swapped"},
		{marlovan, "Marlowan", true, "one letter off"},
		{marlovan, "Merlowan", false, "two letters off"},
		{marlovan, "Marlo", false, "half of the stem"},
		{marlovan, "Pharmacy", false, "the suffix alone"},
		{marlovan, "Mаrlоvаn", false, "Cyrillic letters in three places"},
		{post, "dintekorpostoffice", true, "no spaces"},
		{post, "Dintekor Post-Office", true, "a hyphen"},
		{homes, "Silpokel Apartment", true, "one of them"},
		{homes, "Silpokel apts", true, "as on an envelope"},
	} {
		if got := c.a.Match(Given{Text: c.typed}); got != c.want {
			t.Errorf("%s: %q for %q: %v, want %v", c.why, c.typed, c.a.Texts[0], got, c.want)
		}
	}
}

func TestMissingSyllables(t *testing.T) {
	a := Answer{Rule: Syllables, Texts: []string{"비나무", "단비나무약국"}}
	en := Answer{Rule: Syllables, Texts: []string{"arlovan"}}
	for _, c := range []struct {
		a     Answer
		typed string
		want  bool
	}{
		{a, "비나무", true},
		{a, norm.NFD.String("비나무"), true},
		{a, "비 나 무", true},
		{a, "단비나무약국", true},
		{a, "qlskan", true},
		{a, "qlska", false},
		{a, "비나므", false},
		{a, "나무비", false},
		{a, "비나", false},
		{a, "비나무요", false},
		{a, "", false},
		{en, "arlovan", true},
		{en, "ARLOVAN", true},
		{en, "arlova", false},
		{en, "arlovam", false},
	} {
		if got := c.a.Match(Given{Text: c.typed}); got != c.want {
			t.Errorf("%q: %v, want %v", c.typed, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	a := Answer{Rule: Words, Texts: []string{"나비", "일|1|하나", "구름"}}
	en := Answer{Rule: Words, Texts: []string{"window", "seven|7", "garden"}}
	for _, c := range []struct {
		a     Answer
		typed string
		want  bool
	}{
		{a, "나비 일 구름", true},
		{a, "나비, 1, 구름", true},
		{a, "나비１구름", true},
		{a, "나비 하나 구름", true},
		{a, "나비하나구름이요", true},
		{a, "나비 일 구릉", true},
		{a, "나미 일 구릉", true},
		{a, "나비일구릉", true},
		{a, "나비 이 구름", false},
		{a, "나비 2 구름", false},
		{a, "구름 일 나비", false},
		{a, "나비 구름", false},
		{a, "나비 일 구름 구름", false},
		{a, "나비 일", false},
		{en, "Window seven garden", true},
		{en, "windows 7 gardn", true},
		{en, "windowsevengarden", true},
		{en, "win dow seven garden", true},
		{en, "window eleven garden", false},
		{en, "garden seven window", false},
	} {
		if got := c.a.Match(Given{Text: c.typed}); got != c.want {
			t.Errorf("%q: %v, want %v", c.typed, got, c.want)
		}
	}
}

func TestPoints(t *testing.T) {
	a := Answer{Spots: []Spot{{X: 100, Y: 50, R: 22}, {X: 300, Y: 200, R: 22}}}
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		points [][2]float64
		want   bool
		why    string
	}{
		{[][2]float64{{100, 50}, {300, 200}}, true, "in the middle"},
		{[][2]float64{{122, 50}, {300, 178}}, true, "on the edge"},
		{[][2]float64{{122.1, 50}, {300, 200}}, false, "beside the first"},
		{[][2]float64{{100, 50}, {316, 216}}, false, "outside the circle, inside its box"},
		{[][2]float64{{300, 200}, {100, 50}}, false, "in the other order"},
		{[][2]float64{{100, 50}}, false, "one missing"},
		{[][2]float64{{100, 50}, {300, 200}, {300, 200}}, false, "one more"},
		{nil, false, "none"},
		{[][2]float64{{nan, 50}, {300, 200}}, false, "not a number"},
		{[][2]float64{{100, 50}, {nan, nan}}, false, "not numbers"},
		{[][2]float64{{inf, 50}, {300, -inf}}, false, "infinite"},
		{[][2]float64{{math.MaxFloat64, 50}, {300, 200}}, false, "huge"},
	} {
		if got := a.Match(Given{Points: c.points}); got != c.want {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
	if a.Match(Given{Text: "100,50,300,200"}) {
		t.Error("text answered a question that asks for clicks")
	}
}

func TestNothingAnswersNothing(t *testing.T) {
	for _, a := range []Answer{
		{},
		{Rule: Name},
		{Rule: Words},
		{Rule: Syllables},
		{Rule: "other", Texts: []string{"a"}},
		{Rule: Name, Texts: []string{""}},
		{Rule: Words, Texts: []string{"", "|"}},
		{Rule: Syllables, Texts: []string{" "}},
		{Rule: Name, Texts: []string{"약국"}, Suffix: "약국"},
	} {
		for _, text := range []string{"", " ", "a", "은", "이에요", "\u200b"} {
			if a.Match(Given{Text: text, Points: [][2]float64{}}) {
				t.Errorf("%+v is answered by %q", a, text)
			}
		}
	}
}

// What the package's comment says about a guess: how many of the names that
// differ in two places from the right one are right. None is.
func TestTwoSlipsAreWrong(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	syllable := func() string { return string(rune(0xAC00 + r.IntN(11172))) }
	for range 5_000 {
		s := []string{syllable(), syllable(), syllable(), syllable()}
		a := Answer{Rule: Name, Texts: []string{strings.Join(s, "") + "약국"}, Suffix: "약국"}
		if !a.Match(Given{Text: strings.Join(s, "")}) {
			t.Fatalf("%v is not itself", s)
		}
		i, j := r.IntN(4), r.IntN(3)
		if j >= i {
			j++
		}
		was := strings.Join(s, "")
		other := func(i int) string { // another first sound, and another vowel
			c := []rune(s[i])[0] - 0xAC00
			return string(0xAC00 + ((c/588+1)%19)*588 + ((c/28%21+7)%21)*28 + c%28)
		}
		s[i], s[j] = other(i), other(j)
		if a.Match(Given{Text: strings.Join(s, "") + "약국"}) {
			t.Fatalf("%v for %s", s, was)
		}
	}
}

// The dearest text of MaxText bytes: each of its characters is taken apart into
// eighteen. Compared with a usual one in the same run, it is not a way to keep
// the server busy.
func TestDearTextIsBounded(t *testing.T) {
	dear := strings.Repeat("\ufdfa", MaxText/3)
	a := Answer{Rule: Words, Texts: []string{"나비", "구름", "하늘", "바다", "나무"}}
	took := func(s string) time.Duration {
		least := time.Duration(math.MaxInt64)
		for range 20 {
			t0 := time.Now()
			a.Match(Given{Text: s})
			least = min(least, time.Since(t0))
		}
		return least
	}
	usual, worst := took("나비 구름 하늘 바다 나무"), took(dear)
	if worst > 200*usual {
		t.Errorf("%v for the dearest text, %v for a usual one", worst, usual)
	}
	if n := len(plain(dear)); n > 18*MaxText {
		t.Errorf("%d characters of %d bytes", n, MaxText)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("단비나무약국", "약국", "단비나무 약국이에요", 1.0, 2.0)
	f.Add("나비|1", "", "1", math.NaN(), math.Inf(1))
	f.Add("\u1160\u0301", "\u0301", "\u202e", -1.0, 1e308)
	f.Fuzz(func(t *testing.T, text, suffix, typed string, x, y float64) {
		for _, rule := range []Rule{Name, Syllables, Words, ""} {
			a := Answer{Rule: rule, Texts: []string{text, "하람"}, Suffix: suffix}
			right := a.Match(Given{Text: typed})
			if right && (len(typed) > MaxText || len(plain(typed)) == 0) {
				t.Errorf("%q answers %q", typed, text)
			}
			if right != a.Match(Given{Text: typed, Points: [][2]float64{{x, y}}}) {
				t.Errorf("a point changed what %q answers", typed)
			}
		}
		spot := Answer{Spots: []Spot{{X: 10, Y: 10, R: 5}}}
		if spot.Match(Given{Points: [][2]float64{{x, y}}}) && (math.Abs(x-10) > 5 || math.Abs(y-10) > 5) {
			t.Errorf("%v, %v is on the spot", x, y)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		danbi.Match(Given{Text: "단비나무 약국이에요"})
	}
}
