package virtual

import (
	"context"
	"errors"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/rehearse/shipped"
)

// gate is what stands in front of the service.
type gate interface {
	Contender
	// slow is how long clients are told to wait before they ask again.
	slow(k Kind) time.Duration
	// switchOn is a person at the switch.
	switchOn()
}

// open lets everyone in, until a person turns to what is prepared: no syncs, no
// logins of phones that nobody looks at, and one in four of people's. Nobody
// measures what it does, so it stays on.
type open struct {
	emergency bool
	logins    int
}

// MayWait implements Contender.
func (*open) MayWait(Attempt) bool { return false }

// Enter implements Contender.
func (g *open) Enter(_ context.Context, a Attempt) (func(Outcome), error) {
	if g.emergency && a.Kind != Message {
		if a.Kind == Login && !a.Background {
			g.logins++
		}
		if a.Kind == Sync || a.Background || g.logins%4 != 0 {
			return nil, comeBack(time.Minute)
		}
	}
	return func(Outcome) {}, nil
}

func (*open) slow(Kind) time.Duration { return 0 }
func (g *open) switchOn()             { g.emergency = true }

type comeBack time.Duration

// Error implements error.
func (c comeBack) Error() string { return "come back in " + time.Duration(c).String() }

// ReturnAfter implements ReturnLater.
func (c comeBack) ReturnAfter() time.Duration { return time.Duration(c) }

// daeroGate is daero: its lanes, and in one arm its response as well.
type daeroGate struct {
	Lanes
	d      *daero.Daero
	polled time.Duration // what syncs are told now
}

func newDaeroGate(l daero.Listener) (*daeroGate, error) {
	d, err := daero.New(daero.Config{Listener: l, Plan: daero.Plan{Backends: map[string]lane.Config{
		daero.DefaultBackend: {Lanes: shipped.Lanes()},
	}}})
	if err != nil {
		return nil, err
	}
	g := &daeroGate{d: d}
	for k := range numKinds {
		g.lanes[k] = d.Lane(daero.DefaultBackend, k.String())
	}
	return g, nil
}

// MayWait implements Contender.
func (*daeroGate) MayWait(a Attempt) bool { return a.Kind != Login || a.Booked }

func (g *daeroGate) slow(k Kind) time.Duration {
	if k != Sync {
		return 0
	}
	return g.polled
}

func (*daeroGate) switchOn() {}

// read notes what clients are to be told.
func (g *daeroGate) read(st daero.ControlState) {
	g.polled = 0
	for _, a := range st.Actions {
		if a.Action.Kind == playbook.Slow && a.Action.Lane == Sync.String() && !a.Shadow {
			g.polled = a.Action.For
		}
	}
}

// ordered reports whether any lane is told anything.
func (g *daeroGate) ordered() bool {
	for _, l := range g.lanes {
		if l.Orders() != (lane.Orders{}) {
			return true
		}
	}
	return g.polled > 0
}

// byOrder reports whether it was the playbook that refused.
func byOrder(err error) bool {
	r, ok := errors.AsType[refusal](err)
	return ok && r.Reason == lane.ReasonPlaybook
}
