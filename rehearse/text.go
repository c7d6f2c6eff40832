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
	if r.Target != nil {
		r.Target.text(&b)
	} else {
		r.sample(&b)
	}
	fmt.Fprintf(&b, "calm: message p90 %s, p99 %s\n", ms(&r.Calm.MessageP90), ms(&r.Calm.MessageP99))
	side := r.side()
	if r.responds() {
		r.overview(&b)
		side = nil
	}
	r.table(&b, "messages", side, "  answered    p99  slow", func(p PhaseReport) string {
		m := p.Lanes[laneMessage]
		return fmt.Sprintf("  %8s %6s %4.1fs", percent(m.SuccessRatio, 2), ms(m.P99), m.Degraded)
	})
	r.table(&b, "logins", side, "  served/s  of static   ", func(p PhaseReport) string {
		m := p.Lanes[laneLogin]
		return fmt.Sprintf("  %8.0f  %9s   ", m.Goodput, percent(m.OracleRatio, 0))
	})
	if !r.responds() {
		r.row(&b, "recovery", side, func(a *ArmReport) string {
			if a.RecoveryS == nil {
				return "  not in this run"
			}
			return fmt.Sprintf("  %.1f s", *a.RecoveryS)
		})
		r.row(&b, "attempts", side, func(a *ArmReport) string {
			return fmt.Sprintf("  %.1f per action", a.AttemptsPerAction)
		})
	}
	if r.responds() {
		for i := range r.Arms {
			r.Arms[i].did(&b)
		}
		for i := range r.Arms {
			r.Arms[i].timeline(&b)
		}
	}
	if h := r.arm(ArmHonouring); h != nil {
		fmt.Fprintf(&b, "\nwith daero, where clients honour Retry-After:\nmessages answered %s, p99 %s; %.2f attempts per action\n",
			percent(h.Lanes[laneMessage].SuccessRatio, 2), ms(h.Lanes[laneMessage].P99), h.AttemptsPerAction)
	}
	r.verdict(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// sample says what the sample is and is sent.
func (r *Report) sample(b *strings.Builder) {
	l := r.Load
	fmt.Fprintf(b, "%d workers; %.0f messages/s, %.0f syncs/s, %.0f logins/s\n", l.Workers, l.MessagesPerS, l.SyncsPerS, l.LoginsPerS)
	if r.Scenario == Earthquake {
		fmt.Fprintf(b, "storm: logins at %.0f × the %.0f/s that are left; then half of the workers gone\n", l.Storm, l.LoginsLeftPerS)
	}
}

// text says whose service it was and what it was sent.
func (t *TargetReport) text(b *strings.Builder) {
	fmt.Fprintf(b, "against %s, %s\n", t.Name, t.URL)
	fmt.Fprintf(b, "%d requests sent, at most %.0f/s; planned: %.0f, %.0f/s in the busiest\n", t.Sent, t.Most, t.Planned, t.Peak)
	if t.Scaled < 1 {
		fmt.Fprintf(b, "second: the scenario made %.2g times as big, to keep to that\n", t.Scaled)
	} else {
		b.WriteString("second: the whole scenario\n")
	}
}

// responds reports whether levels and a playbook are compared with what is
// without them.
func (r *Report) responds() bool {
	return r.Target != nil || r.Scenario != Earthquake || r.arm(ArmManual) != nil || r.arm(ArmAuto) != nil
}

// overview is what people felt in each arm, side by side.
func (r *Report) overview(b *strings.Builder) {
	line := func(name string, cell func(*ArmReport) string) {
		fmt.Fprintf(b, "  %-22s", name)
		row := ""
		for i := range r.Arms {
			row += fmt.Sprintf("%10s", clip(cell(&r.Arms[i]), 9))
		}
		b.WriteString(row + "\n")
	}
	b.WriteString("\nwhat people felt\n")
	line("", func(a *ArmReport) string { return a.Name })
	line("messages answered", func(a *ArmReport) string { return percent(a.Lanes[laneMessage].SuccessRatio, 2) })
	line("message p99", func(a *ArmReport) string { return ms(a.Lanes[laneMessage].P99) })
	line("sessions kept", func(a *ArmReport) string { return percent(&a.SessionsKept, 1) })
	line("pressed, logged out", func(a *ArmReport) string { return fmt.Sprint(a.LoggedOut) })
	line("logins per second", func(a *ArmReport) string { return fmt.Sprintf("%.0f", a.Lanes[laneLogin].Goodput) })
	line("attempts per action", func(a *ArmReport) string { return fmt.Sprintf("%.2f", a.AttemptsPerAction) })
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
	for _, n := range r.NotJudged {
		fmt.Fprintf(b, "  not judged: %s\n%s", n.Name, wrapped(n.Why, "       ", 79))
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

// wrapped breaks a text into lines of so many columns, each after an indent.
func wrapped(s, indent string, columns int) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(s) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\n"
}
