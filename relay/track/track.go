// Package track knows which offsets of a partition are finished.
//
// Messages of one partition finish out of order, but a group's place is one
// offset: everything before it is finished. A [Tracker] keeps what is finished
// past that place in a ring of [Window] bits, and Encode writes it into the
// metadata that is committed with the place, so that who takes the partition
// over does not deliver those again, and knows how often the stuck ones were
// tried.
//
// It is pure: no clock, no lock, no goroutine. It knows nothing of keys,
// handlers or logs.
package track

import "math/bits"

// Window is how far past the first unfinished offset messages may be finished.
// 16,384 bits are 2 KiB, 2,731 bytes in base64: they fit into what Kafka keeps
// with an offset even where no two neighbours are alike. 65,536 do not.
const Window = 16384

const (
	words = Window / 64
	mask  = Window - 1
)

// Standing says how an offset stands.
type Standing uint8

// The standings.
const (
	// Taken: it is to be finished, see [Tracker.Done].
	Taken Standing = iota
	// Known: it is finished already.
	Known
	// Full: it is too far past the first unfinished offset; try again when that
	// has moved.
	Full
)

// Tracker is what is finished of one partition. Make it with [New].
type Tracker struct {
	// Fence is kept with the place, for whoever takes the partition over.
	Fence Fence

	base int64 // the first offset that is not finished
	next int64 // the next one to be taken, never below base
	open int   // taken and not finished
	bits [words]uint64
}

// New returns a Tracker whose first unfinished offset is base.
func New(base int64) *Tracker { return &Tracker{base: base, next: base} }

// Base is the first offset that is not finished: the place to commit.
func (t *Tracker) Base() int64 { return t.base }

// Next is the offset after the highest that was taken.
func (t *Tracker) Next() int64 { return t.next }

// Open counts offsets that were taken and are not finished.
func (t *Tracker) Open() int { return t.open }

// Load is how much of the window is used, 0 to 1.
func (t *Tracker) Load() float64 { return float64(t.next-t.base) / Window }

// Behind is the share of what was taken past the first unfinished offset that
// is finished, 0 to 1: near 1 with a high Load, one message holds up the rest.
func (t *Tracker) Behind() float64 {
	n := t.next - t.base
	if n <= 1 {
		return 0
	}
	return float64(n-int64(t.open)) / float64(n-1)
}

// Take takes the offset of a message that was read. Offsets must rise; those
// between two of them have no message (compaction, marks of transactions) and
// count as finished.
func (t *Tracker) Take(off int64) Standing {
	if off < t.next {
		return Known
	}
	if off-t.base >= Window {
		if t.open > 0 {
			return Full
		}
		// All before it is finished: the place moves over the gap.
		t.clear(t.base, off)
		t.base, t.next = off, off
	} else if off > t.next {
		t.fill(t.next, off)
	}
	t.next = off + 1
	if t.is(off) {
		t.advance()
		return Known
	}
	t.open++
	t.advance()
	return Taken
}

// Done finishes an offset that was taken, and reports whether the place moved.
func (t *Tracker) Done(off int64) bool {
	if off < t.base || off >= t.next || t.is(off) {
		return false
	}
	t.open--
	t.bits[off&mask>>6] |= 1 << (off & 63)
	if off != t.base {
		return false
	}
	t.advance()
	return true
}

// Finished reports whether an offset is finished.
func (t *Tracker) Finished(off int64) bool {
	return off < t.base || off < t.base+Window && t.is(off)
}

// is reports the bit of an offset inside the window.
func (t *Tracker) is(off int64) bool { return t.bits[off&mask>>6]&(1<<(off&63)) != 0 }

// advance moves the place over what is finished, a word at a time, and clears
// the bits that it leaves behind.
func (t *Tracker) advance() {
	for {
		w, shift := &t.bits[t.base&mask>>6], uint(t.base&63)
		n := bits.TrailingZeros64(^(*w >> shift))
		if n == 0 {
			break
		}
		n = min(n, int(64-shift))
		*w &^= ((1<<n - 1) << shift)
		t.base += int64(n)
		if shift+uint(n) < 64 {
			break
		}
	}
	t.next = max(t.next, t.base)
}

// fill marks [from, to), at most a window.
func (t *Tracker) fill(from, to int64) {
	for from < to {
		shift := uint(from & 63)
		n := min(to-from, int64(64-shift))
		t.bits[from&mask>>6] |= run(int(n)) << shift
		from += n
	}
}

// clear takes marks off [from, to).
func (t *Tracker) clear(from, to int64) {
	if to-from >= Window {
		t.bits = [words]uint64{}
		return
	}
	for from < to {
		shift := uint(from & 63)
		n := min(to-from, int64(64-shift))
		t.bits[from&mask>>6] &^= run(int(n)) << shift
		from += n
	}
}

// run is n ones.
func run(n int) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<n - 1
}
