package relay

import (
	"time"

	"github.com/daero/daero/relay/gate"
	"github.com/daero/daero/relay/retry"
)

// dispatch hands out what may go: to the target as far as it bears it, and
// elsewhere. Called with mu held.
func (d *delivery) dispatch(now time.Time) {
	if !d.running {
		return
	}
	for u := d.gate.Next(gate.Aside); u != nil; u = d.gate.Next(gate.Aside) {
		if t := u.Value.t; t != nil && t.bury {
			d.startBury(u, now)
		} else {
			d.startMove(u, now)
		}
	}
	for {
		u := d.pick(now)
		if u == nil {
			return
		}
		if d.idle > 0 {
			d.idle--
			d.work <- u // has room for as many as may be in flight
			continue
		}
		d.workers++
		d.wg.Go(func() { d.labour(u) })
	}
}

// pick takes the next message for the target, nil if none may go now.
func (d *delivery) pick(now time.Time) *unit {
	for d.running && d.mayPick(now) {
		u := d.next(now)
		if u == nil {
			return nil
		}
		if d.skip(u, now) {
			continue
		}
		d.begin(u, now)
		return u
	}
	return nil
}

// mayPick says whether anything may go to the target now, and where it depends
// on time, sees to it that somebody looks again.
func (d *delivery) mayPick(now time.Time) bool {
	if d.inFlight >= d.InFlight || d.perSec == 0 || d.flooded || d.pausedAt(now) {
		return false
	}
	if d.gate.Ready(gate.Fresh)+d.gate.Ready(gate.Again) == 0 && d.circuit.State() != retry.Open {
		return false
	}
	for _, b := range [...]*retry.Bucket{d.rate, d.drain} {
		if b != nil && b.Tokens(now) < 1 {
			d.alarmAt(b.Next(now, 1))
			return false
		}
	}
	switch d.circuit.State() {
	case retry.HalfOpen:
		return false
	case retry.Open:
		if at := d.circuit.Next(); at.After(now) {
			d.alarmAt(at)
			return false
		}
		return true
	}
	return d.bearing.allows(now, d.inFlight, d.gate.Ready(gate.Fresh)+d.gate.Ready(gate.Again))
}

// next takes the message whose turn it is out of the gate: retries first, as
// far as their budget goes; while the circuit is open, anything as a probe.
func (d *delivery) next(now time.Time) *unit {
	if d.circuit.State() == retry.Open {
		return d.probe(now)
	}
	if d.gate.Ready(gate.Again) > 0 {
		if d.budget.Take(now, d.gate.Ready(gate.Fresh) == 0) {
			d.count.retries++
			return d.gate.Next(gate.Again)
		}
		d.alarmAt(d.budget.Next(now))
	}
	return d.gate.Next(gate.Fresh)
}

// probe takes a message to try a target with that seems to be down.
func (d *delivery) probe(now time.Time) *unit {
	u := d.gate.Next(gate.Fresh)
	if u == nil {
		u = d.gate.Next(gate.Again)
	}
	if u == nil {
		// All wait: one that would be due while the circuit is open anyway.
		e := d.gate.Earliest()
		if e == nil || e.Value.t == nil || !e.Value.t.isDown {
			return nil
		}
		d.gate.Stand(e, gate.Fresh)
		u = d.gate.Next(gate.Fresh)
	}
	d.circuit.Probe(now)
	return u
}

// skip deals with a message that does not go to the target after all.
func (d *delivery) skip(u *unit, now time.Time) bool {
	it := &u.Value
	if len(it.m.Headers) == 0 {
		return false
	}
	var id, writer, notBefore, group []byte
	for i := range it.m.Headers {
		switch h := &it.m.Headers[i]; h.Name {
		case HeaderID:
			if id == nil {
				id = h.Value
			}
		case HeaderWriter:
			writer = h.Value
		case HeaderNotBefore:
			notBefore = h.Value
		case HeaderFor:
			group = h.Value
		}
	}
	if group != nil && string(group) != d.Group {
		d.circuit.Vain(now)
		d.count.repeated++
		d.finish(u, now)
		return true
	}
	if notBefore != nil {
		if at, err := time.Parse(time.RFC3339Nano, string(notBefore)); err == nil && at.After(now) {
			d.circuit.Vain(now)
			d.postpone(u, at, now)
			return true
		}
	}
	if mem := it.p.source().memory; mem != nil && len(id) > 0 && mem.has(writer, id, it.m.Key) {
		d.circuit.Vain(now)
		d.count.repeated++
		d.finish(u, now)
		return true
	}
	return false
}

// begin counts an attempt that is about to be made.
func (d *delivery) begin(u *unit, now time.Time) {
	it := &u.Value
	it.m.Attempt = 1
	if it.t != nil {
		it.m.Attempt += it.t.attempts
	}
	it.p.out++
	it.lane, it.others = d.bearing.began(d.inFlight), d.inFlight
	d.inFlight++
	d.count.attempts++
	d.budget.Attempt(now)
	if d.rate != nil {
		d.rate.Take(now)
	}
	if d.drain != nil {
		d.drain.Take(now)
	}
}
