package captcha_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/storetest"
)

// clock is one that is set.
type clock struct {
	sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.now = c.now.Add(d)
}

func TestMemoryIsALedger(t *testing.T) {
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	m := captcha.NewMemory(c.time, 0)
	storetest.Ledger(t, func(*testing.T) captcha.Ledger { return m }, c.pass)
}

// A flood fills what is open, and not the room for redeemed tokens; those are
// not forgotten to make room, whatever comes.
func TestAFullMemorySaysSoAndForgetsNothing(t *testing.T) {
	const most = 1 << 20
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	m := captcha.NewMemory(c.time, most)
	value := []byte(strings.Repeat("v", 500))
	fill := func(f func(i int) error) (n int) {
		for ; n < 100_000; n++ {
			if err := f(n); err != nil {
				if !errors.Is(err, captcha.ErrFull) {
					t.Fatal(err)
				}
				return n
			}
		}
		t.Fatal("it is never full")
		return 0
	}
	opens := fill(func(i int) error { return m.Put(t.Context(), fmt.Sprint("open ", i), value, time.Minute) })
	claims := fill(func(i int) error {
		_, err := m.Claim(t.Context(), fmt.Sprint("token ", i), "me", 2*time.Minute)
		return err
	})
	budgets := fill(func(i int) error {
		_, _, _, err := m.Spend(t.Context(), fmt.Sprint("prefix ", i), 1, 10, time.Minute)
		return err
	})
	if opens < 500 || claims < 4000 || budgets < 1000 || m.Used() > most {
		t.Errorf("full with %d open, %d claims, %d budgets, %d bytes", opens, claims, budgets, m.Used())
	}
	for i := range claims {
		if first, err := m.Claim(t.Context(), fmt.Sprint("token ", i), "you", time.Minute); err != nil || first != "me" {
			t.Fatalf("token %d: %q, %v", i, first, err)
		}
	}
	if v, err := m.Get(t.Context(), "open 0"); v == nil || err != nil {
		t.Error("what is open was forgotten")
	}
	if err := m.Put(t.Context(), "open 0", value[:10], time.Minute); err != nil {
		t.Error("what is there may become smaller:", err)
	}
	c.pass(61 * time.Second)
	// What is over makes room without anybody sweeping.
	if n := fill(func(i int) error { return m.Put(t.Context(), fmt.Sprint("new ", i), value, time.Minute) }); n < opens*9/10 {
		t.Errorf("%d fit after the first %d are over", n, opens)
	}
	c.pass(2 * time.Minute)
	for range 8 {
		m.Sweep()
	}
	if m.Used() != 0 {
		t.Errorf("%d bytes are left of nothing", m.Used())
	}
}
