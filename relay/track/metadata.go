package track

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxStuck is how many stuck messages are remembered with a place.
const MaxStuck = 64

// Stuck is a message that was tried and is not finished.
type Stuck struct {
	Offset   int64
	Attempts int
	// Age is how long it has been tried, without the time that nobody tried:
	// kept in whole milliseconds, so that no clock of another machine matters.
	Age time.Duration
}

// Fence says who wrote last where several may write, and from which offset on:
// what another has written past it came too late. The zero Fence is none.
type Fence struct {
	Epoch  int64 // the higher one is the later
	Nonce  uint32
	Offset int64
}

// Metadata is MARK|CRC|BODY: a version, the checksum of place and body in hex,
// and the body in base64 without padding. The body is
//
//	kind      1 byte: 0 nothing is finished past the place, 1 bits, 2 runs
//	length    of the bits or runs in bytes, where kind is not 0
//	bits      offset base+i is finished if bit i%8 of byte i/8 is set
//	runs      lengths, in turn unfinished and finished, the first unfinished
//	stuck     how many, then for each: offset past the last one, attempts, age in ms
//	fence     if there is one: epoch, nonce, offset
//
// Numbers are unsigned varints. At most 2,048 bytes of bits and 64 stuck ones
// of 3+5+6 bytes (attempts are cut at 2^32-1, ages at 2^42-1 ms) and a fence of
// 9+5+9 make 2,971 bytes, 3,962 in base64, 3,974 in all: below the 4,096 that
// Kafka keeps.
const (
	mark = "v1"

	kindNone byte = 0
	kindBits byte = 1
	kindRuns byte = 2

	maxAttempts = 1<<32 - 1
	maxAge      = 1<<42 - 1
)

// Encode returns what is finished past the place, and the stuck ones of the
// smallest offsets, as printable ASCII of at most 3,974 bytes; "" if there is
// nothing to say. stuck is sorted by it.
func (t *Tracker) Encode(stuck []Stuck) string {
	n := t.span()
	stuck = t.within(stuck)
	if n == 0 && len(stuck) == 0 && t.Fence == (Fence{}) {
		return ""
	}
	body := t.encodeDone(make([]byte, 0, 512), n)
	body = binary.AppendUvarint(body, uint64(len(stuck)))
	at := t.base
	for _, s := range stuck {
		body = binary.AppendUvarint(body, uint64(s.Offset-at))
		body = binary.AppendUvarint(body, uint64(min(max(s.Attempts, 0), maxAttempts)))
		body = binary.AppendUvarint(body, uint64(min(max(s.Age.Milliseconds(), 0), maxAge)))
		at = s.Offset
	}
	if f := t.Fence; f != (Fence{}) {
		body = binary.AppendUvarint(body, uint64(max(f.Epoch, 0)))
		body = binary.AppendUvarint(body, uint64(f.Nonce))
		body = binary.AppendUvarint(body, uint64(max(f.Offset, 0)))
	}
	out := make([]byte, 0, len(mark)+10+base64.RawStdEncoding.EncodedLen(len(body)))
	out = append(out, mark...)
	out = append(out, '|')
	out = strconv.AppendUint(out, uint64(sum(t.base, body)), 16)
	out = append(out, '|')
	return string(base64.RawStdEncoding.AppendEncode(out, body))
}

// within sorts stuck and leaves those that can be kept.
func (t *Tracker) within(stuck []Stuck) []Stuck {
	slices.SortFunc(stuck, func(a, b Stuck) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
	stuck = slices.CompactFunc(stuck, func(a, b Stuck) bool { return a.Offset == b.Offset })
	kept := stuck[:0]
	for _, s := range stuck {
		if s.Offset >= t.base && s.Offset < t.base+Window && len(kept) < MaxStuck {
			kept = append(kept, s)
		}
	}
	return kept
}

// span is how many offsets from base on there is anything to say about: up to
// the last that is finished.
func (t *Tracker) span() int {
	for i := words - 1; i >= 0; i-- {
		if w := t.word(i); w != 0 {
			return min(i*64+bits.Len64(w), Window)
		}
	}
	return 0
}

// word is the 64 offsets from base+64·i on, as far as they are in the window.
// base may stand amid a word of the ring: the bits below it are the window's
// last.
func (t *Tracker) word(i int) uint64 {
	from := t.base + int64(i)*64
	left := t.base + Window - from
	if left <= 0 {
		return 0
	}
	shift := uint(from & 63)
	w := t.bits[from&mask>>6] >> shift
	if shift > 0 {
		w |= t.bits[(from+64)&mask>>6] << (64 - shift)
	}
	return w & run(int(min(left, 64)))
}

// encodeDone appends the smaller of bits and runs.
func (t *Tracker) encodeDone(b []byte, n int) []byte {
	if n == 0 {
		return append(b, kindNone)
	}
	size := (n + 7) / 8
	runs := t.runs(make([]byte, 0, size), n, size)
	if runs != nil {
		b = append(b, kindRuns)
		b = binary.AppendUvarint(b, uint64(len(runs)))
		return append(b, runs...)
	}
	b = append(b, kindBits)
	b = binary.AppendUvarint(b, uint64(size))
	for i := 0; i < size; i += 8 {
		w := t.word(i / 8)
		for j := 0; j < 8 && i+j < size; j++ {
			b = append(b, byte(w>>(8*j)))
		}
	}
	return b
}

// runs appends lengths of runs, nil when they are no smaller than limit.
func (t *Tracker) runs(b []byte, n, limit int) []byte {
	done := false
	for i := 0; i < n; {
		length := t.runFrom(i, n, done)
		b = binary.AppendUvarint(b, uint64(length))
		if len(b) >= limit {
			return nil
		}
		i += length
		done = !done
	}
	return b
}

// runFrom is how many offsets from base+i on, up to base+n, are done, or not.
func (t *Tracker) runFrom(i, n int, done bool) int {
	start := i
	for i < n {
		w := t.word(i/64) >> (i % 64)
		if done {
			w = ^w
		}
		room := min(64-i%64, n-i)
		k := min(bits.TrailingZeros64(w), room)
		i += k
		if k < room {
			break
		}
	}
	return i - start
}

// sum is the checksum of a body at a place: metadata that came with another
// offset does not fit.
func sum(base int64, body []byte) uint32 {
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(base))
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(at[:], table), table, body)
}

