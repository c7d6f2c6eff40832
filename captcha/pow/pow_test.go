package pow

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

var secret = []byte("a secret of sixteen bytes or more")

// What the definition says, one squaring after another.
func slowly(t *testing.T, n, x string, squarings int) string {
	t.Helper()
	m, ok := new(big.Int).SetString(n, 16)
	v, ok2 := new(big.Int).SetString(x, 16)
	if !ok || !ok2 {
		t.Fatalf("task %q, %q is not in hexadecimal", n, x)
	}
	for range squarings {
		v.Mul(v, v).Mod(v, m)
	}
	return v.Text(16)
}

func TestTheWorkIsWhatItSays(t *testing.T) {
	l := New(secret)
	for _, squarings := range []int{1, 2, 3, 100, 4095, 4096, 4097, 9000} {
		seed := fmt.Appendf(nil, "seed %d", squarings)
		n, x := l.Task(seed)
		want := slowly(t, n, x, squarings)
		got, err := Solve(n, x, squarings)
		if err != nil || got != want {
			t.Errorf("Solve of %d squarings = %.16q, %v, want %.16q", squarings, got, err, want)
		}
		if !l.Check(seed, squarings, want) {
			t.Errorf("%d squarings: what is right is refused", squarings)
		}
		if l.Check(seed, squarings+1, want) || l.Check([]byte("another"), squarings, want) {
			t.Errorf("%d squarings: the result is good for another task", squarings)
		}
	}
}

func TestGatewaysShareALockWhenTheyShareTheSecret(t *testing.T) {
	one, again, other := build(secret), build(secret), build([]byte("another secret of sixteen bytes"))
	if one.hex != again.hex {
		t.Error("the same secret makes another modulus")
	}
	if one.hex == other.hex {
		t.Error("another secret makes the same modulus")
	}
	if one.n.BitLen() != Bits {
		t.Errorf("the modulus has %d bits, want %d", one.n.BitLen(), Bits)
	}
	// Fixed for good: a gateway of the next release checks what one of this
	// release has asked.
	const begins = "aa866b31a9f31bab"
	if !strings.HasPrefix(one.hex, begins) {
		t.Errorf("the modulus begins with %s, and with %s in earlier releases", one.hex[:16], begins)
	}
	if New(secret) != New(secret) {
		t.Error("the primes are looked for twice")
	}
	made.Lock()
	for i := range mostMade {
		made.locks[[32]byte{byte(i), 1}] = one
	}
	made.Unlock()
	if New([]byte("yet another secret, after many")); len(made.locks) > mostMade {
		t.Errorf("%d locks are kept", len(made.locks))
	}
}

func TestAResultIsWrittenInOneWay(t *testing.T) {
	l := New(secret)
	seed := []byte("seed")
	n, x := l.Task(seed)
	y, err := Solve(n, x, 50)
	if err != nil {
		t.Fatal(err)
	}
	v, _ := new(big.Int).SetString(y, 16)
	plusN := new(big.Int).Add(v, l.n).Text(16)
	minus := new(big.Int).Sub(l.n, v).Text(16)
	for what, bad := range map[string]string{
		"nothing": "", "zero": "0", "upper case": strings.ToUpper(y), "a leading zero": "0" + y, "0x": "0x" + y,
		"a sign": "+" + y, "minus": "-" + y, "y+n": plusN, "n-y": minus, "underscore": y[:4] + "_" + y[4:],
		"space": y + " ", "a megabyte": strings.Repeat("f", 1<<20), "a megabyte of zeros before": strings.Repeat("0", 1<<20) + y,
		"full width": strings.ReplaceAll(y, "1", "１"), "x itself": x, "n": n,
	} {
		if bad != y && l.Check(seed, 50, bad) {
			t.Errorf("%s is taken for the result", what)
		}
	}
	for _, squarings := range []int{0, -1, -1 << 62, MostSquarings + 1, 1 << 62} {
		if l.Check(seed, squarings, y) || l.Check(seed, squarings, x) {
			t.Errorf("%d squarings are taken for a task", squarings)
		}
	}
}

