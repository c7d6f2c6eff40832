package retry_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/relay/retry"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 4)) }

func TestBackoffDoublesWithJitter(t *testing.T) {
	b, rnd := retry.Backoff{First: 100 * time.Millisecond, Max: 30 * time.Second}, seeded(1)
	for failed, most := range map[int]time.Duration{0: 100 * time.Millisecond, 1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 5: 1600 * time.Millisecond, 9: 25600 * time.Millisecond, 10: 30 * time.Second, 1 << 30: 30 * time.Second} {
		least, seen := most, time.Duration(0)
		for range 1000 {
			d := b.Wait(failed, rnd)
			if d > most || d < most/2 {
				t.Fatalf("after %d: %v, want %v to %v", failed, d, most/2, most)
			}
			least, seen = min(least, d), max(seen, d)
		}
		if seen-least < most/3 {
			t.Errorf("after %d: jitter only from %v to %v", failed, least, seen)
		}
	}
}

// TestF23RetriesAreFew: a target where everything fails is asked at most a
// tenth more, one where little happens once a second.
func TestF23RetriesAreFew(t *testing.T) {
	b := retry.NewBudget(0.1)
	now := start
	attempts, retries := 0, 0
	for range 60_000 { // a minute at 1,000/s
		now = now.Add(time.Millisecond)
		b.Attempt(now)
		attempts++
		if b.Take(now, false) {
			b.Attempt(now)
			retries++
		}
	}
	if share := float64(retries) / float64(attempts+retries); share > 0.101 || share < 0.09 {
		t.Errorf("%d retries of %d attempts: %.3f, want about 0.1", retries, attempts+retries, share)
	}
	now, retries = now.Add(time.Minute), 0
	for range 1000 { // ten seconds, nothing but retries
		now = now.Add(10 * time.Millisecond)
		if b.Take(now, false) {
			b.Attempt(now)
			retries++
		} else if at := b.Next(now); !at.After(now) || at.After(now.Add(time.Second)) {
			t.Fatalf("not now, but next at %v", at.Sub(now))
		}
	}
	if retries < 9 || retries > 11 {
		t.Errorf("%d retries in ten idle seconds, want one per second", retries)
	}
}

// TestRetriesComeBack: what failed while a target was sick is tried at the pace of
// the target once it is well and nothing else waits.
func TestRetriesComeBack(t *testing.T) {
	b, now, done := retry.NewBudget(0.1), start, 0
	for range 3000 { // three seconds, each attempt 1 ms
		now = now.Add(time.Millisecond)
		if b.Take(now, true) {
			b.Attempt(now)
			b.Success(now)
			done++
		}
	}
	if done < 2900 {
		t.Errorf("%d retries in three seconds, want nearly 3,000", done)
	}
	b, done = retry.NewBudget(0.1), 0
	for range 10_000 {
		now = now.Add(time.Millisecond)
		if b.Take(now, true) {
			b.Attempt(now)
			done++
		}
	}
	if done > 11 {
		t.Errorf("%d retries in ten seconds of a target that takes nothing", done)
	}
}

func TestBucket(t *testing.T) {
	b := retry.NewBucket(10, 5, start)
	now, n := start, 0
	for range 1000 { // ten seconds
		now = now.Add(10 * time.Millisecond)
		for b.Take(now) {
			n++
		}
	}
	if n < 100 || n > 106 {
		t.Errorf("%d in ten seconds at 10/s with 5 to begin with", n)
	}
	if at := b.Next(now, 1); at.Sub(now) > 110*time.Millisecond {
		t.Errorf("the next token in %v", at.Sub(now))
	}
	never := retry.NewBucket(0, 1, start)
	if !never.Take(now) || never.Take(now) || !never.Next(now, 1).IsZero() {
		t.Error("a bucket without a rate gives more than it had")
	}
}

// One key alone opens no circuit; probes come ever later.
func TestF24Circuit(t *testing.T) {
	rnd := seeded(2)
	c := retry.NewCircuit(10, time.Second)
	now := start
	for i := range 9 {
		if c.Failed(now, uint64(i), true, rnd) {
			t.Fatalf("open after %d", i+1)
		}
	}
	c.Alive(now)
	for i := range 30 {
		if c.Failed(now, 7, true, rnd) {
			t.Fatalf("one key of several opened it after %d", i+1)
		}
	}
	if !c.Failed(now, 8, true, rnd) || c.State() != retry.Open {
		t.Fatal("a second key does not open it")
	}
	wait := time.Second
	for i := range 8 {
		if c.Probe(c.Next().Add(-1)) {
			t.Fatal("a probe before its time")
		}
		if d := c.Next().Sub(now); d > wait || d < wait*3/4 {
			t.Fatalf("probe %d after %v, want %v to %v", i, d, wait*3/4, wait)
		}
		now = c.Next()
		if !c.Probe(now) || c.Probe(now) {
			t.Fatal("exactly one probe is let through")
		}
		c.Failed(now, 1, true, rnd)
		wait = min(2*wait, 16*time.Second)
	}
	now = c.Next()
	c.Probe(now)
	if !c.Alive(now) || c.State() != retry.Closed || c.Down(now) != now.Sub(start) || c.Down(now.Add(time.Hour)) != now.Sub(start) {
		t.Fatalf("closed: %v, down for %v of %v", c.State(), c.Down(now), now.Sub(start))
	}
	lone := retry.NewCircuit(3, time.Second)
	if lone.Failed(now, 1, false, rnd); lone.Failed(now, 1, false, rnd) || !lone.Failed(now, 1, false, rnd) {
		t.Fatal("the only key there is does not open it after 3")
	}
}

func TestHeadOfLine(t *testing.T) {
	for _, c := range []struct {
		load, behind float64
		want         bool
	}{{0.91, 0.98, true}, {0.9, 1, false}, {1, 0.97, false}} {
		if got := retry.HeadOfLine(c.load, c.behind); got != c.want {
			t.Errorf("HeadOfLine(%v, %v) = %v", c.load, c.behind, got)
		}
	}
}

func BenchmarkBudget(b *testing.B) {
	bud, now := retry.NewBudget(0.1), start
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(100 * time.Microsecond)
		bud.Attempt(now)
		bud.Take(now, false)
	}
}
