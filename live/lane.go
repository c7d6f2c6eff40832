package live

import (
	"cmp"
	"slices"

	"github.com/daero/daero/lane"
)

// State is how a lane is, in a word.
type State string

// The states, the worst first.
const (
	Failing     State = "failing"     // the service fails
	Shedding    State = "shedding"    // some are told to come back
	Challenging State = "challenging" // some are asked whether they are there
	Deferring   State = "deferring"   // some are done later
	Waiting     State = "waiting"     // some wait in line
	OK          State = "ok"
	Idle        State = "idle" // nobody comes
)

// States lists the states, the worst first.
func States() []State {
	return []State{Failing, Shedding, Challenging, Deferring, Waiting, OK, Idle}
}

// Lane is what one lane does now. Rates are per second, over the last five.
type Lane struct {
	Backend string  `json:"backend"`
	Name    string  `json:"name"`
	Tier    string  `json:"tier"`
	Streams bool    `json:"streams,omitempty"` // of long-lived connections
	State   State   `json:"state"`
	In      float64 `json:"in"`
	// Through is what the service answered well; of streams, who was let in.
	Through  float64 `json:"through"`
	Outcome  Outcome `json:"outcome"`
	InFlight int     `json:"in_flight"`
	Waiting  int     `json:"waiting"`
	// Wait is how long those waited who left the queue, on average.
	Wait   float64 `json:"wait_seconds"`
	Recent float64 `json:"recent_seconds"` // what a request takes now
	Base   float64 `json:"base_seconds"`   // and when nothing queues
	Limit  int     `json:"limit"`
	// Ceiling is the share of the backend's limit that an order leaves it.
	Ceiling float64 `json:"ceiling,omitempty"`
	// Turn is the share of users whose turn it is, 1 while nobody is turned away.
	Turn float64 `json:"turn"`
	// Reasons are refusals per second, by why.
	Reasons map[string]float64 `json:"reasons"`
	Felt    Felt               `json:"felt"`
}

// From where on a part of what came makes a lane's state.
const (
	failingShare = 0.05
	stateShare   = 0.005
	stateWait    = 0.05 // seconds
)

// laneOf makes a lane of what went through it.
func laneOf(backend string, l *lane.LaneSnapshot, p *passage, seconds float64) Lane {
	n := Lane{
		Backend: backend, Name: l.Name, Tier: l.Tier.String(), Streams: l.Streams,
		InFlight: l.InFlight, Waiting: l.Waiting, Limit: l.Limit, Ceiling: l.Orders.Ceiling, Turn: l.Turn,
		Recent: l.Recent.Seconds(), Base: l.Base.Seconds(), Wait: milli(p.wait()), Reasons: map[string]float64{},
	}
	o := p.outcome(seconds)
	n.In, n.Through, n.Outcome = tidy(o.Came()), tidy(p.served/seconds), o.round()
	if l.Streams {
		n.Through = tidy((p.letIn[0] + p.letIn[1]) / seconds)
	}
	for reason, count := range p.reasons {
		n.Reasons[reason.String()] = tidy(count / seconds)
	}
	n.State, n.Felt = stateOf(&n, o), feltOf(l, p, o)
	return n
}

func stateOf(l *Lane, o Outcome) State {
	came := o.Came()
	ended := l.Through + o.Failed
	switch {
	case came == 0 && l.InFlight == 0 && l.Waiting == 0:
		return Idle
	case o.Failed > 0 && o.Failed >= failingShare*ended:
		return Failing
	case o.Shed > 0 && o.Shed >= stateShare*came:
		return Shedding
	case o.Challenged > 0 && o.Challenged >= stateShare*came:
		return Challenging
	case o.Deferred > 0 && o.Deferred >= stateShare*came:
		return Deferring
	case l.Waiting > 0 || l.Wait >= stateWait:
		return Waiting
	}
	return OK
}

// sort puts the worst first: by state, then by tier, then by how many of those
// who came are hit. That is in quarters, then by name, so that lanes do not
// change places from second to second.
func sort(lanes []Lane) {
	states := States()
	quarter := func(l *Lane) int {
		if l.In == 0 {
			return 0
		}
		return int(4 * (l.In - l.Outcome.Passed) / l.In)
	}
	tiers := []string{lane.Critical.String(), lane.Normal.String(), lane.Sheddable.String()}
	slices.SortFunc(lanes, func(a, b Lane) int {
		return cmp.Or(
			cmp.Compare(slices.Index(states, a.State), slices.Index(states, b.State)),
			cmp.Compare(slices.Index(tiers, a.Tier), slices.Index(tiers, b.Tier)),
			cmp.Compare(quarter(&b), quarter(&a)),
			cmp.Compare(a.Backend, b.Backend), cmp.Compare(a.Name, b.Name),
		)
	})
}
