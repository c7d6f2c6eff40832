package daero

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
)

// laneOrders are the orders by hand, by the lane's ID.
type laneOrders map[string]*laneHeld

// laneHeld is an order over time.
type laneHeld struct {
	order LaneOrder
	since time.Time
	// Of a ramp: the share that is let in, when it last took a step, and what was
	// told of it.
	share float64
	moved time.Time
	told  float64
	back  bool // the last step was one back
	// What the readings were at the last step, and the worst since.
	ease, worst level.Level
	ends, over  uint64 // requests of the backend that ended, and that it refused for load
}

// overloadShare is the share of a backend's answers from which its refusing
// for load (429, 503) holds a ramp back: fewer are one client's own quota.
const overloadShare = 0.01

func (c *Control) newLaneHeld(now time.Time, o LaneOrder) *laneHeld {
	h := &laneHeld{order: o, since: now, share: 1, moved: now, ease: c.stood.Ease, worst: c.stood.Ease}
	if o.Ramp != (LaneRamp{}) {
		h.share = o.Ramp.From
	}
	h.told = h.share
	h.ends, h.over = c.answers(o.Backend)
	return h
}

// answers counts what a backend answered, and refused for load.
func (c *Control) answers(backend string) (ends, over uint64) {
	for _, l := range c.traffic.latest().backends[backend].Lanes {
		ends += l.Served + l.Failed + l.Overloaded
		over += l.Overloaded
	}
	return ends, over
}

// shed is the share that is refused, by intent, with the ramp.
func (h *laneHeld) shed() [2]float64 {
	shed := h.order.Shed
	for i := range shed {
		shed[i] = math.Max(shed[i], 1-h.share)
	}
	return shed
}

// holds returns the order for a lane. What a ramp has reached is where it would
// begin again.
func (all laneOrders) holds(now time.Time, id string) LaneOrder {
	h := all[id]
	if h == nil || !now.Before(h.order.Until) {
		return LaneOrder{}
	}
	o := h.order
	if o.Ramp != (LaneRamp{}) {
		if o.Ramp.From = h.share; h.share >= 1 {
			o.Ramp = LaneRamp{} // it has arrived
		}
	}
	return o
}

// stepLanes ends orders whose time is over, and moves ramps.
func (c *Control) stepLanes(now time.Time) {
	for id, h := range c.lanes {
		if now.Before(h.order.Until) {
			if h.order.Ramp != (LaneRamp{}) {
				c.ramp(now, h)
			}
			continue
		}
		delete(c.lanes, id)
		c.record(audit.Entry{
			At: now, Who: audit.By, What: audit.LaneReleased, Target: id, Before: h.order.String(),
			Why: "the time of the order by " + h.order.By + " is over",
		})
	}
}

// ramp takes a step when it is time for one: on while the service bears it,
// back when the readings ask for a higher level than at the step before, or
// the service refuses for load. At alert and above it does not go on.
func (c *Control) ramp(now time.Time, h *laneHeld) {
	h.worst = max(h.worst, c.stood.Ease)
	if now.Before(h.moved) { // the clock was set back
		h.moved = now
	}
	if now.Sub(h.moved) < h.order.Ramp.Every {
		return
	}
	ends, over := c.answers(h.order.Backend)
	refused := shareOf(count(over, h.over), count(ends, h.ends))
	was, why := h.share, "the service bore it for "+h.order.Ramp.Every.String()
	back := false
	switch {
	case refused > overloadShare:
		back, why = true, fmt.Sprintf("the service refuses %s for load", percent(refused))
	case h.worst > h.ease:
		back, why = true, fmt.Sprintf("the readings rose from %s to %s", h.ease, h.worst)
	}
	switch {
	case back:
		h.share = math.Max(h.share-h.order.Ramp.Add, math.Min(h.order.Ramp.From, h.share))
	case h.worst < level.Alert:
		if h.share += h.order.Ramp.Add; h.share > 1-1e-9 {
			h.share = 1
		}
	}
	h.moved, h.ease, h.worst, h.ends, h.over = now, c.stood.Ease, c.stood.Ease, ends, over
	c.tellRamp(now, h, was, why, back)
}

