package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// confirmAbove is the share of all requests from which refusing them must be
// confirmed.
const confirmAbove = 0.3

// Effect is what a change would do, predicted from the last minute.
type Effect struct {
	// Share (0 to 1) of all requests that would be refused, deferred or
	// challenged, and how many those are per second.
	Share     float64       `json:"share"`
	PerSecond float64       `json:"per_second"`
	Actions   []effectShare `json:"actions,omitempty"`

	what   string  // what would do it
	before float64 // the share that is refused as it is
	closes string  // a critical lane that nobody would get into
}

type effectShare struct {
	ID       string  `json:"id"`
	Strength float64 `json:"strength"`
	Share    float64 `json:"share"`
}

// confirmed says if the effect must be confirmed, and was not. What refuses no
// more than what is in force now needs nobody's second thought.
func (e Effect) confirmed(yes bool) error {
	much := e.Share > confirmAbove && e.Share > e.before+1e-9
	if yes || !much && e.closes == "" {
		return nil
	}
	detail := fmt.Sprintf("%s refuses about %.0f%% of all requests, %.0f per second", e.what, e.Share*100, e.PerSecond)
	if e.closes != "" {
		detail = fmt.Sprintf("nobody gets into the critical lane %s any more: %s", e.closes, detail)
	}
	return problem{
		Status: http.StatusConflict, Kind: "confirm", Title: "This needs to be confirmed",
		Detail: detail + `: send "confirm": true if that is meant`, More: map[string]any{"predicted": e},
	}
}

// effectOf predicts what a change by hand refuses.
func (c *call) effectOf(now time.Time, ch daero.Change) Effect {
	control := c.Daero.Control()
	st := control.State(now)
	letsGo := !now.Before(endOf(ch.Set))
	switch {
	case ch.Held.What == daero.HoldsLane && !letsGo:
		return c.effectOfOrder(now, ch.Set.Order)
	case ch.Held.What == daero.HoldsLevel && !letsGo:
		e := c.effect(st.Book, ch.Set.Pin.Level)
		e.what = "pinned to " + ch.Set.Pin.Level.String() + " the playbook"
		return e
	case !letsGo: // a pause or a stop refuses nobody
		return Effect{}
	}
	var e Effect
	switch ch.Held.What {
	case daero.HoldsLevel:
		e = c.effect(st.Book, st.Level.Measured)
		e.what, e.before = "at "+st.Level.Measured.String()+", which is measured, the playbook", c.effect(st.Book, st.Level.Acting).Share
	case daero.HoldsPlaybook:
		e = c.effect(st.Book, st.Level.Acting)
		e.what = "the playbook at " + st.Level.Acting.String()
	case daero.HoldsAction:
		e = c.effect(st.Book, st.Level.Acting, func(o playbook.Order) bool { return o.ID == ch.Held.ID })
		e.what = ch.Held.ID
	default: // what the playbook orders counts again
		e = c.effect(st.Book, st.Level.Acting, func(o playbook.Order) bool {
			a := o.Action
			return (a.Backend+"/"+a.Lane == ch.Held.ID) || a.Backend == "" && hasLane(ch.Held.ID, a.Lane)
		})
		e.what, e.before = "the playbook, which counts there again,", c.effect(st.Book, st.Level.Acting).Share
		for _, o := range st.Lanes {
			if o.ID() == ch.Held.ID && o.Open {
				e.before = 0
			}
		}
	}
	return e
}

func endOf(v daero.Value) time.Time {
	switch {
	case !v.Pin.Until.IsZero():
		return v.Pin.Until
	case !v.Pause.Until.IsZero():
		return v.Pause.Until
	}
	return v.Order.Until
}

// effectOfOrder predicts what an order for a lane refuses, together with those
// for other lanes: many small ones are a large one.
func (c *call) effectOfOrder(now time.Time, o daero.LaneOrder) Effect {
	alone, together := c.Daero.Control().PredictLane(now, o)
	e := Effect{Share: together.Share, PerSecond: together.PerSecond, what: "what is ordered by hand"}
	if alone.Share == 0 {
		e.before = e.Share // the others were confirmed
	}
	strength := max(o.Shed[0], o.Shed[1], o.Defer[0], o.Defer[1], o.Challenge[0], o.Challenge[1])
	if o.Ramp != (daero.LaneRamp{}) {
		strength = max(strength, 1-o.Ramp.From)
	}
	e.Actions = []effectShare{{"order " + o.ID(), strength, alone.Share}}
	if o.Shed[lane.Foreground] >= 1 || o.Ramp != (daero.LaneRamp{}) && o.Ramp.From == 0 {
		for _, l := range c.Daero.Snapshot().Backends[o.Backend].Lanes {
			if l.Name == o.Lane && l.Tier == lane.Critical {
				e.closes = o.ID()
			}
		}
	}
	return e
}

// effect predicts what a playbook refuses at a level that is pinned, at the
// worst: with the level filled up. A pause or a stop is not counted on, since
// it may end before the pin does. only narrows it to some of the orders.
func (a *API) effect(cfg playbook.Config, lv level.Level, only ...func(playbook.Order) bool) Effect {
	return a.effectAt(cfg, level.Standing{Level: lv, Acting: lv, Pressure: 1, Pinned: true}, only...)
}

// effectAt predicts it where the ladder stands.
func (a *API) effectAt(cfg playbook.Config, at level.Standing, only ...func(playbook.Order) bool) Effect {
	control := a.Daero.Control()
	var doc Effect
	book, err := playbook.New(cfg)
	if err != nil {
		return doc // what is in force is valid
	}
	var orders []playbook.Order
	for _, o := range book.Orders(at, nil) {
		if o.Shadow || !o.Action.Kind.Refuses() || len(only) > 0 && !only[0](o) {
			continue
		}
		orders = append(orders, o)
		doc.Actions = append(doc.Actions, effectShare{o.ID, o.Strength, control.Predict(*o.Action, o.Strength)})
	}
	// Actions on the same requests do not add up: the strongest counts.
	for backend, b := range a.Daero.Snapshot().Backends {
		for _, l := range b.Lanes {
			for _, who := range []playbook.Who{playbook.Foreground, playbook.Background} {
				if most := strongest(orders, backend, l.Name, who); most > 0 {
					doc.Share += control.Predict(playbook.Action{Backend: backend, Lane: l.Name, Who: who}, most)
				}
			}
		}
	}
	doc.Share = min(doc.Share, 1)
	doc.PerSecond = doc.Share * control.Arrivals()
	return doc
}

func strongest(orders []playbook.Order, backend, lane string, who playbook.Who) (most float64) {
	for _, o := range orders {
		a := o.Action
		if a.Lane == lane && (a.Backend == "" || a.Backend == backend) && (a.Who == playbook.Everyone || a.Who == who) {
			most = max(most, o.Strength)
		}
	}
	return most
}
