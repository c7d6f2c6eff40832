package lane

import (
	"sync"
	"time"
)

// Permit is the right to be in flight. Exactly one of Done and Drop must be
// called, once; the permit must not be touched after that.
type Permit struct {
	lane   *Lane
	start  time.Duration
	parked time.Duration
	n      int64 // permits out when it entered, itself not counted
	seat   seat
}

var permits = sync.Pool{New: func() any { return new(Permit) }}

// Done gives the permit back and tells how the request ended.
func (p *Permit) Done(o Outcome) {
	l, now := p.lane, p.lane.set.clock()
	l.ends[o%3].Add(1)
	if p.seat == shared {
		l.ring.push(now, now-p.start-p.parked, p.n, o)
	}
	p.leave(now)
}

// Drop gives the permit back; nothing is learned. For requests that ended for
// a reason of the caller's: a client that went away, a panic.
func (p *Permit) Drop() {
	p.lane.dropped.Add(1)
	p.leave(p.lane.set.clock())
}

func (p *Permit) leave(now time.Duration) {
	l := p.lane
	p.release()
	*p = Permit{}
	permits.Put(p)
	s := l.set
	if int64(now) >= s.next.Load() {
		s.maybeStep(now)
	}
	if s.waiting.Load() > 0 {
		s.wake(now)
	}
}

func (p *Permit) release() {
	p.lane.entries.Add(^uint64(0))
	if p.seat == shared {
		p.lane.set.inflight.Add(-1)
	}
}

// Park gives the place back while f runs, for time in which the backend does
// nothing for this request, such as reading a slow client's body. The place is
// taken again afterwards without asking, and the time is not learned from.
func (p *Permit) Park(f func() error) error {
	l := p.lane
	from := l.set.clock()
	p.release()
	if l.set.waiting.Load() > 0 {
		l.set.wake(from)
	}
	defer func() {
		l.entries.Add(1)
		if p.seat == shared {
			l.set.inflight.Add(1)
		}
		p.parked += l.set.clock() - from
	}()
	return f()
}
