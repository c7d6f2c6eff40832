package relay

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/relay/gate"
)

// A key whose message fails for longer than Retry.InPlace is parked, so that it
// stands in nobody's way: that message and all later ones of the key are moved
// to the companion topic, each kept there before it is finished here, and are
// delivered from there, in the same order, until the companion has none of the
// key left.
//
// Who holds a partition holds the companion's of the same number, so one member
// knows all of a key. A copy in the companion counts if the topic's place says
// that its message is finished there: otherwise the topic still has it. What may
// go wrong:
//
//   - It dies between moving and committing. Then the message is in both, and
//     not finished in the topic: who comes next drops the copy.
//   - An append's outcome is unknown. It is made again; the copy's offset is not
//     above the highest seen, and it is dropped.
//   - A member that lost the partition goes on moving until it knows. Its copies
//     are told by who made them, see fence.go.

// parkedKey is a key that is parked, or one message without a key.
type parkedKey struct {
	name  string
	key   []byte // nil: one message
	begun int64  // the highest offset, in the topic, that this member began to move
	moved int64  // the highest that is surely in the companion
	seen  int64  // the highest that was read from it
	open  int    // read from it and not finished
	// moving says that one is on its way, until it is surely there.
	moving bool
}

// parkedName is what a message is parked under: its key, or, where it waits for
// no other, where it stands.
func (d *delivery) parkedName(m *Message) string {
	if d.Order == ByKey && m.Key != nil {
		return "k" + string(m.Key)
	}
	return "o" + strconv.FormatInt(m.Offset, 10)
}

// parkedKey returns what is known of a message's key as parked, made if there is
// nothing.
func (d *delivery) parkedKey(p *part, m *Message) *parkedKey {
	name := d.parkedName(m)
	k := p.parked[name]
	if k == nil {
		k = &parkedKey{name: name, begun: -1, moved: -1, seen: -1}
		if name[0] == 'k' {
			k.key = m.Key
		}
		p.parked[name] = k
	}
	return k
}

// park sends the key of a unit, which is the first of it, aside.
func (d *delivery) park(u *unit, now time.Time) {
	it := &u.Value
	it.key = d.parkedKey(it.p, it.m)
	it.p.gate.Park(u)
	d.gate.Stand(u, gate.Aside)
	d.count.parkings++
	d.tellOnce(now, Event{What: KeyParked, Partition: it.p.Partition.String(), Why: "a key that fails was parked: its messages wait in " + it.p.mate.Topic})
}

// move is an append that is to be made.
type move struct {
	u    *unit
	m    *Message
	done func(err error)
}

// startMove begins to move a unit, which is out, into the companion.
func (d *delivery) startMove(u *unit, now time.Time) {
	it := &u.Value
	p := it.p
	if p.mate == nil {
		d.block(u, now.Add(time.Second), gate.Aside)
		return
	}
	if it.key == nil || p.parked[it.key.name] != it.key {
		it.key = d.parkedKey(p, it.m)
		p.gate.ParkKey(it.key.key)
	}
	k := it.key
	if it.t != nil && it.t.inPlace {
		d.stayInPlace(u, k, now)
		return
	}
	k.moving = true
	if !p.fencing.done {
		d.awaitFence(p, u)
		return
	}
	k.begun = max(k.begun, it.off)
	p.out++
	d.hand(move{u, d.pack(u, now), func(err error) { d.moved(u, k, err) }})
}

// stayInPlace is for a message that is too large to be parked: it waits until
// nothing before it is parked, then goes to the target from where it is.
func (d *delivery) stayInPlace(u *unit, k *parkedKey, now time.Time) {
	k.begun, k.moving = k.moved, false
	if k.open > 0 || k.seen < k.moved {
		d.block(u, now.Add(time.Second), gate.Aside)
		return
	}
	u.Value.key = nil
	p := u.Value.p
	delete(p.parked, k.name)
	p.gate.Unpark(k.key)
	d.block(u, now.Add(d.backoff(p).Wait(u.Value.t.attempts, d.rnd)), gate.Again)
}

// moved is told what became of a move.
func (d *delivery) moved(u *unit, k *parkedKey, err error) {
	now := time.Now()
	d.mu.Lock()
	it := &u.Value
	p := it.p
	d.cameBack(p)
	switch {
	case p.gone:
	case err == nil:
		k.moving = false
		k.moved = max(k.moved, it.off)
		d.finish(u, now)
		d.mayUnpark(p, k)
	default:
		t := d.trouble(u)
		t.moveFails++
		t.inPlace = isTooLarge(err)
		d.block(u, now.Add(d.backoff(p).Wait(t.moveFails, d.rnd)), gate.Aside)
		if !t.inPlace {
			d.tellOnce(now, Event{What: ConsumeFailed, Partition: p.Partition.String(), Why: "a message could not be parked, and its key waits: " + err.Error()})
		}
	}
	d.dispatch(now)
	d.mu.Unlock()
	d.flush()
}

