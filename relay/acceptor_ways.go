package relay

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// ways decides which messages may go to the log themselves while the spool holds
// others.
//
// Those whose key the spool holds nothing of may, once the log is known to
// answer: a key that drains slowly, because it has many messages and they go one
// after the other, keeps no other key in the spool. Keys are counted in slots by
// their hash: two that share one only wait for each other.
type ways struct {
	slots [1 << 16]atomic.Int32
	// open says that the log answers: the last that was heard of it was good.
	open atomic.Bool

	mu    sync.Mutex
	moved chan struct{} // closed when something changes; nil if nobody waits
}

// noSlot is the slot of messages that wait for none.
const noSlot = -1

func (s *spooler) slot(t *intake, m *Message) int {
	h := maphash.String(s.memory.seed, m.Topic)
	switch t.Order {
	case NoOrder:
		return noSlot
	case ByKey:
		h = h*31 ^ maphash.Bytes(s.memory.seed, m.Key)
	}
	return int(h % uint64(len(s.ways.slots)))
}

func (w *ways) enter(slot int) {
	if slot != noSlot {
		w.slots[slot].Add(1)
	}
}

func (w *ways) leave(slot int) {
	if slot != noSlot && w.slots[slot].Add(-1) == 0 {
		w.tell()
	}
}

// shut says that the log does not answer.
func (w *ways) shut() {
	if w.open.Swap(false) {
		w.tell()
	}
}

func (w *ways) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.moved != nil {
		close(w.moved)
		w.moved = nil
	}
}

func (w *ways) free(slot int) bool { return slot == noSlot || w.slots[slot].Load() == 0 }

// wait returns what is closed when something changes.
func (w *ways) wait() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.moved == nil {
		w.moved = make(chan struct{})
	}
	return w.moved
}

// passes reports whether m may go to the log itself. It waits for what the spool
// holds of m's key while that is on its way to the log, for up to half of the
// time that m has: a busy key would not leave the spool otherwise, into which
// many may write at once and out of which its messages go one by one.
func (s *spooler) passes(ctx context.Context, t *intake, m *Message) bool {
	if s.inherited.Load() || s.over() {
		return false
	}
	if t.queue.empty() {
		return true
	}
	if !s.ways.open.Load() {
		return false
	}
	slot := s.slot(t, m)
	if s.ways.free(slot) {
		return true
	}
	timer := time.NewTimer(s.within / 2)
	defer timer.Stop()
	for {
		moved := s.ways.wait()
		switch {
		case !s.ways.open.Load():
			return false
		case s.ways.free(slot):
			return true
		}
		select {
		case <-moved:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// queue counts what the spool holds of one topic.
type queue struct {
	mu   sync.Mutex
	n    int
	told time.Time // when the topic's going to the spool was told
	open bool      // it was told, and its end was not
}

// quiet is how long nothing is told of a topic that goes to the spool again.
const quiet = time.Minute

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n == 0
}

// enter counts one in, and reports whether that is worth telling.
func (q *queue) enter(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.n++
	if q.open || !q.told.IsZero() && now.Sub(q.told) < quiet {
		return false
	}
	q.told, q.open = now, true
	return true
}

// leave counts one out, and reports whether that was the last one of which the
// first was told.
func (q *queue) leave(drained bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n--; q.n > 0 {
		return false
	}
	was := q.open && drained
	if was {
		q.open = false
	}
	return was
}
