package rehearse

import (
	"time"

	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

// ArmTarget is the only arm of a rehearsal against somebody else's service.
const ArmTarget = "target"

// targetDuration is how long an arm against somebody else's service takes unless
// told otherwise: there are fewer people in it, and a p99 wants many.
const targetDuration = time.Minute

// room is the share of what may be sent that is planned: the rest is for those
// who try again.
const room = 0.8

// TargetLoad is what an arm against somebody else's service sends.
type TargetLoad struct {
	Most    float64 `json:"most_per_s"` // requests a second, never more
	Peak    float64 `json:"peak_per_s"` // planned, in the busiest second, without those who try again
	Planned float64 `json:"planned"`    // in all, likewise
	Scaled  float64 `json:"scaled"`     // what is planned, as a share of what the sample would be sent
	Sent    int64   `json:"sent"`       // in all, with those who tried again
	PutOff  int64   `json:"put_off"`    // sent 100 ms or more later than due, to keep to the most
}

// Load returns what is planned to be sent in all arms together: requests a
// second in the busiest second, and in all. Those who try again are not in it.
func (s Settings) Load() TargetLoad {
	s = s.WithDefaults()
	if s.Target != nil {
		_, load := s.elsewhere(float64(s.Target.Most))
		return load
	}
	load := TargetLoad{Scaled: 1}
	for _, arm := range s.Arms {
		peak, total := s.planned(s.Plan(arm))
		load.Peak, load.Planned = max(load.Peak, round(peak)), load.Planned+round(total)
	}
	return load
}

// elsewhere is the plan of the arm auto, made so much smaller that no second has
// more than may be sent. What is done to the sample alone is not in it: that
// half of it goes away is no phase.
func (s Settings) elsewhere(most float64) (*live.Plan, TargetLoad) {
	p := s.Plan(ArmAuto)
	if s.Scenario == Earthquake {
		storm := p.Phases[1]
		storm.Length += p.Phases[2].Length + p.Phases[3].Length
		p.Phases = []live.Phase{p.Phases[0], storm, p.Phases[4]}
	}
	peak, total := s.planned(p)
	scaled := min(1, room*most/peak)
	for i := range p.Sources {
		src := &p.Sources[i]
		src.Curve = surge.Scale{Curve: src.Curve, By: scaled}
		if src.Users > 0 {
			src.Users = max(1, uint64(float64(src.Users)*scaled))
		}
	}
	return p, TargetLoad{Most: most, Peak: round(peak * scaled), Planned: round(total * scaled), Scaled: round(scaled)}
}

// planned is what a plan sends in its busiest second, and in all: arrivals, and
// the logins of those whose sessions break.
func (s Settings) planned(p *live.Plan) (peak, total float64) {
	const step = 100 * time.Millisecond
	perSecond := int(time.Second / step)
	bins := make([]float64, int(p.Total()/step)+1)
	for i := range bins {
		for _, src := range p.Sources {
			bins[i] += src.Curve.Rate(time.Duration(i)*step) * step.Seconds()
		}
	}
	bins[len(bins)-1] = 0 // beyond the end
	for i, start := range p.Starts() {
		cut := s.cutIn(p, i)
		for j := range perSecond { // within a second
			if at := int(start/step) + j; at < len(bins) {
				bins[at] += cut / float64(perSecond)
			}
		}
	}
	second := 0.0
	for i, n := range bins {
		total += n
		if second += n; i >= perSecond {
			second -= bins[i-perSecond]
		}
		peak = max(peak, second)
	}
	return peak, total
}

// cutIn is how many sessions break as a phase begins.
func (s Settings) cutIn(p *live.Plan, phase int) float64 {
	if s.Scenario == Earthquake || s.Scenario == "" {
		return 0
	}
	for _, src := range p.Sources {
		if src.Name == laneMessage {
			return s.stretch(phase).cut * float64(src.Users)
		}
	}
	return 0
}

// planOf is what is sent in an arm to a set.
func (s Settings) planOf(arm string, set Set) (*live.Plan, *TargetLoad) {
	b, ok := set.(Bounded)
	if !ok {
		return s.Plan(arm), nil
	}
	p, load := s.elsewhere(b.Most())
	return p, &load
}
