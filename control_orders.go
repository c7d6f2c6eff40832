package daero

import (
	"cmp"
	"net/http"
	"time"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/playbook"
)

// Posted is what a playbook asks of a lane beside what its engine does: it is
// read by whoever answers requests.
type Posted struct {
	// Slow is how long clients are asked to wait before they ask again.
	Slow time.Duration
	// Stale is how old an answer may be that is served instead of asking the
	// service; 0: none may.
	Stale time.Duration
	// Status, unless 0, and Body answer those whom the playbook refuses.
	Status int
	Body   string
	// Paced says that what was deferred in the lane is delivered at Pace per
	// second at most, 0 not at all.
	Paced bool
	Pace  float64
}

// put makes orders what lanes are told, and clears what is not ordered any
// more. Every lane is looked at in each step, so that a lane which a reload
// brought is told as well, and what is in force depends on nothing but orders.
func (c *Control) put(orders []playbook.Order) {
	c.orders = append(c.orders[:0], orders...)
	for backend, set := range c.d.inForceSets() {
		for _, l := range set.Lanes() {
			told, posted := c.ordersOf(backend, l.Name())
			c.byHand(backend, l.Name(), &told, &posted)
			c.pace(postKey{backend, l.Name()}, told.Defer != [2]float64{}, &posted)
			if l.Orders() != told {
				l.Order(told)
			}
			p := c.d.post(backend, l.Name())
			was := p.Load()
			if posted == (Posted{}) {
				if was != nil {
					p.Store(nil)
				}
			} else if was == nil || *was != posted {
				p.Store(&posted)
			}
			c.tellPace(backend, l.Name(), was, posted) // who asks from now on finds it already
		}
	}
	c.paceTopics()
	c.press()
}

// ordersOf joins what the orders say about one lane. What is ordered for
// everyone holds for both intents; the stronger counts.
func (c *Control) ordersOf(backend, name string) (o lane.Orders, p Posted) {
	for i := range c.orders {
		w := &c.orders[i]
		a := w.Action
		if !a.OfLane() || a.Lane != name || a.Backend != "" && a.Backend != backend {
			continue
		}
		if w.Shadow {
			switch a.Kind {
			case playbook.Shed, playbook.Respond:
				raise(&o.WouldShed, a.Who, w.Strength)
			case playbook.Defer:
				raise(&o.WouldDefer, a.Who, w.Strength)
			case playbook.Challenge:
				raise(asked(a, &o.WouldChallenge, &o.WouldChallengeNew), a.Who, w.Strength)
			}
			continue
		}
		switch a.Kind {
		case playbook.Shed:
			raise(&o.Shed, a.Who, w.Strength)
		case playbook.Ceiling:
			if c := 1 - w.Strength; o.Ceiling == 0 || c < o.Ceiling {
				o.Ceiling = c
			}
		case playbook.Defer:
			raise(&o.Defer, a.Who, w.Strength)
		case playbook.Challenge:
			raise(asked(a, &o.Challenge, &o.ChallengeNew), a.Who, w.Strength)
		case playbook.Drain:
			if !p.Paced || a.Rate < p.Pace {
				p.Paced, p.Pace = true, a.Rate
			}
		case playbook.Slow:
			p.Slow = max(p.Slow, a.For)
		case playbook.Stale:
			p.Stale = max(p.Stale, a.For)
		case playbook.Respond:
			raise(&o.Shed, a.Who, w.Strength)
			p.Status, p.Body = cmp.Or(a.Status, http.StatusServiceUnavailable), a.Body
		}
	}
	return o, p
}

// asked is whom a challenge is about: everyone, or new devices alone.
func asked(a *playbook.Action, everyone, fresh *[2]float64) *[2]float64 {
	if a.NewDevice {
		return fresh
	}
	return everyone
}

func raise(share *[2]float64, who playbook.Who, strength float64) {
	if who != playbook.Background {
		share[lane.Foreground] = max(share[lane.Foreground], strength)
	}
	if who != playbook.Foreground {
		share[lane.Background] = max(share[lane.Background], strength)
	}
}
