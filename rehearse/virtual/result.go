package virtual

import (
	"math"
	"sort"
	"time"
)

// Result is what came of a scenario.
type Result struct {
	s      *Scenario
	closed bool
	phases []tally
	bins   []bin // messages by 100 ms of arrival
}

type tally struct {
	actions, attempts, ok [numKinds]int
	took                  []float64 // messages served, seconds
	steady                []float64 // those that came two seconds or more after the phase began
	failed                int       // messages
}

type bin struct{ took []float64 }

const (
	binWidth = 100 * time.Millisecond
	settling = 2 * time.Second
)

func newResult(s *Scenario) *Result {
	end := s.Phases[len(s.Phases)-1].To
	return &Result{s: s, phases: make([]tally, len(s.Phases)), bins: make([]bin, end/binWidth+1)}
}

func (r *Result) phase(t time.Duration) (*tally, *Phase) {
	for i := range r.s.Phases {
		if t < r.s.Phases[i].To {
			return &r.phases[i], &r.s.Phases[i]
		}
	}
	return nil, nil
}

func (r *Result) action(t time.Duration, k Kind) {
	if p, _ := r.phase(t); p != nil {
		p.actions[k]++
	}
}

func (r *Result) attempt(t time.Duration, k Kind) {
	if p, _ := r.phase(t); p != nil {
		p.attempts[k]++
	}
}

func (r *Result) ended(began, now time.Duration, k Kind, ok bool) {
	if k == Login {
		if p, _ := r.phase(now); p != nil && ok {
			p.ok[k]++
		}
		return
	}
	p, ph := r.phase(began)
	if p == nil {
		return
	}
	took := math.Inf(1)
	if ok {
		took = (now - began).Seconds()
		p.ok[k]++
		p.took = append(p.took, took)
		if began-ph.From >= settling {
			p.steady = append(p.steady, took)
		}
	} else {
		p.failed++
	}
	if !ok && ph.Fits > 0 {
		return // refusing is right here; it must only not be late for the others
	}
	b := &r.bins[began/binWidth]
	b.took = append(b.took, took)
}

// PhaseReport is one phase in numbers.
type PhaseReport struct {
	Name             string
	MessageOK        float64 // share of messages answered
	P50, P99         float64 // of messages, seconds
	SteadyP99        float64 // without the two seconds after the phase began
	Degraded         time.Duration
	Goodput          float64 // logins/s
	OfCapacity       float64 // of what logins could get, or asked for if that is less; NaN if not compared
	Attempts         float64 // per login action
	Messages, Logins int
}

// Report sums up. The first phase is the calm one.
func (r *Result) Report() []PhaseReport {
	calm := quantile(r.phases[0].took, 0.9)
	out := make([]PhaseReport, len(r.phases))
	for i := range r.phases {
		t, ph := &r.phases[i], &r.s.Phases[i]
		span := (ph.To - ph.From).Seconds()
		p := PhaseReport{
			Name: ph.Name, P50: quantile(t.took, 0.5), P99: quantile(t.took, 0.99), SteadyP99: quantile(t.steady, 0.99),
			Goodput: float64(t.ok[Login]) / span, OfCapacity: math.NaN(), Messages: len(t.took) + t.failed, Logins: t.ok[Login],
		}
		p.MessageOK = float64(len(t.took)) / math.Max(float64(p.Messages), 1)
		if ph.Capacity > 0 {
			p.OfCapacity = p.Goodput / ph.Capacity
		}
		if t.actions[Login] > 0 {
			p.Attempts = float64(t.attempts[Login]) / float64(t.actions[Login])
		}
		for b := ph.From / binWidth; b < ph.To/binWidth; b++ {
			if len(r.bins[b].took) > 0 && quantile(r.bins[b].took, 0.9) > 2*calm {
				p.Degraded += binWidth
			}
		}
		out[i] = p
	}
	return out
}

// AttemptsPerAction is over the whole run.
func (r *Result) AttemptsPerAction() float64 {
	actions, attempts := 0, 0
	for i := range r.phases {
		actions += r.phases[i].actions[Login]
		attempts += r.phases[i].attempts[Login]
	}
	return float64(attempts) / math.Max(float64(actions), 1)
}

func quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	if !sort.Float64sAreSorted(xs) {
		sort.Float64s(xs)
	}
	return xs[min(int(q*float64(len(xs))), len(xs)-1)]
}
