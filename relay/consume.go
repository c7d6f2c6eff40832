package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/daero/daero/relay/gate"
	"github.com/daero/daero/relay/track"
)

// Claimed implements [Consumer].
func (d *delivery) Claimed(s Session, claims []Claim) {
	now := time.Now()
	d.mu.Lock()
	d.sess = s
	for _, c := range claims {
		d.claim(c, now)
	}
	for _, c := range claims {
		if p := d.parts[c.Partition]; p != nil && !p.companion && d.parks() {
			d.pair(p)
		}
	}
	d.repause = true
	d.pending.Store(true)
	d.mu.Unlock()
	d.flush()
}

// claim makes a part of a claim.
func (d *delivery) claim(c Claim, now time.Time) {
	if old := d.parts[c.Partition]; old != nil {
		d.drop(old) // the log says it is ours anew
	}
	p := &part{Partition: c.Partition, claim: c, marked: c.Offset, timed: -1, end: c.End, troubled: map[*unit]struct{}{}}
	p.ctx, p.cancel = context.WithCancel(d.base)
	p.dirty = c.Fresh // once it has a place, what it loses is known to be lost
	p.companion = d.parks() && d.isCompanion(c.Topic)
	var stuck []track.Stuck
	p.track, stuck, _ = track.Restore(c.Offset, c.Metadata)
	p.fence = p.track.Fence
	for _, s := range stuck {
		if p.stuck == nil {
			p.stuck = map[int64]track.Stuck{}
		}
		p.stuck[s.Offset] = s
	}
	if !p.companion {
		p.parked = map[string]*parkedKey{}
		if d.Remember > 0 {
			p.memory = newTakenKeys(d.Remember)
		}
	}
	p.gate = d.gate.Part(orders[d.Order%3])
	d.parts[c.Partition] = p
	d.tellLost(c, now)
}

var orders = [...]gate.Order{ByKey: gate.ByKey, ByPartition: gate.ByPart, NoOrder: gate.None}

func (d *delivery) isCompanion(topic string) bool {
	for _, t := range d.Topics {
		if ParkedTopic(t, d.Group) == topic {
			return true
		}
	}
	return false
}

// pair joins a topic's partition and its companion's. Until what the companion
// holds has been read, it is not known which keys are parked.
func (d *delivery) pair(p *part) {
	c := d.parts[Partition{ParkedTopic(p.Topic, d.Group), p.ID}]
	if c == nil {
		return
	}
	p.mate, c.mate = c, p
	p.awaiting = c.track.Next() < c.claim.End
}

func (d *delivery) tellLost(c Claim, now time.Time) {
	switch {
	case c.Lost > 0:
		d.tell(now, Event{What: MessagesLost, Partition: c.Partition.String(), Why: fmt.Sprintf("the log no longer has %d messages that were not finished: they were older than its retention", c.Lost)})
	case c.Lost < 0 && c.Offset < c.End:
		d.tell(now, Event{What: PlaceLost, Partition: c.Partition.String(), Why: "the log no longer knows what is finished here: everything that it has is delivered again"})
	}
}

// Received implements [Consumer].
func (d *delivery) Received(ms []*Message) {
	now := time.Now()
	d.mu.Lock()
	var p *part
	for _, m := range ms {
		if p == nil || p.ID != m.Partition || p.Topic != m.Topic {
			if p = d.parts[m.Of()]; p == nil {
				continue
			}
		}
		if !p.stopping {
			d.receive(p, m, now)
		}
	}
	d.repause = true
	d.pending.Store(true)
	d.dispatch(now)
	d.mu.Unlock()
	d.flush()
}

// Revoked implements [Consumer]. What is under way may end within half of the
// time; the other half is for the commit.
func (d *delivery) Revoked(ctx context.Context, ps []Partition, lost bool) {
	d.mu.Lock()
	var going []*part
	for _, id := range ps {
		if p := d.parts[id]; p != nil {
			p.stopping = true
			p.gate.Stop()
			going = append(going, p)
		}
	}
	if d.cut != nil {
		d.cut() // the last commit says more
	}
	if lost {
		for _, p := range going {
			d.drop(p)
		}
	}
	d.mu.Unlock()
	if !lost {
		d.awaitOut(ctx, going)
		d.commitLast(ctx, going)
	}
	d.mu.Lock()
	d.repause = true
	d.pending.Store(true)
	d.dispatch(time.Now())
	d.mu.Unlock()
	d.flush()
}

// awaitOut waits until nothing of parts is under way, for half of Drain.
func (d *delivery) awaitOut(ctx context.Context, ps []*part) {
	timer := time.NewTimer(d.Drain / 2)
	defer timer.Stop()
	for d.anyOut(ps) {
		select {
		case <-d.drained:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (d *delivery) anyOut(ps []*part) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range ps {
		if p.out > 0 {
			return true
		}
	}
	return false
}

// drop forgets a part: what is under way of it does not count any more.
func (d *delivery) drop(p *part) {
	if p.gone {
		return
	}
	p.stopping, p.gone = true, true
	p.cancel()
	p.gate.Drop()
	for ; p.inbox.len() > 0; p.inbox.pop() {
		d.gate.Charge(-weight(p.inbox.first().m))
	}
	if d.parts[p.Partition] == p {
		delete(d.parts, p.Partition)
	}
	if p.mate != nil {
		p.mate.mate = nil
		p.mate = nil
	}
}

// loseAll is for a log that ends without saying what is gone.
func (d *delivery) loseAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.parts {
		d.drop(p)
	}
}
