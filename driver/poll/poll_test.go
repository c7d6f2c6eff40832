package poll_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/driver/poll"
)

func TestLastValueStaysWithWhyThereIsNoNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		p := poll.New(poll.Config{Every: time.Second, Seed: 1, Secrets: []string{"hunter2"}, Ask: func(context.Context) (poll.Answer, error) {
			switch asked++; asked {
			case 1:
				return poll.Answer{Value: 7}, nil
			case 2:
				return poll.Answer{}, errors.New("refused hunter2\nthere")
			case 3:
				panic("boom")
			case 4:
				return poll.Answer{Value: math.NaN()}, nil
			}
			return poll.Answer{Value: 8}, nil
		}})
		if r := p.Read(time.Now()); !r.At.IsZero() || r.Note == "" {
			t.Errorf("before the first answer: %+v, want no time and a note", r)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		synctest.Wait()
		first := p.Read(time.Now())
		if first.Value != 7 || !first.At.Equal(time.Now()) || first.Note != "" {
			t.Fatalf("first reading %+v", first)
		}
		for _, note := range []string{"refused [secret] there", "asking panicked: boom", poll.ErrNothing.Error()} {
			for p.Read(time.Now()).Note != note && time.Since(first.At) < time.Hour {
				time.Sleep(100 * time.Millisecond)
			}
			if r := p.Read(time.Now()); r.Note != note || r.Value != 7 || !r.At.Equal(first.At) {
				t.Fatalf("reading %+v, want the first value and time with note %q", r, note)
			}
		}
		time.Sleep(2 * time.Second) // no value is no failure: no back-off
		if r := p.Read(time.Now()); r.Value != 8 || r.Note != "" {
			t.Errorf("reading %+v, want the new value", r)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
}

type busy struct{}

func (busy) Error() string             { return "busy" }
func (busy) RetryAfter() time.Duration { return 90 * time.Second }

func TestBacksOffAndNeverGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		err       error
		low, high int
	}{
		"failing":        {errors.New("down"), 100, 300}, // an hour at 15 to 30 s, and a faster start
		"asked to wait":  {busy{}, 38, 42},
		"hangs":          {nil, 90, 300},
		"has no value":   {poll.ErrNothing, 3200, 4100},
		"no value, said": {errors.Join(errors.New("no series"), poll.ErrNothing), 3200, 4100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				p := poll.New(poll.Config{Every: time.Second, Seed: 2, Ask: func(ctx context.Context) (poll.Answer, error) {
					asked++
					if c.err == nil {
						<-ctx.Done()
						return poll.Answer{}, ctx.Err()
					}
					return poll.Answer{}, c.err
				}})
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if err := p.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Run returned %v", err)
				}
				if asked < c.low || asked > c.high {
					t.Errorf("asked %d times in an hour, want %d to %d", asked, c.low, c.high)
				}
			})
		})
	}
}

func TestNoteIsOneShortLine(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\n\tb\x00c":        "a b c",
		" trimmed ":            "trimmed",
		"key=swordfish failed": "key=[secret] failed",
		"\xff\xfe":             "",
	} {
		if got := poll.Note(in, "swordfish", ""); got != want {
			t.Errorf("Note(%q) = %q, want %q", in, got, want)
		}
	}
	if got := poll.Note(strings.Repeat("가 ", 500)); utf8.RuneCountInString(got) > 120 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long text becomes %q", got)
	}
}

func TestStaleLeavesRoomForMissedAnswers(t *testing.T) {
	for every, want := range map[time.Duration]time.Duration{
		100 * time.Millisecond: 2 * time.Second, 2 * time.Second: 6 * time.Second, time.Hour: time.Hour,
	} {
		if got := poll.New(poll.Config{Every: every}).Stale(); got != want {
			t.Errorf("every %s: stale after %s, want %s", every, got, want)
		}
	}
}
