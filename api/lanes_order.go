package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// Shares are shares (0 to 1) of a lane's users, by intent. A number alone means
// both.
type Shares struct {
	Foreground float64 `json:"foreground"`
	Background float64 `json:"background"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Shares) UnmarshalJSON(data []byte) error {
	var both float64
	if decode(strings.NewReader(string(data)), &both) == nil {
		*s = Shares{both, both}
		return nil
	}
	type plain Shares
	if err := decode(strings.NewReader(string(data)), (*plain)(s)); err != nil {
		return bad(`shares are written like 0.5, or {"foreground": 0.2, "background": 1}`)
	}
	return nil
}

func (s Shares) byIntent() (v [2]float64) {
	v[lane.Foreground], v[lane.Background] = s.Foreground, s.Background
	return v
}

func sharesOf(v [2]float64) Shares { return Shares{v[lane.Foreground], v[lane.Background]} }

// LaneOrderDoc is what a person orders of one lane.
type LaneOrderDoc struct {
	Backend   string   `json:"backend"`
	Lane      string   `json:"lane"`
	Shed      Shares   `json:"shed"`
	Defer     Shares   `json:"defer"`
	Challenge Shares   `json:"challenge"`
	Ceiling   int      `json:"ceiling,omitempty"` // permits
	Open      bool     `json:"open,omitempty"`    // in the playbook's stead
	Closed    bool     `json:"closed,omitempty"`  // all are refused
	Ramp      *RampDoc `json:"ramp,omitempty"`
	// Text says it in words.
	Text   string    `json:"text"`
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	// Admits is the share of users (0 to 1) that a ramp lets in now.
	Admits float64 `json:"admits"`
	// Absent says that no configuration in force has the lane.
	Absent bool `json:"absent,omitempty"`
	// Revision is that of the change that made it, see POST controls/{revision}/undo.
	Revision uint64 `json:"revision"`
}

// RampDoc is how a lane is opened little by little.
type RampDoc struct {
	From  float64 `json:"from"`
	Add   float64 `json:"add"`
	Every float64 `json:"every"` // seconds
}

// LaneOrderDocs are the orders by hand, as documents.
func LaneOrderDocs(st daero.ControlState) []LaneOrderDoc {
	docs := make([]LaneOrderDoc, 0, len(st.Lanes))
	for _, o := range st.Lanes {
		docs = append(docs, laneOrderDoc(o))
	}
	return docs
}

func laneOrderDoc(o daero.LaneOrderState) LaneOrderDoc {
	d := LaneOrderDoc{
		Backend: o.Backend, Lane: o.Lane, Shed: sharesOf(o.Shed), Defer: sharesOf(o.Defer), Challenge: sharesOf(o.Challenge),
		Ceiling: o.Ceiling, Open: o.Open, Closed: o.Shed == [2]float64{1, 1}, Text: o.String(),
		Until: o.Until, By: o.By, Reason: o.Reason, Since: o.Since, Admits: o.Admits, Absent: o.Absent, Revision: o.Revision,
	}
	if r := o.Ramp; r != (daero.LaneRamp{}) {
		d.Ramp = &RampDoc{r.From, r.Add, r.Every.Seconds()}
	}
	return d
}

// LaneOrdersDoc is all that is ordered by hand.
type LaneOrdersDoc struct {
	At       time.Time      `json:"at"`
	Revision uint64         `json:"revision"`
	Orders   []LaneOrderDoc `json:"orders"`
}

func listLaneOrders(c *call) error {
	st := c.Daero.Control().State(c.Now())
	return c.send(http.StatusOK, LaneOrdersDoc{At: st.At, Revision: st.Revision, Orders: LaneOrderDocs(st)})
}

// laneOrder is what an order is asked for with.
type laneOrder struct {
	lasting
	Shed      *Shares `json:"shed"`
	Defer     *Shares `json:"defer"`
	Challenge *Shares `json:"challenge"`
	Ceiling   *int    `json:"ceiling"`
	Open      bool    `json:"open"`
	Close     bool    `json:"close"`
	Ramp      *struct {
		// From is left out to go on from what gets in now.
		From  *float64 `json:"from"`
		Add   float64  `json:"add"`
		Every float64  `json:"every"`
	} `json:"ramp"`
}

// order checks what was sent. in is the share that gets in now.
func (d laneOrder) order(now time.Time, who, backend, name string, in float64) (daero.LaneOrder, error) {
	var none daero.LaneOrder
	reason, err := d.why()
	if err != nil {
		return none, err
	}
	until, err := d.end(now)
	if err != nil {
		return none, err
	}
	o := daero.LaneOrder{Backend: backend, Lane: name, Open: d.Open, Until: until, By: who, Reason: reason}
	for _, s := range []struct {
		given *Shares
		into  *[2]float64
	}{{d.Shed, &o.Shed}, {d.Defer, &o.Defer}, {d.Challenge, &o.Challenge}} {
		if s.given != nil {
			*s.into = s.given.byIntent()
		}
	}
	if d.Ceiling != nil {
		if *d.Ceiling < 1 {
			return none, bad("ceiling: give a number of permits, 1 or more; to let nobody in, close the lane")
		}
		o.Ceiling = *d.Ceiling
	}
	if d.Close {
		if d.Open || d.Shed != nil || d.Ramp != nil {
			return none, bad("close: refuses everyone, so give no open, shed or ramp with it")
		}
		o.Shed = [2]float64{1, 1}
	}
	if r := d.Ramp; r != nil {
		if !(r.Every > 0 && r.Every < 1e6) {
			return none, bad(fmt.Sprintf("ramp: every %v: give seconds, like 30", r.Every))
		}
		o.Ramp = daero.LaneRamp{From: r.Add, Add: r.Add, Every: time.Duration(r.Every * float64(time.Second))}
		switch {
		case r.From != nil:
			o.Ramp.From = *r.From
		case in > 0 && in < 1:
			o.Ramp.From = in
		}
		if o.Ramp.From >= 1 {
			o.Ramp.From = 0 // Add is all: it begins with nobody
		}
	}
	if err := o.Validate(now); err != nil {
		return none, invalid(err)
	}
	return o, nil
}

func orderLane(c *call) error {
	var d laneOrder
	if err := c.read(&d); err != nil {
		return err
	}
	now, backend, name := c.Now(), c.r.PathValue("backend"), c.r.PathValue("lane")
	l := c.Daero.Lane(backend, name)
	if l == nil {
		return notFound(fmt.Sprintf("no lane %q of backend %q", clip(name), clip(backend)))
	}
	shed := l.Orders().Shed
	o, err := d.order(now, c.who, backend, name, 1-max(shed[0], shed[1]))
	if err != nil {
		return err
	}
	done, err := c.change(now, daero.Change{Held: heldLane(backend, name), Set: daero.Value{Order: o}}, d.hand, o.Reason)
	if err != nil {
		return err
	}
	answer := struct {
		Order LaneOrderDoc `json:"order"`
		ChangedDoc
	}{ChangedDoc: done}
	for _, st := range c.Daero.Control().State(now).Lanes {
		if st.ID() == o.ID() {
			answer.Order = laneOrderDoc(st)
		}
	}
	return c.send(http.StatusOK, answer)
}

func releaseLane(c *call) error {
	return c.release(heldLane(c.r.PathValue("backend"), c.r.PathValue("lane")))
}

func heldLane(backend, name string) daero.Held {
	return daero.Held{What: daero.HoldsLane, ID: daero.LaneOrder{Backend: backend, Lane: name}.ID()}
}

// hasLane reports whether an ID is that of a lane of a name.
func hasLane(id, name string) bool { return strings.HasSuffix(id, "/"+name) }
