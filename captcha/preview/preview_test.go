package preview_test

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"image/png"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/preview"
)

// TestMake: whatever is chosen there is a question, with the answer that is
// right and something to see or to hear.
func TestMake(t *testing.T) {
	levels := []int{0, 2, 4}
	if testing.Short() {
		levels = levels[1:2]
	}
	for _, kind := range preview.Kinds {
		for i, level := range levels {
			w := preview.Want{Kind: kind, Level: level, Lang: preview.Langs[i%2], Seed: uint64(i) << 40}
			q, err := preview.Make(t.Context(), w)
			if err != nil {
				t.Fatalf("%+v: %v", w, err)
			}
			look(t, q)
		}
	}
}

func look(t *testing.T, q preview.Question) {
	t.Helper()
	if q.Text == "" {
		t.Errorf("%+v: nothing is asked", q.Want)
	}
	if q.Kind == captcha.KindWords {
		if !bytes.HasPrefix(q.Sound, []byte("RIFF")) || len(q.Slow) <= len(q.Sound) || len(q.Answer.Texts) < 3 {
			t.Errorf("%+v: %d and %d bytes of sound, words %v", q.Want, len(q.Sound), len(q.Slow), q.Answer.Texts)
		}
		return
	}
	picture, err := jpeg.Decode(bytes.NewReader(q.Map))
	if err != nil || float64(picture.Bounds().Dx()) != q.Scale*float64(q.Width) {
		t.Errorf("%+v: a picture of %v, %d CSS pixels at %g: %v", q.Want, picture.Bounds(), q.Width, q.Scale, err)
	}
	if len(q.Answer.Spots) != q.Clicks || len(q.Places) == 0 || q.Clicks == 0 && len(q.Answer.Texts) == 0 {
		t.Errorf("%+v: %d clicks, answer %+v", q.Want, q.Clicks, q.Answer)
	}
	given := answer.Given{}
	for _, s := range q.Answer.Spots {
		given.Points = append(given.Points, [2]float64{s.X, s.Y})
	}
	if len(q.Answer.Texts) > 0 {
		given.Text = q.Answer.Texts[0]
	}
	if !q.Answer.Match(given) {
		t.Errorf("%+v: the answer that is shown is not right", q.Want)
	}
	if q.Kind == captcha.KindIcon {
		if _, err := png.Decode(bytes.NewReader(q.Icon)); err != nil {
			t.Errorf("%+v: the icon: %v", q.Want, err)
		}
	}
}

// TestSeedsStandApart: the seed of a real question, if somebody learns it, does
// not show that question here.
func TestSeedsStandApart(t *testing.T) {
	for seed := range uint64(5) {
		asked, _, ok := mapquiz.Make(captcha.KindName, 2, "en", mapquiz.MapSeed(seed<<20), nil)
		if !ok {
			t.Fatal("no question")
		}
		q, err := preview.Make(t.Context(), preview.Want{Kind: captcha.KindName, Level: 2, Lang: "en", Seed: seed << 20})
		if err != nil {
			t.Fatal(err)
		}
		again, err := preview.Make(t.Context(), q.Want)
		if err != nil || !bytes.Equal(again.Map, q.Map) || !slices.Equal(again.Answer.Texts, q.Answer.Texts) {
			t.Errorf("seed %d: not the same again: %v", seed, err)
		}
		if slices.Equal(asked.Answer.Texts, q.Answer.Texts) {
			t.Errorf("seed %d: the answer to the real question is shown", seed)
		}
	}
}

func TestBooth(t *testing.T) {
	b, now := &preview.Booth{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	made := func(d time.Duration, n int) (ok int) {
		now = now.Add(d)
		for range n {
			switch _, err := b.Make(t.Context(), now, preview.Want{Kind: captcha.KindWords, Lang: "en"}); {
			case err == nil:
				ok++
			case !errors.Is(err, preview.ErrTooMany):
				t.Fatal(err)
			}
		}
		return ok
	}
	for i, tt := range []struct {
		after   time.Duration
		n, want int
	}{{0, 20, 10}, {time.Second, 5, 0}, {time.Second, 5, 1}, {10 * time.Second, 9, 5}, {time.Hour, 20, 10}, {-time.Hour, 5, 0}, {time.Hour + 4*time.Second, 9, 9}} {
		if got := made(tt.after, tt.n); got != tt.want {
			t.Errorf("step %d: %d made, want %d", i, got, tt.want)
		}
	}
	if _, err := b.Make(t.Context(), now.Add(time.Hour), preview.Want{Kind: captcha.KindWork, Level: 9, Lang: "fr"}); err == nil || errors.Is(err, preview.ErrTooMany) {
		t.Errorf("work, level 9, in French: %v", err)
	}
}

// TestOneAtATime: many who ask at once do not have many maps drawn at once.
func TestOneAtATime(t *testing.T) {
	b, now := &preview.Booth{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 8 {
		wg.Go(func() {
			q, err := b.Make(context.Background(), now, preview.Want{Kind: captcha.KindOrder, Lang: "en", Level: 1})
			mu.Lock()
			defer mu.Unlock()
			if err == nil && len(q.Map) > 0 {
				made++
			} else if !errors.Is(err, preview.ErrTooMany) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made == 0 {
		t.Error("nobody got one")
	}
}
