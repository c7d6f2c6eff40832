package lane

import (
	"sync/atomic"
	"time"

	"github.com/daero/daero/lane/limit"
)

// ringSize is how many finished requests of one lane are kept between two
// steps: at one step every 10 ms, enough for 51,200 requests/s. Beyond that
// the oldest are overwritten, which thins the samples and breaks nothing.
const ringSize = 512

// ring hands finished requests from many goroutines to the one that steps.
// One atomic add and one atomic store a request; a sample is one word:
//
//	63      40 39     24 23  22 21           0
//	|  took   |   n     | flags |   done     |
//	  in µs      capped            in 16 µs units, wraps after 67 s
type ring struct {
	head atomic.Uint64
	slot [ringSize]atomic.Uint64
	read uint64 // by the stepping goroutine
}

const (
	tookBits, nBits, doneBits = 24, 16, 22
	doneUnit                  = 16 * time.Microsecond
	flagServed                = 1 << doneBits
	flagRefused               = 2 << doneBits
)

func (r *ring) push(now, took time.Duration, n int64, o Outcome) {
	us := min(max(took.Microseconds(), 0), 1<<tookBits-1)
	w := uint64(us)<<(64-tookBits) |
		uint64(min(max(n, 0), 1<<nBits-1))<<(doneBits+2) |
		uint64(now/doneUnit)&(1<<doneBits-1)
	switch o {
	case Served:
		w |= flagServed
	case Overloaded:
		w |= flagRefused
	case Failed:
	}
	r.slot[(r.head.Add(1)-1)%ringSize].Store(w)
}

// drain appends to dst what was pushed since the last call, and returns how
// many were pushed, kept or not.
func (r *ring) drain(now time.Duration, dst []limit.Sample) ([]limit.Sample, uint64) {
	head := r.head.Load()
	pushed := head - r.read
	from := r.read
	if pushed > ringSize {
		from = head - ringSize
	}
	r.read = head
	nowUnits := uint64(now / doneUnit)
	for ; from < head; from++ {
		w := r.slot[from%ringSize].Load()
		took := time.Duration(w>>(64-tookBits)) * time.Microsecond
		ago := (nowUnits - w) & (1<<doneBits - 1)
		if ago > 1<<(doneBits-1) {
			ago = 0 // pushed after now was read
		}
		dst = append(dst, limit.Sample{
			Entered: now - time.Duration(ago)*doneUnit - took,
			Took:    took,
			N:       int(w >> (doneBits + 2) & (1<<nBits - 1)),
			Served:  w&flagServed != 0,
			Refused: w&flagRefused != 0,
		})
	}
	return dst, pushed
}
