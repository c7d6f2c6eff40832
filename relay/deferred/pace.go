package deferred

import (
	"sync"
	"time"
)

// pacer spaces the deliveries of each lane.
type pacer struct {
	mu    sync.Mutex
	lanes map[string]*slots
}

// slots are the moments at which a lane may deliver. Who comes too early is
// told one of them, each another, so that they do not all come at once; the
// moment is taken by who is there.
type slots struct {
	next     time.Time // the next one that is free
	promised time.Time // the last one that somebody was told
	crowd    time.Time // the last time that somebody was told to look again
}

const (
	heldFor  = time.Second     // between looks at a lane that delivers nothing
	farthest = 5 * time.Second // the latest moment that is told: the rate may rise
	// Beyond that everybody is only told to look again, looks apart from each
	// other: a hundred thousand that wait must not ask as often as they like.
	// They look at most latest later, which is how long they may be late when the
	// rate rises.
	looks  = 500 * time.Microsecond
	latest = time.Minute
)

func newPacer() *pacer { return &pacer{lanes: map[string]*slots{}} }

// take takes a moment at a rate per second. It returns 0, or how long to wait
// before asking again.
func (p *pacer) take(lane string, rate float64, now time.Time) time.Duration {
	if rate < 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.lanes[lane]
	if s == nil {
		s = &slots{next: now}
		p.lanes[lane] = s
	}
	if rate == 0 {
		// Nothing is saved up meanwhile.
		s.next, s.promised = now, now
		return s.look(now, heldFor)
	}
	every := time.Duration(float64(time.Second) / rate)
	// A moment that nobody took is lost, so that no burst follows; but one
	// interval of grace, so that who comes a little late costs no rate.
	if oldest := now.Add(-every); s.next.Before(oldest) {
		s.next = oldest
	}
	if limit := now.Add(every); s.next.After(limit) {
		s.next = limit // the rate has risen
	}
	if !s.next.After(now) {
		s.next = s.next.Add(every)
		return 0
	}
	told := s.promised.Add(every)
	if s.promised.Before(s.next) {
		told = s.next
	}
	if told.After(now.Add(farthest)) {
		if s.next.After(now.Add(farthest)) {
			return s.next.Sub(now) // less than one in five seconds
		}
		return s.look(now, farthest)
	}
	s.promised = told
	return max(told.Sub(now), time.Millisecond)
}

// look tells somebody when to look again.
func (s *slots) look(now time.Time, first time.Duration) time.Duration {
	s.crowd = s.crowd.Add(looks)
	if first := now.Add(first); s.crowd.Before(first) {
		s.crowd = first
	}
	return min(s.crowd.Sub(now), latest)
}

// giveBack frees a moment that was taken and not used.
func (p *pacer) giveBack(lane string, rate float64) {
	if rate <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.lanes[lane]; s != nil {
		s.next = s.next.Add(-time.Duration(float64(time.Second) / rate))
	}
}
