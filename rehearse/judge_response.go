package rehearse

import (
	"fmt"

	"github.com/daero/daero/level"
)

// The bars of levels and a playbook.
const (
	wantAutoSuccess = 0.999
	wantKept        = 0.95
	wantRaise       = 2.0 // seconds after saturation
	wantAct         = 0.3 // seconds after the level
)

// response judges the arm with levels and a playbook. On a machine that others
// use, load comes and goes by itself: levels that do, and refusals for it, are
// no fault of theirs.
func (s Settings) response(auto *ArmReport, correctnessOnly bool) (bars []Bar) {
	got := auto.Lanes[laneMessage].SuccessRatio
	kept, attempts := auto.SessionsKept, auto.AttemptsPerAction
	bars = append(bars,
		Bar{Name: "auto: message success", Want: ">= 0.999", Got: got, OK: got != nil && *got >= wantAutoSuccess},
		Bar{Name: "auto: sessions kept", Want: ">= 0.95", Got: &kept, OK: kept >= wantKept},
	)
	raise := Bar{Name: "auto: seconds from saturation to the level", Want: "<= 2", OK: true, Note: "never saturated"}
	act := Bar{Name: "auto: seconds from the level to the action", Want: "<= 0.3", OK: true, Note: "no level that asks for an action"}
	if at := raisedTo(auto, level.Caution); at != nil || auto.SaturatedS != nil {
		raise.Note, act.Note = "", ""
		if auto.SaturatedS != nil {
			raise.Got = after(*auto.SaturatedS, at)
			raise.OK = raise.Got != nil && *raise.Got <= wantRaise
		}
		act.Got = acted(auto, at)
		act.OK = act.Got != nil && *act.Got <= wantAct
	}
	bars = append(bars, raise, act)
	if correctnessOnly {
		return bars
	}
	flaps := float64(flaps(auto, s.dwell().Seconds()))
	return append(bars,
		Bar{Name: "auto: attempts per action", Want: "<= 1.5", Got: &attempts, OK: attempts <= wantAttempts},
		Bar{Name: "auto: levels left and raised again at once", Want: "0", Got: &flaps, OK: flaps == 0})
}

// raisedTo is when a level of at least lv was first raised, nil if never.
func raisedTo(a *ArmReport, lv level.Level) *float64 {
	for _, l := range a.Levels {
		from, to := levelOf(l.From), levelOf(l.To)
		if to > from && to >= lv {
			return &l.At
		}
	}
	return nil
}

func levelOf(word string) level.Level {
	l, _ := level.Parse(word) // the record is our own
	return l
}

// after is how long after from something was, 0 if before.
func after(from float64, at *float64) *float64 {
	if at == nil {
		return nil
	}
	v := max(round(*at-from), 0)
	return &v
}

// acted is how long after a level the first action came into force.
func acted(a *ArmReport, at *float64) *float64 {
	if at == nil {
		return nil
	}
	for _, x := range a.Actions {
		if x.At >= *at && x.Strength > 0 {
			return after(*at, &x.At)
		}
	}
	return nil
}

// flaps counts the levels that were raised within a dwell of being left.
func flaps(a *ArmReport, dwell float64) (n int) {
	left := map[level.Level]float64{}
	for _, l := range a.Levels {
		from, to := levelOf(l.From), levelOf(l.To)
		for lv := to + 1; lv <= from; lv++ {
			left[lv] = l.At
		}
		for lv := from + 1; lv <= to; lv++ {
			if at, was := left[lv]; was && l.At-at < dwell {
				n++
				break
			}
		}
	}
	return n
}

// harmed is the control of the scenarios in which nothing must hold without
// daero.
func harmed(a *ArmReport) Bar {
	got := 0.0
	if ok := a.Lanes[laneMessage].SuccessRatio; ok == nil || *ok < wantAutoSuccess {
		got++
	}
	if a.SessionsKept < wantKept {
		got++
	}
	b := Bar{Name: fmt.Sprintf("control: messages and sessions missed, %s", a.Name), Want: ">= 2", Got: &got, OK: got == 2}
	if !b.OK {
		b.Note = "the storm did no harm, so this rehearsal proves nothing: make it bigger"
	}
	return b
}
