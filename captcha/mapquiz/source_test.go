package mapquiz

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/mapquiz/city"
)

var ctx = context.Background()

func TestConfigNamesEveryMistake(t *testing.T) {
	err := Config{Maps: -1, Reuse: 17, Kept: 1 << 30}.Validate()
	if err == nil {
		t.Fatal("no mistake")
	}
	for _, want := range []string{"captcha maps -1", "captcha reuse 17", "captcha kept"} {
		if !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if _, err := New(Config{Maps: -1}); err == nil {
		t.Error("a Source of it")
	}
}

func TestNothingReadyIsBusy(t *testing.T) {
	s := newSource(t, Config{})
	for _, m := range []captcha.Mode{captcha.Click, captcha.Text} {
		if _, err := s.Next(ctx, captcha.Want{Mode: m, Level: 2, Lang: "ko"}); !errors.Is(err, captcha.ErrBusy) {
			t.Errorf("%s: %v, want busy", m, err)
		}
	}
}

func TestOnlyQuestionsOfMaps(t *testing.T) {
	s := newSource(t, Config{})
	fill(s, 2)
	for _, w := range []captcha.Want{
		{Mode: captcha.Sound, Level: 2},
		{Mode: "other", Level: 2},
		{Level: 2},
		{Mode: captcha.Click, Kind: captcha.KindName},
		{Kind: captcha.KindWords},
	} {
		if _, err := s.Next(ctx, w); err == nil || errors.Is(err, captcha.ErrBusy) {
			t.Errorf("%+v: %v, want that another source is asked", w, err)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Next(gone, captcha.Want{Mode: captcha.Click, Level: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v for somebody who has gone", err)
	}
}

// A map serves so many questions, each another one, and no more: more, but as
// bounded, only while few maps are left.
func TestReuseIsBounded(t *testing.T) {
	for _, c := range []struct {
		pressure float64
		want     int
	}{{0, 6}, {0.5, 7}, {1, 9}, {math.NaN(), 6}, {7, 9}} {
		s := newSource(t, Config{})
		s.SetPressure(c.pressure)
		const maps = 20
		fill(s, maps)
		asked, texts := make(map[uint64]int), make(map[string]bool)
		for st := s.stocks[sort{"ko", 2}]; ; {
			most := c.want
			if 4*len(st.maps) < st.goal {
				most = Variants
			}
			z, err := s.Next(ctx, captcha.Want{Mode: captcha.Click, Level: 2, Lang: "ko"})
			if errors.Is(err, captcha.ErrBusy) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			m := MapSeed(z.Seed)
			if asked[m]++; asked[m] > most {
				t.Errorf("pressure %v: %d questions about map %x, want %d", c.pressure, asked[m], m, most)
			}
			key := string(rune(m>>32)) + string(rune(m>>4&0xffff)) + z.Text
			if texts[key] {
				t.Fatalf("map %x is asked twice: %s", m, z.Text)
			}
			texts[key] = true
			if z.Level != 2 || z.Lang != "ko" {
				t.Fatalf("%+v", z)
			}
		}
		if len(asked) != maps {
			t.Errorf("pressure %v: %d maps of %d were asked about", c.pressure, len(asked), maps)
		}
	}
}

func TestBothModesAndAllKindsComeFromStock(t *testing.T) {
	s := newSource(t, Config{})
	fill(s, 100)
	seen := make(map[captcha.Kind]int)
	for range 150 {
		for _, m := range []captcha.Mode{captcha.Click, captcha.Text} {
			z := next(t, s, captcha.Want{Mode: m, Level: 3, Lang: "en"})
			if captcha.ModeOf(z.Kind) != m {
				t.Fatalf("%s for %s", z.Kind, m)
			}
			seen[z.Kind]++
		}
	}
	for _, k := range allKinds {
		if seen[k] < 20 {
			t.Errorf("%s came %d times of 300", k, seen[k])
		}
	}
}

// Any gateway has the same picture, and the same one every time.
func TestMediaIsTheSameEverywhere(t *testing.T) {
	here, there := newSource(t, Config{}), newSource(t, Config{})
	fill(here, 3)
	for _, w := range []captcha.Want{
		{Mode: captcha.Text, Level: 2, Lang: "ko"},
		{Mode: captcha.Click, Level: 4, Lang: "en", Seed: 77},
		{Kind: captcha.KindIcon, Level: 0, Lang: "ko", Seed: 78},
	} {
		z := next(t, here, w)
		a, err := here.Media(ctx, &z, captcha.PartImage)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := here.Media(ctx, &z, captcha.PartImage)
		b, err := there.Media(ctx, &z, captcha.PartImage)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes, b.Bytes) || !bytes.Equal(a.Bytes, again.Bytes) || a.Type != "image/jpeg" {
			t.Errorf("%+v: %x, again %x, elsewhere %x", w, a.Bytes, again.Bytes, b.Bytes)
		}
	}
}

func TestMediaOfARealMap(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	z := next(t, s, captcha.Want{Kind: captcha.KindIcon, Level: 2, Lang: "ko", Seed: 4711})
	m, err := s.Media(ctx, &z, captcha.PartImage)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.DecodeConfig(bytes.NewReader(m.Bytes))
	if err != nil || img.Width < z.Width || img.Height < z.Height {
		t.Errorf("%v, %v for a map of %d×%d", img, err, z.Width, z.Height)
	}
	icon, err := s.Media(ctx, &z, captcha.PartIcon)
	if err != nil || icon.Type != "image/png" || len(icon.Bytes) < 50 {
		t.Errorf("icon %s of %d bytes, %v", icon.Type, len(icon.Bytes), err)
	}
	other := z
	other.Kind = captcha.KindName
	for _, c := range []struct {
		z    captcha.Puzzle
		part captcha.Part
	}{{z, captcha.PartAudio}, {other, captcha.PartIcon}, {captcha.Puzzle{Kind: captcha.KindWords}, captcha.PartImage}} {
		if _, err := s.Media(ctx, &c.z, c.part); err == nil {
			t.Errorf("%s of %s", c.part, c.z.Kind)
		}
	}
}

// However many ask for pictures that are not there: two are drawn at a time, a
// picture that many want is drawn once, and who comes when too many wait is told
// so at once.
func TestDrawingForThoseWhoWaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, Config{})
		var now, most, drawn atomic.Int64
		s.draw = func(spec city.Spec) (*city.Plan, []byte) {
			most.Store(max(most.Load(), now.Add(1)))
			drawn.Add(1)
			time.Sleep(25 * time.Millisecond)
			now.Add(-1)
			return quick(spec)
		}
		var busy atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				z := captcha.Puzzle{Kind: captcha.KindOrder, Level: 2, Lang: "ko", Seed: uint64(i%4) * Variants}
				if _, err := s.Media(t.Context(), &z, captcha.PartImage); errors.Is(err, captcha.ErrBusy) {
					busy.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most.Load() > draws || busy.Load() != 100-waiting {
			t.Errorf("%d were drawn at a time, %d of 100 were told to come again", most.Load(), busy.Load())
		}
		if n := drawn.Load(); n < 4 || n > 4+draws { // two may begin with the same one
			t.Errorf("%d draws for 4 pictures", n)
		}
		// Somebody who waits may go.
		for _, at := range []*turns{s.drawing, s.plans} {
			at.gate <- struct{}{}
			at.gate <- struct{}{}
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		z := captcha.Puzzle{Kind: captcha.KindOrder, Level: 1, Lang: "ko", Seed: 1 << 20}
		if _, err := s.Media(short, &z, captcha.PartImage); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline", err)
		}
		shorter, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Next(shorter, captcha.Want{Mode: captcha.Click, Level: 0, Lang: "ko"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline", err)
		}
	})
}

// Pictures that were asked about are kept for a while, but not without bound.
func TestKeptIsBounded(t *testing.T) {
	k := newKept(3)
	p := func(i int) picture { return picture{uint64(i) * Variants, 2, "ko"} }
	for i := range 10 {
		k.put(p(i), []byte{byte(i)})
		k.get(p(0))
	}
	for i, want := range map[int]bool{0: true, 9: true, 8: true, 7: false, 1: false} {
		if got := k.get(p(i)) != nil; got != want {
			t.Errorf("picture %d is kept: %v, want %v", i, got, want)
		}
	}
	if len(k.all) != 3 || k.order.Len() != 3 {
		t.Errorf("%d and %d are kept, want 3", len(k.all), k.order.Len())
	}
}

// Run fills what is missing, rests in between, follows what is asked for and
// ends with its context.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, Config{Maps: 100})
		drawn := 0
		s.draw = func(spec city.Spec) (*city.Plan, []byte) {
			drawn++
			time.Sleep(25 * time.Millisecond)
			return quick(spec)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(time.Minute)
		first := s.Ready()
		if first["ko"] != 16 || first["en"] != 16 { // smallest, for two levels each
			t.Errorf("%v ready after a minute, want 16 of each language", first)
		}
		// Korean at level 2 is asked for, and nothing else.
		for range 2_000 {
			_, _ = s.Next(ctx, captcha.Want{Mode: captcha.Click, Level: 2, Lang: "ko"})
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		then := s.Ready()
		if then["ko"] < 60 || then["ko"] > 100 || then["en"] != 16 {
			t.Errorf("%v ready, want that Korean has grown up to 60 + 8 and English has not", then)
		}
		// Pressed hard: one part of 32 of a core.
		s.SetPressure(1)
		for range 100 {
			_, _ = s.Next(ctx, captcha.Want{Mode: captcha.Click, Level: 2, Lang: "ko"})
		}
		before := drawn
		time.Sleep(8 * time.Second)
		if n := drawn - before; n > 8*1000/25/25 {
			t.Errorf("%d maps were drawn in 8 s under pressure", n)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func TestManyAskAtOnce(t *testing.T) {
	s := newSource(t, Config{})
	fill(s, 60)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				z, err := s.Next(ctx, captcha.Want{Mode: captcha.Click, Level: 2, Lang: "en"})
				if errors.Is(err, captcha.ErrBusy) {
					return
				}
				if _, err := s.Media(ctx, &z, captcha.PartImage); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			s.drawOne(sort{"en", 2})
			s.SetPressure(0.5)
		}
	})
	wg.Wait()
}

// The bar is 5 ms at the 99th percentile, at 500 a second.
func BenchmarkNext(b *testing.B) {
	s := newSource(b, Config{})
	b.ReportAllocs()
	var took []time.Duration
	left := 0
	for b.Loop() {
		if left == 0 {
			b.StopTimer()
			fill(s, 200)
			left = 600
			b.StartTimer()
		}
		left--
		t0 := time.Now()
		if _, err := s.Next(ctx, captcha.Want{Mode: captcha.Click, Level: 2, Lang: "ko"}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(t0))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
