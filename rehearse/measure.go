package rehearse

import (
	"math"
	"time"

	"github.com/daero/daero/rehearse/live"
)

// ArmLog is what happened in one arm.
type ArmLog struct {
	Name string
	Log  *live.Log
	CPU  map[string]float64
	// Repeated is how often the arm was run before and thrown away, because the
	// machine was too noisy.
	Repeated int
	// Trace is what the gateway did, every 100 ms, if Settings asked for it.
	Trace []Sample
	// Load is what somebody else's service was sent; nil of the sample.
	Load *TargetLoad
	// Levels and Actions are from the gateway's record.
	Levels  []LevelReport
	Actions []ActionReport
}

// baseline is a lane in the calm.
type baseline struct{ p90, p99 float64 }

// calm returns each lane's baseline: the calm phases of all arms together,
// since the same service was calm in all of them, and more answers make a
// steadier p99.
func calm(arms []ArmLog) map[string]baseline {
	base := map[string]baseline{}
	for _, lane := range arms[0].Log.Lanes {
		b := calmBin(arms, lane.Name, 0, 1)
		base[lane.Name] = baseline{b.Quantile(0.9), b.Quantile(0.99)}
	}
	return base
}

// calmBin is the part [from, to) of the calm phases, as shares of them.
func calmBin(arms []ArmLog, lane string, from, to float64) *live.Bin {
	var bins []*live.Bin
	for _, a := range arms {
		length := float64(a.Log.Plan.Phases[0].Length)
		bins = append(bins, a.Log.Lane(lane).Join(time.Duration(length*from), time.Duration(length*to), binWidth))
	}
	return live.JoinBins(bins...)
}

const binWidth = 100 * time.Millisecond

// report turns logs into numbers. static is the oracle's, nil if it did not run.
func (s Settings) report(arms []ArmLog) Report {
	r := Report{
		Scenario: s.Scenario, Seed: s.Seed,
		Load: LoadReport{
			Workers: s.Workers, MessagesPerS: s.Messages, SyncsPerS: s.Syncs, LoginsPerS: s.Logins,
			LoginsLeftPerS: s.LoginsLeft(s.Workers), Storm: s.Storm, ArmSeconds: s.Duration.Seconds(),
			StaticLogins: s.StaticLogins(s.Workers), StaticLoginsHalf: s.StaticLogins(s.Workers / 2),
		},
	}
	if s.Target != nil {
		r.Load = LoadReport{ArmSeconds: r.Load.ArmSeconds}
		r.Target = targetReport(s.Target, arms[0])
	}
	base := calm(arms)
	r.Calm = CalmReport{MessageP90: answered(base[laneMessage].p90), MessageP99: answered(base[laneMessage].p99)}
	for _, a := range arms {
		arm := armReport(a, base)
		if a.Load == nil { // what the sample can do is known
			arm.SaturatedS = s.saturated(a.Log)
		}
		r.Arms = append(r.Arms, arm)
	}
	if static := r.arm(ArmStatic); static != nil {
		for i := range r.Arms {
			compare(&r.Arms[i], static)
		}
	}
	return r
}

func armReport(a ArmLog, base map[string]baseline) ArmReport {
	out := ArmReport{Name: a.Name, Repeated: a.Repeated, Lanes: map[string]LaneReport{}, CPU: a.CPU, SendLagP99: round(a.Log.Lag(0.99)), RecoveryS: recovery(a.Log, base)}
	out.felt(a)
	starts := a.Log.Plan.Starts()
	actions, attempts := int64(0), int64(0)
	for i, ph := range a.Log.Plan.Phases {
		pr := PhaseReport{Name: ph.Name, Seconds: round(ph.Length.Seconds()), Lanes: map[string]LaneReport{}}
		for _, l := range a.Log.Lanes {
			pr.Lanes[l.Name] = laneReport(l.Phases[i], ph.Length, degraded(&l, starts[i], starts[i]+ph.Length, base[l.Name]))
		}
		out.Phases = append(out.Phases, pr)
	}
	for _, l := range a.Log.Lanes {
		whole := live.NewStats()
		for _, st := range l.Phases {
			whole.Add(st)
		}
		total := a.Log.Plan.Total()
		lr := laneReport(whole, total, degraded(&l, 0, total, base[l.Name]))
		// An action that is not finished yet takes at least one attempt more.
		lr.AttemptsPerAction = ratio(l.Attempts+l.Unfinished, l.Actions)
		actions, attempts = actions+l.Actions, attempts+l.Attempts+l.Unfinished
		out.Lanes[l.Name] = lr
	}
	if r := ratio(attempts, actions); r != nil {
		out.AttemptsPerAction = *r
	}
	return out
}

