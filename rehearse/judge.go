package rehearse

import (
	"fmt"
	"math"
)

// The bars.
const (
	wantSuccess  = 0.9999
	wantSteady   = 1.3 // × calm p99
	wantDegraded = 0.5 // seconds per change
	wantGoodput  = 0.9 // of the static arm's
	wantAttempts = 1.5
	wantRecovery = 2.0 // seconds
)

// What makes a machine too noisy to judge.
const (
	controlLag   = 5.0  // the same for the arm without lanes, where thousands of requests hang: its messages take 200 times calm
	maxLag       = 0.3  // p99 of the generator's own lag, as a share of the calm message p99
	maxCalmShift = 1.5  // calm message p99 of one half, or one arm, over another's
	maxOthers    = 0.35 // processors that other programs used
)

// Judge turns what happened into a report with a verdict. With correctness
// only, nothing that depends on the machine's speed is judged, and no machine
// is too noisy.
func (s Settings) Judge(arms []ArmLog, correctnessOnly bool) Report {
	s = s.WithDefaults()
	r := s.report(arms)
	r.Bars = []Bar{}
	if r.Target != nil {
		r.elsewhereBars(&r.Arms[0], arms[0].Log.Lane(laneMessage).Phases[0].OK, correctnessOnly)
	}
	lanes, static, none, honouring := r.arm(ArmLanes), r.arm(ArmStatic), r.arm(ArmNone), r.arm(ArmHonouring)
	// What the lanes alone must keep is measured in the earthquake, which is
	// made for that.
	if lanes != nil && s.Scenario == Earthquake {
		r.Bars = append(r.Bars, success(lanes))
		if correctnessOnly {
			r.Bars = append(r.Bars, unbroken(lanes), served(lanes))
		} else {
			r.Bars = append(r.Bars, r.steady(lanes), perChange(lanes))
			if static != nil {
				r.Bars = append(r.Bars, goodput(lanes, static))
			}
			if honouring != nil {
				r.Bars = append(r.Bars, tamed(honouring))
			}
			r.Bars = append(r.Bars, recovered(lanes))
		}
	}
	if none != nil && s.Scenario == Earthquake {
		r.Bars = append(r.Bars, r.control(none, correctnessOnly))
	}
	if auto := r.arm(ArmAuto); auto != nil {
		r.Bars = append(r.Bars, s.response(auto, correctnessOnly)...)
		for _, control := range []*ArmReport{none, r.arm(ArmManual)} {
			if control != nil && (s.Scenario == Earthquake || s.Scenario == NewYear) {
				r.Bars = append(r.Bars, harmed(control))
			}
		}
	}
	if !correctnessOnly {
		r.Noisy = noise(arms)
	}
	r.OK = len(r.Noisy) == 0
	for _, b := range r.Bars {
		r.OK = r.OK && b.OK
	}
	return r
}

func success(a *ArmReport) Bar {
	got := a.Lanes[laneMessage].SuccessRatio
	return Bar{Name: "message success", Want: ">= 0.9999", Got: got, OK: got != nil && *got >= wantSuccess}
}

// steady looks at each phase after a change, once it has settled.
func (r *Report) steady(a *ArmReport) Bar {
	b := Bar{Name: "message p99 when settled / calm", Want: "<= 1.3", OK: r.Calm.MessageP99 > 0}
	return b.worst(a, func(p PhaseReport) *float64 {
		if p.Lanes[laneMessage].SteadyP99 == nil {
			return nil
		}
		return share(*p.Lanes[laneMessage].SteadyP99, r.Calm.MessageP99)
	}, func(got float64) bool { return got <= wantSteady }, math.Max)
}

func perChange(a *ArmReport) Bar {
	b := Bar{Name: "message seconds degraded per change", Want: "<= 0.5", OK: true}
	return b.worst(a, func(p PhaseReport) *float64 { d := p.Lanes[laneMessage].Degraded; return &d },
		func(got float64) bool { return got <= wantDegraded }, math.Max)
}

// goodput compares what logins got with what the oracle gave them. Where the
// oracle had to refuse, that is the goodput. Where there was room for all, the
// number served depends on how many came, and fewer come back where fewer were
// refused before: there it is the share of them that was served.
func goodput(a, static *ArmReport) Bar {
	b := Bar{Name: "login goodput / static lanes", Want: ">= 0.9", OK: true}
	theirs := map[string]LaneReport{}
	for _, p := range static.Phases {
		theirs[p.Name] = p.Lanes[laneLogin]
	}
	return b.worst(a, func(p PhaseReport) *float64 {
		ours, oracle := p.Lanes[laneLogin], theirs[p.Name]
		if ours.SuccessRatio != nil && oracle.SuccessRatio != nil && *oracle.SuccessRatio >= enough {
			return share(*ours.SuccessRatio, *oracle.SuccessRatio)
		}
		return ours.OracleRatio
	}, func(got float64) bool { return got >= wantGoodput }, math.Min)
}

// enough is the share of logins served from which on there was room for all:
// in a storm it is a tenth, and some who were refused there return after it.
const enough = 0.5