// tellRamp records a ramp at each tenth, when it turns, and when it arrives.
func (c *Control) tellRamp(now time.Time, h *laneHeld, was float64, why string, back bool) {
	if h.share == was {
		return
	}
	turns := back != h.back
	h.back = back
	if !turns && h.share != 1 && math.Abs(h.share-h.told) < telling-1e-9 {
		return
	}
	c.record(audit.Entry{
		At: now, Who: audit.By, What: audit.LaneRamped, Target: h.order.ID(), Before: percent(h.told), After: percent(h.share),
		Why: why, Until: h.order.Until,
	})
	h.told = h.share
}

// telling is how far a ramp must move to be told of.
const telling = 0.1

// LaneOrderState is an order by hand, for screens.
type LaneOrderState struct {
	LaneOrder
	Since time.Time `json:"since"`
	// Admits is the share of users (0 to 1) that a ramp lets in now.
	Admits float64 `json:"admits"`
	// Absent says that no configuration in force has the lane.
	Absent bool `json:"absent,omitempty"`
	// Revision is that of the change that made it.
	Revision uint64 `json:"revision"`
}

// laneStates returns the orders by hand, by the lane.
func (c *Control) laneStates(now time.Time) []LaneOrderState {
	all := make([]LaneOrderState, 0, len(c.lanes))
	for id, h := range c.lanes {
		if !now.Before(h.order.Until) {
			continue
		}
		all = append(all, LaneOrderState{
			LaneOrder: h.order, Since: h.since, Admits: h.share, Absent: c.d.Lane(h.order.Backend, h.order.Lane) == nil,
			Revision: c.changes.last[Held{HoldsLane, id}],
		})
	}
	slices.SortFunc(all, func(a, b LaneOrderState) int { return cmp.Compare(a.ID(), b.ID()) })
	return all
}

// Refusing is what an order is predicted to refuse, from the last minute.
type Refusing struct {
	// Share (0 to 1) of all requests, and how many per second those are.
	Share     float64 `json:"share"`
	PerSecond float64 `json:"per_second"`
}

// PredictLane returns what an order for a lane would refuse, defer or challenge:
// by itself, and with all other orders by hand that are in force. Of a ceiling
// it is what the permits that the lane had out on average exceed it by.
func (c *Control) PredictLane(now time.Time, o LaneOrder) (alone, together Refusing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	byLane := map[string]*laneHeld{}
	for id, h := range c.lanes {
		if now.Before(h.order.Until) {
			byLane[id] = h
		}
	}
	byLane[o.ID()] = c.newLaneHeld(now, o)
	var all float64
	var span time.Duration
	hit := map[string]float64{}
	flows(&c.traffic.seconds, secondsKept, func(backend string, l lane.LaneSnapshot, f flow, over time.Duration) {
		all += f.arrived[0] + f.arrived[1]
		span = over
		if h := byLane[backend+"/"+l.Name]; h != nil {
			hit[h.order.ID()] += h.refuses(f, c.traffic.meanIn(backend, l.Name))
		}
	})
	if all == 0 {
		return alone, together
	}
	of := func(n float64) Refusing {
		r := Refusing{Share: n / all}
		if span > 0 {
			r.PerSecond = n / span.Seconds()
		}
		return r
	}
	sum := 0.0
	for _, n := range hit {
		sum += n
	}
	return of(hit[o.ID()]), of(sum)
}

// refuses is how many of those that came an order refuses, defers or asks.
func (h *laneHeld) refuses(f flow, meanIn float64) (n float64) {
	shed := h.shed()
	for i, came := range f.arrived {
		most := math.Max(shed[i], math.Max(h.order.Defer[i], h.order.Challenge[i]))
		if c := float64(h.order.Ceiling); c > 0 && meanIn > c {
			most = math.Max(most, 1-c/meanIn)
		}
		n += came * most
	}
	return n
}

// Arrivals returns how many requests per second came to all lanes, in the last
// minute.
func (c *Control) Arrivals() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all float64
	var span time.Duration
	flows(&c.traffic.seconds, secondsKept, func(_ string, _ lane.LaneSnapshot, f flow, over time.Duration) {
		all += f.arrived[0] + f.arrived[1]
		span = over
	})
	if span <= 0 {
		return 0
	}
	return all / span.Seconds()
}
