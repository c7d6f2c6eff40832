package top

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/daero/daero/live"
)

// tone is what a colour would say. It is never the only thing that says so.
type tone int

const (
	usual tone = iota
	quiet
	good
	warn
	bad
	strong
)

// Colours are those of Okabe and Ito, which people who do not tell red from
// green tell apart, in the 256 that nearly every terminal has. Terminals with
// fewer get the nearest; with NO_COLOR there are none.
var tones = map[tone]lipgloss.Style{
	usual:  lipgloss.NewStyle(),
	quiet:  lipgloss.NewStyle().Faint(true),
	good:   lipgloss.NewStyle().Foreground(lipgloss.Color("36")),
	warn:   lipgloss.NewStyle().Foreground(lipgloss.Color("214")),
	bad:    lipgloss.NewStyle().Foreground(lipgloss.Color("202")).Bold(true),
	strong: lipgloss.NewStyle().Bold(true),
}

// levelTones are the levels', from normal to serious.
var levelTones = [...]tone{good, usual, warn, warn, bad}

func paint(t tone, s string) string {
	if t == usual || s == "" {
		return s
	}
	return tones[t].Render(s)
}

// plain takes out what a terminal would obey: reasons and names come from
// outside.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, s)
}

// cell makes a text as wide as a column: cut, or filled up.
func cell(s string, width int, right bool) string {
	if width <= 0 {
		return ""
	}
	if ansi.StringWidth(s) > width {
		s = ansi.Truncate(s, width, "…")
	}
	fill := strings.Repeat(" ", max(width-ansi.StringWidth(s), 0))
	if right {
		return fill + s
	}
	return s + fill
}

// parts is a bar's: letters stand for themselves where there is no colour.
var parts = []struct {
	letter string
	style  lipgloss.Style
	of     func(live.Outcome) float64
}{
	{"p", lipgloss.NewStyle().Foreground(lipgloss.Color("15")).Background(lipgloss.Color("25")), func(o live.Outcome) float64 { return o.Passed }},
	{"w", lipgloss.NewStyle().Foreground(lipgloss.Color("0")).Background(lipgloss.Color("214")), func(o live.Outcome) float64 { return o.Waited }},
	{"d", lipgloss.NewStyle().Foreground(lipgloss.Color("0")).Background(lipgloss.Color("117")), func(o live.Outcome) float64 { return o.Deferred }},
	{"c", lipgloss.NewStyle().Foreground(lipgloss.Color("15")).Background(lipgloss.Color("97")), func(o live.Outcome) float64 { return o.Challenged }},
	{"s", lipgloss.NewStyle().Foreground(lipgloss.Color("15")).Background(lipgloss.Color("130")), func(o live.Outcome) float64 { return o.Shed }},
	{"f", lipgloss.NewStyle().Foreground(lipgloss.Color("15")).Background(lipgloss.Color("88")), func(o live.Outcome) float64 { return o.Failed }},
}

// bar draws what became of requests, width columns wide. What there is of a
// part at all has a column.
func bar(o live.Outcome, width int) string {
	total := 0.0
	for _, p := range parts {
		total += p.of(o)
	}
	if total <= 0 || width <= 0 {
		return strings.Repeat(" ", max(width, 0))
	}
	cols := shareOut(o, total, width)
	var b strings.Builder
	for i, p := range parts {
		if cols[i] > 0 {
			b.WriteString(p.style.Render(strings.Repeat(p.letter, cols[i])))
		}
	}
	return b.String()
}

// shareOut gives every part its columns: at least one for whatever is there,
// the rest by size, and what rounding leaves to the largest.
func shareOut(o live.Outcome, total float64, width int) []int {
	cols := make([]int, len(parts))
	used, largest := 0, 0
	for i, p := range parts {
		v := p.of(o)
		if v <= 0 {
			continue
		}
		cols[i] = max(int(v/total*float64(width)), 1)
		used += cols[i]
		if v > parts[largest].of(o) {
			largest = i
		}
	}
	cols[largest] = max(cols[largest]+width-used, 1)
	return cols
}

// spark draws a series in eighths of a column's height.
func spark(values []float64, width int) string {
	const steps = "▁▂▃▄▅▆▇█"
	runes := []rune(steps)
	most := 0.0
	values = values[max(len(values)-width, 0):]
	for _, v := range values {
		most = max(most, v)
	}
	out := make([]rune, 0, width)
	for _, v := range values {
		i := 0
		if most > 0 {
			i = min(int(v/most*float64(len(runes))), len(runes)-1)
		}
		out = append(out, runes[i])
	}
	return string(out)
}
