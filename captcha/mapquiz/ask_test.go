package mapquiz

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

// byHand is a plan by hand: a station, two pharmacies, a school and a bank at the
// ends of a blue road, and more.
func byHand(lang string) *city.Plan {
	at := func(c names.Category, full, suffix string, x, y float64) city.Place {
		return city.Place{Category: c, Name: names.Name{Full: full, Suffix: suffix}, X: x, Y: y, R: city.IconRadius}
	}
	p := &city.Plan{
		Spec: city.Spec{Seed: 16, Level: 2, Lang: lang}, Width: 480, Height: 300, RouteColour: "blue",
		Places: []city.Place{
			at(names.Station, "가온나루역", "역", 240, 150),
			at(names.Pharmacy, "단비나무약국", "약국", 300, 150),
			at(names.Pharmacy, "하늘별솔약국", "약국", 400, 60),
			at(names.School, "달빛소라초등학교", "초등학교", 60, 40),
			at(names.Bank, "한결새람은행", "은행", 60, 240),
			at(names.Cafe, "고운보리카페", "카페", 110, 245),
			at(names.Church, "맑은터울교회", "교회", 330, 260),
			at(names.Library, "누리봄샘도서관", "도서관", 440, 180),
			at(names.Mart, "푸른들마마트", "마트", 180, 60),
			at(names.Bakery, "새벽노을빵집", "빵집", 150, 150),
			at(names.Post, "아름드리우체국", "우체국", 440, 270),
		},
		Route:       [2]int{3, 4},
		FromStation: []int{1, 9, 8, 6, 5, 2, 4, 7, 3, 10},
	}
	return p
}

// right clicks where a puzzle's spots are.
func right(z captcha.Puzzle) (points [][2]float64) {
	for _, s := range z.Answer.Spots {
		points = append(points, [2]float64{s.X, s.Y})
	}
	return points
}

// placeAt is the index of the place at a spot.
func placeAt(t *testing.T, p *city.Plan, s answer.Spot) int {
	t.Helper()
	i := slices.IndexFunc(p.Places, func(q city.Place) bool { return q.X == s.X && q.Y == s.Y })
	if i < 0 {
		t.Fatalf("there is no place at %v", s)
	}
	return i
}

func TestQuestionsAsTheyRead(t *testing.T) {
	texts := make(map[string]bool)
	p, en := byHand("ko"), byHand("en")
	for v := range uint64(Variants) {
		for _, k := range allKinds {
			for _, q := range []*city.Plan{p, en} {
				if z, ok := Ask(q, k, 16+v); ok {
					texts[z.Text] = true
				}
			}
		}
	}
	all := ""
	for text := range texts {
		all += text + "\n"
	}
	for _, want := range []string{
		" 순서로 누르세요.",
		"은행에서 가장 가까운 곳 → ",
		"역에서 가장 가까운 약국 ",
		"학교에서 파란 길을 따라가면 끝에 있는 곳 ",
		" → the library",
		"지도에 있는 은행의 전체 이름을 쓰세요.",
		"역에서 가장 가까운 약국의 전체 이름을 쓰세요.",
		"지도에서 이곳을 찾아 빈칸에 들어갈 3글자를 쓰세요: ",
		"이 그림이 있는 곳의 전체 이름을 쓰세요.",
		"Click in this order: ",
		"the place nearest to the bank",
		"the pharmacy nearest to the subway station",
		"the place at the other end of the blue road from the school",
		"Type the full name of the bank on the map.",
		"Type the full name of the place with this icon.",
		"Find this place on the map and type the missing letters: ",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no question says %q", want)
		}
	}
	if strings.Contains(all, "지도에 있는 약국의") {
		t.Errorf("one of two pharmacies is asked for as if there were one:\n%s", all)
	}
}

func TestRelationsMeanWhatTheySay(t *testing.T) {
	p := byHand("ko")
	a := newAsker(p, 16)
	place := func(all []told, text string) int {
		for _, n := range all {
			if n.text == text {
				return n.place
			}
		}
		return -1
	}
	if i := place(a.nearestOf(), "역에서 가장 가까운 약국"); i != 1 {
		t.Errorf("the pharmacy nearest to the station is %d, want 1", i)
	}
	if i := place(a.roadEnds(), "학교에서 파란 길을 따라가면 끝에 있는 곳"); i != 4 {
		t.Errorf("the end of the blue road from the school is %d, want 4", i)
	}
	if i := place(a.nextTo(), "은행에서 가장 가까운 곳"); i != 5 {
		t.Errorf("nearest to the bank is %d, want 5", i)
	}
	// The two are nearly as far: nobody can say which is nearer.
	p.Places[2].X, p.Places[2].Y = 240, 85
	p.FromStation = []int{1, 2, 9, 8, 6, 5, 4, 7, 3, 10}
	if all := newAsker(p, 16).nearestOf(); len(all) != 0 {
		t.Errorf("%v, where two are nearly as near", all)
	}
}

