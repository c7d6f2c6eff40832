package live

import (
	"math"

	"github.com/daero/daero/lane"
)

// Outcome is what became of requests, per second. Each request counts once, so
// the parts add up to what came:
//
//	came = passed + waited + failed + deferred + challenged + shed
type Outcome struct {
	Passed     float64 `json:"passed"` // let in at once
	Waited     float64 `json:"waited"` // let in after a wait in the queue
	Deferred   float64 `json:"deferred"`
	Challenged float64 `json:"challenged"`
	Shed       float64 `json:"shed"`   // refused, by the lane or by order
	Failed     float64 `json:"failed"` // let in, and the service failed or refused for load
}

// Came is all of them.
func (o Outcome) Came() float64 {
	return o.Passed + o.Waited + o.Deferred + o.Challenged + o.Shed + o.Failed
}

func (o *Outcome) add(p Outcome) {
	o.Passed += p.Passed
	o.Waited += p.Waited
	o.Deferred += p.Deferred
	o.Challenged += p.Challenged
	o.Shed += p.Shed
	o.Failed += p.Failed
}

// round drops digits that nobody reads, and that would double what a screen is
// sent every second.
func (o Outcome) round() Outcome {
	return Outcome{tidy(o.Passed), tidy(o.Waited), tidy(o.Deferred), tidy(o.Challenged), tidy(o.Shed), tidy(o.Failed)}
}

// tidy keeps a hundredth.
func tidy(v float64) float64 { return math.Round(v*100) / 100 }

// passage is what went through a lane between two moments, in requests.
type passage struct {
	letIn, shed, deferred, challenged [2]float64 // by intent
	reasons                           map[lane.Reason]float64
	served, failed                    float64
	waits, timeouts                   float64 // who left the queue, and who of them in vain
	waited                            float64 // seconds in it, of all of them
}

// between counts from one snapshot of a lane to the next.
func between(then, now *lane.LaneSnapshot) passage {
	p := passage{
		reasons: map[lane.Reason]float64{},
		served:  grown(then.Served, now.Served),
		failed:  grown(then.Failed, now.Failed) + grown(then.Overloaded, now.Overloaded),
		waits:   grown(then.Waits, now.Waits),
	}
	if p.waits > 0 && now.Waits >= then.Waits {
		p.waited = max((now.Waited - then.Waited).Seconds(), 0)
	}
	for i := range p.letIn {
		p.letIn[i] = grown(then.Passed[i], now.Passed[i])
		p.deferred[i] = grown(then.Deferred[i], now.Deferred[i])
		p.challenged[i] = grown(then.Challenged[i], now.Challenged[i])
		for reason, n := range now.Refused[i] {
			if d := grown(then.Refused[i][reason], n); d > 0 {
				p.shed[i] += d
				p.reasons[reason] += d
			}
		}
	}
	p.timeouts = p.reasons[lane.ReasonTimeout]
	return p
}

// grown is how much a counter grew. One that started anew grew by what it is.
func grown(then, now uint64) float64 {
	if now < then {
		return float64(now)
	}
	return float64(now - then)
}

// outcome splits what came, per second. Lanes do not count who waited by
// whether they got in, so those are who left the queue but for who timed out,
// and they failed as often as others did.
func (p *passage) outcome(seconds float64) Outcome {
	letIn := p.letIn[0] + p.letIn[1]
	failed := min(p.failed, letIn)
	waited := min(max(p.waits-p.timeouts, 0), letIn)
	if letIn > 0 {
		waited *= (letIn - failed) / letIn
	}
	o := Outcome{
		Passed: letIn - failed - waited, Waited: waited, Failed: failed,
		Deferred: p.deferred[0] + p.deferred[1], Challenged: p.challenged[0] + p.challenged[1], Shed: p.shed[0] + p.shed[1],
	}
	return Outcome{o.Passed / seconds, o.Waited / seconds, o.Deferred / seconds, o.Challenged / seconds, o.Shed / seconds, o.Failed / seconds}
}

// came is how many of an intent came.
func (p *passage) came(i int) float64 {
	return p.letIn[i] + p.shed[i] + p.deferred[i] + p.challenged[i]
}

// wait is how long those waited who left the queue, on average.
func (p *passage) wait() float64 {
	if p.waits == 0 {
		return 0
	}
	return p.waited / p.waits
}
