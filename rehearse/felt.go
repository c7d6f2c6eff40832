package rehearse

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/examples/messenger"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/rehearse/live"
)

// recorded turns a gateway's record into what a report has: of the warming up
// before the arm, and of what came after it, nothing.
func recorded(entries []audit.Entry, start time.Time, total time.Duration) (levels []LevelReport, actions []ActionReport) {
	slices.SortStableFunc(entries, func(a, b audit.Entry) int { return a.At.Compare(b.At) })
	for _, e := range entries {
		at := round(e.At.Sub(start).Seconds())
		if at < 0 || at > total.Seconds() {
			continue
		}
		switch e.What {
		case audit.LevelChanged:
			levels = append(levels, LevelReport{At: at, From: e.Before, To: e.After, Why: e.Why})
		case audit.ActionEntered, audit.ActionMoved, audit.ActionLeft:
			actions = append(actions, ActionReport{At: at, Action: e.Target, Lane: laneIn(e.Target), Strength: strengthIn(e), Shadow: e.Shadow})
		}
	}
	return levels, actions
}

// laneIn is the lane that a slot is about: the second word of those that have
// one, without its backend.
func laneIn(slot string) string {
	words := strings.Fields(slot)
	if len(words) < 2 {
		return ""
	}
	if kind, err := playbook.ParseKind(words[0]); err != nil || !kind.OfLane() {
		return ""
	}
	return words[1][strings.LastIndexByte(words[1], '/')+1:]
}

func strengthIn(e audit.Entry) float64 {
	v, err := strconv.ParseFloat(strings.TrimSuffix(e.After, "%"), 64)
	if err != nil || e.What == audit.ActionLeft {
		return 0
	}
	return round(v / 100)
}

// felt fills in what people felt over time, and what daero did.
func (a *ArmReport) felt(log ArmLog) {
	a.SessionsKept, a.LoggedOut = round(log.Log.Sessions.Kept()), log.Log.Sessions.LoggedOut
	a.Levels, a.Actions = log.Levels, log.Actions
	if a.Levels == nil {
		a.Levels = []LevelReport{}
	}
	if a.Actions == nil {
		a.Actions = []ActionReport{}
	}
	messages, logins := log.Log.Lane(laneMessage), log.Log.Lane(laneLogin)
	for at := time.Duration(0); at < log.Log.Plan.Total(); at += time.Second {
		m, l := messages.Join(at, at+time.Second, binWidth), logins.Join(at, at+time.Second, binWidth)
		s := SecondReport{Messages: m.Len(), MessagesOK: m.OK(), Logins: l.Len(), LoginsOK: l.OK()}
		if p90 := m.Quantile(0.9); !math.IsNaN(p90) && !math.IsInf(p90, 0) {
			p90 = round(p90)
			s.MessageP90 = &p90
		}
		a.Seconds = append(a.Seconds, s)
	}
}

// saturated is when for the first time more work came in a bin than the service
// can do in it. What an attempt costs is known to the rehearsal.
func (s Settings) saturated(log *live.Log) *float64 {
	starts := log.Plan.Starts()
	for i := range log.Lanes[0].Bins {
		at, phase := time.Duration(i)*binWidth, 0
		for p, from := range starts {
			if at >= from {
				phase = p
			}
		}
		st := s.stretch(phase)
		work := float64(log.Lane(laneMessage).Bins[i].Len())*messenger.MessageWork.Seconds() +
			float64(log.Lane(laneSync).Bins[i].Len())*(messenger.SyncWork+st.slow).Seconds() +
			float64(log.Lane(laneLogin).Bins[i].Len())*messenger.LoginWork.Seconds()
		if work > float64(s.workersIn(st.name))*binWidth.Seconds() {
			v := round(at.Seconds())
			return &v
		}
	}
	return nil
}
