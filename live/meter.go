package live

import (
	"time"

	"github.com/daero/daero/lane"
)

// Window is how far back rates look: long enough that they can be read, short
// enough that a surge shows at once.
const Window = 5 * time.Second

// kept is how many samples that takes at one a second, with the one they are
// counted from and one to spare.
const kept = int(Window/time.Second) + 2

// Meter turns counters into rates. Its zero value is ready; it is not safe for
// concurrent use.
type Meter struct {
	samples []sample // the newest last
}

// sample is the counters of all lanes at one moment.
type sample struct {
	at       time.Time
	backends map[string]lane.Snapshot
}

func (s *sample) lane(backend, name string) *lane.LaneSnapshot {
	b := s.backends[backend]
	for i := range b.Lanes {
		if b.Lanes[i].Name == name {
			return &b.Lanes[i]
		}
	}
	return nil
}

// Take keeps what lanes count at a moment. It is for once a second: what is
// kept bounds how far back the rates look. Should the clock have been set back,
// what was kept before is of no use and is dropped.
func (m *Meter) Take(now time.Time, backends map[string]lane.Snapshot) {
	if n := len(m.samples); n > 0 && !now.After(m.samples[n-1].at) {
		m.samples = m.samples[:0]
	}
	if len(m.samples) == kept {
		m.samples = append(m.samples[:0], m.samples[1:]...)
	}
	m.samples = append(m.samples, sample{now, backends})
}

// Lanes returns what all lanes do, the worst first, and the sum of what became
// of requests, given what lanes count now.
func (m *Meter) Lanes(now time.Time, backends map[string]lane.Snapshot) (lanes []Lane, totals Outcome) {
	lanes = []Lane{}
	m.each(now, backends, m.oldest, func(backend string, l *lane.LaneSnapshot, p *passage, seconds float64) {
		lanes = append(lanes, laneOf(backend, l, p, seconds))
		totals.add(p.outcome(seconds))
	})
	sort(lanes)
	return lanes, totals.round()
}

// finder finds the sample from which a lane is counted, nil for none.
type finder func(now time.Time, backend, name string) (*lane.LaneSnapshot, time.Time)

// each calls f for every lane with what went through it since a sample. A lane
// that is younger is counted from when it was first seen.
func (m *Meter) each(now time.Time, backends map[string]lane.Snapshot, since finder, f func(backend string, l *lane.LaneSnapshot, p *passage, seconds float64)) {
	for backend, b := range backends {
		for i := range b.Lanes {
			l := &b.Lanes[i]
			then, seconds := l, 1.0 // seen for the first time: nothing went through it yet
			if old, at := since(now, backend, l.Name); old != nil {
				then, seconds = old, now.Sub(at).Seconds()
			}
			p := between(then, l)
			f(backend, l, &p, seconds)
		}
	}
}

// slack lets a sample count that a late tick has put just outside the window.
const slack = 500 * time.Millisecond

// oldest finds the oldest sample of a lane within the window.
func (m *Meter) oldest(now time.Time, backend, name string) (*lane.LaneSnapshot, time.Time) {
	for i := range m.samples {
		s := &m.samples[i]
		if age := now.Sub(s.at); age <= 0 || age > Window+slack {
			continue
		}
		if l := s.lane(backend, name); l != nil {
			return l, s.at
		}
	}
	return nil, time.Time{}
}

// latest finds the newest sample of a lane, which must be within the window:
// what is older says nothing about a second.
func (m *Meter) latest(now time.Time, backend, name string) (*lane.LaneSnapshot, time.Time) {
	n := len(m.samples)
	if n == 0 {
		return nil, time.Time{}
	}
	s := &m.samples[n-1]
	if age := now.Sub(s.at); age <= 0 || age > Window+slack {
		return nil, time.Time{}
	}
	return s.lane(backend, name), s.at
}
