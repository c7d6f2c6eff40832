package relay

import (
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
