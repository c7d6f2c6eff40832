package ocr

import (
	"context"
	"errors"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/mapquiz/city"
)

func question(t *testing.T, k captcha.Kind, level int, lang string, seed uint64) (captcha.Puzzle, media) {
	t.Helper()
	p, plan, ok := mapquiz.Make(k, level, lang, seed, nil)
	if !ok {
		t.Fatalf("no question of kind %s", k)
	}
	p.Width, p.Height = plan.Width, plan.Height
	return p, media{captcha.PartImage: {Type: "image/jpeg", Bytes: plan.JPEG()}}
}

// What is read becomes the answer only where it fits what is asked.
func TestChoose(t *testing.T) {
	for _, c := range []struct {
		text, lang string
		pages      []string
		want       string
	}{
		{"지도에 있는 약국의 전체 이름을 쓰세요.", "ko", []string{"단비 나무약국\n\n하람은행\n"}, "단비나무약국"},
		{"지도에 있는 약국의 전체 이름을 쓰세요.", "ko", []string{"하람은행\n약국\n"}, ""},
		{"지도에 있는 은행의 전체 이름을 쓰세요.", "ko", []string{"가나은행.", "나나은행", "‘나나은행’"}, "나나은행"},
		{"지도에서 이곳을 찾아 빈칸에 들어갈 3글자를 쓰세요: 단□□□약국", "ko", []string{"은비나무약국\n단비나무약국"}, "단비나무약국"},
		{"Type the full name of the pharmacy on the map.", "en", []string{"Marlow\nPharmacy\n\nElm Bank"}, "Marlow Pharmacy"},
		{"Type the full name of the pharmacy on the map.", "en", []string{"Marlow Pharmacy\n"}, "Marlow Pharmacy"},
	} {
		p := captcha.Puzzle{Text: c.text, Lang: c.lang}
		if got := choose(&p, c.pages); got != c.want {
			t.Errorf("%s of %q: %q, want %q", c.text, c.pages, got, c.want)
		}
	}
}

// A line of three pixels goes, a stroke of seven stays.
func TestThinLinesGo(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 60, 20))
	for i := range g.Pix {
		g.Pix[i] = 255
		if x := i % 60; x >= 10 && x < 13 || x >= 30 && x < 37 {
			g.Pix[i] = 0
		}
	}
	row := without(g, 2).Pix[10*60 : 11*60]
	if slices.Min(row[:25]) != 255 || row[33] != 0 || row[30] != 0 || row[36] != 0 {
		t.Errorf("after the lines went: %v", row)
	}
}

// Whoever is told where a name stands reads it where nothing is in its way;
// that the attack works is what makes its failing elsewhere say something.
func TestTesseractReadsWhatIsClean(t *testing.T) {
	if err := prepared(context.Background()); errors.Is(err, attack.ErrAbsent) {
		t.Logf("not measured here: %v", err)
		return
	}
	lang := "en"
	if city.Hangul() {
		lang = "ko"
	}
	right := 0
	n := 3
	if testing.Short() {
		n = 2
	}
	for seed := range n {
		p, m := question(t, captcha.KindName, 0, lang, uint64(1000*seed)) //nolint:gosec // small
		g, err := Targeted{}.Try(context.Background(), &p, m, rand.New(rand.NewPCG(1, 1)))
		if err != nil && !errors.Is(err, attack.ErrNoAnswer) {
			t.Fatal(err)
		}
		if err == nil && p.Answer.Match(g) {
			right++
		}
	}
	if right*3 < n*2 {
		t.Errorf("%d of %d clean names read", right, n)
	}
}

func TestWithoutAPicture(t *testing.T) {
	p := captcha.Puzzle{Kind: captcha.KindName, Text: "x", Lang: "ko"}
	for _, a := range []attack.Attacker{Whole{}, Targeted{}} {
		if _, err := a.Try(context.Background(), &p, nil, nil); err == nil {
			t.Errorf("%s answers without a picture", a.Name())
		}
	}
}
