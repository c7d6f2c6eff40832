package virtual

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/level"
)

// Story tells what happened in all arms of a drill, for whoever is on call: at
// most 80 columns.
func Story(d *Drill, arms []*Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s · seed %d\n%s\n\n", d.Name, d.Seed, d.What)
	fmt.Fprintf(&b, "%d workers; %d people online; %d messages, %d logins, %d syncs/s are usual\n",
		d.Workers, d.People, calmMessages, calmOpens+calmWakes, d.People/int(pollEvery/time.Second))
	b.WriteString("\nwhat happened\n")
	for _, t := range d.Turns {
		fmt.Fprintf(&b, "  %s  %s\n", clock(t.At), t.What)
	}
	for _, r := range arms {
		if r.Arm == Auto {
			r.didText(&b)
			r.axisText(&b)
		}
	}
	for _, r := range arms {
		if r.Arm != Auto {
			fmt.Fprintf(&b, "\n%s: on the same axis\n", armTitle(r.Arm))
			r.messagesRow(&b)
			r.loginsRow(&b)
		}
	}
	feltText(&b, arms)
	return b.String()
}

func armTitle(a Arm) string {
	return map[Arm]string{
		None:   "none (no daero)",
		Manual: "manual (a person switches an emergency mode on at +3 min)",
		Only:   "lanes (daero's lanes alone)",
		Auto:   "auto (lanes, levels and the shipped playbook)",
	}[a]
}

// clock writes a time as minutes and seconds: 1:02.5.
func clock(t time.Duration) string {
	tenths := t.Round(100*time.Millisecond) / (100 * time.Millisecond)
	return fmt.Sprintf("%2d:%02d.%d", tenths/600, tenths/10%60, tenths%10)
}

// line is something that daero did, at a time.
type line struct {
	at   time.Duration
	text string
}

// didText lists what daero did and why.
func (r *Record) didText(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s: what daero did\n", armTitle(r.Arm))
	var lines []line
	if r.Saturated >= 0 {
		lines = append(lines, line{r.Saturated, "(more comes than the service can do)"})
	}
	for _, c := range r.Levels {
		text := fmt.Sprintf("level %d %s %s -> %d %s %s", c.From, c.From, c.From.Korean(), c.To, c.To, c.To.Korean())
		lines = append(lines, line{c.At, text}, line{c.At, "  because " + c.Why})
		if c.To > c.From && c.Down != "" {
			lines = append(lines, line{c.At, "  down by " + c.Down})
		}
	}
	for _, a := range r.Acts {
		lines = append(lines, line{a.At, a.text()})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return int(a.at - b.at) })
	for _, l := range lines {
		wrap(b, "  "+clock(l.at)+"  ", l.text)
	}
	if len(lines) == 0 {
		b.WriteString("  nothing: there was no need\n")
	}
}

func (d Did) text() string {
	share := ""
	if d.Share > 0 {
		share = fmt.Sprintf(" (%.0f %% of all traffic)", d.Share*100)
	}
	switch {
	case d.Entered():
		return fmt.Sprintf("+ %s %.0f %%%s", d.ID, d.To*100, share)
	case d.Left():
		return "- " + d.ID + " withdrawn"
	case math.Round(d.To*100) == 0:
		return fmt.Sprintf("~ %s %.0f %% -> almost nothing", d.ID, d.From*100)
	}
	return fmt.Sprintf("~ %s %.0f %% -> %.0f %%%s", d.ID, d.From*100, d.To*100, share)
}

const columns = 80

// wrap writes text after a head, and what does not fit below it.
func wrap(b *strings.Builder, head, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(head)+len(text)-len(strings.TrimLeft(text, " ")))
	row := head + text[:len(text)-len(strings.TrimLeft(text, " "))]
	empty := true
	for word := range strings.FieldsSeq(text) {
		if !empty && utf8.RuneCountInString(row)+1+utf8.RuneCountInString(word) > columns {
			b.WriteString(row + "\n")
			row, empty = indent+"  ", true
		}
		if !empty {
			row += " "
		}
		row, empty = row+word, false
	}
	b.WriteString(row + "\n")
}

// perColumn is how many seconds one column of the time axis stands for.
const perColumn = 5

const nameWidth = 20

// axis writes one row of the time axis: a mark for each stretch of seconds.
func (r *Record) axis(b *strings.Builder, name string, mark func([]second) rune) {
	row := fmt.Sprintf("  %-*s", nameWidth-2, name)
	last := int(r.Drill.End / time.Second)
	for i := 0; i < last; i += perColumn {
		row += string(mark(r.seconds[i:min(i+perColumn, last)]))
	}
	b.WriteString(strings.TrimRight(row, " ") + "\n")
}

