package relay

import (
	"context"
	"time"

	"github.com/daero/daero/relay/gate"
	"github.com/daero/daero/relay/track"
)

// unit is a message at the gate.
type unit = gate.Entry[item]

// item is what is known of a message that is held.
type item struct {
	m   *Message
	off int64 // where it stands in its part's log
	p   *part
	t   *trouble   // nil while nothing was tried in vain
	key *parkedKey // of a message in the companion, or on its way there

	lane   int8 // of the attempt that is under way, see bearing
	others int  // that were in flight when it began
}

// trouble is what became of attempts at a message.
type trouble struct {
	attempts int
	first    time.Time     // when the first was made
	down     time.Duration // how long the circuit had been open by then, in all
	downs    int           // attempts in a row that say the target is down
	isDown   bool          // the last one did
	deferred time.Time     // until when
	until    time.Time     // when it is due, blocked

	bury      bool // it is a dead letter that is not kept yet
	token     bool // the flood limiter let it
	rejected  bool // the target will never take it
	slim      bool // it was too large to be one with all its headers
	inPlace   bool // it was too large to be parked
	moveFails int  // appends in a row that failed

	firstError, lastError string
	status                int
}

// part is a partition that is held: of a topic, or of a topic's companion.
type part struct {
	Partition
	claim     Claim
	companion bool
	mate      *part // the companion of a topic's partition and the reverse, nil without
	ctx       context.Context
	cancel    context.CancelFunc

	track *track.Tracker
	gate  *gate.Part[item]
	inbox inbox
	stuck map[int64]track.Stuck // of the member before, not seen yet
	// troubled are the units with trouble.
	troubled map[*unit]struct{}
	out      int // units with the handler or on their way into another topic

	fence    track.Fence // of a companion, as far as it was read; the tracker's as far as it was taken in
	stopping bool        // about to go: nothing new goes out, nothing is committed but once
	gone     bool        // given back or lost
	paused   bool        // what the session was told last
	told     bool        // it was told anything
	dirty    bool        // there is something to commit
	marked   int64
	finished int // since the last commit

	// Of a topic's partition alone.
	parked   map[string]*parkedKey
	fencing  fencing
	awaiting bool // the companion has not been read: which keys are parked is not known
	memory   *takenKeys

	times     [track.Window / 64]int64 // when the first message taken in each 64 offsets was kept, unix ns
	timed     int64                    // the last 64 offsets that times knows
	retention time.Duration            // of the log, 0 without end or not known
	end       int64                    // after the newest, as far as known
	pressed   time.Time                // when room was last looked for
	crowded   bool                     // it is to be looked for again
	near      time.Time                // when it was last said that retention is near
}

// inbox is messages that were read and have no room in the tracker yet.
type inbox struct {
	ms   []letter
	head int
}

// letter is a message as it was read. Of one in the companion, m is what it was
// before it moved.
type letter struct {
	m        *Message
	off      int64       // where it stands in its part's log
	key      *parkedKey  // of one in the companion that is not a copy
	drop     bool        // it is a copy, or a mark
	fence    track.Fence // of a mark that counts
	attempts int         // made before it moved
	first    time.Time
}

func (b *inbox) len() int { return len(b.ms) - b.head }

func (b *inbox) push(l letter) {
	if b.head > 1024 && 2*b.head > len(b.ms) {
		n := copy(b.ms, b.ms[b.head:])
		clear(b.ms[n:])
		b.ms, b.head = b.ms[:n], 0
	}
	b.ms = append(b.ms, l)
}

func (b *inbox) first() letter { return b.ms[b.head] }

func (b *inbox) pop() {
	b.ms[b.head] = letter{}
	if b.head++; b.head == len(b.ms) {
		b.ms, b.head = b.ms[:0], 0
	}
}

// overhead is about what a held message takes besides its bytes.
const overhead = 256

func weight(m *Message) int64 { return int64(m.Size() + overhead) }

// note keeps when a taken message was kept by the log, roughly: 64 offsets
// share the time of their first.
func (p *part) note(off int64, at time.Time) {
	if w := off / 64; w != p.timed {
		p.timed = w
		p.times[w%int64(len(p.times))] = at.UnixNano()
	}
}

// oldest is when the oldest unfinished message was kept, zero without one. It
// may be as much earlier as 63 messages before it were.
func (p *part) oldest() time.Time {
	base := p.track.Base()
	if p.track.Open() == 0 || base >= p.track.Next() {
		if p.inbox.len() > 0 {
			return p.inbox.first().m.Time
		}
		return time.Time{}
	}
	return time.Unix(0, p.times[base/64%int64(len(p.times))])
}

// source is the part of the topic: itself, or that of a companion.
func (p *part) source() *part {
	if p.companion && p.mate != nil {
		return p.mate
	}
	return p
}

// trouble returns the trouble of a unit, made if there is none.
func (d *delivery) trouble(u *unit) *trouble {
	it := &u.Value
	if it.t == nil {
		it.t = &trouble{}
		it.p.troubled[u] = struct{}{}
	}
	return it.t
}

// tried is how long a message has been tried, without the time that the
// circuit was open.
func (d *delivery) tried(t *trouble, now time.Time) time.Duration {
	if t == nil || t.attempts == 0 {
		return 0
	}
	return max(0, now.Sub(t.first)-(d.circuit.Down(now)-t.down))
}