// worst sets the bar by the worst of the phases after the calm. A phase
// without a number misses it.
func (b Bar) worst(a *ArmReport, value func(PhaseReport) *float64, ok func(float64) bool, worse func(a, b float64) float64) Bar {
	for _, p := range a.Phases[1:] {
		v := value(p)
		if v == nil {
			b.OK, b.Note = false, "nothing to judge in "+p.Name
			return b
		}
		if b.Got == nil || worse(*v, *b.Got) != *b.Got {
			b.Got, b.Note = v, "worst in "+p.Name
		}
		b.OK = b.OK && ok(*v)
	}
	return b
}

func tamed(a *ArmReport) Bar {
	got := a.AttemptsPerAction
	note := ""
	if l := a.Lanes[laneLogin].AttemptsPerAction; l != nil {
		note = fmt.Sprintf("logins alone %.2f", *l)
	}
	return Bar{Name: "attempts per action, honouring", Want: "<= 1.5", Got: &got, OK: got <= wantAttempts, Note: note}
}

func recovered(a *ArmReport) Bar {
	b := Bar{Name: "seconds to recover", Want: "<= 2", Got: a.RecoveryS}
	if b.OK = b.Got != nil && *b.Got <= wantRecovery; b.Got == nil {
		b.Note = "not seen before the end"
	}
	return b
}

// unbroken: whoever is not served is told so; no connection breaks.
func unbroken(a *ArmReport) Bar {
	failed := 0.0
	for _, l := range a.Lanes {
		failed += float64(l.Failed + l.TimedOut)
	}
	return Bar{Name: "requests broken or unanswered", Want: "0", Got: &failed, OK: failed == 0}
}

// served: the storm does not stop logins, it only rations them.
func served(a *ArmReport) Bar {
	b := Bar{Name: "logins served per second", Want: "> 0", OK: true}
	return b.worst(a, func(p PhaseReport) *float64 { g := p.Lanes[laneLogin].Goodput; return &g },
		func(got float64) bool { return got > 0 }, math.Min)
}

// control: a storm that does no harm without lanes proves nothing about them.
func (r *Report) control(none *ArmReport, correctnessOnly bool) Bar {
	missed := []Bar{success(none)}
	if !correctnessOnly {
		missed = append(missed, r.steady(none), perChange(none))
	}
	got := 0.0
	for _, b := range missed {
		if !b.OK {
			got++
		}
	}
	bar := Bar{Name: "control: message bars missed without lanes", Want: fmt.Sprintf(">= %d", len(missed)), Got: &got, OK: got == float64(len(missed))}
	if !bar.OK {
		bar.Note = "the storm did no harm, so this rehearsal proves nothing: make it bigger"
	}
	return bar
}

// noise says what speaks against judging on this machine now.
func noise(arms []ArmLog) (why []string) {
	low, high := math.Inf(1), 0.0
	for i, a := range arms {
		for _, w := range armNoise(a) {
			why = append(why, fmt.Sprintf("arm %s: %s", a.Name, w))
		}
		p99 := calmBin(arms[i:i+1], laneMessage, 0, 1).Quantile(0.99)
		low, high = min(low, p99), max(high, p99)
	}
	if shift := apart(low, high); len(arms) > 1 && !(shift <= maxCalmShift) {
		why = append(why, fmt.Sprintf("calm messages: p99 is %.1f ms in one arm and %.1f ms in another", low, high))
	}
	return why
}

// armNoise says what speaks against believing one arm. It looks at the calm,
// at the generator and at other programs, not at what the storm did.
func armNoise(a ArmLog) (why []string) {
	one := []ArmLog{a}
	// Of somebody else's service it is not the machine's fault.
	if c := a.Log.Lane(laneMessage).Phases[0]; c.OK != c.Sent && a.Name != ArmTarget {
		why = append(why, fmt.Sprintf("%d of %d messages failed in the calm", c.Sent-c.OK, c.Sent))
	}
	first, second := calmBin(one, laneMessage, 0, 0.5).Quantile(0.99), calmBin(one, laneMessage, 0.5, 1).Quantile(0.99)
	if shift := apart(first, second); !few(a) && !(shift <= maxCalmShift) {
		why = append(why, fmt.Sprintf("calm message p99 is %.1f ms in the first half and %.1f ms in the second", first, second))
	}
	most := maxLag
	if a.Name == ArmNone || a.Name == ArmManual {
		most = controlLag
	}
	if lag, calm := a.Log.Lag(0.99), calmBin(one, laneMessage, 0, 1).Quantile(0.99); !few(a) && lag > most*calm {
		why = append(why, fmt.Sprintf("the generator sent %.1f ms late at p99: give it more processor time or make the storm smaller", lag))
	}
	if others, ok := a.CPU["others"]; ok && others > maxOthers {
		why = append(why, fmt.Sprintf("other programs used %.1f processors: stop them", others))
	}
	return why
}

// apart is how many times one number is the other; NaN if either is not one.
func apart(a, b float64) float64 {
	if a <= 0 || b <= 0 {
		return math.NaN()
	}
	return max(a, b) / min(a, b)
}
