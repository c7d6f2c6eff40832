package api

import (
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// confirmAbove is the share of all requests from which refusing them must be
// confirmed.
const confirmAbove = 0.3

// effectDoc is what a level would do, predicted from the last minute.
type effectDoc struct {
	// Share (0 to 1) of all requests that would be refused.
	Share   float64       `json:"share"`
	Actions []effectShare `json:"actions,omitempty"`
}

type effectShare struct {
	ID       string  `json:"id"`
	Strength float64 `json:"strength"`
	Share    float64 `json:"share"`
}

// effect predicts what the playbook refuses at a level that is pinned, at the
// worst: with the level filled up. A pause or a stop is not counted on, since
// it may end before the pin does.
func (a *API) effect(lv level.Level) effectDoc {
	control := a.Daero.Control()
	var doc effectDoc
	book, err := playbook.New(control.State(a.Now()).Book)
	if err != nil {
		return doc // what is in force is valid
	}
	var orders []playbook.Order
	for _, o := range book.Orders(level.Standing{Level: lv, Acting: lv, Pressure: 1, Pinned: true}, nil) {
		if o.Shadow || !o.Action.Kind.Refuses() {
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
