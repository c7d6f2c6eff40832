package relay

import (
	"fmt"
	"time"

	"github.com/daero/daero/relay/gate"
	"github.com/daero/daero/relay/retry"
	"github.com/daero/daero/relay/track"
)

// receive takes a message that was read. Called with mu held.
func (d *delivery) receive(p *part, m *Message, now time.Time) {
	l := letter{m: m, off: m.Offset}
	if p.companion {
		d.unpack(p, &l)
	}
	if p.awaiting || p.inbox.len() > 0 || !d.admit(p, l, now) {
		d.gate.Charge(weight(m))
		p.inbox.push(l)
	}
	if c := p.mate; p.companion && c != nil && c.awaiting && l.off+1 >= p.claim.End {
		d.known(c, now)
	}
}

// known lets a topic's partition go on: which keys are parked is known.
func (d *delivery) known(p *part, now time.Time) {
	p.awaiting = false
	for _, k := range p.parked {
		d.mayUnpark(p, k)
	}
	d.admitInbox(p, now)
}

// admitInbox takes in what waits for room, as far as there is.
func (d *delivery) admitInbox(p *part, now time.Time) {
	for !p.awaiting && !p.stopping && p.inbox.len() > 0 {
		l := p.inbox.first()
		w := weight(l.m)
		d.gate.Charge(-w)
		if !d.admit(p, l, now) {
			d.gate.Charge(w)
			return
		}
		p.inbox.pop()
	}
}

// admit takes a message into the tracker and to the gate; false if there is no
// room in the tracker.
func (d *delivery) admit(p *part, l letter, now time.Time) bool {
	switch p.track.Take(l.off) {
	case track.Full:
		d.makeRoom(p, now)
		return false
	case track.Known:
		p.dirty = true
		d.release(p, l.key)
		return true
	}
	p.note(l.off, l.m.Time)
	if l.drop {
		d.finished(p, l.off)
		if l.fence != (track.Fence{}) {
			d.passed(p, l.fence)
		}
		return true
	}
	d.stand(p, l, now)
	d.mayMakeRoom(p, now)
	return true
}

// mayMakeRoom makes room where there is little.
func (d *delivery) mayMakeRoom(p *part, now time.Time) {
	if p.track.Load() > 0.5 || p.gate.Full() || d.gate.Full() {
		d.makeRoom(p, now)
	}
}

// stand puts a message to the gate, with what is known of attempts at it.
func (d *delivery) stand(p *part, l letter, now time.Time) {
	l.m.Epoch = p.source().claim.Epoch
	u := p.gate.Add(l.m.Key, item{m: l.m, off: l.off, p: p, key: l.key}, weight(l.m))
	s, ok := p.stuck[l.off]
	switch {
	case ok:
		delete(p.stuck, l.off)
	case l.attempts > 0:
		s = track.Stuck{Attempts: l.attempts, Age: max(0, now.Sub(l.first))}
	default:
		return
	}
	t := d.trouble(u)
	t.attempts, t.first, t.down = s.Attempts, now.Add(-s.Age), d.circuit.Down(now)
	if u.First() && !u.Out() {
		// Not for long: where partitions move often, it would never be its turn.
		d.block(u, now.Add(d.backoff(p).Wait(min(t.attempts, 3), d.rnd)), gate.Again)
	}
}

// roomEvery is the time between two looks for room, each of which goes through
// all keys that are in trouble.
const roomEvery = 100 * time.Millisecond

// makeRoom parks keys that wait for a retry and stand in others' way: those at
// the beginning of a window that fills up, those with more messages behind them
// than may be held.
func (d *delivery) makeRoom(p *part, now time.Time) {
	if at := p.pressed.Add(roomEvery); now.Before(at) {
		p.crowded = true
		d.alarmAt(at)
		return
	}
	p.pressed, p.crowded = now, false
	load, behind := p.track.Load(), p.track.Behind()
	if retry.HeadOfLine(load, behind) {
		d.tellOnce(now, Event{What: HeadOfLine, Partition: p.Partition.String(), Why: fmt.Sprintf("%d messages past one that does not end are delivered: no more are read until it does", p.track.Next()-p.track.Base())})
	}
	if p.gate.Full() || d.gate.Longest() > d.PerKey/2 {
		d.tellOnce(now, Event{What: HotKey, Partition: p.Partition.String(), Why: fmt.Sprintf("%d messages of one key wait for each other", d.gate.Longest())})
	}
	if !d.parks() || p.companion || p.mate == nil || d.circuit.State() != retry.Closed {
		return
	}
	for u := range p.troubled {
		t := u.Value.t
		if !u.First() || !u.Blocked() || t.isDown || t.bury || t.inPlace || u.Value.key != nil {
			continue
		}
		early := load > 0.5 && u.Value.off < p.track.Base()+track.Window/4
		crowd := u.Behind() >= d.PerKey-1 || d.gate.Full() && u.Behind() >= 16
		if early || crowd {
			d.park(u, now)
		}
	}
}

// block keeps a key until a time.
func (d *delivery) block(u *unit, until time.Time, door gate.Door) {
	d.gate.Block(u, until, door)
	if t := u.Value.t; t != nil {
		t.until = until
	}
	d.alarmAt(until)
}

// alarmAt sees to it that the minder looks at a time.
func (d *delivery) alarmAt(at time.Time) {
	if !at.Before(d.alarm) {
		return
	}
	d.alarm = at
	if !d.minding { // the minder itself sees d.alarm anyway
		select {
		case d.kick <- struct{}{}:
		default:
		}
	}
}

// wantPaused says whether a part is not to be read for now. What is paused is
// read again only when there is room for more than a moment.
func (d *delivery) wantPaused(p *part, now time.Time) bool {
	held := d.gate.Bytes()
	if p.companion && p.mate != nil && (p.mate.awaiting || p.mate.fencing.waits()) {
		return held > 2*d.Bytes // others wait for what it holds to be known
	}
	if p.awaiting || d.standsStill(now) && d.gate.Len() > 0 {
		return true
	}
	load, most := 0.9, d.Bytes*3/4
	if p.paused {
		load, most = 0.7, d.Bytes/2
	}
	if p.companion {
		// Its own quarter of the room: what is parked must not keep others from
		// being read, nor they it.
		return p.inbox.len() > 0 || p.track.Load() > load || d.parkedBytes() > most/3 || held > d.Bytes
	}
	return p.inbox.len() > 0 || p.track.Load() > load || held > most || p.gate.Full()
}

// parkedBytes is what is held of companions.
func (d *delivery) parkedBytes() (n int64) {
	for _, p := range d.parts {
		if p.companion {
			n += p.gate.Bytes()
		}
	}
	return n
}

// standsStill says that nothing is delivered, for whatever reason.
func (d *delivery) standsStill(now time.Time) bool {
	return d.pausedAt(now) || d.perSec == 0 || d.flooded || d.circuit.State() != retry.Closed
}
