package relay

import (
	"hash/maphash"
	"sync"
)

// memory knows the messages that are being accepted, and the newest of those
// that were, by idempotency key.
//
// A key that is being accepted is never forgotten, however long the log takes
// to say what became of it: the same message sent again waits for that answer
// rather than being kept twice.
type memory struct {
	seed maphash.Seed
	max  int

	mu    sync.Mutex
	calls map[string]*call
	// Those that are kept, the newest first; ends is before the first and after
	// the last.
	ends call
	n    int
}

// stage is how far a call has come.
type stage uint8

const (
	asked    stage = iota // the log has it and has not answered
	toSpool               // whoever comes next takes it to the spool
	spooling              // somebody does
	kept
	failed // nothing was kept, or nobody knows; it is forgotten
)

// call is one message, accepted once.
type call struct {
	key  string
	sum  uint64 // of what it holds
	made bool   // the idempotency key was made here

	// Guarded by memory.mu.
	m       *Message // until it is kept
	stage   stage
	wake    chan struct{} // closed when stage changes, nil if nobody waits
	waiters int
	receipt Receipt
	handed  bool // the log was asked
	landed  bool // the log has it
	err     error

	newer, older *call
}

func newMemory(size int) *memory {
	m := &memory{seed: maphash.MakeSeed(), max: size, calls: map[string]*call{}}
	m.ends.newer, m.ends.older = &m.ends, &m.ends
	return m
}

// scope is what an idempotency key is one of: that of another writer, or of
// another topic, is another key.
func scope(m *Message) string {
	writer, id := m.Header(HeaderWriter), m.Header(HeaderID)
	b := make([]byte, 0, 128)
	b = append(append(b, writer...), 0)
	b = append(append(b, m.Topic...), 0)
	return string(append(b, id...))
}

// fingerprint tells whether two messages with one idempotency key are one.
// Headers do not count: some, like traceparent, change with every try.
func (y *memory) fingerprint(m *Message) uint64 {
	return maphash.Bytes(y.seed, m.Key)*0x9e3779b97f4a7c15 ^ maphash.Bytes(y.seed, m.Value)
}

// begin returns the call of m, and whether it is a new one. Whoever gets a call
// leaves it by leave.
func (y *memory) begin(m *Message, made bool) (c *call, first bool, err error) {
	key, sum := scope(m), y.fingerprint(m)
	y.mu.Lock()
	defer y.mu.Unlock()
	if c = y.calls[key]; c != nil {
		if c.sum != sum {
			return nil, false, invalid("conflict", 0, "the idempotency key was used before, for another message: use a new one for each message")
		}
		c.waiters++
		if c.stage == kept {
			y.unlink(c)
			y.link(c)
		}
		return c, false, nil
	}
	c = &call{key: key, sum: sum, made: made, m: m, waiters: 1}
	c.receipt.ID = key[len(key)-len(m.Header(HeaderID)):]
	y.calls[key] = c
	return c, true, nil
}

// leave ends a caller's interest in c.
func (y *memory) leave(c *call) {
	y.mu.Lock()
	defer y.mu.Unlock()
	c.waiters--
	if c.waiters == 0 && c.stage == toSpool {
		y.fail(c, ErrAway)
	}
}

// look returns how far c is.
func (y *memory) look(c *call) (stage, Receipt, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	return c.stage, c.receipt, c.err
}

// watch returns what is closed when c is no longer at a stage, nil if it is not
// there now.
func (y *memory) watch(c *call, at stage) <-chan struct{} {
	y.mu.Lock()
	defer y.mu.Unlock()
	if c.stage != at {
		return nil
	}
	if c.wake == nil {
		c.wake = make(chan struct{})
	}
	return c.wake
}

// move changes c's stage, if it is as it was believed to be.
func (y *memory) move(c *call, from, to stage) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	if c.stage != from {
		return false
	}
	y.set(c, to)
	return true
}

// logged notes what the log says of c. again says that an answer which is no
// answer sends c to the spool.
func (y *memory) logged(c *call, at Position, err error, again bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch {
	case err == nil:
		c.landed = true
		c.receipt = Receipt{ID: c.receipt.ID, At: at}
		if c.stage == asked || c.stage == toSpool {
			y.keep(c)
		}
	case c.stage != asked:
	case again && c.waiters > 0:
		y.set(c, toSpool)
	default:
		y.fail(c, err)
	}
}

// spooled notes what the spool says of c.
func (y *memory) spooled(c *call, err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch {
	case err == nil && !c.landed:
		c.receipt.Spooled = true
		c.receipt.At = Position{Topic: c.m.Topic, Partition: -1}
		y.keep(c)
	case err == nil || c.landed:
		y.keep(c)
	default:
		y.fail(c, err)
	}
}

// hand notes that the log is asked.
func (y *memory) hand(c *call) {
	y.mu.Lock()
	defer y.mu.Unlock()
	c.handed = true
}

// keep remembers c as kept. A key that was made here and that is told to the
// one who waits for it is not worth remembering, nobody sends it again: unless
// the log may still say that it has what is in the spool.
func (y *memory) keep(c *call) {
	c.m = nil
	y.set(c, kept)
	if c.made && c.waiters > 0 && !(c.receipt.Spooled && c.handed) {
		delete(y.calls, c.key)
		return
	}
	y.link(c)
	for y.n > y.max {
		last := y.ends.newer
		y.unlink(last)
		delete(y.calls, last.key)
	}
}

func (y *memory) fail(c *call, err error) {
	c.m, c.err = nil, err
	y.set(c, failed)
	if y.calls[c.key] == c {
		delete(y.calls, c.key)
	}
}

func (y *memory) set(c *call, to stage) {
	c.stage = to
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}

// has reports whether the log is known to have this very message, so that the
// spool's copy of it is not needed.
func (y *memory) has(key string, sum uint64) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	c := y.calls[key]
	return c != nil && c.stage == kept && c.landed && c.sum == sum
}

// drained notes that the log has taken this very message out of the spool.
func (y *memory) drained(key string, sum uint64, at Position) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if c := y.calls[key]; c != nil && c.stage == kept && !c.landed && c.sum == sum {
		c.landed = true
		c.receipt = Receipt{ID: c.receipt.ID, At: at}
	}
}

func (y *memory) link(c *call) {
	c.newer, c.older = &y.ends, y.ends.older
	c.newer.older, c.older.newer = c, c
	y.n++
}

func (y *memory) unlink(c *call) {
	c.newer.older, c.older.newer = c.older, c.newer
	c.newer, c.older = nil, nil
	y.n--
}
