package lane

import "time"

// Snapshot is what a Set is doing, at one moment.
type Snapshot struct {
	Limit    int    // permits the backend is believed to bear
	Phase    string // what the search for the limit is doing
	InFlight int    // permits out, streams not counted
	Pressure bool   // the limit stood in somebody's way in the last second
	Shadow   bool   // nothing is refused
	Lanes    []LaneSnapshot
}

// LaneSnapshot is what one lane is doing. Counters only grow.
type LaneSnapshot struct {
	Name        string
	Tier        Tier
	InFlight    int
	Waiting     int
	Limit       int                  // how many permits it may have now
	Turn        float64              // share of users whose turn it is, 1 while nobody is turned away
	Base        time.Duration        // its mean response time when nothing queues
	Passed      [2]uint64            // by Intent
	Refused     [2]map[Reason]uint64 // by Intent
	WouldRefuse uint64               // shadow: passed, but would have been refused
	WouldShed   [2]uint64            // by Intent: passed, but an order in shadow would have refused
	Deferred    [2]uint64            // by Intent: kept to be delivered later
	WouldDefer  [2]uint64            // by Intent: passed, but an order in shadow would have kept
	Challenged  [2]uint64            // by Intent: asked whether a person is there
	// WouldChallenge are, by Intent, those that passed, but an order in shadow
	// would have asked.
	WouldChallenge [2]uint64
	Recent         time.Duration // what a request takes now, smoothed
	Waited         time.Duration // all that who ever left the queue had waited in it
	Waits          uint64        // how many those are
	Orders         Orders        // of a playbook
	Streams        bool
	Served         uint64
	Failed         uint64
	Overloaded     uint64
	Dropped        uint64
}

// Snapshot returns what the Set is doing. It is cheap but not free: for
// metrics and screens, not for every request.
func (s *Set) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	sn := Snapshot{
		Limit: s.finder.Limit(), Phase: s.finder.Phase(), InFlight: int(s.inflight.Load()),
		Pressure: s.finder.Pressed(now), Shadow: s.cfg.Shadow, Lanes: make([]LaneSnapshot, len(s.order)),
	}
	for i, l := range s.order {
		sn.Lanes[i] = l.snapshot(s.finder.Base(i), sn.Limit)
	}
	return sn
}

func (l *Lane) snapshot(base time.Duration, limit int) LaneSnapshot {
	// In this order: an entry counts in entries before it counts in back. What
	// falls in between is taken for foreground for a moment, never counted back.
	back := l.back.Load()
	n := l.entries.Load()
	l.foreShown = max(l.foreShown, n>>entryShift-back)
	sn := LaneSnapshot{
		Name: l.name, Tier: l.cfg.Tier, InFlight: int(n & inMask), Waiting: int(l.waiting.Load()),
		Limit: int(min(l.cap.Load(), MaxLimit)), Turn: 1, Base: base,
		Passed: [2]uint64{Foreground: l.foreShown, Background: back},
		Recent: time.Duration(l.recent * float64(time.Second)), Waited: time.Duration(l.waited.Load()), Waits: l.waits.Load(),
		WouldShed: [2]uint64{l.wouldShed[0].Load(), l.wouldShed[1].Load()},
		Deferred:  [2]uint64{l.deferred[0].Load(), l.deferred[1].Load()}, WouldDefer: [2]uint64{l.wouldDefer[0].Load(), l.wouldDefer[1].Load()},
		Challenged:     [2]uint64{l.challenged[0].Load(), l.challenged[1].Load()},
		WouldChallenge: [2]uint64{l.wouldChallenge[0].Load(), l.wouldChallenge[1].Load()},
		Orders:         l.Orders(), Streams: l.cfg.Streams,
		WouldRefuse: l.would.Load(), Dropped: l.dropped.Load(),
		Served: l.ends[Served].Load(), Failed: l.ends[Failed].Load(), Overloaded: l.ends[Overloaded].Load(),
	}
	if l.stile.shedding {
		sn.Turn = l.stile.turn
	}
	if !l.cfg.Streams && sn.Limit >= MaxLimit {
		sn.Limit = limit
	}
	for i := range sn.Refused {
		sn.Refused[i] = make(map[Reason]uint64, numReasons)
		for r := ReasonNone + 1; r < numReasons; r++ {
			if c := l.refused[i][r].Load(); c > 0 {
				sn.Refused[i][r] = c
			}
		}
	}
	return sn
}
