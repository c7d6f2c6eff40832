package storetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
)

// long is longer than any test takes, short is over soon: a ledger on a server
// waits for it in real time, about two seconds in all.
const (
	long  = time.Minute
	short = 150 * time.Millisecond
)

// Ledger tests ledgers. open returns one, which need not be empty: the keys are
// of this test alone. wait lets d pass, on the ledger's clock.
func Ledger(t *testing.T, open func(t *testing.T) captcha.Ledger, wait func(d time.Duration)) {
	for _, c := range []struct {
		name string
		test func(*bench)
	}{
		{"put, get and take", putGetTake},
		{"touch", touch},
		{"of all who take one gets it", takenOnce},
		{"claim", claim},
		{"of all who claim one is first", claimedOnce},
		{"the same one may claim at once", claimedBySame},
		{"spend", spend},
		{"all who spend together stay below the limit", spentTogether},
		{"time runs out", runsOut},
		{"any bytes, any key", anyBytes},
		{"a call that was given up", givenUp},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.test(&bench{
				T: t, l: open(t), wait: wait,
				unique: fmt.Sprintf("%s %d ", c.name, time.Now().UnixNano()),
			})
		})
	}
}

// bench is a ledger under test.
type bench struct {
	*testing.T
	l      captcha.Ledger
	wait   func(time.Duration)
	unique string
}

// key returns one of this test's own.
func (b *bench) key(name string) string { return b.unique + name }

func (b *bench) put(key, value string, ttl time.Duration) {
	b.Helper()
	if err := b.l.Put(b.Context(), b.key(key), []byte(value), ttl); err != nil {
		b.Fatal(err)
	}
}

// has compares what is there; "" is nothing.
func (b *bench) has(key, want string) {
	b.Helper()
	got, err := b.l.Get(b.Context(), b.key(key))
	if err != nil || string(got) != want || want == "" && got != nil {
		b.Errorf("get %s: %q, %v; want %q", key, got, err, want)
	}
}

func (b *bench) takes(key, want string) {
	b.Helper()
	got, err := b.l.Take(b.Context(), b.key(key))
	if err != nil || string(got) != want || want == "" && got != nil {
		b.Errorf("take %s: %q, %v; want %q", key, got, err, want)
	}
}

func (b *bench) touches(key string, ttl time.Duration, want bool) {
	b.Helper()
	if there, err := b.l.Touch(b.Context(), b.key(key), ttl); err != nil || there != want {
		b.Errorf("touch %s: %v, %v; want %v", key, there, err, want)
	}
}

func (b *bench) claims(key, by, want string, ttl time.Duration) {
	b.Helper()
	if first, err := b.l.Claim(b.Context(), b.key(key), by, ttl); err != nil || first != want {
		b.Errorf("claim %s by %s: %q, %v; want %q", key, by, first, err, want)
	}
}

// spends also looks at the window: it ends in at most per, and is open.
func (b *bench) spends(key string, n, limit int, per time.Duration, wantOK bool, wantSpent int) {
	b.Helper()
	ok, spent, after, err := b.l.Spend(b.Context(), b.key(key), n, limit, per)
	if err != nil || ok != wantOK || spent != wantSpent {
		b.Errorf("spend %d of %d: %v, %d spent, %v; want %v, %d", n, limit, ok, spent, err, wantOK, wantSpent)
	}
	if err == nil && spent > 0 && (after <= 0 || after > per) {
		b.Errorf("spend %d of %d: the window ends in %v, of %v", n, limit, after, per)
	}
}

func putGetTake(b *bench) {
	b.has("a", "")
	b.takes("a", "")
	b.put("a", "one", long)
	b.has("a", "one")
	b.has("a", "one")
	b.put("a", "two", long) // the last one counts
	b.put("b", "other", long)
	b.takes("a", "two")
	b.takes("a", "")
	b.has("a", "")
	b.has("b", "other")
}

func touch(b *bench) {
	b.touches("a", long, false)
	b.has("a", "") // it brings nothing into being
	b.put("a", "one", short)
	b.touches("a", long, true)
	b.wait(2 * short)
	b.has("a", "one")
	b.takes("a", "one")
	b.touches("a", long, false)
	b.has("a", "")
	b.put("b", "one", long)
	b.touches("b", short, true) // less time is time as well
	b.wait(2 * short)
	b.touches("b", long, false) // it brings none back
	b.has("b", "")
}

