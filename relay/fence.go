package relay

import (
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/relay/gate"
	"github.com/daero/daero/relay/track"
)

// A member that has lost a partition, and does not know it yet, may still append
// copies to the companion. To who reads them later they look like those that the
// rightful holder made of the same messages, and may stand before them, in part:
//
//	A loses the partition; B holds it, fails with 40, and parks it
//	companion:   40 by A    57 by A    40 by B    57 by B
//	             dropped    not read when B dies
//
// Whoever comes then must not take the second for the first of its key. So a
// member puts a mark into the companion before it moves anything, and waits
// until it has read the mark. Then everything before the mark has been judged,
// and is committed together with what is moved after it; and what somebody else
// has put behind the mark came too late. The newest mark is committed with the
// companion's place.

// fencing is how far this member is with its mark.
type fencing struct {
	begun   bool
	done    bool // the mark was read, and all before it
	nonce   uint32
	fails   int
	waiting []*unit // to be moved
}

// waits says that the companion has to be read up to the mark, whatever else is
// held: what fills the memory may be what is to be moved.
func (f *fencing) waits() bool { return f.begun && !f.done }

// mover says who moves, for a header of what is moved.
func (p *part) mover() Header {
	b := strconv.AppendInt(nil, p.claim.Epoch, 10)
	b = append(b, '/')
	return Header{HeaderMover, strconv.AppendUint(b, uint64(p.fencing.nonce), 16)}
}

// moverOf reads what mover has written, zero if there is nothing.
func moverOf(m *Message) track.Fence {
	epoch, nonce, ok := strings.Cut(string(m.Header(HeaderMover)), "/")
	e, err := strconv.ParseInt(epoch, 10, 64)
	n, err2 := strconv.ParseUint(nonce, 16, 32)
	if !ok || err != nil || err2 != nil || e < 0 {
		return track.Fence{}
	}
	return track.Fence{Epoch: e, Nonce: uint32(n)}
}

// isMark reports whether a companion's message is a mark.
func isMark(m *Message) bool {
	return m.Header(HeaderOrigin) == nil && moverOf(m) != (track.Fence{})
}

// awaitFence keeps a unit, which is out, until the mark of this member has been
// read, and sees to it that there will be one.
func (d *delivery) awaitFence(p *part, u *unit) {
	f := &p.fencing
	f.waiting = append(f.waiting, u)
	if f.begun {
		return
	}
	f.begun = true
	d.repause = true
	d.pending.Store(true)
	if f.nonce == 0 { // once: a mark that was put in vain may come late
		f.nonce = max(1, d.rnd.Uint32())
	}
	m := &Message{Topic: p.mate.Topic, Partition: p.ID, Pin: true, Headers: []Header{p.mover()}}
	p.out++
	d.hand(move{u, m, func(err error) { d.fenced(p, err) }})
}

// fenced is told what became of the mark. It is put again until it is surely
// there; twice does no harm.
func (d *delivery) fenced(p *part, err error) {
	now := time.Now()
	d.mu.Lock()
	d.cameBack(p)
	if f := &p.fencing; err != nil && !p.stopping && !f.done {
		d.tellOnce(now, Event{What: ConsumeFailed, Partition: p.Partition.String(), Why: "a message could not be parked, and its key waits: " + err.Error()})
		f.fails++
		f.begun = false
		waiting := f.waiting
		f.waiting = nil
		for _, u := range waiting { // the first that is due puts it again
			d.block(u, now.Add(d.backoff(p).Wait(f.fails, d.rnd)), gate.Aside)
		}
	}
	d.dispatch(now)
	d.mu.Unlock()
	d.flush()
}

// passFence looks at a mark, which is dropped, or reports whether a copy came too
// late.
func (d *delivery) passFence(p *part, l *letter) (late bool) {
	by, f := moverOf(l.m), &p.fence
	if !isMark(l.m) {
		return *f != (track.Fence{}) && l.off > f.Offset && (by.Epoch != f.Epoch || by.Nonce != f.Nonce)
	}
	l.drop = true
	same := by.Epoch == f.Epoch && by.Nonce == f.Nonce
	if !same && l.off >= f.Offset && (by.Epoch >= f.Epoch || p.mate.put(by)) {
		*f = track.Fence{Epoch: by.Epoch, Nonce: by.Nonce, Offset: l.off}
		l.fence = *f
	}
	return false
}

// put says whether a mark is this member's, of the topic's partition.
func (p *part) put(by track.Fence) bool {
	return p != nil && p.fencing.nonce != 0 && by.Epoch == p.claim.Epoch && by.Nonce == p.fencing.nonce
}

// passed notes that everything up to a mark was taken in.
func (d *delivery) passed(p *part, mark track.Fence) {
	p.track.Fence = mark
	src := p.mate
	if src == nil || src.fencing.done || !src.put(mark) {
		return
	}
	src.fencing.done = true
	d.repause = true
	d.pending.Store(true)
	for _, u := range src.fencing.waiting {
		d.gate.Stand(u, gate.Aside)
	}
	src.fencing.waiting = nil
}
