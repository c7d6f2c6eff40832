// Package gate knows which message may go next.
//
// Messages of one key go one after the other: the first of a key is out, is
// blocked until a time, or is ready, and the others wait behind it. Keys do
// not wait for each other: those that are ready go in the order in which they
// became so. A key lives within a [Part], which is a partition of a log.
//
// A ready message stands at one of three doors: first attempts at [Fresh],
// retries, which a budget may hold back, at [Again], and what does not go to
// the target but elsewhere at [Aside]. A key that is parked sends everything
// aside.
//
// All steps take constant time, except Block and Free, which take the logarithm
// of the number of blocked keys. The package is pure: no clock, no lock, no
// goroutine. It knows nothing of offsets, targets or logs.
package gate

import (
	"math"
	"time"
)

// Order says which messages of a part wait for each other.
type Order uint8

// The orders.
const (
	ByKey  Order = iota // those with the same key; messages without a key wait for none
	ByPart              // all
	None                // none
)

// Door is where a ready message stands.
type Door uint8

// The doors.
const (
	Fresh Door = iota
	Again
	Aside

	doors
)

// Config describes a Gate.
type Config struct {
	// PerKey is how many messages of a key make its part full.
	PerKey int
	// Bytes is how much makes the gate full.
	Bytes int64
}

// Entry is a message at the gate.
type Entry[T any] struct {
	Value T
	bytes int64
	door  Door
	q     *queue[T]
	next  *Entry[T]
}

// Key identifies the entry's key while any of its messages is at the gate.
func (e *Entry[T]) Key() uint64 { return e.q.id }

// Bytes is what the entry was added with.
func (e *Entry[T]) Bytes() int64 { return e.bytes }

// Behind is how many messages wait behind e, which is the first of its key.
func (e *Entry[T]) Behind() int { return e.q.n - 1 }

// First reports whether e is the first of its key.
func (e *Entry[T]) First() bool { return e.q.head == e }

// Blocked reports whether e's key waits for a time.
func (e *Entry[T]) Blocked() bool { return e.q.state == blocked }

// Out reports whether a message of e's key went through a door.
func (e *Entry[T]) Out() bool { return e.q.state == out }

// Gate holds messages of several parts. Make it with [New].
type Gate[T any] struct {
	cfg     Config
	bytes   int64
	n       int
	out     int
	seq     uint64
	ready   [doors]list[T]
	due     []*queue[T] // a heap, the earliest first
	lengths []int       // how many keys have so many messages, by number; 0 and 1 are not counted
	longest int
	spareE  *Entry[T]
	spareQ  *queue[T]
	spares  int
}

// New returns a Gate.
func New[T any](cfg Config) *Gate[T] { return &Gate[T]{cfg: cfg} }

// Len counts all messages at the gate, Out those that are out.
func (g *Gate[T]) Len() int { return g.n }

// Out counts messages that went through a door and did not come back.
func (g *Gate[T]) Out() int { return g.out }

// Bytes is what is held.
func (g *Gate[T]) Bytes() int64 { return g.bytes }

// Charge counts bytes that are held elsewhere for messages that will be added.
func (g *Gate[T]) Charge(n int64) { g.bytes += n }

// Blocked counts keys that wait for a time.
func (g *Gate[T]) Blocked() int { return len(g.due) }

// Ready counts keys at a door.
func (g *Gate[T]) Ready(d Door) int { return g.ready[d].n }

// Longest is how many messages the longest queue of a key has.
func (g *Gate[T]) Longest() int {
	if g.longest == 0 && g.n > 0 {
		return 1
	}
	return g.longest
}

// Part returns a new part.
func (g *Gate[T]) Part(o Order) *Part[T] {
	return &Part[T]{gate: g, order: o, keys: map[string]*queue[T]{}}
}

// Next takes the first message of a door out, nil if there is none.
func (g *Gate[T]) Next(d Door) *Entry[T] {
	q := g.ready[d].head
	if q == nil {
		return nil
	}
	g.ready[d].remove(q)
	q.state = out
	g.out++
	return q.head
}

