package track_test

import (
	"math/rand/v2"
	"testing"

	"github.com/daero/daero/relay/track"
)

// model is a Tracker that is plainly right.
type model struct {
	base, next int64
	done       map[int64]bool
	open       map[int64]bool
}

func (m *model) take(off int64) track.Standing {
	if off < m.next {
		return track.Known
	}
	if off-m.base >= track.Window && len(m.open) > 0 {
		return track.Full
	}
	for o := m.next; o < off; o++ {
		m.done[o] = true
	}
	m.next = off + 1
	known := m.done[off]
	if !known {
		m.open[off] = true
	}
	m.advance()
	if known {
		return track.Known
	}
	return track.Taken
}

func (m *model) finish(off int64) {
	if m.open[off] {
		delete(m.open, off)
		m.done[off] = true
		m.advance()
	}
}

func (m *model) advance() {
	for m.done[m.base] {
		delete(m.done, m.base)
		m.base++
	}
	m.next = max(m.next, m.base)
}

func TestF30GapsAreDone(t *testing.T) {
	tr := track.New(10)
	for _, off := range []int64{12, 13, 20} {
		if got := tr.Take(off); got != track.Taken {
			t.Fatalf("Take(%d) = %d", off, got)
		}
	}
	if tr.Base() != 12 {
		t.Fatalf("base %d after a gap before the first message, want 12", tr.Base())
	}
	tr.Done(13)
	tr.Done(12)
	if tr.Base() != 20 {
		t.Fatalf("base %d, want 20: 14 to 19 have no messages", tr.Base())
	}
	tr.Done(20)
	if tr.Take(20+100*track.Window) != track.Taken || tr.Base() != 20+100*track.Window {
		t.Fatalf("a gap wider than the window: base %d", tr.Base())
	}
	if tr.Take(20+101*track.Window) != track.Full {
		t.Fatal("past the window, with one unfinished, must be Full")
	}
}

func TestAgainstModel(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		base := int64(rnd.IntN(1000))
		tr := track.New(base)
		m := &model{base: base, next: base, done: map[int64]bool{}, open: map[int64]bool{}}
		var open []int64
		off := base
		for range 3000 {
			switch {
			case rnd.IntN(100) < 52 || len(open) == 0:
				if rnd.IntN(10) == 0 {
					off += int64(rnd.IntN(300))
				}
				got, want := tr.Take(off), m.take(off)
				if got != want {
					t.Fatalf("seed %d: Take(%d) = %d, want %d", seed, off, got, want)
				}
				if got == track.Taken {
					open = append(open, off)
				}
				if got != track.Full {
					off++
				}
			default:
				i := rnd.IntN(len(open))
				if rnd.IntN(3) == 0 {
					i = 0
				}
				o := open[i]
				open = append(open[:i], open[i+1:]...)
				tr.Done(o)
				m.finish(o)
			}
			if tr.Base() != m.base || tr.Next() != m.next || tr.Open() != len(m.open) {
				t.Fatalf("seed %d: base %d next %d open %d, want %d %d %d", seed, tr.Base(), tr.Next(), tr.Open(), m.base, m.next, len(m.open))
			}
			if rnd.IntN(200) == 0 {
				back, _, ok := track.Restore(tr.Base(), tr.Encode(nil))
				same(t, seed, tr, back, ok)
				// Go on with what another member would have.
				tr = back
				off = m.base
				m.next, m.open, open = m.base, map[int64]bool{}, nil
			}
		}
	}
}

func same(t *testing.T, seed uint64, a, b *track.Tracker, ok bool) {
	t.Helper()
	if !ok && a.Encode(nil) != "" {
		t.Fatalf("seed %d: metadata of its own was not taken: %q", seed, a.Encode(nil))
	}
	if a.Base() != b.Base() {
		t.Fatalf("seed %d: base %d, want %d", seed, b.Base(), a.Base())
	}
	for o := a.Base(); o < a.Base()+track.Window; o++ {
		if a.Finished(o) != b.Finished(o) {
			t.Fatalf("seed %d: offset %d (base %d): finished %v, want %v", seed, o, a.Base(), b.Finished(o), a.Finished(o))
		}
	}
}

func TestLoadAndBehind(t *testing.T) {
	tr := track.New(0)
	for o := range int64(track.Window) {
		tr.Take(o)
	}
	for o := int64(1); o < track.Window; o++ {
		tr.Done(o)
	}
	if tr.Load() != 1 || tr.Behind() != 1 {
		t.Fatalf("load %v behind %v, want 1 and 1", tr.Load(), tr.Behind())
	}
	if !tr.Done(0) || tr.Base() != track.Window || tr.Load() != 0 {
		t.Fatalf("base %d load %v after the head is done", tr.Base(), tr.Load())
	}
}

// BenchmarkTracker takes and finishes 512 messages at a time, out of order.
func BenchmarkTracker(b *testing.B) {
	tr := track.New(0)
	order := rand.New(rand.NewPCG(1, 1)).Perm(512)
	b.ReportAllocs()
	off := int64(0)
	for b.Loop() {
		for range 512 {
			tr.Take(off)
			off++
		}
		for _, i := range order {
			tr.Done(off - 512 + int64(i))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/record")
}

func BenchmarkEncode(b *testing.B) {
	tr := track.New(0)
	rnd := rand.New(rand.NewPCG(1, 1))
	for o := range int64(track.Window) {
		tr.Take(o)
		if o > 0 && rnd.IntN(2) == 0 {
			tr.Done(o)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		tr.Encode(nil)
	}
}
