package api

import (
	"net/http"
	"time"

	"github.com/daero/daero/lane"
)

// LanesDoc is what all lanes are doing. Counters only grow.
type LanesDoc struct {
	At time.Time `json:"at"`
	// Revision is as in [LevelDoc].
	Revision uint64                `json:"revision"`
	Backends map[string]BackendDoc `json:"backends"`
}

// BackendDoc is the lanes in front of one backend.
type BackendDoc struct {
	Limit    int       `json:"limit"`
	Phase    string    `json:"phase"`
	InFlight int       `json:"in_flight"`
	Pressure bool      `json:"pressure"`
	Shadow   bool      `json:"shadow,omitempty"`
	Lanes    []LaneDoc `json:"lanes"`
}

// LaneDoc is one lane. Passed and Refused are by intent.
type LaneDoc struct {
	Name        string                       `json:"name"`
	Tier        string                       `json:"tier"`
	Streams     bool                         `json:"streams,omitempty"`
	InFlight    int                          `json:"in_flight"`
	Waiting     int                          `json:"waiting"`
	Limit       int                          `json:"limit"`
	Turn        float64                      `json:"turn"`
	Base        float64                      `json:"base_seconds"`
	Recent      float64                      `json:"recent_seconds"`
	Passed      map[string]uint64            `json:"passed"`
	Refused     map[string]map[string]uint64 `json:"refused"` // by intent, by reason
	WouldRefuse uint64                       `json:"would_refuse"`
	WouldShed   map[string]uint64            `json:"would_shed"`
	Deferred    map[string]uint64            `json:"deferred"` // kept to be delivered later, by intent
	WouldDefer  map[string]uint64            `json:"would_defer"`
	// Challenged are those whose callers were asked whether a person is there.
	Challenged     map[string]uint64  `json:"challenged"`
	WouldChallenge map[string]uint64  `json:"would_challenge"`
	Served         uint64             `json:"served"`
	Failed         uint64             `json:"failed"`
	Overloaded     uint64             `json:"overloaded"`
	Dropped        uint64             `json:"dropped"`
	Shed           map[string]float64 `json:"shed"`                  // ordered by the playbook, 0 to 1
	Defer          map[string]float64 `json:"defer"`                 // likewise
	Challenge      map[string]float64 `json:"challenge"`             // likewise
	ChallengeNew   map[string]float64 `json:"challenge_new_devices"` // likewise, of devices that are not known
	Ceiling        float64            `json:"ceiling,omitempty"`
	Max            int                `json:"max,omitempty"` // permits, ordered by hand
	// Order is what a person ordered, which is part of the above.
	Order *LaneOrderDoc `json:"order,omitempty"`
}

func showLanes(c *call) error {
	st := c.Daero.Control().State(c.Now())
	doc := LanesDoc{At: st.At, Revision: st.Revision, Backends: map[string]BackendDoc{}}
	byHand := map[string]*LaneOrderDoc{}
	for _, o := range st.Lanes {
		d := laneOrderDoc(o)
		byHand[o.ID()] = &d
	}
	for name, b := range c.Daero.Snapshot().Backends {
		bd := BackendDoc{Limit: b.Limit, Phase: b.Phase, InFlight: b.InFlight, Pressure: b.Pressure, Shadow: b.Shadow, Lanes: make([]LaneDoc, 0, len(b.Lanes))}
		for _, l := range b.Lanes {
			d := laneDoc(l)
			d.Order = byHand[name+"/"+l.Name]
			bd.Lanes = append(bd.Lanes, d)
		}
		doc.Backends[name] = bd
	}
	return c.send(http.StatusOK, doc)
}

func laneDoc(l lane.LaneSnapshot) LaneDoc {
	d := LaneDoc{
		Name: l.Name, Tier: l.Tier.String(), Streams: l.Streams, InFlight: l.InFlight, Waiting: l.Waiting, Limit: l.Limit,
		Turn: l.Turn, Base: l.Base.Seconds(), Recent: l.Recent.Seconds(), WouldRefuse: l.WouldRefuse,
		Served: l.Served, Failed: l.Failed, Overloaded: l.Overloaded, Dropped: l.Dropped, Ceiling: l.Orders.Ceiling, Max: l.Orders.Max,
		Passed: map[string]uint64{}, Refused: map[string]map[string]uint64{}, WouldShed: map[string]uint64{}, Shed: map[string]float64{},
		Challenged: map[string]uint64{}, WouldChallenge: map[string]uint64{}, Challenge: map[string]float64{}, ChallengeNew: map[string]float64{},
		Deferred: map[string]uint64{}, WouldDefer: map[string]uint64{}, Defer: map[string]float64{},
	}
	for _, intent := range []lane.Intent{lane.Foreground, lane.Background} {
		word := intent.String()
		d.Passed[word], d.WouldShed[word], d.Shed[word] = l.Passed[intent], l.WouldShed[intent], l.Orders.Shed[intent]
		d.Deferred[word], d.WouldDefer[word], d.Defer[word] = l.Deferred[intent], l.WouldDefer[intent], l.Orders.Defer[intent]
		d.Challenged[word], d.WouldChallenge[word] = l.Challenged[intent], l.WouldChallenge[intent]
		d.Challenge[word], d.ChallengeNew[word] = l.Orders.Challenge[intent], l.Orders.ChallengeNew[intent]
		d.Refused[word] = map[string]uint64{}
		for reason, n := range l.Refused[intent] {
			d.Refused[word][reason.String()] = n
		}
	}
	return d
}
