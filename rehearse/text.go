package rehearse

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// WriteText writes the report for people, at most 80 columns wide.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	l := r.Load
	fmt.Fprintf(&b, "%s · seed %d · %.0f s per arm\n", r.Scenario, r.Seed, l.ArmSeconds)
	fmt.Fprintf(&b, "%d workers; %.0f messages/s, %.0f syncs/s, %.0f logins/s\n", l.Workers, l.MessagesPerS, l.SyncsPerS, l.LoginsPerS)
	fmt.Fprintf(&b, "storm: logins at %.0f × the %.0f/s that are left; then half of the workers gone\n", l.Storm, l.LoginsLeftPerS)
	fmt.Fprintf(&b, "calm: message p90 %s, p99 %s\n", ms(&r.Calm.MessageP90), ms(&r.Calm.MessageP99))
	side := r.side()
	r.table(&b, "messages", side, "  answered    p99  slow", func(p PhaseReport) string {
		m := p.Lanes[laneMessage]
		return fmt.Sprintf("  %8s %6s %4.1fs", percent(m.SuccessRatio, 2), ms(m.P99), m.Degraded)
	})
	r.table(&b, "logins", side, "  served/s  of static   ", func(p PhaseReport) string {
		m := p.Lanes[laneLogin]
		return fmt.Sprintf("  %8.0f  %9s   ", m.Goodput, percent(m.OracleRatio, 0))
	})
	r.row(&b, "recovery", side, func(a *ArmReport) string {
		if a.RecoveryS == nil {
			return "  not in this run"
		}
		return fmt.Sprintf("  %.1f s", *a.RecoveryS)
	})
	r.row(&b, "attempts", side, func(a *ArmReport) string {
		return fmt.Sprintf("  %.1f per action", a.AttemptsPerAction)
	})
	if h := r.arm(ArmHonouring); h != nil {
		fmt.Fprintf(&b, "\nwith daero, where clients honour Retry-After:\nmessages answered %s, p99 %s; %.2f attempts per action\n",
			percent(h.Lanes[laneMessage].SuccessRatio, 2), ms(h.Lanes[laneMessage].P99), h.AttemptsPerAction)
	}
	r.verdict(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// titles are what the arms are called side by side.
var titles = map[string]string{ArmNone: "without daero", ArmStatic: "static lanes (oracle)", ArmLanes: "with daero"}

// side returns the arms that stand side by side: the honouring one has
// different clients, so it is not comparable.
func (r *Report) side() (arms []*ArmReport) {
	for i := range r.Arms {
		if titles[r.Arms[i].Name] != "" {
			arms = append(arms, &r.Arms[i])
		}
	}
	return arms
}

func (r *Report) table(b *strings.Builder, title string, arms []*ArmReport, head string, cell func(PhaseReport) string) {
	if len(arms) == 0 {
		return
	}
	b.WriteByte('\n')
	r.row(b, "", arms, func(a *ArmReport) string { return "  " + titles[a.Name] })
	r.row(b, title, arms, func(*ArmReport) string { return head })
	for i, p := range arms[0].Phases {
		r.row(b, "  "+p.Name, arms, func(a *ArmReport) string { return cell(a.Phases[i]) })
	}
}

// row is one line: a name and a cell of 23 columns per arm, 79 in all.
func (r *Report) row(b *strings.Builder, name string, arms []*ArmReport, cell func(*ArmReport) string) {
	line := fmt.Sprintf("%-10s", name)
	for _, a := range arms {
		line += pad(cell(a), 23)
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

func (r *Report) verdict(b *strings.Builder) {
	b.WriteString("\nbars\n")
	for _, bar := range r.Bars {
		mark := "ok  "
		if !bar.OK {
			mark = "MISS"
		}
		got := "none"
		if bar.Got != nil {
			got = fmt.Sprintf("%.5g", *bar.Got)
		}
		fmt.Fprintf(b, "  %s %-42s %-9s got %s\n", mark, bar.Name, bar.Want, got)
		if bar.Note != "" {
			fmt.Fprintf(b, "       %s\n", bar.Note)
		}
	}
	for _, why := range r.Noisy {
		fmt.Fprintf(b, "  too noisy: %s\n", why)
	}
	switch {
	case len(r.Noisy) > 0:
		b.WriteString("no verdict: this machine was too noisy to judge by\n")
	case r.OK:
		b.WriteString("passed: every bar held\n")
	default:
		b.WriteString("failed: a bar was missed\n")
	}
}

func ms(v *float64) string {
	switch {
	case v == nil:
		return "none"
	case *v < 10:
		return fmt.Sprintf("%.1fms", *v)
	}
	return fmt.Sprintf("%.0fms", *v)
}

// percent never rounds up to all: 99.996 % is not 100 %.
func percent(v *float64, digits int) string {
	if v == nil {
		return "-"
	}
	s := fmt.Sprintf("%.*f%%", digits, *v*100)
	for *v < 1 && strings.HasPrefix(s, "100") && digits < 9 {
		digits++
		s = fmt.Sprintf("%.*f%%", digits, *v*100)
	}
	return s
}

// pad fills up with spaces to so many columns.
func pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-utf8.RuneCountInString(s)))
}