func TestSolveTakesNoServersWord(t *testing.T) {
	n, x := New(secret).Task([]byte("seed"))
	for what, c := range map[string]struct {
		n, x string
		t    int
	}{
		"no squarings":    {n, x, 0},
		"years":           {n, x, 1 << 40},
		"no modulus":      {"", x, 1},
		"an even modulus": {"10", "3", 1},
		"one":             {"1", "0", 1},
		"a sign":          {"-b", "3", 1},
		"x above n":       {"b", "c", 1},
		"a megabyte":      {strings.Repeat("f", 1<<20), "3", 1},
		"not hexadecimal": {"xyz", "3", 1},
	} {
		if y, err := Solve(c.n, c.x, c.t); err == nil {
			t.Errorf("%s: Solve = %.20q, want an error", what, y)
		}
	}
}

func TestSquarings(t *testing.T) {
	for ms, want := range map[int]int{-5: 340, 0: 340, 1: 340, 400: 136_000, 3000: 1_020_000, 1 << 40: MostSquarings} {
		if got := Squarings(ms); got != want {
			t.Errorf("Squarings(%d) = %d, want %d", ms, got, want)
		}
	}
}

// The bar is a ratio in one run: a check of the usual task costs less than a
// hundredth of what it takes to do it in Go, which is faster than any browser.
func TestACheckIsCheap(t *testing.T) {
	l := New(secret)
	seed := []byte("seed")
	n, x := l.Task(seed)
	squarings := Squarings(400)
	begin := time.Now()
	y, err := Solve(n, x, squarings)
	if err != nil {
		t.Fatal(err)
	}
	solving := time.Since(begin)
	best := time.Hour
	for range 20 {
		begin = time.Now()
		if !l.Check(seed, squarings, y) {
			t.Fatal("refused")
		}
		best = min(best, time.Since(begin))
	}
	if best > solving/100 {
		t.Errorf("a check takes %v, and to do the work %v", best, solving)
	}
}

func FuzzCheck(f *testing.F) {
	l := New(secret)
	for _, y := range []string{"", "0", "ff", "-1", strings.Repeat("f", 300)} {
		f.Add([]byte("seed"), 3, y)
	}
	f.Fuzz(func(t *testing.T, seed []byte, squarings int, y string) {
		if squarings = squarings % 4096; l.Check(seed, squarings, y) {
			n, x := l.Task(seed)
			if want := slowly(t, n, x, squarings); want != y {
				t.Fatalf("%q is taken for %q", y, want)
			}
		}
	})
}

func FuzzSolve(f *testing.F) {
	f.Add("b", "3", 5)
	f.Add("", "", 0)
	f.Fuzz(func(t *testing.T, n, x string, squarings int) {
		if squarings > 5000 {
			return
		}
		y, err := Solve(n, x, squarings)
		if err == nil && y != slowly(t, n, x, squarings) {
			t.Fatalf("Solve(%q, %q, %d) = %q", n, x, squarings, y)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	l := New(secret)
	seed := []byte("seed")
	n, x := l.Task(seed)
	t := Squarings(10)
	y, _ := Solve(n, x, t)
	t2 := Squarings(400)
	b.Run("right", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !l.Check(seed, t, y) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("wrong", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Check(seed, t2, y)
		}
	})
}

func BenchmarkTask(b *testing.B) {
	l := New(secret)
	b.ReportAllocs()
	for b.Loop() {
		l.Task([]byte("seed"))
	}
}

func BenchmarkBuild(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		build(fmt.Appendf(nil, "secret %d", i))
	}
}

func BenchmarkSolve400ms(b *testing.B) {
	n, x := New(secret).Task([]byte("seed"))
	for b.Loop() {
		if _, err := Solve(n, x, Squarings(400)); err != nil {
			b.Fatal(err)
		}
	}
}
