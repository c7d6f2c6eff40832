package daero

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/playbook"
)

// LaneOrder is what a person orders of one lane. It is merged with what the
// playbook orders: of both the one that refuses more counts. It ends by itself.
//
// It outlives a reload, as a pin does. If a configuration comes without the
// lane it is kept and does nothing, and holds again should the lane come back
// before its time is over.
type LaneOrder struct {
	Backend string `json:"backend"`
	Lane    string `json:"lane"`
	// Shed, Defer and Challenge are shares (0 to 1) of the lane's users, by
	// [lane.Intent]. All of Shed closes the lane.
	Shed      [2]float64 `json:"shed"`
	Defer     [2]float64 `json:"defer"`
	Challenge [2]float64 `json:"challenge"`
	// Ceiling is how many permits the lane may have; 0 bounds nothing.
	Ceiling int `json:"ceiling,omitempty"`
	// Open sets aside what the playbook orders: the order alone counts. What the
	// playbook would have done is recorded, as in shadow.
	Open bool `json:"open,omitempty"`
	// Ramp lets users in little by little; the zero Ramp does not.
	Ramp   LaneRamp  `json:"ramp,omitzero"`
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// LaneRamp is how a lane is opened: a share of its users (0 to 1) is let in, at
// first From and Add more each Every while the service bears it, one step back
// while it does not.
type LaneRamp struct {
	From  float64       `json:"from"`
	Add   float64       `json:"add"`
	Every time.Duration `json:"every"`
}

// Bounds of orders for lanes.
const (
	// MaxLaneOrder is how long one may last: what is forgotten must end.
	MaxLaneOrder = 7 * 24 * time.Hour
	// MaxLaneOrders is how many may be held at once.
	MaxLaneOrders = 256

	minRampEvery = time.Second
	maxRampEvery = time.Hour
)

// ID names the lane, as "backend/lane".
func (o LaneOrder) ID() string { return o.Backend + "/" + o.Lane }

// Validate reports every mistake at once, joined.
func (o LaneOrder) Validate(now time.Time) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("lane "+o.ID()+": "+format, args...))
	}
	for _, s := range []struct {
		name  string
		share [2]float64
	}{{"shed", o.Shed}, {"defer", o.Defer}, {"challenge", o.Challenge}} {
		if !isShare(s.share[0]) || !isShare(s.share[1]) {
			bad("%s: shares are 0%% to 100%%", s.name)
		}
	}
	if o.Ceiling < 0 || o.Ceiling > lane.MaxLimit {
		bad("ceiling %d: must be 1 to %d permits, or 0 for none", o.Ceiling, lane.MaxLimit)
	}
	if o.Ramp != (LaneRamp{}) {
		if err := o.Ramp.validate(); err != nil {
			bad("%w", err)
		}
	}
	if o.empty() {
		bad("orders nothing: shed, defer or challenge a share, give a ceiling or a ramp, or open it")
	}
	if o.Reason == "" {
		bad("an order without a reason: say why, for whoever is on call next")
	}
	if d := o.Until.Sub(now); d <= 0 || d > MaxLaneOrder {
		bad("an order until %s: must end after now and within %s", o.Until.Format(time.RFC3339), MaxLaneOrder)
	}
	return errors.Join(errs...)
}

func isShare(v float64) bool { return v >= 0 && v <= 1 } // no number is none

func (r LaneRamp) validate() error {
	switch {
	case !(r.From >= 0 && r.From < 1):
		return fmt.Errorf("ramp from %.0f%%: must be 0%% to below 100%%", r.From*100)
	case !(r.Add > 0 && r.Add <= 1):
		return fmt.Errorf("ramp adds %.0f%%: must be above 0%%, up to 100%%", r.Add*100)
	case r.Every < minRampEvery || r.Every > maxRampEvery:
		return fmt.Errorf("ramp every %s: must be %s to %s", r.Every, minRampEvery, maxRampEvery)
	}
	return nil
}

func (o LaneOrder) empty() bool {
	none := [2]float64{}
	return o.Shed == none && o.Defer == none && o.Challenge == none && o.Ceiling == 0 && !o.Open && o.Ramp == LaneRamp{}
}

// String says what is ordered: "shed background 50%, at most 20 permits".
func (o LaneOrder) String() string {
	if o.empty() {
		return ""
	}
	var parts []string
	switch {
	case o.Open:
		parts = append(parts, "open")
	case o.Shed == [2]float64{1, 1}:
		parts = append(parts, "closed")
	}
	if o.Shed != [2]float64{1, 1} || o.Open {
		parts = append(parts, sharesSaid("shed", o.Shed)...)
	}
	parts = append(parts, sharesSaid("defer", o.Defer)...)
	parts = append(parts, sharesSaid("challenge", o.Challenge)...)
	if o.Ceiling > 0 {
		parts = append(parts, fmt.Sprintf("at most %d permits", o.Ceiling))
	}
	if r := o.Ramp; r != (LaneRamp{}) {
		parts = append(parts, fmt.Sprintf("let in %s, +%s each %s", percent(r.From), percent(r.Add), r.Every))
	}
	return strings.Join(parts, ", ")
}

