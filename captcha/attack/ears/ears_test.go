package ears

import (
	"math"
	"math/cmplx"
	"strings"
	"testing"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/audio"
)

func TestTransformIsFouriers(t *testing.T) {
	var z [points]complex128
	x := make([]float64, window)
	for i := range x {
		x[i] = math.Sin(float64(i * i))
	}
	for i := range z {
		z[i] = complex(x[2*i], x[2*i+1])
	}
	transform(&z)
	var power [points]float64
	unfold(&z, &power)
	for k := range power {
		var want complex128
		for i := range x {
			want += complex(x[i], 0) * cmplx.Rect(1, -2*math.Pi*float64(i*k)/window)
		}
		if a := real(want)*real(want) + imag(want)*imag(want); math.Abs(a-power[k]) > 1e-6*(1+a) {
			t.Fatalf("point %d: %g, want %g", k, power[k], a)
		}
	}
}

// Loudness alone finds most words, and as many as it is told there are.
func TestSegmentsAreWords(t *testing.T) {
	found, all := 0, 0
	for seed := range 20 {
		m, err := audio.NewMix("ko", 1, uint64(seed), false)
		if err != nil {
			t.Fatal(err)
		}
		spans := segment(spectrumOf(m.Samples), len(m.Marks))
		if len(spans) > len(m.Marks) {
			t.Errorf("%d words of %d", len(spans), len(m.Marks))
		}
		all += len(m.Marks)
		for i, at := range spans {
			if i < len(m.Marks) && shared(at, span{m.Marks[i].From / hop, m.Marks[i].To / hop}) > 0.5 {
				found++
			}
		}
	}
	if found*2 < all {
		t.Errorf("found %d of %d words", found, all)
	}
	if segment(nil, 3) != nil || len(segment(spectrumOf(make([]int16, 40000)), 3)) > 3 {
		t.Error("words in silence")
	}
}

// Trained on little, it does far better than chance, which is one in 249,984.
func TestListenerLearns(t *testing.T) {
	l := &Listener{Mixes: 150}
	n := 40
	if testing.Short() {
		l.Mixes, n = 100, 30
	}
	o, err := attack.Measure(t.Context(), attack.Job{Attacker: l, Source: audio.Source{}, Kind: captcha.KindWords, Level: 1, Lang: "ko", N: n, Seed: 3})
	if err != nil || o.Class != attack.Ears {
		t.Fatal(o, err)
	}
	if o.Solved == 0 {
		t.Errorf("solved none of %d", o.N)
	}
	if attack.Takes(l, captcha.KindOrder, "ko") || attack.Takes(&Sphinx{}, captcha.KindWords, "ko") {
		t.Error("takes what it cannot hear")
	}
}

func TestSphinxKnowsEveryWord(t *testing.T) {
	list := "anchor AE NG K ER\nanchor(2) AE NG K ER\nnothing N AH TH IH NG\n"
	words, said := grammar([]byte(list))
	if len(words) != 64 || !strings.Contains(string(said), "anchor(2) ") || !strings.Contains(string(said), "dragonfly D") || strings.Contains(string(said), "nothing") {
		t.Errorf("%v\n%s", words, said)
	}
	// Where it is installed, it runs.
	s := &Sphinx{}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Prepare(t.Context(), captcha.KindWords, 0, "en"); err != nil {
		t.Log(err)
		return
	}
	if _, err := attack.Measure(t.Context(), attack.Job{Attacker: s, Source: audio.Source{}, Kind: captcha.KindWords, Level: 0, Lang: "en", N: 2, Seed: 1}); err != nil {
		t.Error(err)
	}
}
