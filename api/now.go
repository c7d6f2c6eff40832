package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/live"
	"github.com/daero/daero/playbook"
)

// NowDoc is all that is looked at in an incident.
type NowDoc struct {
	// ID is that of the newest event of the stream which it has.
	ID       int64      `json:"id"`
	At       time.Time  `json:"at"`
	Revision uint64     `json:"revision"` // as in [LevelDoc]
	Node     string     `json:"node"`
	Nodes    NodesDoc   `json:"nodes"`
	Level    LevelDoc   `json:"level"`
	Pressed  PressedDoc `json:"pressed"`
	// Lanes are all lanes, the worst first.
	Lanes   []NowLaneDoc    `json:"lanes"`
	Totals  live.Outcome    `json:"totals"`
	InForce []InForceDoc    `json:"in_force"`
	Coming  []ComingDoc     `json:"coming"` // the next first
	Paused  *playbook.Pause `json:"paused,omitempty"`
	Shadow  bool            `json:"shadow"`
	Relay   *NowRelayDoc    `json:"relay,omitempty"`
	Captcha *NowCaptchaDoc  `json:"captcha,omitempty"`
	Orders  []LaneOrderDoc  `json:"lane_orders"`
	Tellers []TellerDoc     `json:"tellers"`
	Feed    []live.Event    `json:"feed"` // the newest first
}

// PressedDoc is what the playbook asks of the CAPTCHA.
type PressedDoc struct {
	// Work is how long its proof of work takes at least, 0 as each site has it.
	Work float64 `json:"work_seconds"`
}

// ComingDoc is an event that is known ahead.
type ComingDoc struct {
	Name   string      `json:"name"`
	At     time.Time   `json:"at"`
	Until  time.Time   `json:"until,omitzero"`
	Level  level.Level `json:"level"`  // that it arms for
	Source string      `json:"source"` // the signal that knows it
}

// NodesDoc is how many gateways there are, this one included, and how many of
// them are heard.
type NodesDoc struct {
	Reporting int `json:"reporting"`
	Known     int `json:"known"`
}

// NowLaneDoc is a lane, with what is ordered of it and how its backend is.
type NowLaneDoc struct {
	live.Lane
	Orders OrdersDoc `json:"orders"`
	// Phase is what the search for its backend's limit is doing, Pressure that the
	// limit stood in somebody's way in the last second.
	Phase        string `json:"phase"`
	Pressure     bool   `json:"pressure,omitempty"`
	BackendLimit int    `json:"backend_limit"`
	Shadow       bool   `json:"shadow,omitempty"` // nothing is refused
}

// OrdersDoc is what the playbook and people ask of a lane, together.
type OrdersDoc struct {
	Shed         Shares  `json:"shed"`
	Defer        Shares  `json:"defer"`
	Challenge    Shares  `json:"challenge"`
	ChallengeNew Shares  `json:"challenge_new_devices"`
	Ceiling      float64 `json:"ceiling,omitempty"` // share of the backend's limit
	Max          int     `json:"max,omitempty"`     // permits
	// ByHand is what a person orders of it.
	ByHand *LaneOrderDoc `json:"by_operator,omitempty"`
}

// NowRelayDoc is how the relay fares, in short.
type NowRelayDoc struct {
	Up          bool    `json:"up"`
	Error       string  `json:"error,omitempty"`
	Lag         int64   `json:"lag"`
	Oldest      float64 `json:"oldest_seconds"`
	DeadLetters uint64  `json:"dead_letters"`
	Delivered   uint64  `json:"delivered"`
	Rate        float64 `json:"rate"`   // delivered per second
	Paused      int     `json:"paused"` // deliveries
}

// NowCaptchaDoc is how the CAPTCHA fares, in short.
type NowCaptchaDoc struct {
	Issued float64 `json:"issued"` // challenges begun, per second
	Passed float64 `json:"passed"` // tokens given, per second
	// Asked is the share (0 to 1) of all requests whose callers were asked whether
	// a person is there.
	Asked float64 `json:"asked_share"`
}

// maxFeed is how many events the document has.
const maxFeed = 50

