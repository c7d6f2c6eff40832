package rehearse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/daero/daero/level"
)

// axisWidth is how many columns the time axis has at most.
const axisWidth = 56

// timeline draws what an arm did and felt on the time axis, 80 columns wide.
func (a *ArmReport) timeline(b *strings.Builder) {
	if len(a.Seconds) == 0 {
		return
	}
	per := (len(a.Seconds) + axisWidth - 1) / axisWidth
	total := float64(len(a.Seconds))
	// Finer than a second where there is room for it.
	parts := max(1, axisWidth/len(a.Seconds))
	step := float64(per) / float64(parts)
	fmt.Fprintf(b, "\n%s on the time axis, a column is %.2g s\n", a.Name, step)
	row := func(name string, mark func(from, until float64) rune) {
		line := fmt.Sprintf("  %-20s  ", name)
		for at := 0.0; at < total-1e-9; at += step {
			line += string(mark(at, min(at+step, total)))
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	head := []rune(strings.Repeat(" ", axisWidth+8))
	for i, at := 0, 0.0; at < total; i, at = i+1, at+step {
		if i%10 == 0 {
			copy(head[i:], []rune(fmt.Sprintf("%.3gs", at)))
		}
	}
	fmt.Fprintf(b, "  %-20s  %s\n", "", strings.TrimRight(string(head), " "))
	if a.Name == ArmAuto {
		row("level", func(from, until float64) rune { return levelMark(a.levelIn(from, until)) })
		for _, slot := range a.slots() {
			row(clip(slot, 20), func(from, until float64) rune { return shareMark(a.strengthIn(slot, from, until)) })
		}
	}
	row("messages answered", func(from, _ float64) rune {
		s := a.Seconds[min(int(from), len(a.Seconds)-1)]
		switch {
		case s.Messages == 0:
			return ' '
		case s.MessagesOK == s.Messages:
			return '·'
		case s.MessagesOK == 0:
			return 'x'
		}
		return rune('0' + s.MessagesOK*10/s.Messages)
	})
}

func clip(s string, columns int) string {
	if r := []rune(s); len(r) > columns {
		return string(r[:columns-1]) + "…"
	}
	return s
}

func levelMark(l level.Level) rune {
	if l == level.Normal {
		return '·'
	}
	return rune('0' + l)
}

func shareMark(v float64) rune {
	if v <= 0 {
		return ' '
	}
	return []rune("▁▂▃▄▅▆▇█")[min(int(v*8), 7)]
}

// levelIn is the highest level in a stretch of time.
func (a *ArmReport) levelIn(from, until float64) level.Level {
	now, most := level.Normal, level.Normal
	for _, l := range a.Levels {
		if l.At >= until {
			break
		}
		if l.At > from {
			most = max(most, now)
		}
		now = levelOf(l.To)
		if l.At > from {
			most = max(most, now)
		}
	}
	return max(most, now)
}

// strengthIn is the greatest strength of an action in a stretch of time.
func (a *ArmReport) strengthIn(slot string, from, until float64) (most float64) {
	now := 0.0
	for _, x := range a.Actions {
		if x.Action != slot {
			continue
		}
		if x.At >= until {
			break
		}
		if now = x.Strength; x.At > from {
			most = max(most, now)
		}
	}
	return max(most, now)
}

// slots are the actions, in the order in which they first came into force.
func (a *ArmReport) slots() (slots []string) {
	for _, x := range a.Actions {
		if !slices.Contains(slots, x.Action) {
			slots = append(slots, x.Action)
		}
	}
	return slots
}

// did lists what daero did and why.
func (a *ArmReport) did(b *strings.Builder) {
	if a.Name != ArmAuto {
		return
	}
	fmt.Fprintf(b, "\n%s: what daero did\n", a.Name)
	for i, j := 0, 0; i < len(a.Levels) || j < len(a.Actions); {
		if j >= len(a.Actions) || i < len(a.Levels) && a.Levels[i].At <= a.Actions[j].At {
			l := a.Levels[i]
			i++
			fmt.Fprintf(b, "  %6.1f s  level %d %s -> %d %s\n", l.At, levelOf(l.From), l.From, levelOf(l.To), l.To)
			fmt.Fprintf(b, "            %s\n", clip(l.Why, 68))
			continue
		}
		x := a.Actions[j]
		j++
		shadow := ""
		if x.Shadow {
			shadow = " (shadow)"
		}
		what := fmt.Sprintf("%.0f %%", x.Strength*100)
		if x.Strength == 0 {
			what = "withdrawn"
		}
		fmt.Fprintf(b, "  %6.1f s  %s %s%s\n", x.At, x.Action, what, shadow)
	}
	if len(a.Levels)+len(a.Actions) == 0 {
		b.WriteString("  nothing\n")
	}
}
