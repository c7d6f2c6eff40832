package lane

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestRingGivesBackWhatWasPushed(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var r ring
	now := time.Duration(0)
	for range 2000 { // about 100 times around the 67 s after which done wraps
		type want struct {
			entered, took time.Duration
			n             int64
			o             Outcome
		}
		var wants []want
		for range rng.IntN(10) {
			now += time.Duration(rng.Int64N(int64(time.Second)))
			took := time.Duration(rng.Int64N(int64(16 * time.Second))).Truncate(time.Microsecond)
			w := want{now - took, took, rng.Int64N(1 << nBits), Outcome(rng.IntN(3))}
			r.push(now, took, w.n, w.o)
			wants = append(wants, w)
		}
		got, pushed := r.drain(now, nil)
		if len(got) != len(wants) || pushed != uint64(len(wants)) {
			t.Fatalf("pushed %d, drained %d", len(wants), len(got))
		}
		for i, w := range wants {
			g := got[i]
			if off := g.Entered - w.entered; off < -doneUnit || off > doneUnit {
				t.Fatalf("entered %s, got %s", w.entered, g.Entered)
			}
			if g.Took != w.took || int64(g.N) != w.n || g.Served != (w.o == Served) || g.Refused != (w.o == Overloaded) {
				t.Fatalf("pushed %+v, drained %+v", w, g)
			}
		}
	}
}

func TestRingCapsWhatDoesNotFit(t *testing.T) {
	for name, test := range map[string]struct {
		took, wantTook time.Duration
		n              int64
		wantN          int
	}{
		"hours":          {time.Hour, (1<<tookBits - 1) * time.Microsecond, 5, 5},
		"before it came": {-time.Second, 0, 5, 5},
		"a million":      {time.Second, time.Second, 1_000_000, 1<<nBits - 1},
		"below none":     {time.Second, time.Second, -1, 0},
	} {
		var r ring
		r.push(time.Minute, test.took, test.n, Served)
		got, _ := r.drain(time.Minute, nil)
		if len(got) != 1 || got[0].Took != test.wantTook || got[0].N != test.wantN || !got[0].Served || got[0].Refused {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestRingThatOverflowsKeepsTheNewest(t *testing.T) {
	var r ring
	for round := range 3 {
		for i := range ringSize + 100 {
			r.push(time.Minute, time.Duration(i)*time.Microsecond, int64(round), Served)
		}
		got, pushed := r.drain(time.Minute, nil)
		if len(got) != ringSize || pushed != ringSize+100 {
			t.Fatalf("drained %d of %d, want %d of %d", len(got), pushed, ringSize, ringSize+100)
		}
		for i, s := range got {
			if s.Took != time.Duration(i+100)*time.Microsecond || s.N != round {
				t.Fatalf("round %d, sample %d: %+v", round, i, s)
			}
		}
		if again, _ := r.drain(time.Minute, nil); len(again) != 0 {
			t.Fatalf("drained %d twice", len(again))
		}
	}
}

func TestRingTakesWhatIsPushedAfterTheClockWasRead(t *testing.T) {
	var r ring
	r.push(time.Minute+time.Millisecond, time.Second, 1, Served)
	got, _ := r.drain(time.Minute, nil)
	if want := time.Minute - time.Second; got[0].Entered != want {
		t.Errorf("entered %s, want %s: not a minute ago", got[0].Entered, want)
	}
}

func TestLedgerCollisionsAreHarmless(t *testing.T) {
	const now = time.Hour
	alice := uint64(5)<<40 | 77
	for name, other := range map[string]uint64{
		"another tag in the same word": 6<<40 | 77,
		"another word":                 5<<40 | 78,
	} {
		var g ledger
		if _, _, known := g.look(alice, now); known {
			t.Error("an empty ledger knows alice")
		}
		g.note(alice, now+time.Minute, false)
		if _, _, known := g.look(other, now); known {
			t.Errorf("%s: taken for alice", name)
		}
		g.note(other, now+time.Second, true)
		if until, in, known := g.look(other, now); !known || !in || until != now+time.Second {
			t.Errorf("%s: %s %v %v", name, until, in, known)
		}
		if until, in, known := g.look(alice, now); known && (in || until != now+time.Minute) {
			t.Errorf("%s: alice now has %s, in %v", name, until, in)
		}
	}
}

func TestLedgerForgetsInTime(t *testing.T) {
	var g ledger
	g.note(9, 10*time.Second, false)
	for at, want := range map[time.Duration]bool{0: true, 10*time.Second - time.Millisecond: true, 10 * time.Second: false, time.Hour: false} {
		if _, _, known := g.look(9, at); known != want {
			t.Errorf("at %s known is %v", at, known)
		}
	}
	// 39 bits of milliseconds: 17 years of uptime.
	years := 10 * 365 * 24 * time.Hour
	g.note(9, years, true)
	if until, in, known := g.look(9, years-time.Second); !known || !in || until != years {
		t.Errorf("after ten years: %s %v %v", until, in, known)
	}
}

func TestHashUserIsNeverAnonymousAndSpreads(t *testing.T) {
	var low [16]int
	for i := range 16_000 {
		h := HashUser(string(rune('a' + i)))
		if h == 0 {
			t.Fatal("a user is anonymous")
		}
		low[h%16]++
	}
	for i, n := range low {
		if n < 850 || n > 1150 {
			t.Errorf("bucket %d: %d of 16,000, want about 1000", i, n)
		}
	}
	if HashUser("") == 0 || HashUser("a") != HashUser("a") {
		t.Error("the hash is not a function of the key")
	}
}
