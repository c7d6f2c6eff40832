package protocol

import (
	"testing"
	"time"

	"github.com/daero/daero/captcha"
)

// What one network gets in an hour is bounded whoever answers, and costs work.
func TestAnHourIsBounded(t *testing.T) {
	most := captcha.Policy{}.WithDefaults()
	cases := []struct {
		p        float64
		attempts int
	}{{1, 1}, {0.3, 3}, {0.02, 10}}
	if testing.Short() {
		cases = cases[:1]
	}
	for _, c := range cases {
		h, err := Hour(t.Context(), captcha.Text, c.p, c.attempts, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("right with %.2f, %d attempts: %+v", c.p, c.attempts, h)
		if h.Tokens == 0 || h.Tokens > most.PrefixMost || h.Tokens > h.Tries {
			t.Errorf("%+v", h)
		}
		if questions := 61 * most.PrefixChallenges * c.attempts; h.Tries > questions {
			t.Errorf("%d tries in an hour", h.Tries)
		}
		if h.Work < time.Duration(h.Tries)*most.Work {
			t.Errorf("%d tries for %v of work", h.Tries, h.Work)
		}
	}
}