// Done finishes a message, the first of its key, wherever it stands; the one
// behind it is ready. e must not be touched after that.
func (g *Gate[T]) Done(e *Entry[T]) {
	q := e.q
	if q.part.dropped {
		return
	}
	g.lift(q)
	q.head = e.next
	g.count(q, q.n-1)
	g.bytes -= e.bytes
	q.part.bytes -= e.bytes
	g.n--
	g.recycle(e)
	if q.head != nil {
		g.stand(q)
		return
	}
	q.tail = nil
	q.state = idle
	if !q.parked || !q.named {
		g.forget(q)
	}
}

// Block keeps the first message of a key, and so the key, until a time; then it
// stands at a door.
func (g *Gate[T]) Block(e *Entry[T], until time.Time, d Door) {
	q := e.q
	e.door = d
	g.lift(q)
	if q.part.stopped {
		return
	}
	q.at = nanos(until)
	q.state = blocked
	g.push(q)
}

// Stand puts the first message of a key at a door now, wherever it stands.
func (g *Gate[T]) Stand(e *Entry[T], d Door) {
	e.door = d
	g.lift(e.q)
	g.stand(e.q)
}

// Free puts what is due at its door and returns how many.
func (g *Gate[T]) Free(now time.Time) (n int) {
	at := nanos(now)
	for len(g.due) > 0 && g.due[0].at <= at {
		q := g.due[0]
		g.lift(q)
		g.stand(q)
		n++
	}
	return n
}

// Due is when the next blocked key is due, false if none is blocked.
func (g *Gate[T]) Due() (time.Time, bool) {
	if len(g.due) == 0 {
		return time.Time{}, false
	}
	return time.Unix(0, g.due[0].at), true
}

// Earliest is the first message of the blocked key that is due first, nil if
// none is blocked.
func (g *Gate[T]) Earliest() *Entry[T] {
	if len(g.due) == 0 {
		return nil
	}
	return g.due[0].head
}

// Some calls f with the first messages of up to n blocked keys and when they are
// due. The one that is due first is among them, and those after it mostly.
func (g *Gate[T]) Some(n int, f func(first *Entry[T], due time.Time)) {
	for _, q := range g.due[:min(n, len(g.due))] {
		f(q.head, time.Unix(0, q.at))
	}
}

// Full reports whether more is held than Config.Bytes.
func (g *Gate[T]) Full() bool { return g.bytes >= g.cfg.Bytes }

// lift takes a queue from wherever it stands.
func (g *Gate[T]) lift(q *queue[T]) {
	switch q.state {
	case ready:
		g.ready[q.door].remove(q)
	case blocked:
		g.pull(q)
	case out:
		g.out--
	}
	q.state = idle
}

// stand puts a queue that stands nowhere at the door of its first message.
func (g *Gate[T]) stand(q *queue[T]) {
	if q.part.stopped || q.head == nil {
		return
	}
	q.door = q.head.door
	if q.parked {
		q.door = Aside
	}
	q.state = ready
	g.ready[q.door].append(q)
}

// count moves a queue to another length.
func (g *Gate[T]) count(q *queue[T], n int) {
	if c := g.cfg.PerKey; c > 0 {
		if q.n < c && n >= c {
			q.part.over++
		} else if q.n >= c && n < c {
			q.part.over--
		}
	}
	if q.n > 1 {
		g.lengths[q.n]--
	}
	if n > 1 {
		for len(g.lengths) <= n {
			g.lengths = append(g.lengths, 0)
		}
		g.lengths[n]++
	}
	q.n = n
	g.longest = max(g.longest, n)
	for g.longest > 0 && (g.longest == 1 || g.lengths[g.longest] == 0) {
		g.longest--
	}
}

func nanos(t time.Time) int64 {
	if y := t.Year(); y > 2200 {
		return math.MaxInt64
	} else if y < 1700 {
		return 0
	}
	return t.UnixNano()
}