// pack makes the companion's message of a unit.
func (d *delivery) pack(u *unit, now time.Time) *Message {
	it := &u.Value
	m := &Message{Topic: it.p.mate.Topic, Key: it.m.Key, Value: it.m.Value, Time: it.m.Time, Partition: it.p.ID, Pin: true}
	m.Headers = make([]Header, 0, len(it.m.Headers)+4)
	for _, h := range it.m.Headers {
		switch h.Name {
		case HeaderOrigin:
			if it.m.Header(HeaderID) == nil { // it was the idempotency key
				m.Headers = append(m.Headers, Header{HeaderID, h.Value})
			}
		case HeaderAttempts, HeaderFirst, HeaderMover:
		default:
			m.Headers = append(m.Headers, h)
		}
	}
	m.Headers = append(m.Headers, Header{HeaderOrigin, []byte(it.m.Position().String())}, it.p.mover())
	if t := it.t; t != nil && t.attempts > 0 {
		first := now.Add(-d.tried(t, now))
		m.Headers = append(m.Headers,
			Header{HeaderAttempts, strconv.AppendInt(nil, int64(t.attempts), 10)},
			Header{HeaderFirst, first.UTC().AppendFormat(nil, time.RFC3339Nano)})
	}
	if t := it.t; t != nil && t.deferred.After(now) {
		m.SetHeader(HeaderNotBefore, t.deferred.UTC().AppendFormat(nil, time.RFC3339Nano))
	}
	return m
}

// unpack makes of a companion's message what it was before it moved, finds its
// key, and whether it is a copy.
func (d *delivery) unpack(p *part, l *letter) {
	if p.track.Finished(l.off) {
		// It was delivered, or dropped as a copy: then it says nothing of what
		// the topic still has.
		l.drop = true
		return
	}
	src := p.mate
	late := d.passFence(p, l)
	if l.drop {
		return
	}
	at, ok := origin(l.m)
	if !ok || src == nil || at.Topic != src.Topic || at.Partition != src.ID {
		return // somebody else wrote it: it is delivered like any message
	}
	m := l.m
	headers := make([]Header, 0, len(m.Headers))
	for _, h := range m.Headers {
		switch h.Name {
		case HeaderOrigin, HeaderMover:
		case HeaderAttempts:
			l.attempts, _ = strconv.Atoi(string(h.Value))
			l.attempts = min(max(l.attempts, 0), 1<<20)
		case HeaderFirst:
			l.first, _ = time.Parse(time.RFC3339Nano, string(h.Value))
		default:
			headers = append(headers, h)
		}
	}
	m.Headers = headers
	m.Topic, m.Partition, m.Offset = at.Topic, at.Partition, at.Offset
	name := d.parkedName(m)
	k := src.parked[name]
	switch {
	case late, k != nil && at.Offset <= k.seen:
		l.drop = true
		return
	case l.off < p.claim.End: // it was there before this member came
		l.drop = !src.track.Finished(at.Offset)
	default: // this member has moved it, unless it is done with the key already
		l.drop = k == nil || at.Offset > k.begun
	}
	if l.drop {
		return
	}
	if k == nil {
		k = d.parkedKey(src, m)
		src.gate.ParkKey(k.key)
	}
	k.seen = at.Offset
	k.open++
	l.key = k
}

// origin is where a message stood before it moved.
func origin(m *Message) (Position, bool) {
	v := m.Header(HeaderOrigin)
	i := bytes.LastIndexByte(v, '/')
	if i < 0 {
		return Position{}, false
	}
	j := bytes.LastIndexByte(v[:i], '/')
	if j < 0 {
		return Position{}, false
	}
	id, err := strconv.ParseInt(string(v[j+1:i]), 10, 32)
	off, err2 := strconv.ParseInt(string(v[i+1:]), 10, 64)
	if err != nil || err2 != nil || id < 0 || off < 0 || strings.ContainsAny(string(v[:j]), "/") {
		return Position{}, false
	}
	return Position{string(v[:j]), int32(id), off}, true
}

// release notes that a message of a parked key, read from the companion, is
// finished.
func (d *delivery) release(p *part, k *parkedKey) {
	if k == nil || !p.companion {
		return
	}
	k.open--
	if p.mate != nil {
		d.mayUnpark(p.mate, k)
	}
}

// mayUnpark lets a key go to the target again once the companion has none of it
// left and none is on its way there.
func (d *delivery) mayUnpark(p *part, k *parkedKey) {
	if k.open > 0 || k.moving || k.seen < k.moved || p.awaiting || p.parked[k.name] != k {
		return
	}
	delete(p.parked, k.name)
	p.gate.Unpark(k.key)
}
