package virtual

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Bars are what every phase of every storm is held against.
const (
	barSuccess  = 0.9999 // of messages answered
	barP99      = 1.3    // steady message p99 over calm
	barGoodput  = 0.95   // logins served, of what they could get
	barAttempts = 1.5    // per login action, where clients honour Retry-After
	barFits     = 0.9    // messages answered, of those that fit where not all do
	barDegraded = 500 * time.Millisecond
)

// Misses names the bars that a phase misses.
func (p PhaseReport) Misses(ph Phase, calmP99 float64) (missed []string) {
	miss := func(bad bool, name string) {
		if bad {
			missed = append(missed, name)
		}
	}
	success := barSuccess
	if ph.Fits > 0 {
		success = barFits * ph.Fits
	}
	miss(p.MessageOK < success, "success")
	miss(p.SteadyP99 > barP99*calmP99, "p99")
	miss(p.Degraded > max(time.Duration(ph.Changes), 1)*barDegraded, "degraded")
	miss(p.OfCapacity < barGoodput, "logins")
	return missed
}

// Table renders the reports of one storm, a line a phase.
func (r *Result) Table() string {
	var b strings.Builder
	rep := r.Report()
	for i, p := range rep {
		name := ""
		if i == 0 {
			name = r.s.Name
		}
		logins := "-"
		if !math.IsNaN(p.OfCapacity) {
			logins = fmt.Sprintf("%.1f%%", 100*p.OfCapacity)
		}
		verdict := "ok"
		if m := p.Misses(r.s.Phases[i], rep[0].P99); len(m) > 0 {
			verdict = "MISS " + strings.Join(m, ", ")
		}
		fmt.Fprintf(&b, "%-33s %-8s %8.3f%% %5.2f %5.2f %5.1fs %7s  %s\n", name, p.Name,
			100*p.MessageOK, p.P50/rep[0].P50, p.SteadyP99/rep[0].P99, p.Degraded.Seconds(), logins, verdict)
	}
	fmt.Fprintf(&b, "%-33s attempts per login %.2f\n", "", r.AttemptsPerAction())
	return b.String()
}

// TableHead is the line above the tables.
func TableHead() string {
	return fmt.Sprintf("%-33s %-8s %9s %5s %5s %6s %7s  %s\n", "storm", "phase", "messages", "p50", "p99", "slow", "logins", "bars")
}
