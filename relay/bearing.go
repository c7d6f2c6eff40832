package relay

import (
	"time"

	"github.com/daero/daero/lane/limit"
)

// bearing finds how many messages a target bears at once, with the finder of
// the lanes. That one learns from requests that are let in past the limit and do
// not wait, so deliveries are two of its lanes: one message of sixteen is the
// gauge, let in a little past the limit, the rest fills what is found. Both have
// the same work, so the gauge feels at once what the rest does to the target.
//
// The first messages go few at a time: what they take is what the work takes
// when nothing waits, which all later ones are compared with.
type bearing struct {
	most   int
	finder *limit.Finder // nil: most as it is
	from   time.Time
	next   time.Time // of the finder's step
	in     []limit.LaneInput
	out    []limit.LaneOutput
	since  int           // messages since the last of the gauge in its turn
	turns  int           // of the gauge
	seen   int           // ended, until that is enough
	took   time.Duration // those, in all

	served [10]served // in the last second, by tenths
	tenth  int64
	floor  int // what it served at once a moment ago, for the most part

	asked   float64 // what the target asks not to be exceeded, 0 it does not
	askedAt time.Time
}

// served is what ended well in a tenth of a second.
type served struct {
	n    int
	took time.Duration
}

const (
	gauge = 0
	rest  = 1

	gaugeEvery = 16
	firstLimit = 64
	warmUp     = 8  // in flight, until
	warmAfter  = 50 // have ended: what makes a base that pressure no longer moves
)

func newBearing(d Delivery) *bearing {
	b := &bearing{most: d.InFlight}
	if d.Fixed || d.InFlight <= warmUp {
		return b
	}
	b.finder = limit.New(limit.Config{Initial: min(firstLimit, d.InFlight)}, 2)
	b.in = []limit.LaneInput{{Tier: 0}, {Tier: 1}}
	b.out = make([]limit.LaneOutput, 2)
	return b
}

// limit is how many may be in flight now.
func (b *bearing) limit() int {
	switch {
	case b.finder == nil:
		return b.most
	case b.seen < warmAfter:
		return warmUp
	}
	if n := min(max(b.finder.Limit(), b.floor), b.most); b.asked == 0 || n < int(b.asked) {
		return n
	}
	return int(b.asked)
}

// allows reports whether one more may go, with so many in flight and waiting.
func (b *bearing) allows(now time.Time, inFlight, waiting int) bool {
	if b.finder == nil || inFlight >= b.most {
		return inFlight < b.most
	}
	if !now.Before(b.next) {
		b.step(now, waiting)
	}
	if b.seen < warmAfter {
		return inFlight < warmUp
	}
	return (b.asked == 0 || float64(inFlight) < b.asked) && b.lane(inFlight) >= 0
}

// heed lowers what is allowed when the target asks for less: a twentieth off
// what was in flight, ten times a second at most. What it refuses is in flight
// for a moment only, so what is in flight is little more than it bears.
func (b *bearing) heed(now time.Time, n int) {
	if now.Sub(b.askedAt) >= 100*time.Millisecond {
		b.asked, b.askedAt = max(1, 0.95*float64(n)), now
	}
}

// lane is the lane of the next message, -1 if none may go. While the rest fills
// all that is found, three of four messages of the gauge wait until it does, so
// that they enter at the edge: only there they can tell what is beyond.
func (b *bearing) lane(inFlight int) int {
	o, n := b.out[rest], b.finder.Limit()
	if inFlight < b.floor {
		return rest
	}
	open := b.in[rest].InFlight < o.Cap && inFlight < o.Total
	turn := b.since >= gaugeEvery-1
	switch {
	case open && !(turn && b.turns%4 == 0):
		return rest
	case open:
		return gauge
	case inFlight >= n && turn && inFlight <= n+n/32:
		return gauge // past the edge
	case inFlight < n && (o.Cap > 0 || b.in[gauge].InFlight < max(8, n/gaugeEvery)):
		return gauge // the rest leaves room, or is closed
	}
	return -1
}

// began counts an attempt and returns its lane.
func (b *bearing) began(inFlight int) int8 {
	if b.finder == nil {
		return 0
	}
	l := b.lane(inFlight)
	if l < 0 {
		l = rest // a probe
	}
	if b.since++; l == gauge && b.since >= gaugeEvery {
		b.since, b.turns = 0, b.turns+1
	}
	b.in[l].Arrived++
	b.in[l].InFlight++
	return int8(l)
}

// ended learns from an attempt that was made while n others were in flight.
func (b *bearing) ended(lane int8, now, from time.Time, n int, r Result) {
	if b.finder == nil {
		return
	}
	in := &b.in[lane]
	in.InFlight--
	b.warm(now.Sub(from))
	if b.from.IsZero() {
		b.from = from
	}
	if r.Overloaded {
		b.heed(now, n)
	}
	if r.Verb == Acked {
		b.tick(now)
		s := &b.served[b.tenth%int64(len(b.served))]
		s.n++
		s.took += now.Sub(from)
	}
	in.Samples = append(in.Samples, limit.Sample{
		Entered: from.Sub(b.from), Took: now.Sub(from), N: n,
		Served: r.Verb == Acked || r.Verb == Rejected,
	})
}

// warm takes in what one of the first messages took: the mean is the base of
// both lanes.
func (b *bearing) warm(took time.Duration) {
	if b.seen == warmAfter {
		return
	}
	b.took += took
	if b.seen++; b.seen == warmAfter {
		b.finder.SetBase(gauge, b.took/warmAfter)
		b.finder.SetBase(rest, b.took/warmAfter)
	}
}

// tick moves on to the tenth of a second that it is.
func (b *bearing) tick(now time.Time) {
	at := int64(now.Sub(b.from) / (100 * time.Millisecond))
	for i := 0; b.tenth < at && i < len(b.served); i++ {
		b.tenth++
		b.served[b.tenth%int64(len(b.served))] = served{}
	}
	b.tenth = max(b.tenth, at)
}

// keepUp sets the floor. By Little's law a target that serves r per second in
// time t each serves r·t at once, and t is no more than when nothing waits. The
// finder sheds all but its gauge when that is slowed, which is right for lanes
// that people wait in; a backlog keeps seven tenths of that under way meanwhile.
func (b *bearing) keepUp(now time.Time) {
	b.tick(now)
	most, sum := 0, served{}
	for _, s := range b.served {
		most = max(most, s.n)
		sum.n += s.n
		sum.took += s.took
	}
	b.floor = 0
	if sum.n > 0 && b.seen == warmAfter {
		each := min(b.took/warmAfter, sum.took/time.Duration(sum.n))
		b.floor = int(0.7 * 10 * float64(most) * each.Seconds())
	}
}

func (b *bearing) step(now time.Time, waiting int) {
	if b.from.IsZero() {
		b.from = now.Add(-limit.Interval)
	}
	b.next = now.Add(limit.Interval)
	b.keepUp(now)
	if b.asked > 0 { // a tenth more each second, to see whether it bears more
		if b.asked *= 1 + 0.1*limit.Interval.Seconds(); b.asked > float64(b.most) {
			b.asked = 0
		}
	}
	if b.seen >= warmAfter {
		b.in[rest].Waiting = waiting
	}
	b.finder.Step(now.Sub(b.from), b.in, b.out)
	if b.finder.Limit() > b.most {
		b.finder.SetLimit(b.most)
	}
	for i := range b.in {
		b.in[i].Samples, b.in[i].Arrived = b.in[i].Samples[:0], 0
	}
}
