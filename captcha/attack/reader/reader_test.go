package reader

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/sight"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/names"
)

func model(t *testing.T) *Model {
	t.Helper()
	m, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func langs() []string {
	if city.Hangul() {
		return []string{"ko", "en"}
	}
	return []string{"en"}
}

// What goes back through a net is the slope of its error: a weight moved by a
// little moves the error by as much as was said.
func TestWhatIsLearnedIsTheSlope(t *testing.T) {
	r := random(3)
	n := newNet(r,
		layer{in: 2, out: 5, k: 3, relu: true, pool: true},
		layer{in: 5, out: 6, k: 2, relu: true},
		layer{in: 6, out: 4, k: 2},
	)
	x := newPlane(8, 8, 2)
	for i := range x.v {
		x.v[i] = float32(r.NormFloat64())
	}
	ps := make([]pass, len(n))
	wrong := func() float64 {
		out := append([]float32{}, n.run(x, ps).v...)
		softmax(out)
		return -math.Log(float64(out[2]))
	}
	out := n.run(x, ps).v
	judge(out, 2, 0, len(out))
	n.learn(out, ps)
	for i, l := range n {
		for _, j := range []int{0, len(l.w) / 2, len(l.w) - 1} {
			const h = 2e-3
			was := l.w[j]
			l.w[j] = was + h
			up := wrong()
			l.w[j] = was - h
			down := wrong()
			l.w[j] = was
			want, got := (up-down)/(2*h), float64(ps[i].dW[j])
			if math.Abs(want-got) > 0.02*math.Max(1, math.Abs(want)) {
				t.Errorf("layer %d, weight %d: slope %.4f, learned %.4f", i, j, want, got)
			}
		}
	}
}

// legible is how much the generous reader must read at each level: 99 % say that
// hardening takes nothing away. Level 4 is shown to those who seem like programs.
var legible = [...]float64{0.99, 0.99, 0.99, 0.99, 0.99}

// The generous reader reads what stands on maps of every level that people are
// shown.
func TestNamesCanBeRead(t *testing.T) {
	n := 4
	if testing.Short() {
		n = 2
	}
	m := model(t)
	for _, lang := range langs() {
		for level, least := range legible {
			l := m.Legibility(1<<41, n, level, lang)
			lo, hi := attack.Wilson(l.Read, l.Letters)
			t.Logf("level %d, %s: %d of %d letters, %.2f %% (%.2f–%.2f); %d of %d names", level, lang, l.Read, l.Letters, 100*l.Rate(), 100*lo, 100*hi, l.Whole, l.Names)
			if hi < least {
				t.Errorf("level %d, %s: %.2f %% of the letters can be read, under %.0f %%", level, lang, 100*l.Rate(), 100*least)
			}
		}
	}
}

// The attacker finds icons and clicks: were it weak, its figures would say
// nothing.
func TestReaderSolvesWhatItCan(t *testing.T) {
	n := 4
	if testing.Short() {
		n = 3
	}
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	lang := langs()[0]
	kinds := []captcha.Kind{captcha.KindOrder, captcha.KindRelation}
	if lang == "ko" {
		kinds = append(kinds, captcha.KindName, captcha.KindMissing, captcha.KindIcon)
	}
	for _, k := range kinds {
		right := 0
		for i := range n {
			seed := uint64(mapquiz.Variants * 100 * i) //nolint:gosec // small
			p, plan, ok := mapquiz.Make(k, 2, lang, seed, nil)
			if !ok {
				t.Fatalf("no question of kind %s", k)
			}
			p.Width, p.Height = plan.Width, plan.Height
			m := map[captcha.Part]captcha.Media{captcha.PartImage: {Type: "image/jpeg", Bytes: plan.JPEG()}}
			if k == captcha.KindIcon {
				m[captcha.PartIcon] = captcha.Media{Type: "image/png", Bytes: city.IconPNG(category(p), p.Seed)}
			}
			told := p
			told.Seed, told.Answer.Spots, told.Answer.Texts = 0, nil, nil
			g, err := a.Try(context.Background(), &told, m, rand.New(rand.NewPCG(1, 2)))
			if err != nil && !errors.Is(err, attack.ErrNoAnswer) {
				t.Fatal(err)
			}
			if err == nil && p.Answer.Match(g) {
				right++
			}
		}
		t.Logf("%s: %d of %d", k, right, n)
		if right == 0 {
			t.Errorf("none of %d questions of kind %s", n, k)
		}
	}
}

func category(p captcha.Puzzle) names.Category {
	for _, c := range names.Categories() {
		if slices.Contains(names.Suffixes(c, p.Lang), p.Answer.Suffix) {
			return c
		}
	}
	return ""
}

func TestModelsComeBackAsTheyWere(t *testing.T) {
	m := newModel(9)
	var b bytes.Buffer
	if err := m.Encode(&b); err != nil {
		t.Fatal(err)
	}
	back, err := Decode(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	blocks := back.all()
	for i, v := range m.all() {
		for j, x := range v {
			if math.Abs(float64(x-blocks[i][j])) > 1e-3 {
				t.Fatalf("block %d, number %d: %g became %g", i, j, x, blocks[i][j])
			}
		}
	}
	for _, cut := range []int{0, 5, len(magic), len(magic) + 8, b.Len() / 2, b.Len() - 1} {
		if _, err := Decode(bytes.NewReader(b.Bytes()[:cut])); !errors.Is(err, ErrModel) {
			t.Errorf("a file cut off at %d: %v", cut, err)
		}
	}
}

// The same course makes the same model, and it ends when it is told to.
func TestTraining(t *testing.T) {
	c := Course{Seed: 4, Maps: 2}
	var one, two bytes.Buffer
	for _, b := range []*bytes.Buffer{&one, &two} {
		m, err := Train(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Encode(b); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("two models of one course differ")
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Train(ctx, Course{Seed: 4, Maps: 50}); !errors.Is(err, context.Canceled) {
		t.Errorf("told to stop: %v", err)
	}
}

func TestPicturesThatAreNone(t *testing.T) {
	a := &Attacker{newModel(1)}
	for name, b := range map[string][]byte{"nothing": nil, "words": []byte("no picture"), "cut off": {0xff, 0xd8, 0xff, 0xe0}} {
		p := captcha.Puzzle{Kind: captcha.KindOrder, Width: 480}
		m := map[captcha.Part]captcha.Media{captcha.PartImage: {Type: "image/jpeg", Bytes: b}}
		if _, err := a.Try(context.Background(), &p, m, nil); !errors.Is(err, sight.ErrNoPicture) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A letter is read in a quarter of a millisecond, a map's icons are found in a
// few tens.
func BenchmarkReader(b *testing.B) {
	m := newModel(1)
	plan := city.New(city.Spec{Seed: 1, Level: 2, Lang: "en"})
	pic := sight.Of(plan.Draw())
	pic.Scale = city.Scale
	b.Run("letter", func(b *testing.B) {
		for range b.N {
			m.read(pic, 100, 100, 0.1, 11.5, true)
		}
	})
	b.Run("learn", func(b *testing.B) {
		for range b.N {
			m.read(pic, 100, 100, 0.1, 11.5, true)
			m.letters.learn(m.lettersPass[3].out.v, m.lettersPass)
		}
	})
	b.Run("icons", func(b *testing.B) {
		for range b.N {
			m.find(pic)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(magic))
	f.Add(trained[:min(len(trained), 64)])
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Decode(bytes.NewReader(b)); err == nil && m == nil {
			t.Error("neither a model nor an error")
		}
	})
}
