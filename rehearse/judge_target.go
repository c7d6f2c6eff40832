package rehearse

import (
	"fmt"

	"github.com/daero/daero/rehearse/against"
)

// NotJudged is a bar that says nothing here, and why.
type NotJudged struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// TargetReport is whose service was rehearsed against, and what it was sent.
type TargetReport struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	TargetLoad
}

// enoughCalm is how many messages of the calm make a p99 to compare with: below
// it, p99 is that of two messages.
const enoughCalm = 200

// elsewhereBars judge by what clients felt: of somebody else's service nothing
// else is known.
func (r *Report) elsewhereBars(a *ArmReport, calm int64, correctnessOnly bool) {
	got, kept, attempts := a.Lanes[laneMessage].SuccessRatio, a.SessionsKept, a.AttemptsPerAction
	r.Bars = append(r.Bars,
		Bar{Name: "message success", Want: ">= 0.999", Got: got, OK: got != nil && *got >= wantAutoSuccess},
		Bar{Name: "sessions kept", Want: ">= 0.95", Got: &kept, OK: kept >= wantKept},
	)
	not := func(name, why string) { r.NotJudged = append(r.NotJudged, NotJudged{name, why}) }
	if b, ok := servedWhereSent(a); ok {
		r.Bars = append(r.Bars, b)
	} else {
		not(b.Name, "no login was sent: let more be sent a second, or take longer")
	}
	switch {
	case correctnessOnly:
		not("p99, attempts and recovery", "only what does not depend on speed is judged")
	case calm < enoughCalm:
		r.Bars = append(r.Bars, Bar{Name: "attempts per action", Want: "<= 1.5", Got: &attempts, OK: attempts <= wantAttempts})
		not("message p99 when settled / calm, and recovery", fmt.Sprintf("%d messages answered in the calm are too few to compare with: %d are needed: let more be sent a second, or take longer", calm, enoughCalm))
	default:
		r.Bars = append(r.Bars, r.steady(a),
			Bar{Name: "attempts per action", Want: "<= 1.5", Got: &attempts, OK: attempts <= wantAttempts},
			recovered(a))
	}
	not("levels and actions", "what protects the target keeps its record there, not here")
	not("login goodput / static lanes", "how many logins the target can serve is known to nobody")
	not("control: without daero", "nobody's protection is switched off: that the storm does harm without it is not shown")
	switch r.Scenario {
	case Earthquake:
		not("half of the service gone", "workers of the sample alone are taken away")
	case NewYear:
		not("a dependency that hangs", "the sample alone is slowed down")
	}
	if r.Target.PutOff > 0 {
		not(fmt.Sprintf("%d attempts when they were due", r.Target.PutOff), fmt.Sprintf("they had to wait: at most %.0f requests a second are sent", r.Target.Most))
	}
}

// servedWhereSent is served, in the phases in which there was a login: of few
// people a short phase may have none. ok is false where there was none at all.
func servedWhereSent(a *ArmReport) (b Bar, ok bool) {
	b = Bar{Name: "logins served per second", Want: "> 0", OK: true}
	for _, p := range a.Phases[1:] {
		l := p.Lanes[laneLogin]
		if l.Sent == 0 {
			continue
		}
		if ok = true; b.Got == nil || l.Goodput < *b.Got {
			b.Got, b.Note = &l.Goodput, "worst in "+p.Name
		}
		b.OK = b.OK && l.Goodput > 0
	}
	return b, ok
}

// few reports whether an arm has too few answers in the calm for its p99.
func few(a ArmLog) bool {
	return a.Name == ArmTarget && a.Log.Lane(laneMessage).Phases[0].OK < enoughCalm
}

func targetReport(s *against.Service, a ArmLog) *TargetReport {
	t := &TargetReport{Name: s.Name, URL: s.URL}
	if a.Load != nil {
		t.TargetLoad = *a.Load
	}
	t.PutOff = a.Log.PutOff
	for _, l := range a.Log.Lanes {
		t.Sent += l.Attempts
	}
	return t
}
