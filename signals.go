package daero

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
)

// LaneSignal is a Source that reads the lanes themselves.
type LaneSignal struct {
	c    *Control
	lane string // "" all; "name" or "backend/name"
	what laneSignal
}

// laneSignal reads one figure from the traffic.
type laneSignal struct {
	name string
	unit level.Unit
	doc  string
	read func(s *LaneSignal, now time.Time) float64
}

var laneSignals = []laneSignal{
	{"busy", level.Percent, "permits out, as a share of the limit, of the busiest backend (or of the lane's own limit)", (*LaneSignal).busy},
	{"queue_wait", level.Seconds, "mean time that requests waited for a permit, in the lane where it is longest", (*LaneSignal).queueWait},
	{"refused", level.Percent, "requests refused, by the lanes or by the playbook, or deferred, as a share of all that came", (*LaneSignal).refused},
	{"errors", level.Percent, "requests that failed or that the service refused for load, as a share of all that ended", (*LaneSignal).errors},
	{"latency", level.Times, "what requests take, in multiples of what they take when calm, in the lane where that is worst", (*LaneSignal).latency},
	{"reconnects", level.Times, "requests per second into the lanes of long-lived connections (or into the lane named), in multiples of the usual", (*LaneSignal).reconnects},
	{"surge", level.Times, "requests per second, in multiples of what is usual at this hour of the week", (*LaneSignal).surge},
}

// LaneSignalNames lists what [Control.LaneSignal] can read.
func LaneSignalNames() []string {
	var names []string
	for _, s := range laneSignals {
		names = append(names, s.name)
	}
	return names
}

// LaneSignalDoc says in a sentence what a lane signal reads, "" if there is
// none of that name.
func LaneSignalDoc(name string) string {
	for _, s := range laneSignals {
		if s.name == name {
			return s.doc
		}
	}
	return ""
}

// LaneSignal returns a source that reads a figure of the lanes, and its unit.
// of narrows it to a lane, "name" or "backend/name"; "" is all of them.
func (c *Control) LaneSignal(name, of string) (*LaneSignal, level.Unit, error) {
	i := slices.IndexFunc(laneSignals, func(s laneSignal) bool { return s.name == name })
	if i < 0 {
		return nil, 0, fmt.Errorf("unknown signal lanes.%s: use one of %s", name, strings.Join(LaneSignalNames(), ", "))
	}
	return &LaneSignal{c: c, lane: of, what: laneSignals[i]}, laneSignals[i].unit, nil
}

// Read implements [Source]. It is called amid a step of the control.
func (s *LaneSignal) Read(now time.Time) level.Reading {
	if v := s.what.read(s, now); !math.IsNaN(v) {
		return level.Reading{Value: v, At: now}
	}
	return level.Reading{Note: "nothing is known of it yet"}
}

// is reports whether the signal looks at a lane.
func (s *LaneSignal) is(backend, name string) bool {
	return s.lane == "" || s.lane == name || s.lane == backend+"/"+name
}

// Windows, in tenths of a second. Permits out jump from one moment to the next
// and are averaged; shares are of a second, so that a few requests do not make
// one.
const (
	busyWindow  = 3
	shareWindow = 10
	fewest      = 20 // requests in a window that a share is made of
)

func (s *LaneSignal) busy(time.Time) float64 {
	sums := map[string]float64{}
	n := min(busyWindow, len(s.c.traffic.tenths.all))
	for i := range n {
		c, _ := s.c.traffic.tenths.back(i)
		for backend, b := range c.backends {
			if s.lane == "" {
				sums[backend] += float64(b.InFlight) / float64(max(b.Limit, 1))
				continue
			}
			for _, l := range b.Lanes {
				if s.is(backend, l.Name) {
					sums[backend+"/"+l.Name] += float64(l.InFlight) / float64(max(l.Limit, 1))
				}
			}
		}
	}
	most := 0.0
	for _, v := range sums {
		most = max(most, v/float64(n))
	}
	return most
}

func (s *LaneSignal) queueWait(time.Time) float64 {
	most := 0.0
	flows(&s.c.traffic.tenths, shareWindow, func(backend string, l lane.LaneSnapshot, f flow, _ time.Duration) {
		if s.is(backend, l.Name) && f.waits > 0 {
			most = max(most, f.waited.Seconds()/f.waits)
		}
	})
	return most
}

func (s *LaneSignal) refused(time.Time) float64 {
	var came, refused float64
	flows(&s.c.traffic.tenths, shareWindow, func(backend string, l lane.LaneSnapshot, f flow, _ time.Duration) {
		if s.is(backend, l.Name) {
			came += f.arrived[0] + f.arrived[1]
			refused += f.refused
		}
	})
	return shareOf(refused, came)
}

func (s *LaneSignal) errors(time.Time) float64 {
	var ended, failed float64
	flows(&s.c.traffic.tenths, shareWindow, func(backend string, l lane.LaneSnapshot, f flow, _ time.Duration) {
		if s.is(backend, l.Name) {
			ended += f.ended
			failed += f.failed
		}
	})
	return shareOf(failed, ended)
}

func shareOf(part, all float64) float64 {
	if all < fewest {
		return 0
	}
	return part / all
}

func (s *LaneSignal) latency(time.Time) float64 {
	most := 0.0
	flows(&s.c.traffic.tenths, shareWindow, func(backend string, l lane.LaneSnapshot, f flow, _ time.Duration) {
		if s.is(backend, l.Name) && !f.streams && f.calm > 0 && f.ended >= fewest/4 {
			most = max(most, f.recent.Seconds()/f.calm.Seconds())
		}
	})
	return most
}
