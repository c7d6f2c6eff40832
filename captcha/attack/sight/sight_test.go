package sight

import (
	"image"
	"image/color"
	"math"
	"slices"
	"testing"

	"github.com/daero/daero/captcha/mapquiz/names"
)

func TestMentioned(t *testing.T) {
	for _, c := range []struct {
		text, lang string
		want       []names.Category
	}{
		{"학교 → 은행 순서로 누르세요.", "ko", []names.Category{names.School, names.Bank}},
		{"Click in this order: pharmacy → " + names.Word(names.Cafe, "en") + ".", "en", []names.Category{names.Pharmacy, names.Cafe}},
		{"nothing", "en", nil},
	} {
		if got := Mentioned(c.text, c.lang); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.text, got, c.want)
		}
	}
}

func TestShown(t *testing.T) {
	for text, want := range map[string][2]string{
		"지도에서 이곳을 찾아 빈칸에 들어갈 3글자를 쓰세요: 단□□□약국":                                 {"단", "약국"},
		"지도에서 이곳을 찾아 빈칸에 들어갈 3글자를 쓰세요: □□□무약국":                                 {"", "무약국"},
		"Find this place on the map and type the missing letters: M… Pharmacy": {"M", " Pharmacy"},
	} {
		before, after, ok := Shown(text)
		if !ok || before != want[0] || after != want[1] {
			t.Errorf("%s: %q and %q, %v", text, before, after, ok)
		}
	}
	if _, _, ok := Shown("지도에 있는 약국의 전체 이름을 쓰세요."); ok {
		t.Error("something is missing where nothing is")
	}
}

// A strip that is turned as the picture is shows it straight.
func TestStripsAreTurnedBack(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 100, 100))
	const a = 0.3
	for y := range 100 {
		for x := range 100 {
			d := float64(y-50)*math.Cos(a) - float64(x-50)*math.Sin(a) // from a line through the middle
			if math.Abs(d) < 4 {
				m.Set(x, y, color.White)
			}
		}
	}
	g := Of(m).Strip(50, 50, a, 40, 20, 1)
	for x := 4; x < 36; x++ {
		if g.Pix[10*g.Stride+x] < 200 || g.Pix[1*g.Stride+x] > 50 {
			t.Fatalf("column %d: %d in the middle, %d at the edge", x, g.Pix[10*g.Stride+x], g.Pix[g.Stride+x])
		}
	}
}

func FuzzQuestions(f *testing.F) {
	f.Add("지도에서 이곳을 찾아: 단□□□약국", "ko")
	f.Add("type: …", "en")
	f.Fuzz(func(_ *testing.T, text, lang string) {
		Mentioned(text, lang)
		Shown(text)
		Asked(text, lang)
		Parts(text)
	})
}
