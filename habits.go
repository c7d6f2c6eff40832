package daero

import (
	"math"
	"strings"
	"time"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/level/baseline"
)

// habit is what is usual in a lane.
type habit struct {
	week baseline.Week // requests per second at each hour of the week
	// usual is the mean of the last ten minutes or so, and of less in the first
	// ten; seconds counts what it is made of.
	usual   float64
	seconds int
	last    lane.LaneSnapshot
	at      time.Time
}

// habits are the lanes' habits, by postKey.
type habits map[postKey]*habit

const (
	habitSeconds = 600 // what the short memory spans
	habitFewest  = 10  // seconds before it says anything
	habitClip    = 2   // times the usual beyond which the short memory learns no more
)

// take learns from what went through the lanes in the second that ends now.
func (h habits) take(c counts) {
	for backend, b := range c.backends {
		for _, l := range b.Lanes {
			key := postKey{backend, l.Name}
			x := h[key]
			if x == nil {
				x = &habit{}
				h[key] = x
			}
			x.take(c.at, l)
		}
	}
}

func (x *habit) take(now time.Time, l lane.LaneSnapshot) {
	if over := now.Sub(x.at).Seconds(); !x.at.IsZero() && over > 0.5 && over < 10 {
		f := between(x.last, l)
		rate := (f.arrived[0] + f.arrived[1]) / over
		x.week.Observe(now, rate)
		if x.seconds >= habitFewest {
			rate = math.Min(rate, habitClip*math.Max(x.usual, 1))
		}
		x.seconds = min(x.seconds+1, habitSeconds)
		x.usual += (rate - x.usual) / float64(x.seconds)
	}
	x.last, x.at = l, now
}

// reconnects is how much more often than usual connections begin.
func (s *LaneSignal) reconnects(time.Time) float64 {
	return s.worst(func(key postKey, l lane.LaneSnapshot, rate float64) float64 {
		x := s.c.habits[key]
		if x == nil || x.seconds < habitFewest || s.lane == "" && !l.Streams {
			return 0
		}
		return rate / math.Max(x.usual, 1)
	})
}

// surge is how much more often than usual at this hour requests come.
func (s *LaneSignal) surge(now time.Time) float64 {
	return s.worst(func(key postKey, _ lane.LaneSnapshot, rate float64) float64 {
		x := s.c.habits[key]
		if x == nil || rate < surgeFewest {
			return 0
		}
		usual, known := x.week.Expect(now)
		if !known {
			return 0
		}
		return rate / math.Max(usual, 1)
	})
}

// surgeFewest is the rate per second below which nothing is a surge.
const surgeFewest = 5

// worst is the greatest of what f finds in the lanes of the signal.
func (s *LaneSignal) worst(f func(key postKey, l lane.LaneSnapshot, rate float64) float64) (most float64) {
	flows(&s.c.traffic.tenths, shareWindow, func(backend string, l lane.LaneSnapshot, fl flow, over time.Duration) {
		if s.is(backend, l.Name) && over > 0 {
			rate := (fl.arrived[0] + fl.arrived[1]) / over.Seconds()
			most = math.Max(most, f(postKey{backend, l.Name}, l, rate))
		}
	})
	return most
}

// Habits returns what is usual in each lane, to be kept across restarts.
func (c *Control) Habits() map[string]baseline.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := map[string]baseline.State{}
	for key, x := range c.habits {
		if st := x.week.State(); st.Seen > 0 {
			kept[key.backend+"/"+key.lane] = st
		}
	}
	return kept
}

// Remember starts from what was usual before, for lanes that have learned
// nothing since. What cannot be used is ignored.
func (c *Control) Remember(kept map[string]baseline.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, st := range kept {
		i := strings.LastIndexByte(name, '/') // a lane's name has none
		if i < 0 {
			continue
		}
		key := postKey{name[:i], name[i+1:]}
		if c.habits[key] != nil && c.habits[key].week.State().Seen > 0 {
			continue
		}
		x := &habit{}
		if x.week.Restore(st) == nil {
			c.habits[key] = x
		}
	}
}
