package gate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/relay/gate"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// next takes one entry out of any door.
func next(g *gate.Gate[int]) *gate.Entry[int] {
	for d := gate.Fresh; d <= gate.Aside; d++ {
		if e := g.Next(d); e != nil {
			return e
		}
	}
	return nil
}

func TestKeysWaitOnlyForThemselves(t *testing.T) {
	for _, c := range []struct {
		order gate.Order
		keys  []string
		want  int // how many may be out at once
	}{
		{gate.ByKey, []string{"a", "a", "b", "", "a", "b"}, 3},
		{gate.ByKey, []string{"-", "-", "-"}, 3},
		{gate.ByPart, []string{"a", "b", "-"}, 1},
		{gate.None, []string{"a", "a", "a"}, 3},
	} {
		g := gate.New[int](gate.Config{})
		p := g.Part(c.order)
		for i, k := range c.keys {
			p.Add(key(k), i, 1)
		}
		var outs []*gate.Entry[int]
		for e := next(g); e != nil; e = next(g) {
			outs = append(outs, e)
		}
		if len(outs) != c.want || g.Out() != c.want {
			t.Errorf("order %d, %v: %d out at once, want %d", c.order, c.keys, len(outs), c.want)
		}
		done := 0
		for len(outs) > 0 {
			g.Done(outs[0])
			done++
			outs = outs[1:]
			if e := next(g); e != nil {
				outs = append(outs, e)
			}
		}
		if done != len(c.keys) || g.Len() != 0 || g.Bytes() != 0 {
			t.Errorf("order %d, %v: %d done, %d and %d bytes left", c.order, c.keys, done, g.Len(), g.Bytes())
		}
	}
}

// key makes "-" no key.
func key(s string) []byte {
	if s == "-" {
		return nil
	}
	return []byte(s)
}

// A hot key makes its part full; messages without a key do not.
func TestF31HotKey(t *testing.T) {
	g := gate.New[int](gate.Config{PerKey: 10})
	hot, calm := g.Part(gate.ByKey), g.Part(gate.ByKey)
	for i := range 10 {
		hot.Add([]byte("k"), i, 1)
		calm.Add(nil, i, 1)
	}
	if !hot.Full() || calm.Full() || g.Longest() != 10 {
		t.Fatalf("hot full %v, calm full %v, longest %d", hot.Full(), calm.Full(), g.Longest())
	}
	g.Done(g.Next(gate.Fresh))
	if hot.Full() || g.Longest() != 9 {
		t.Fatalf("after one is done: full %v, longest %d", hot.Full(), g.Longest())
	}
}

func TestF32ByteBudget(t *testing.T) {
	g := gate.New[int](gate.Config{Bytes: 100})
	p := g.Part(gate.ByKey)
	p.Add([]byte("k"), 1, 60)
	g.Charge(40)
	if !g.Full() {
		t.Fatal("100 of 100 bytes are not full")
	}
	p.Drop()
	if g.Bytes() != 40 || g.Full() {
		t.Fatalf("%d bytes after the part is gone, want 40", g.Bytes())
	}
}

func TestBlockAndDue(t *testing.T) {
	g := gate.New[int](gate.Config{})
	p := g.Part(gate.ByKey)
	for i := range 5 {
		p.Add([]byte{byte(i)}, i, 1)
	}
	for i := range 5 {
		g.Block(g.Next(gate.Fresh), start.Add(time.Duration(5-i)*time.Second), gate.Again)
	}
	at, ok := g.Due()
	if !ok || !at.Equal(start.Add(time.Second)) || g.Earliest().Value != 4 {
		t.Fatalf("due %v %v", at, ok)
	}
	if n := g.Free(start.Add(3 * time.Second)); n != 3 || g.Blocked() != 2 {
		t.Fatalf("%d freed, %d blocked", n, g.Blocked())
	}
	for _, want := range []int{4, 3, 2} {
		if e := g.Next(gate.Again); e.Value != want {
			t.Fatalf("%d came, want %d: the earliest first", e.Value, want)
		}
	}
	e := g.Earliest()
	g.Stand(e, gate.Fresh)
	if g.Next(gate.Fresh) != e {
		t.Fatal("what was blocked does not stand at the door it was put to")
	}
}

func TestParkedKeysGoAside(t *testing.T) {
	g := gate.New[int](gate.Config{})
	p := g.Part(gate.ByKey)
	first := p.Add([]byte("k"), 1, 1)
	p.Add([]byte("k"), 2, 1)
	p.Add([]byte("other"), 3, 1)
	p.Park(first)
	for want := 1; want <= 2; want++ {
		e := g.Next(gate.Aside)
		if e == nil || e.Value != want || g.Next(gate.Aside) != nil {
			t.Fatalf("message %d does not go aside by itself", want)
		}
		g.Done(e)
	}
	p.Add([]byte("k"), 4, 1)
	if e := g.Next(gate.Fresh); e.Value != 3 {
		t.Fatalf("%d went to the target, its key is parked", e.Value)
	}
	p.Unpark([]byte("k"))
	if e := g.Next(gate.Fresh); e == nil || e.Value != 4 {
		t.Fatal("what waited of the key does not go on")
	}
}