// together calls f at once from many.
func together(callers int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range callers {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}

func callers() int {
	if testing.Short() {
		return 32
	}
	return 100
}

func takenOnce(b *bench) {
	for round := range 10 {
		key := fmt.Sprint("round ", round)
		b.put(key, "one", long)
		var got atomic.Int64
		together(callers(), func(int) {
			value, err := b.l.Take(context.Background(), b.key(key))
			if err != nil {
				b.Error(err)
			}
			if value != nil {
				got.Add(1)
			}
		})
		if got.Load() != 1 {
			b.Errorf("%d took it", got.Load())
		}
	}
}

func claim(b *bench) {
	b.claims("a", "first", "first", long)
	b.claims("a", "second", "first", long)
	b.claims("a", "first", "first", long)
	b.claims("b", "second", "second", long)
	b.claims("c", "first", "first", short)
	b.claims("c", "second", "first", long) // the time of the first counts
	b.wait(2 * short)
	b.claims("c", "second", "second", long)
	b.claims("a", "second", "first", long)
	// What is open and what is claimed are two things.
	b.put("d", "open", long)
	b.claims("d", "first", "first", long)
	b.takes("d", "open")
	b.claims("d", "second", "first", long)
}

func claimedOnce(b *bench) {
	for round := range 10 {
		key := fmt.Sprint("round ", round)
		var firsts atomic.Int64
		var names sync.Map
		together(callers(), func(i int) {
			me := fmt.Sprint("caller ", i)
			first, err := b.l.Claim(context.Background(), b.key(key), me, long)
			if err != nil {
				b.Error(err)
			}
			names.Store(first, true)
			if first == me {
				firsts.Add(1)
			}
		})
		n := 0
		names.Range(func(any, any) bool { n++; return true })
		if firsts.Load() != 1 || n != 1 {
			b.Errorf("%d are first, %d names are told", firsts.Load(), n)
		}
	}
}

func claimedBySame(b *bench) {
	together(callers(), func(int) {
		if first, err := b.l.Claim(context.Background(), b.key("a"), "same", long); err != nil || first != "same" {
			b.Error(first, err)
		}
	})
}

func spend(b *bench) {
	b.spends("a", 0, 3, long, true, 0) // asks, and begins no window
	b.spends("a", 1, 3, long, true, 1)
	b.spends("a", 1, 3, long, true, 2)
	b.spends("a", 2, 3, long, false, 2) // all or nothing
	b.spends("a", 1, 3, long, true, 3)
	b.spends("a", 1, 3, long, false, 3)
	b.spends("a", 1, 3, long, false, 3)
	b.spends("a", 1, 5, long, true, 4) // a limit that was raised
	b.spends("a", 0, 10, long, true, 4)
	b.spends("b", 4, 3, long, false, 0)
	b.spends("b", 3, 3, long, true, 3)
	b.spends("c", 2, 2, short, true, 2)
	b.wait(short / 4)
	b.spends("c", 1, 2, short, false, 2) // does not begin it anew
	b.wait(2 * short)
	b.spends("c", 0, 2, short, true, 0)
	b.spends("c", 1, 2, short, true, 1)
}

func spentTogether(b *bench) {
	var oks atomic.Int64
	together(callers(), func(int) {
		ok, spent, _, err := b.l.Spend(context.Background(), b.key("a"), 1, 20, long)
		if err != nil || spent > 20 {
			b.Error(spent, err)
		}
		if ok {
			oks.Add(1)
		}
	})
	if oks.Load() != 20 {
		b.Errorf("%d were let through, of 20", oks.Load())
	}
	b.spends("a", 0, 100, long, true, 20)
}

func runsOut(b *bench) {
	b.put("a", "one", short)
	b.put("b", "one", short)
	b.put("c", "one", long)
	b.wait(2 * short)
	b.has("a", "")
	b.takes("b", "")
	b.has("c", "one")
	b.put("a", "two", long)
	b.has("a", "two")
}

func anyBytes(b *bench) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, key := range map[string]string{
		"every byte": b.key(string(every)), "long": b.key(strings.Repeat("k", 1000)),
		"lines": b.key("a\r\nb {c} *?[d]"), "letters": b.key("약국"),
	} {
		for size, value := range map[string][]byte{"bytes": every, "large": bytes.Repeat(every, 64)} {
			if err := b.l.Put(b.Context(), key, value, long); err != nil {
				b.Fatal(name, size, err)
			}
			got, err := b.l.Get(b.Context(), key)
			if err != nil || !bytes.Equal(got, value) {
				b.Errorf("%s, %s: %d bytes came back, %v", name, size, len(got), err)
			}
			clear(got) // what was returned is the caller's
			if got, err = b.l.Take(b.Context(), key); err != nil || !bytes.Equal(got, value) {
				b.Errorf("%s, %s: %d bytes were taken, %v", name, size, len(got), err)
			}
		}
		if first, err := b.l.Claim(b.Context(), key, string(every), long); err != nil || first != string(every) {
			b.Errorf("%s: claimed by %q, %v", name, first, err)
		}
		if ok, _, _, err := b.l.Spend(b.Context(), key, 1, 1, long); err != nil || !ok {
			b.Errorf("%s: %v", name, err)
		}
	}
	value := []byte("mine")
	if err := b.l.Put(b.Context(), b.key("mine"), value, long); err != nil {
		b.Fatal(err)
	}
	copy(value, "yours") // what was given stays the caller's
	b.has("mine", "mine")
}

func givenUp(b *bench) {
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if err := b.l.Put(ctx, b.key("a"), []byte("one"), long); err == nil {
		b.Error("put by one who has gone")
	}
	if _, err := b.l.Claim(ctx, b.key("a"), "one", long); err == nil {
		b.Error("claimed by one who has gone")
	}
}
