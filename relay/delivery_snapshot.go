package relay

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// snapshot returns what the delivery is doing.
func (d *delivery) snapshot(now time.Time) DeliverySnapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := DeliverySnapshot{
		Name: d.Name, Group: d.Group,
		Circuit: d.circuit.State().String(), Limit: d.bearing.limit(), Rate: d.bound(),
		InFlight: d.inFlight, Bytes: d.gate.Bytes(), Blocked: d.gate.Blocked(),
		HotKeyWaiting: max(0, d.gate.Longest()-1),
		Delivered:     d.count.delivered, Attempts: d.count.attempts, Retries: d.count.retries,
		Rejected: d.count.rejected, DeadLettered: d.count.dead, Repeated: d.count.repeated,
		Deferrals: d.count.deferrals, Parkings: d.count.parkings,
	}
	if d.pausedAt(now) {
		p := *d.pauseBy
		s.Paused = &p
	} else if d.flooded {
		s.Paused = &Pause{By: "relay", Reason: "too many dead letters", Until: d.flood.Next(now, float64(d.DeadLetters.PerMinute)/4)}
	}
	s.Held = d.held()
	waiting := d.gate.Len()
	for _, p := range d.parts {
		waiting += p.inbox.len() - p.out
		for _, k := range p.parked {
			if k.key != nil {
				s.Parked++
			}
		}
		s.Partitions = append(s.Partitions, p.snapshot())
	}
	s.Waiting = max(0, waiting)
	slices.SortFunc(s.Partitions, func(a, b PartitionSnapshot) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.ID, b.ID))
	})
	return s
}

// maxHeld is how many keys are shown that wait for a retry.
const maxHeld = 10

// held are some of the keys that wait for a retry. mu is held.
func (d *delivery) held() (some []HeldKey) {
	d.gate.Some(maxHeld, func(u *unit, due time.Time) {
		k := HeldKey{Partition: u.Value.p.Partition, Offset: u.Value.off, Behind: u.Behind(), Due: due}
		if m := u.Value.m; m != nil {
			k.Key = bytes.Clone(m.Key)
		}
		if t := u.Value.t; t != nil {
			k.Attempts, k.Since = t.attempts, t.first
		}
		some = append(some, k)
	})
	slices.SortFunc(some, func(a, b HeldKey) int { return a.Due.Compare(b.Due) })
	return some
}

// bound is how many deliveries there may be per second, below 0 without a
// bound.
func (d *delivery) bound() float64 {
	switch {
	case d.Rate > 0 && d.perSec >= 0:
		return min(d.Rate, d.perSec)
	case d.Rate > 0:
		return d.Rate
	}
	return d.perSec
}

func (p *part) snapshot() PartitionSnapshot {
	s := PartitionSnapshot{
		Partition: p.Partition, Committed: p.marked, Finished: p.track.Base(), Next: p.track.Next(),
		Oldest: p.oldest(), Retention: p.retention, Window: p.track.Load(), Paused: p.paused,
	}
	if n := p.inbox.len(); n > 0 {
		s.Next = p.inbox.ms[len(p.inbox.ms)-1].off + 1
	}
	s.End = max(p.end, s.Next)
	return s
}