// Restore returns a Tracker at a place, with what metadata says is finished
// past it and what was stuck. Metadata that is empty, of another version,
// damaged, or of another offset is ignored, and ok is false: then messages past
// the place are delivered again, which is right, if more than needed.
func Restore(base int64, metadata string) (t *Tracker, stuck []Stuck, ok bool) {
	t = New(base)
	body, ok := open(base, metadata)
	if !ok {
		return t, nil, false
	}
	b, ok := t.decodeDone(body)
	if ok {
		stuck, b, ok = decodeStuck(base, b)
	}
	if ok && len(b) > 0 {
		t.Fence, ok = decodeFence(b)
	}
	if !ok {
		return New(base), nil, false
	}
	t.advance()
	return t, stuck, true
}

// open checks version and checksum.
func open(base int64, metadata string) ([]byte, bool) {
	if base < 0 || len(metadata) > 8192 {
		return nil, false
	}
	rest, ok := strings.CutPrefix(metadata, mark+"|")
	if !ok {
		return nil, false
	}
	crc, body64, ok := strings.Cut(rest, "|")
	if !ok {
		return nil, false
	}
	want, err := strconv.ParseUint(crc, 16, 32)
	if err != nil {
		return nil, false
	}
	body, err := base64.RawStdEncoding.Strict().DecodeString(body64)
	return body, err == nil && sum(base, body) == uint32(want)
}

func (t *Tracker) decodeDone(b []byte) (rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	kind, b := b[0], b[1:]
	if kind == kindNone {
		return b, true
	}
	n, b, ok := uvarint(b, uint64(len(b)))
	if !ok || n > uint64(len(b)) {
		return nil, false
	}
	done, rest := b[:n], b[n:]
	switch kind {
	case kindBits:
		return rest, t.decodeBits(done)
	case kindRuns:
		return rest, t.decodeRuns(done)
	}
	return nil, false
}

func (t *Tracker) decodeBits(b []byte) bool {
	if len(b) > Window/8 {
		return false
	}
	for i, octet := range b {
		for ; octet != 0; octet &= octet - 1 {
			off := t.base + int64(i*8+bits.TrailingZeros8(octet))
			t.fill(off, off+1)
		}
	}
	return true
}

func (t *Tracker) decodeRuns(b []byte) bool {
	at, done := int64(0), false
	for len(b) > 0 {
		var n uint64
		var ok bool
		if n, b, ok = uvarint(b, uint64(Window-at)); !ok {
			return false
		}
		if done {
			t.fill(t.base+at, t.base+at+int64(n))
		}
		at += int64(n)
		done = !done
	}
	return true
}

func decodeStuck(base int64, b []byte) (stuck []Stuck, rest []byte, ok bool) {
	n, b, ok := uvarint(b, MaxStuck)
	if !ok {
		return nil, nil, false
	}
	stuck = make([]Stuck, n)
	at := base
	for i := range stuck {
		var off, attempts, age uint64
		if off, b, ok = uvarint(b, uint64(base+Window-1-at)); !ok {
			return nil, nil, false
		}
		if attempts, b, ok = uvarint(b, maxAttempts); !ok {
			return nil, nil, false
		}
		if age, b, ok = uvarint(b, maxAge); !ok {
			return nil, nil, false
		}
		at += int64(off)
		stuck[i] = Stuck{at, int(attempts), time.Duration(age) * time.Millisecond}
	}
	return stuck, b, true
}

func decodeFence(b []byte) (f Fence, ok bool) {
	var epoch, nonce, off uint64
	if epoch, b, ok = uvarint(b, math.MaxInt64); !ok {
		return Fence{}, false
	}
	if nonce, b, ok = uvarint(b, math.MaxUint32); !ok {
		return Fence{}, false
	}
	if off, b, ok = uvarint(b, math.MaxInt64); !ok || len(b) > 0 {
		return Fence{}, false
	}
	f = Fence{int64(epoch), uint32(nonce), int64(off)}
	return f, f != Fence{}
}

// uvarint reads a number of at most limit.
func uvarint(b []byte, limit uint64) (n uint64, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > limit {
		return 0, nil, false
	}
	return n, b[size:], true
}
