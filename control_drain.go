package daero

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/daero/daero/playbook"
)

// Drain is how fast what was deferred in a lane, or what a topic of the relay
// holds, may be delivered.
type Drain struct {
	Lane  string // "login", or "api/login" of a backend that is not the default
	Topic string // of the relay, where Lane is ""
	// Rate is per second: 0 stops deliveries, below 0 nothing bounds them but
	// what the lane or the target bears.
	Rate float64
}

// Unbounded is the Rate of what no playbook bounds.
const Unbounded = -1

// drained is what of drains must be known from one step to the next.
type drained struct {
	// lanes are the last drains of lanes that are deferred. A deferral comes back
	// by ramp and a drain ends at once: until the lane is open again, the rate that
	// went with the deferral stays, for the level that ended it was the higher one.
	lanes  map[postKey]float64
	topics map[string]float64
}

func newDrained() drained {
	return drained{lanes: map[postKey]float64{}, topics: map[string]float64{}}
}

// pace completes what is posted about deliveries: while a lane is deferred,
// nothing is delivered unless a drain says how fast.
func (c *Control) pace(key postKey, deferring bool, p *Posted) {
	switch {
	case !deferring:
		delete(c.drained.lanes, key)
	case p.Paced:
		c.drained.lanes[key] = p.Pace
	default:
		p.Paced, p.Pace = true, c.drained.lanes[key]
	}
}

func (p *Posted) rate() float64 {
	if p == nil || !p.Paced {
		return Unbounded
	}
	return p.Pace
}

// tellPace tells the listener if the speed of a lane's deliveries changes.
func (c *Control) tellPace(backend, name string, was *Posted, is Posted) {
	if r := is.rate(); r != was.rate() {
		c.d.listener.drained(Drain{Lane: roadID(backend, name), Rate: r})
	}
}

// paceTopics finds what drains of topics are in force, and tells what changed.
func (c *Control) paceTopics() {
	if len(c.drained.topics) == 0 && !slices.ContainsFunc(c.orders, ofTopic) {
		return
	}
	is := map[string]float64{}
	for _, o := range c.orders {
		if ofTopic(o) {
			is[o.Action.Target] = o.Action.Rate
		}
	}
	was := c.drained.topics
	c.drained.topics = is
	for topic, r := range is {
		if before, ok := was[topic]; !ok || before != r {
			c.d.listener.drained(Drain{Topic: topic, Rate: r})
		}
	}
	for topic := range was {
		if _, ok := is[topic]; !ok {
			c.d.listener.drained(Drain{Topic: topic, Rate: Unbounded})
		}
	}
}

func ofTopic(o playbook.Order) bool {
	return o.Action.Kind == playbook.Drain && !o.Shadow && !o.Action.OfLane()
}

// Drains returns what bounds deliveries now, lanes first, by name. What is not
// in it is not bounded.
func (c *Control) Drains() (all []Drain) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for backend, set := range c.d.inForceSets() {
		for _, l := range set.Lanes() {
			if r := c.d.post(backend, l.Name()).Load().rate(); r >= 0 {
				all = append(all, Drain{Lane: roadID(backend, l.Name()), Rate: r})
			}
		}
	}
	for topic, r := range c.drained.topics {
		all = append(all, Drain{Topic: topic, Rate: r})
	}
	slices.SortFunc(all, func(a, b Drain) int { return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Lane, b.Lane)) })
	return all
}

// Pace returns how many requests per second that were deferred in a lane, named
// as a [Deferrer] names it, may be delivered: 0 none, [Unbounded] as many as
// the lane bears. It is quick.
func (d *Daero) Pace(id string) float64 {
	backend, name := splitID(id)
	p, ok := d.posts.Load(postKey{backend, name})
	if !ok {
		return Unbounded
	}
	return p.(*atomic.Pointer[Posted]).Load().rate()
}