func (r *Record) axisText(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s: on the time axis, %d s a column\n", armTitle(r.Arm), perColumn)
	head := []byte(strings.Repeat(" ", nameWidth+int(r.Drill.End/time.Second)/perColumn))
	for m := 0; time.Duration(m)*time.Minute < r.Drill.End; m++ {
		copy(head[nameWidth+m*60/perColumn:], fmt.Sprintf("%d:00", m))
	}
	b.WriteString(strings.TrimRight(string(head), " ") + "\n")
	r.axis(b, "level", func(s []second) rune {
		most := level.Normal
		for _, x := range s {
			most = max(most, x.level)
		}
		return levelMark(most)
	})
	for _, id := range r.slots() {
		r.axis(b, id, func(s []second) rune {
			most := 0.0
			for _, x := range s {
				most = math.Max(most, x.strength[id])
			}
			return bar(most)
		})
	}
	r.messagesRow(b)
	r.loginsRow(b)
}

func levelMark(l level.Level) rune {
	if l == level.Normal {
		return '·'
	}
	return rune('0' + l)
}

// slots are the actions that were ever in force, in the order of their coming.
func (r *Record) slots() (ids []string) {
	for _, a := range r.Acts {
		if !slices.Contains(ids, a.ID) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// bar draws a share of 0 to 1.
func bar(v float64) rune {
	if v <= 0 {
		return ' '
	}
	return []rune("▁▂▃▄▅▆▇█")[min(int(v*8), 7)]
}

// messagesRow shows where messages were not answered: · all were, otherwise how
// many tenths of them, x none. Blank: nobody could send.
func (r *Record) messagesRow(b *strings.Builder) {
	r.axis(b, "messages answered", func(s []second) rune {
		sent, ok := 0, 0
		for _, x := range s {
			sent, ok = sent+x.sent, ok+x.ok
		}
		switch {
		case sent == 0:
			return ' '
		case ok == sent:
			return '·'
		case ok == 0:
			return 'x'
		}
		return rune('0' + ok*10/sent)
	})
}

func (r *Record) loginsRow(b *strings.Builder) {
	most := float64(r.Drill.Workers) / drillCost[Login].Seconds()
	r.axis(b, "logins", func(s []second) rune {
		n := 0
		for _, x := range s {
			n += x.logins
		}
		return bar(float64(n) / float64(len(s)) / most)
	})
}

// feltText is what people felt, in all arms side by side.
func feltText(b *strings.Builder, arms []*Record) {
	b.WriteString("\nwhat people felt\n")
	row := func(name string, cell func(*Record) string) {
		line := fmt.Sprintf("  %-32s", name)
		for _, r := range arms {
			line += fmt.Sprintf("%11s", cell(r))
		}
		b.WriteString(line + "\n")
	}
	seconds := func(v []float64, q float64) string {
		if len(v) == 0 {
			return "none"
		}
		if t := quantile(v, q); t < 1 {
			return fmt.Sprintf("%.0f ms", t*1000)
		}
		return fmt.Sprintf("%.1f s", quantile(v, q))
	}
	row("", func(r *Record) string { return string(r.Arm) })
	row("messages answered at once", func(r *Record) string { return percent(r.Success()) })
	row("their p99", func(r *Record) string { return seconds(r.took, 0.99) })
	row("wanted to send, was logged out", func(r *Record) string { return fmt.Sprint(r.LoggedOut) })
	row("sessions kept", func(r *Record) string { return percent(r.Kept) })
	row("logins done", func(r *Record) string { return fmt.Sprint(r.Logins) })
	row("a person's login, p50", func(r *Record) string { return seconds(r.waits, 0.5) })
	row("a person's login, p99", func(r *Record) string { return seconds(r.waits, 0.99) })
	row("attempts per action, honouring", func(r *Record) string { return fmt.Sprintf("%.2f", r.PerAction()) })
	row("refused by the playbook", func(r *Record) string { return fmt.Sprint(r.Ordered) })
	row("  with a person waiting", func(r *Record) string { return fmt.Sprint(r.OrderedPeople) })
	row("  while there was room", func(r *Record) string { return fmt.Sprint(r.Needless) })
	row("bars", func(r *Record) string {
		if len(r.Misses()) > 0 {
			return "MISS"
		}
		return "ok"
	})
	for _, r := range arms {
		if m := r.Misses(); len(m) > 0 {
			fmt.Fprintf(b, "  %s misses: %s\n", r.Arm, strings.Join(m, ", "))
		}
	}
}

// percent never rounds up to all: 99.996 % is not 100 %.
func percent(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	s := fmt.Sprintf("%.2f %%", v*100)
	if v < 1 && s == "100.00 %" {
		return "99.99 %"
	}
	return s
}
