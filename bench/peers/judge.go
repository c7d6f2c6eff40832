package peers

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/daero/daero/rehearse/virtual"
)

// The bars, as in the design: of messages answered, of their steady p99 against
// calm, of time degraded per change, of what logins could get.
const (
	wantOK       = 0.9999
	wantP99      = 1.3
	wantDegraded = 500 * time.Millisecond
	wantLogins   = 0.95
)

// Cell is one contender in one scenario. What there is none of is absent.
type Cell struct {
	Scenario string   `json:"scenario"`
	Peer     string   `json:"peer"`
	OK       float64  `json:"message_ok"`                    // share of messages answered in the whole run
	P99      *float64 `json:"steady_p99_of_calm,omitempty"`  // the worst phase
	Degraded float64  `json:"degraded_s"`                    // in the whole run
	Allowed  float64  `json:"degraded_allowed_s"`            // by the bar
	Logins   *float64 `json:"login_of_capacity,omitempty"`   // the worst phase
	Attempts float64  `json:"attempts_per_action,omitempty"` // of logins
}

// newCell sums up a play. calm is the p99 of messages in the calm phase
// without any protection: where nothing is refused and nothing queues, the
// service itself.
func newCell(scenario, peer string, rep []virtual.PhaseReport, s *virtual.Scenario, attempts, calm float64) Cell {
	c := Cell{Scenario: scenario, Peer: peer, Attempts: attempts}
	ok, all := 0.0, 0.0
	for i, p := range rep {
		ok += p.MessageOK * float64(p.Messages)
		all += float64(p.Messages)
		c.Degraded += p.Degraded.Seconds()
		c.Allowed += float64(s.Phases[i].Changes) * wantDegraded.Seconds()
		switch {
		case p.MessageOK < 0.99:
			c.P99 = worse(c.P99, math.Inf(1), math.Max) // the 99th of a hundred got no answer
		case p.SteadyP99 > 0:
			c.P99 = worse(c.P99, p.SteadyP99/calm, math.Max)
		}
		if !math.IsNaN(p.OfCapacity) {
			c.Logins = worse(c.Logins, p.OfCapacity, math.Min)
		}
	}
	c.OK = ok / math.Max(all, 1)
	c.P99 = finite(orInf(c.P99))
	return c
}

func worse(old *float64, v float64, pick func(a, b float64) float64) *float64 {
	if old != nil {
		v = pick(*old, v)
	}
	return &v
}

// Bars tells which of the four bars hold, in the order of the columns.
func (c Cell) Bars() [4]bool {
	return [4]bool{
		c.OK >= wantOK,
		c.P99 != nil && *c.P99 <= wantP99,
		c.Degraded <= c.Allowed+1e-9,
		c.Logins == nil || *c.Logins >= wantLogins,
	}
}

// Held tells whether all bars hold.
func (c Cell) Held() bool { return c.Bars() == [4]bool{true, true, true, true} }

// median takes each figure's median over the seeds by itself.
func median(cells []Cell) Cell {
	out := cells[0]
	of := func(get func(Cell) float64) float64 {
		xs := make([]float64, len(cells))
		for i, c := range cells {
			xs[i] = get(c)
		}
		slices.Sort(xs)
		return xs[(len(xs)-1)/2]
	}
	out.OK = of(func(c Cell) float64 { return c.OK })
	out.Degraded = of(func(c Cell) float64 { return c.Degraded })
	out.Attempts = of(func(c Cell) float64 { return c.Attempts })
	out.P99 = finite(of(func(c Cell) float64 { return orInf(c.P99) }))
	out.Logins = finite(of(func(c Cell) float64 { return orInf(c.Logins) }))
	return out
}

func orInf(p *float64) float64 {
	if p == nil {
		return math.Inf(1)
	}
	return *p
}

func finite(x float64) *float64 {
	if math.IsInf(x, 1) {
		return nil
	}
	return &x
}

// scenarioNames are those of daero's storms that the peers are put through: the
// ones in which all messages fit the backend, on backends with a size.
var scenarioNames = []string{
	"calm",
	"storm 2x",
	"storm 10x",
	"storm 10x, half the workers",
	"storm 10x, half more workers",
	"messages x20",
	"messages x20 and storm 10x",
	"logins ten times slower",
	"storm 10x, bound by cores",
	"half the workers, honouring",
}

// scenario returns a fresh scenario with a seed of its own.
func scenario(name string, seed uint64) (*virtual.Scenario, error) {
	for _, s := range virtual.Storms() {
		if s.Name == name {
			s.Seed = seed
			return s, nil
		}
	}
	return nil, fmt.Errorf("scenario %s: is not among daero's storms any more: choose another in scenarioNames", name)
}
