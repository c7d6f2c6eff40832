package live

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/daero/daero/surge"
)

// event is an attempt that is due.
type event struct {
	at          time.Duration
	source      int
	user        uint64
	number      int // 0: an arrival, whose user and client are not drawn yet
	client      surge.Client
	appointment string
	of          *sessionKey // whose session a login restores
}

// schedule holds what is due, in order of time. It is not safe for concurrent
// use; it knows no clock.
type schedule struct {
	plan     *Plan
	total    time.Duration
	due      events
	arrivals []*surge.Arrivals
	rngs     []*rand.Rand // one per source, so that sources do not disturb each other
	users    []uint64
	sessions *sessions
}

func newSchedule(p *Plan) *schedule {
	s := &schedule{plan: p, total: p.Total(), users: make([]uint64, len(p.Sources)), sessions: newSessions(p.Seed)}
	for i, src := range p.Sources {
		// Two streams per source: when people come does not depend on what
		// happened to those before, so every arm sees the same arrivals.
		s.arrivals = append(s.arrivals, surge.NewArrivals(src.Curve, 0, rand.New(rand.NewPCG(p.Seed, uint64(2*i)))))
		s.rngs = append(s.rngs, rand.New(rand.NewPCG(p.Seed, uint64(2*i+1))))
		s.arrive(i)
	}
	return s
}

// arrive puts the next arrival of a source in.
func (s *schedule) arrive(source int) {
	if at, ok := s.arrivals[source].Next(); ok && at < s.total {
		heap.Push(&s.due, event{at: at, source: source})
	}
}

// next returns the time of the next event.
func (s *schedule) next() (time.Duration, bool) {
	if len(s.due) == 0 {
		return 0, false
	}
	return s.due[0].at, true
}

func (s *schedule) push(e event) {
	if e.at < s.total {
		heap.Push(&s.due, e)
	}
}

// pop takes the next event out, complete. ok is false where a user wants
// something who is logged out.
func (s *schedule) pop() (next event, ok bool) {
	e := heap.Pop(&s.due).(event)
	if e.number == 0 {
		src, rng := &s.plan.Sources[e.source], s.rngs[e.source]
		e.number = 1
		e.client = src.Clients.Pick(rng)
		s.users[e.source]++
		e.user = s.users[e.source]
		if src.Users > 0 {
			e.user = 1 + rng.Uint64N(src.Users)
		}
		s.arrive(e.source)
		if src.Login != "" {
			return e, s.sessions.uses(sessionKey{e.source, e.user})
		}
	}
	return e, true
}

// fate is what becomes of an action after an attempt.
type fate int

const (
	finished   fate = iota // done
	again                  // another attempt is in the schedule
	gaveUp                 // the client will not try again
	unfinished             // it would try again after the end of the plan
)

// after puts the client's next attempt in, if it makes one.
func (s *schedule) after(e event, now time.Duration, r Result) fate {
	if r.Outcome == surge.OK {
		if e.of != nil {
			s.sessions.back(*e.of)
		}
		return finished
	}
	if s.plan.Sources[e.source].Login != "" && r.Outcome != surge.Refused {
		// The client gives the connection up and logs in again.
		if k := (sessionKey{e.source, e.user}); s.sessions.lose(k, true) {
			s.relogin(now, k)
		}
	}
	wait, more := e.client.Next(e.number, r.Outcome, r.RetryAfter, s.rngs[e.source])
	if !more {
		return gaveUp
	}
	e.at = now + min(wait, time.Hour)
	e.number++
	if _, naive := e.client.(surge.Naive); !naive { // who does not listen keeps nothing either
		e.appointment = r.Appointment
	}
	if until := s.plan.Sources[e.source].Until; until > 0 && e.at >= until {
		return gaveUp
	}
	if e.at >= s.total {
		return unfinished
	}
	heap.Push(&s.due, e)
	return again
}

// events is a heap by time.
type events []event

func (h events) Len() int           { return len(h) }
func (h events) Less(i, j int) bool { return h[i].at < h[j].at }
func (h events) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)        { *h = append(*h, x.(event)) }
func (h *events) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = event{}
	*h = (*h)[:last]
	return e
}
