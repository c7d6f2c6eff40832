package relay

import (
	"fmt"
	"strconv"
	"time"

	"github.com/daero/daero/relay/gate"
	"github.com/daero/daero/relay/retry"
)

// ended takes in what became of an attempt, and returns the next message for
// the one who made it, nil if there is none.
func (d *delivery) ended(u *unit, r Result, from time.Time) *unit {
	now := time.Now()
	d.mu.Lock()
	p := u.Value.p
	d.bearing.ended(u.Value.lane, now, from, u.Value.others, r)
	d.inFlight--
	d.cameBack(p)
	if p.gone {
		d.circuit.Vain(now) // if it was a probe, it told nothing
	} else {
		d.settle(u, r, now)
	}
	next := d.pick(now)
	if next == nil {
		d.idle++
	}
	d.dispatch(now)
	d.mu.Unlock()
	d.flush()
	return next
}

// cameBack notes that a unit of a part is no longer under way.
func (d *delivery) cameBack(p *part) {
	p.out--
	if p.stopping && p.out == 0 {
		select {
		case d.drained <- struct{}{}:
		default:
		}
	}
}

// settle does what a result asks for.
func (d *delivery) settle(u *unit, r Result, now time.Time) {
	if r.Down && r.Verb != Acked && r.Verb != Rejected {
		d.isDown(u, r, now)
		return
	}
	d.isAlive(now)
	if t := u.Value.t; t != nil {
		t.isDown, t.downs = false, 0
	}
	switch r.Verb {
	case Acked:
		d.count.delivered++
		d.budget.Success(now)
		d.remember(u)
		d.finish(u, now)
	case Rejected:
		d.count.rejected++
		t := d.failed(u, r, now)
		t.rejected = true
		d.bury(u)
	case Deferred:
		d.postpone(u, r.Until, now)
	default:
		d.again(u, r, now)
	}
}

// failed counts an attempt that failed.
func (d *delivery) failed(u *unit, r Result, now time.Time) *trouble {
	t := d.trouble(u)
	if t.attempts == 0 {
		t.first, t.down = now, d.circuit.Down(now)
	}
	t.attempts++
	t.note(r)
	u.Value.p.dirty = true
	return t
}

// note keeps why an attempt failed.
func (t *trouble) note(r Result) {
	why := bounded(r.Reason, maxReason)
	if why == "" && r.Status != 0 {
		why = "status " + strconv.Itoa(r.Status)
	}
	if why == "" {
		why = "no reason given"
	}
	if t.firstError == "" {
		t.firstError = why
	}
	t.lastError, t.status = why, r.Status
}

// again decides what becomes of a message that was not taken: another attempt
// in place, a place in the companion, or its end.
func (d *delivery) again(u *unit, r Result, now time.Time) {
	t := d.failed(u, r, now)
	p := u.Value.p
	tried := d.tried(t, now)
	if t.attempts >= d.Retry.Attempts || tried >= d.Retry.For {
		d.bury(u)
		return
	}
	if tried >= d.Retry.InPlace && d.canPark(u) {
		d.park(u, now)
		return
	}
	wait := d.backoff(p).Wait(t.attempts, d.rnd)
	if r.After > 0 {
		wait = min(r.After, d.Retry.For)
	}
	d.block(u, now.Add(wait), gate.Again)
	d.mayMakeRoom(p, now)
}

func (d *delivery) canPark(u *unit) bool {
	it := &u.Value
	return d.parks() && !it.p.companion && it.p.mate != nil && (it.t == nil || !it.t.inPlace)
}

// postpone keeps a message until it is due, which is nobody's failure.
func (d *delivery) postpone(u *unit, until, now time.Time) {
	d.count.deferrals++
	if !until.After(now) {
		until = now.Add(d.Retry.First)
	}
	d.trouble(u).deferred = until
	d.block(u, until, gate.Fresh)
	d.mayMakeRoom(u.Value.p, now)
}

// backoff is how long messages of a part wait: longer where they stand in
// nobody's way.
func (d *delivery) backoff(p *part) retry.Backoff {
	b := retry.Backoff{First: d.Retry.First, Max: d.Retry.Max}
	if p.companion {
		b.First, b.Max = min(10*b.First, b.Max), 4*b.Max
	}
	return b
}

// isDown takes in a sign that the target as a whole is down: it brings the
// message no nearer to the dead letters.
func (d *delivery) isDown(u *unit, r Result, now time.Time) {
	t := d.trouble(u)
	t.downs++
	t.isDown = true
	t.note(r)
	others := d.gate.Len() > u.Behind()+1
	if d.circuit.Failed(now, u.Key(), others, d.rnd) {
		d.repause = true
		d.pending.Store(true)
		d.tell(now, Event{What: CircuitOpened, Why: fmt.Sprintf("%d attempts in a row found the target down%s: one is made now and then until it is back", d.Circuit.Failures, status(r))})
	}
	wait := d.backoff(u.Value.p).Wait(t.downs, d.rnd)
	if r.After > 0 {
		wait = min(r.After, d.Retry.For)
	}
	d.block(u, now.Add(wait), gate.Again)
	if d.circuit.State() == retry.Open {
		d.alarmAt(d.circuit.Next())
	}
}

func status(r Result) string {
	if r.Status == 0 {
		return ""
	}
	return fmt.Sprintf(" (status %d)", r.Status)
}

// isAlive takes in a sign that the target is there. What failed because it was
// down is tried again at once: it needs no budget for it.
func (d *delivery) isAlive(now time.Time) {
	if !d.circuit.Alive(now) {
		return
	}
	for _, p := range d.parts {
		for u := range p.troubled {
			if t := u.Value.t; t.isDown && u.First() && !u.Out() && !t.bury {
				d.gate.Stand(u, gate.Fresh)
			}
		}
	}
	d.repause = true
	d.pending.Store(true)
	d.tell(now, Event{What: CircuitClosed, Why: "the target is back"})
}

// finish finishes a message, which is the first of its key.
func (d *delivery) finish(u *unit, now time.Time) {
	it := u.Value
	p := it.p
	if it.t != nil {
		delete(p.troubled, u)
	}
	d.finished(p, it.off)
	d.release(p, it.key)
	d.gate.Done(u)
	if p.inbox.len() > 0 {
		d.admitInbox(p, now)
	}
	if len(p.troubled) > 0 {
		d.mayMakeRoom(p, now)
	}
	if p.paused && !d.wantPaused(p, now) || d.heldBack && d.gate.Bytes() <= d.Bytes/2 {
		d.repause = true
		d.pending.Store(true)
	}
}

// commitAfter is how many messages are finished before that is committed, if a
// [commitEvery] has not passed.
const commitAfter = 1000

// finished marks an offset of a part.
func (d *delivery) finished(p *part, off int64) {
	p.track.Done(off)
	p.dirty = true
	if p.finished++; p.finished == commitAfter {
		select {
		case d.keep <- struct{}{}:
		default:
		}
	}
}

// remember keeps the idempotency key of a message that the target has taken.
func (d *delivery) remember(u *unit) {
	it := &u.Value
	mem := it.p.source().memory
	if mem == nil || len(it.m.Headers) == 0 {
		return
	}
	if id := it.m.Header(HeaderID); len(id) > 0 {
		mem.add(it.m.Header(HeaderWriter), id, it.m.Key)
	}
}