func sharesSaid(what string, s [2]float64) (said []string) {
	switch {
	case s == [2]float64{}:
	case s[lane.Foreground] == s[lane.Background]:
		said = append(said, what+" "+percent(s[0]))
	default:
		for _, i := range []lane.Intent{lane.Foreground, lane.Background} {
			if s[i] > 0 {
				said = append(said, what+" "+i.String()+" "+percent(s[i]))
			}
		}
	}
	return said
}

// UnknownLaneError is the error of ordering a lane that there is not.
type UnknownLaneError struct {
	ID    string
	Known []string
}

// Error implements error.
func (e *UnknownLaneError) Error() string {
	return fmt.Sprintf("no lane %q (known: %s)", e.ID, strings.Join(e.Known, ", "))
}

// orderLane puts a person's order for a lane in force.
func (c *Control) orderLane(now time.Time, o LaneOrder) error {
	if err := o.Validate(now); err != nil {
		return err
	}
	if len(c.entries) == 0 {
		return errNothingSteps
	}
	if c.d.Lane(o.Backend, o.Lane) == nil {
		return &UnknownLaneError{o.ID(), c.laneIDs()}
	}
	if err := c.canBe(o); err != nil {
		return err
	}
	if _, there := c.lanes[o.ID()]; !there && len(c.lanes) >= MaxLaneOrders {
		return fmt.Errorf("%d lanes are ordered by hand: at most %d: release some", len(c.lanes), MaxLaneOrders)
	}
	c.lanes[o.ID()] = c.newLaneHeld(now, o)
	return nil
}

// canBe says if nothing here can do what is ordered.
func (c *Control) canBe(o LaneOrder) error {
	cfg := c.entries[len(c.entries)-1].r.Playbook
	able := func(k playbook.Kind) bool { return cfg.Able == nil || slices.Contains(cfg.Able, k) }
	none := [2]float64{}
	if o.Challenge != none && !able(playbook.Challenge) {
		return fmt.Errorf("lane %s: there is no CAPTCHA that would ask: add one, or shed", o.ID())
	}
	if o.Defer == none {
		return nil
	}
	if !able(playbook.Defer) {
		return fmt.Errorf("lane %s: there is no relay to keep requests in: add one, or shed", o.ID())
	}
	for _, l := range cfg.Lanes {
		if l.Backend == o.Backend && l.Name == o.Lane && !l.Defers {
			return fmt.Errorf("lane %s: nothing says how its requests are kept: give the lane a defer block, or shed", o.ID())
		}
	}
	return nil
}

func (c *Control) laneIDs() (ids []string) {
	for backend, set := range c.d.inForceSets() {
		for _, l := range set.Lanes() {
			ids = append(ids, backend+"/"+l.Name())
		}
	}
	slices.Sort(ids)
	return ids
}

// byHand merges a person's order into what the playbook tells a lane.
func (c *Control) byHand(backend, name string, o *lane.Orders, p *Posted) {
	if len(c.lanes) == 0 || len(c.entries) == 0 {
		return // with nothing in force orders do not hold either
	}
	h := c.lanes[backend+"/"+name]
	if h == nil {
		return
	}
	if h.order.Open {
		setAside(o, p)
	}
	shed := h.shed()
	for i := range shed {
		o.Shed[i] = math.Max(o.Shed[i], shed[i])
		o.Defer[i] = math.Max(o.Defer[i], h.order.Defer[i])
		o.Challenge[i] = math.Max(o.Challenge[i], h.order.Challenge[i])
	}
	o.Max = h.order.Ceiling
}

// setAside turns what is ordered into what would have been.
func setAside(o *lane.Orders, p *Posted) {
	for i := range o.Shed {
		o.WouldShed[i] = math.Max(o.WouldShed[i], o.Shed[i])
		o.WouldDefer[i] = math.Max(o.WouldDefer[i], o.Defer[i])
		o.WouldChallenge[i] = math.Max(o.WouldChallenge[i], o.Challenge[i])
		o.WouldChallengeNew[i] = math.Max(o.WouldChallengeNew[i], o.ChallengeNew[i])
	}
	*o = lane.Orders{WouldShed: o.WouldShed, WouldDefer: o.WouldDefer, WouldChallenge: o.WouldChallenge, WouldChallengeNew: o.WouldChallengeNew}
	p.Status, p.Body = 0, "" // nobody is refused with it
}