// What every question keeps, over many maps by hand and some of a real city.
func TestEveryQuestion(t *testing.T) {
	seeds := 10_000
	if testing.Short() {
		seeds = 1_000
	}
	for _, lang := range langs {
		asked := make(map[captcha.Kind]int)
		for i := range uint64(seeds) {
			p := sketch(i*Variants, lang)
			if i%100 == 0 {
				p = city.New(city.Spec{Seed: i * Variants, Level: int(i/100) % 5, Lang: lang})
			}
			for _, k := range allKinds {
				if z, ok := Ask(p, k, i*Variants+i%8); ok {
					asked[k]++
					check(t, p, z, i%20 == 0)
				}
			}
		}
		for _, k := range allKinds {
			least := seeds / 2
			if k == captcha.KindRelation { // only where it is hard to guess
				least = seeds / 3
			}
			if asked[k] < least {
				t.Errorf("%s %s: %d of %d maps have such a question", lang, k, asked[k], seeds)
			}
		}
	}
}

func check(t *testing.T, p *city.Plan, z captcha.Puzzle, words bool) {
	t.Helper()
	if z.Text == "" || z.Lang != p.Spec.Lang || z.Width != p.Width || z.Height != p.Height {
		t.Fatalf("%+v", z)
	}
	if captcha.ModeOf(z.Kind) == captcha.Click {
		checkClicks(t, p, z)
		return
	}
	text := strings.ToLower(strings.ReplaceAll(z.Text, " ", ""))
	for _, a := range z.Answer.Texts {
		stem := strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(a, z.Answer.Suffix), " ", ""))
		if strings.Contains(text, stem) {
			t.Fatalf("%q says %q", z.Text, stem)
		}
		if !z.Answer.Match(answer.Given{Text: a}) {
			t.Fatalf("%q does not answer %q", a, z.Text)
		}
	}
	if z.Answer.Match(answer.Given{Text: z.Text}) {
		t.Fatalf("%q answers itself", z.Text)
	}
	for _, c := range names.Categories() {
		if w := names.Word(c, z.Lang); words && z.Answer.Match(answer.Given{Text: w}) {
			t.Fatalf("%q is answered by %q", z.Text, w)
		}
	}
}

func checkClicks(t *testing.T, p *city.Plan, z captcha.Puzzle) {
	t.Helper()
	if z.Clicks != len(z.Answer.Spots) || z.Clicks < 2 || z.Clicks > 3 {
		t.Fatalf("%d clicks for %d spots", z.Clicks, len(z.Answer.Spots))
	}
	if !z.Answer.Match(answer.Given{Points: right(z)}) {
		t.Fatalf("%q is not answered by its spots", z.Text)
	}
	for i, s := range z.Answer.Spots {
		if s.R < 12 || s.R > city.HitRadius {
			t.Fatalf("radius %v", s.R)
		}
		at := placeAt(t, p, s)
		for j := range p.Places { // one click is right for one place
			if j != at && (answer.Answer{Spots: []answer.Spot{s}}).Match(answer.Given{Points: [][2]float64{{p.Places[j].X, p.Places[j].Y}}}) {
				t.Fatalf("a click on %d is right for %d", j, at)
			}
		}
		if z.Kind == captcha.KindOrder {
			w := names.Word(p.Places[at].Category, z.Lang)
			if said := steps(z.Text); said[i] != w {
				t.Fatalf("click %d is on a %s, the question says %q", i, w, z.Text)
			}
		}
	}
}

func TestAMapsVariantsAreDifferent(t *testing.T) {
	for i := range uint64(200) {
		p := sketch(i*Variants, "ko")
		clicks, typed := make(map[string]bool), make(map[string]bool)
		for v := range uint64(Variants) {
			for _, k := range allKinds {
				z, ok := Ask(p, k, i*Variants+v)
				switch {
				case !ok:
				case k == captcha.KindName:
					if typed[z.Answer.Texts[0]] {
						t.Fatalf("map %d asks for %s twice", i, z.Answer.Texts[0])
					}
					typed[z.Answer.Texts[0]] = true
				case z.Clicks > 0:
					if clicks[z.Text] {
						t.Fatalf("map %d asks twice: %s", i, z.Text)
					}
					clicks[z.Text] = true
				}
			}
		}
		if len(typed) < 5 || len(clicks) < Variants {
			t.Fatalf("map %d has %d names and %d clicks to ask for", i, len(typed), len(clicks))
		}
	}
}

