package protocol

import (
	"context"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
)

func TestNoWayAround(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 60
	}
	for _, a := range All() {
		t.Run(a.Name, func(t *testing.T) {
			o, err := Run(t.Context(), a, n, 1)
			if err != nil {
				t.Fatal(err)
			}
			if o.Won != 0 {
				t.Errorf("worked %d of %d times", o.Won, o.N)
			}
			if o.N < n {
				t.Errorf("%d tries, want %d", o.N, n)
			}
		})
	}
}

// forgetful is a ledger that forgets who was first and what was taken.
type forgetful struct{ captcha.Ledger }

func (forgetful) Claim(_ context.Context, _, by string, _ time.Duration) (string, error) {
	return by, nil
}

func (f forgetful) Take(ctx context.Context, key string) ([]byte, error) { return f.Get(ctx, key) }

// open is a lock that anything opens.
type open struct{ knot }

func (open) Check([]byte, int, string) bool { return true }

// Attacks that would not notice an open door show nothing.
func TestAttacksNoticeAnOpenDoor(t *testing.T) {
	lax := func(secret []byte) captcha.Lock { return open{newKnot(secret).(knot)} }
	forget := func(l captcha.Ledger) captcha.Ledger { return forgetful{l} }
	for _, c := range []struct {
		name   string
		lock   func([]byte) captcha.Lock
		ledger func(captcha.Ledger) captcha.Ledger
	}{
		{"replay", newKnot, forget},
		{"parallel-redeem", newKnot, forget},
		{"parallel-http", newKnot, forget},
		{"idempotency", newKnot, forget},
		{"second-answer", newKnot, forget},
		{"reset-shopping", newKnot, forget},
		{"skipped-work", lax, nil},
	} {
		a, err := newArena(c.lock, c.ledger)
		if err != nil {
			t.Fatal(err)
		}
		for _, attack := range All() {
			if attack.Name != c.name {
				continue
			}
			if o, err := run(t.Context(), attack, a, 50, 1); err != nil || o.Won == 0 {
				t.Errorf("%s: worked %d of %d times where the door is open: %v", c.name, o.Won, o.N, err)
			}
		}
	}
}