// TestSchedules plays random schedules: of every key, messages leave in order
// and one at a time, and in the end everything has left.
func TestSchedules(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		order := gate.Order(rnd.IntN(3))
		g := gate.New[int](gate.Config{PerKey: 8})
		parts := []*gate.Part[int]{g.Part(order), g.Part(order)}
		now, added := start, 0
		last := map[string]int{}
		busy := map[string]bool{}
		names := map[int]string{}
		var outs []*gate.Entry[int]
		take := func(d gate.Door) {
			e := g.Next(d)
			if e == nil {
				return
			}
			if name := names[e.Value]; name != "" {
				if busy[name] || last[name] > e.Value {
					t.Fatalf("seed %d: %d of key %q left while busy %v, after %d", seed, e.Value, name, busy[name], last[name])
				}
				busy[name] = true
			}
			outs = append(outs, e)
		}
		for step := range 2000 {
			now = now.Add(time.Duration(rnd.IntN(100)) * time.Millisecond)
			switch k := rnd.IntN(10); {
			case k < 4 && step < 1500:
				added++
				i := rnd.IntN(2)
				kb := []byte(fmt.Sprint(rnd.IntN(6)))
				if rnd.IntN(5) == 0 {
					kb = nil
				}
				switch {
				case order == gate.ByPart:
					names[added] = fmt.Sprint(i)
				case order == gate.ByKey && kb != nil:
					names[added] = fmt.Sprint(i, "/", string(kb))
				}
				parts[i].Add(kb, added, 10)
			case k < 7:
				g.Free(now)
				take(gate.Door(rnd.IntN(3)))
			case len(outs) > 0:
				i := rnd.IntN(len(outs))
				e := outs[i]
				outs = append(outs[:i], outs[i+1:]...)
				busy[names[e.Value]] = false
				switch rnd.IntN(3) {
				case 0:
					g.Block(e, now.Add(time.Duration(rnd.IntN(1000))*time.Millisecond), gate.Again)
				default:
					last[names[e.Value]] = e.Value
					g.Done(e)
				}
			}
		}
		for g.Len() > 0 {
			now = now.Add(time.Second)
			g.Free(now)
			take(gate.Fresh)
			take(gate.Again)
			take(gate.Aside)
			if len(outs) == 0 {
				t.Fatalf("seed %d: %d messages stand still", seed, g.Len())
			}
			e := outs[0]
			outs = outs[1:]
			busy[names[e.Value]] = false
			last[names[e.Value]] = e.Value
			g.Done(e)
		}
		if g.Bytes() != 0 || g.Out() != 0 || g.Blocked() != 0 || g.Longest() != 0 {
			t.Fatalf("seed %d: empty, but %d bytes, %d out, %d blocked, longest %d", seed, g.Bytes(), g.Out(), g.Blocked(), g.Longest())
		}
	}
}

func TestDropForgetsWhatIsOut(t *testing.T) {
	g := gate.New[int](gate.Config{PerKey: 2})
	p, other := g.Part(gate.ByKey), g.Part(gate.ByKey)
	for range 3 {
		p.Add([]byte("k"), 1, 10)
	}
	p.Add([]byte("l"), 1, 10)
	g.Block(g.Next(gate.Fresh), start, gate.Again)
	e := g.Next(gate.Fresh)
	other.Add([]byte("k"), 2, 10)
	p.Drop()
	g.Done(e)
	if g.Len() != 1 || g.Bytes() != 10 || g.Out() != 0 || g.Blocked() != 0 {
		t.Fatalf("%d messages, %d bytes, %d out, %d blocked after the part is gone", g.Len(), g.Bytes(), g.Out(), g.Blocked())
	}
	if e := next(g); e == nil || e.Value != 2 || next(g) != nil {
		t.Fatal("the other part's message is not what is left")
	}
}

// BenchmarkGate passes 1,000 messages of 100 keys.
func BenchmarkGate(b *testing.B) {
	keys := make([][]byte, 100)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "customer-%d", i)
	}
	g := gate.New[int](gate.Config{PerKey: 1000, Bytes: 1 << 30})
	p := g.Part(gate.ByKey)
	b.ReportAllocs()
	for b.Loop() {
		for i := range 1000 {
			p.Add(keys[i%100], i, 100)
		}
		for e := g.Next(gate.Fresh); e != nil; e = g.Next(gate.Fresh) {
			g.Done(e)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
}