func TestAQuestionIsAFunctionOfItsSeed(t *testing.T) {
	for _, k := range allKinds {
		for _, lang := range langs {
			a, _, ok := Make(k, 3, lang, 12345, nil)
			b, _, _ := Make(k, 3, lang, 12345, nil)
			if !ok || !reflect.DeepEqual(a, b) {
				t.Errorf("%s %s: %v, then %v", k, lang, a, b)
			}
			// Whoever has the puzzle's seed has its map.
			c, ok := Ask(city.New(city.Spec{Seed: MapSeed(a.Seed), Level: a.Level, Lang: a.Lang}), k, a.Seed)
			if !ok || !reflect.DeepEqual(a, c) {
				t.Errorf("%s %s: from its own seed %v, want %v", k, lang, c, a)
			}
		}
	}
	if _, _, ok := Make(captcha.KindWords, 2, "ko", 1, nil); ok {
		t.Error("a map asked for words that are heard")
	}
}

// Missing syllables: never of the suffix, three of four in Korean, all letters
// but the first in English.
func TestWhatIsMissing(t *testing.T) {
	for i := range uint64(2_000) {
		for _, lang := range langs {
			p := sketch(i*Variants, lang)
			z, ok := Ask(p, captcha.KindMissing, i*Variants)
			if !ok {
				continue
			}
			missing, full := z.Answer.Texts[0], z.Answer.Texts[2]
			at := slices.IndexFunc(p.Places, func(q city.Place) bool { return q.Name.Full == full })
			name := p.Places[at].Name
			shown := z.Text[strings.LastIndex(z.Text, ": ")+2:]
			if filled := fillIn(shown, missing); filled != full {
				t.Fatalf("%q with %q is %q, want %q", shown, missing, filled, full)
			}
			if !strings.HasSuffix(shown, name.Suffix) {
				t.Fatalf("%q hides the suffix of %q", shown, full)
			}
			if n := utf8.RuneCountInString(missing); lang == "ko" && n != 3 || lang == "en" && n < 6 {
				t.Fatalf("%d letters missing of %q", n, full)
			}
		}
	}
}

func fillIn(shown, missing string) string {
	if strings.Contains(shown, gap) {
		return strings.Replace(shown, gap, missing, 1)
	}
	return strings.Replace(shown, strings.Repeat(blank, utf8.RuneCountInString(missing)), missing, 1)
}

// A guesser that knows the grammar, has seen many names and reads the question:
// it answers with the most frequent way to go on from what is shown.
func TestMissingIsNotGuessed(t *testing.T) {
	n, seen := 10_000, 200_000
	if testing.Short() {
		n, seen = 2_000, 20_000
	}
	for _, lang := range langs {
		r := rand.New(rand.NewPCG(20, 26))
		best := make(map[string]map[string]int) // by what is shown of a stem
		note := func(shown, rest string) {
			if best[shown] == nil {
				best[shown] = make(map[string]int)
			}
			best[shown][rest]++
		}
		for range seen {
			stem := []rune(names.Of(r, names.Cafe, lang).Stem())
			note(string(stem[:1])+"-", string(stem[1:]))
			note("-"+string(stem[len(stem)-1:]), string(stem[:len(stem)-1]))
		}
		likely := make(map[string]string)
		for shown, all := range best {
			most := 0
			for rest, k := range all {
				if k > most || k == most && rest < likely[shown] {
					most, likely[shown] = k, rest
				}
			}
		}
		hits, tried := 0, 0
		for tried < n {
			seed := MapSeed(r.Uint64()) // as the maps of visitors have them
			z, ok := Ask(sketch(seed, lang), captcha.KindMissing, seed)
			if !ok {
				continue
			}
			tried++
			shown := z.Text[strings.LastIndex(z.Text, ": ")+2:]
			first, _ := utf8.DecodeRuneInString(shown)
			key := string(first) + "-"
			if string(first) == blank {
				runes := []rune(shown)
				key = "-" + string(runes[3])
			}
			if likely[key] == "" {
				t.Fatalf("the guesser has never seen %q", key)
			}
			if z.Answer.Match(answer.Given{Text: likely[key]}) {
				hits++
			}
		}
		if hits > 0 {
			t.Errorf("%s: %d of %d guessed", lang, hits, n)
		}
	}
}