// now makes the document of what was measured.
func (p *Pulse) now(at time.Time, snap daero.Snapshot) NowDoc {
	a := p.api
	st := a.Daero.Control().State(at)
	doc := NowDoc{
		At: st.At, Revision: st.Revision, Node: p.node, Level: a.levelDoc(at, st),
		InForce: inForceDocs(st), Paused: st.Paused, Shadow: st.Shadow, Orders: LaneOrderDocs(st), Tellers: tellers(st),
		Pressed: PressedDoc{time.Duration(p.pressed.Load()).Seconds()}, Nodes: NodesDoc{1, 1}, Coming: p.expected(at, st.Revision),
	}
	if f := doc.Level.Fleet; f != nil {
		doc.Nodes = NodesDoc{Reporting: 1 + f.Heard, Known: 1 + f.Heard + f.Silent}
	}
	lanes, totals := p.meter.Lanes(at, snap.Backends)
	doc.Totals, doc.Lanes = totals, make([]NowLaneDoc, 0, len(lanes))
	for i := range lanes {
		doc.Lanes = append(doc.Lanes, nowLane(&lanes[i], snap.Backends[lanes[i].Backend], doc.Orders))
	}
	if doc.Relay = a.nowRelay(at); doc.Relay != nil {
		doc.Relay.Rate = p.rate(at, countDelivered, doc.Relay.Delivered)
	}
	doc.Captcha = p.nowCaptcha(at, totals)
	doc.ID, doc.Feed = p.newest(maxFeed)
	return doc
}

func nowLane(l *live.Lane, b lane.Snapshot, byHand []LaneOrderDoc) NowLaneDoc {
	doc := NowLaneDoc{Lane: *l, Phase: b.Phase, Pressure: b.Pressure, BackendLimit: b.Limit, Shadow: b.Shadow}
	i := slices.IndexFunc(b.Lanes, func(s lane.LaneSnapshot) bool { return s.Name == l.Name })
	if i >= 0 {
		o := b.Lanes[i].Orders
		doc.Orders = OrdersDoc{
			Shed: sharesOf(o.Shed), Defer: sharesOf(o.Defer), Challenge: sharesOf(o.Challenge), ChallengeNew: sharesOf(o.ChallengeNew),
			Ceiling: o.Ceiling, Max: o.Max,
		}
	}
	if i := slices.IndexFunc(byHand, func(d LaneOrderDoc) bool { return d.Backend == l.Backend && d.Lane == l.Name }); i >= 0 {
		doc.Orders.ByHand = &byHand[i]
	}
	return doc
}

// nowRelay is the relay in short, nil without one.
func (a *API) nowRelay(at time.Time) *NowRelayDoc {
	if a.Relay == nil {
		return nil
	}
	r := a.Relay()
	if r == nil {
		return nil
	}
	s := r.Deliveries.Snapshot(at)
	doc := &NowRelayDoc{}
	up, why := r.State()
	doc.Up = up
	if why != nil {
		doc.Error = why.Error()
	}
	for i := range s.Deliveries {
		d := &s.Deliveries[i]
		doc.DeadLetters, doc.Delivered = doc.DeadLetters+d.DeadLettered, doc.Delivered+d.Delivered
		if d.Paused != nil {
			doc.Paused++
		}
		for _, part := range d.Partitions {
			doc.Lag += max(part.End-part.Finished, 0)
			doc.Oldest = max(doc.Oldest, since(s.At, part.Oldest))
		}
	}
	return doc
}

// nowCaptcha is the captcha in short, nil without one.
func (p *Pulse) nowCaptcha(at time.Time, totals live.Outcome) *NowCaptchaDoc {
	if p.api.Captcha == nil {
		return nil
	}
	c := p.api.Captcha()
	if c == nil {
		return nil
	}
	doc := &NowCaptchaDoc{}
	if came := totals.Came(); came > 0 {
		doc.Asked = totals.Challenged / came
	}
	if c.Counted != nil {
		issued, passed := c.Counted()
		doc.Issued, doc.Passed = p.rate(at, countIssued, issued), p.rate(at, countPassed, passed)
	}
	return doc
}

// expected is what is to come. Calendars are not asked every second.
func (p *Pulse) expected(at time.Time, revision uint64) []ComingDoc {
	if age := at.Sub(p.comingAt); p.coming == nil || age < 0 || age >= comingFresh || revision != p.comingOf {
		p.coming, p.comingAt, p.comingOf = coming(p.api.Daero.Control(), at, fewComing), at, revision
	}
	return p.coming
}

func inForceDocs(st daero.ControlState) []InForceDoc {
	docs := make([]InForceDoc, 0, len(st.Actions))
	for _, f := range st.Actions {
		docs = append(docs, InForceDoc{
			ID: f.ID, Kind: f.Action.Kind.String(), Row: f.Action.At, Strength: f.Strength, Shadow: f.Shadow,
			Since: f.Since, Stopped: f.Stopped, Share: f.Share, Rate: rateOf(f.Action),
		})
	}
	return docs
}

func showNow(c *call) error {
	p, err := c.pulse()
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, p.Now(c.Now()))
}
