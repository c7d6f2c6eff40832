package lane

import (
	"sync/atomic"
	"time"
)

// ledger remembers, in a fixed number of words, which users were given a time
// to come back and which were let in lately. It forgets when two users meet in
// one word; all that costs is a second booking, or a turn waited for again.
//
//	63     40  39      38            0
//	|  tag  | in? |  until, in ms    |
type ledger struct {
	table atomic.Pointer[[ledgerSize]atomic.Uint64] // made at the first refusal
}

const (
	ledgerSize = 1 << 14 // 128 KiB a lane that ever refused
	inBit      = 1 << 39
	untilMask  = inBit - 1
)

func (g *ledger) word(user uint64) *atomic.Uint64 {
	t := g.table.Load()
	if t == nil {
		return nil
	}
	return &t[user%ledgerSize]
}

// look returns what is known of the user: let in, or booked, until when.
func (g *ledger) look(user uint64, now time.Duration) (until time.Duration, in, known bool) {
	p := g.word(user)
	if p == nil {
		return 0, false, false
	}
	w := p.Load()
	if w == 0 || w>>40 != user>>40 {
		return 0, false, false
	}
	until = time.Duration(w&untilMask) * time.Millisecond
	return until, w&inBit != 0, until > now
}

func (g *ledger) note(user uint64, until time.Duration, in bool) {
	p := g.word(user)
	if p == nil {
		g.table.CompareAndSwap(nil, new([ledgerSize]atomic.Uint64))
		p = g.word(user)
	}
	w := user>>40<<40 | uint64(until/time.Millisecond)&untilMask
	if in {
		w |= inBit
	}
	p.Store(w)
}