func laneReport(st live.Stats, length, bad time.Duration) LaneReport {
	return LaneReport{
		Sent: st.Sent, OK: st.OK, Refused: st.Refused, Failed: st.Failed, TimedOut: st.TimedOut,
		SuccessRatio: exactRatio(st.OK, st.Sent),
		P50:          quantile(st.Latency, 0.5), P99: quantile(st.Latency, 0.99), SteadyP99: quantile(st.Steady, 0.99),
		Degraded: round(bad.Seconds()),
		Goodput:  round(float64(st.OK) / length.Seconds()),
	}
}

// degraded is how much of [from, until) a lane was slow: bins whose p90 is
// above twice its calm p90, where what failed took forever.
func degraded(l *live.LaneLog, from, until time.Duration, base baseline) (bad time.Duration) {
	for i := range l.Bins {
		if at := time.Duration(i) * binWidth; at >= from && at < until && l.Bins[i].Quantile(0.9) > 2*base.p90 {
			bad += binWidth
		}
	}
	return bad
}

// quiet is how many good bins in a row are a recovery: one good bin may be
// luck, and one bad bin long after it noise.
const quiet = 5

// recovery is the time from the storm's end until no lane is slow any more.
func recovery(l *live.Log, base map[string]baseline) *float64 {
	starts := l.Plan.Starts()
	end := starts[len(starts)-1]
	first := int((end + binWidth - 1) / binWidth)
	run := 0
	for i := first; i < len(l.Lanes[0].Bins); i++ {
		if run++; slow(l, i, base) {
			run = 0
		}
		if run == quiet {
			took := round((time.Duration(i-quiet+1)*binWidth - end).Seconds())
			took = max(took, 0)
			return &took
		}
	}
	return nil
}

func slow(l *live.Log, bin int, base map[string]baseline) bool {
	for i := range l.Lanes {
		if l.Lanes[i].Bins[bin].Quantile(0.9) > 2*base[l.Lanes[i].Name].p90 { // false for NaN: nothing was sent
			return true
		}
	}
	return false
}

// compare sets the oracle ratios of an arm.
func compare(arm, static *ArmReport) {
	for i := range arm.Phases {
		for name, lane := range arm.Phases[i].Lanes {
			lane.OracleRatio = share(lane.Goodput, static.Phases[i].Lanes[name].Goodput)
			arm.Phases[i].Lanes[name] = lane
		}
	}
	for name, lane := range arm.Lanes {
		lane.OracleRatio = share(lane.Goodput, static.Lanes[name].Goodput)
		arm.Lanes[name] = lane
	}
}

func (r *Report) arm(name string) *ArmReport {
	for i := range r.Arms {
		if r.Arms[i].Name == name {
			return &r.Arms[i]
		}
	}
	return nil
}

func quantile(l *live.Latencies, q float64) *float64 {
	if l.Len() == 0 {
		return nil
	}
	ms := l.Quantile(q)
	return &ms
}

func share(a, b float64) *float64 {
	if b <= 0 {
		return nil
	}
	r := round(a / b)
	return &r
}

func ratio(a, b int64) *float64 { return share(float64(a), float64(b)) }

// exactRatio is not rounded: 0.99996 is not all.
func exactRatio(a, b int64) *float64 {
	if b == 0 {
		return nil
	}
	r := float64(a) / float64(b)
	return &r
}

// answered is a latency, 0 where there was no answer.
func answered(ms float64) float64 {
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		return 0
	}
	return round(ms)
}

// round keeps three decimals: the rest is noise, and unreadable.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }
