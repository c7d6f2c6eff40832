package top

import (
	"fmt"
	"strings"

	"github.com/daero/daero/api"
	"github.com/daero/daero/live"
)

// column is one of the table of lanes. Those with a higher need are left out
// first where the window is narrow; wide ones may grow.
type column struct {
	head  words
	width int
	from  int // the least width of the window that shows it
	right bool
	text  func(s Screen, l *live.Lane, width int) string
}

var columns = []column{
	{wordLane, 12, 0, false, func(_ Screen, l *live.Lane, _ int) string { return plain(l.Name) }},
	{wordState, 11, 0, false, func(s Screen, l *live.Lane, _ int) string { return state(l, s.Lang) }},
	{wordIn, 7, 0, true, func(_ Screen, l *live.Lane, _ int) string { return many(l.In) }},
	{wordThrough, 7, 0, true, func(_ Screen, l *live.Lane, _ int) string { return many(l.Through) }},
	{wordWaiting, 5, 64, true, func(_ Screen, l *live.Lane, _ int) string { return many(float64(l.Waiting)) }},
	{wordWaited, 9, 100, true, func(_ Screen, l *live.Lane, _ int) string { return took(l.Wait) }},
	{wordTaken, 8, 74, true, func(_ Screen, l *live.Lane, _ int) string { return taken(l) }},
	{wordOutcome, 16, 88, false, func(_ Screen, l *live.Lane, width int) string { return bar(l.Outcome, width) }},
	{wordFelt, 0, 56, false, func(s Screen, l *live.Lane, _ int) string { return felt(l.Felt, s.Lang) }},
}

func state(l *live.Lane, lang Lang) string {
	st, ok := states[string(l.State)]
	if !ok {
		return plain(string(l.State))
	}
	return paint(st.tone, st.sign+" "+st.word.in(lang))
}

// taken is how many permits are out, of how many.
func taken(l *live.Lane) string {
	if l.Streams {
		return many(float64(l.InFlight))
	}
	return fmt.Sprintf("%d/%d", l.InFlight, l.Limit)
}

// lanes draws the table in at most room lines.
func (s Screen) lanes(doc *api.NowDoc, room int) []string {
	shown := make([]column, 0, len(columns))
	used := 0
	for _, c := range columns {
		if s.Width >= c.from {
			shown = append(shown, c)
			used += c.width + 1
		}
	}
	last := &shown[len(shown)-1]
	if last.width == 0 {
		last.width = max(s.Width-used+1, 0)
	}
	lines := []string{paint(quiet, s.row(shown, func(c column) string { return c.head.in(s.Lang) }))}
	skip := min(max(s.Skip, 0), max(len(doc.Lanes)-1, 0))
	lanes := doc.Lanes[skip:]
	for i := range lanes {
		if len(lines) == room-1 && len(lanes)-i > 1 {
			return append(lines, paint(quiet, fmt.Sprintf(wordMore.in(s.Lang), len(lanes)-i)))
		}
		lines = append(lines, s.row(shown, func(c column) string { return c.text(s, &lanes[i].Lane, c.width) }))
	}
	return lines
}

func (s Screen) row(shown []column, text func(column) string) string {
	cells := make([]string, 0, len(shown))
	for _, c := range shown {
		cells = append(cells, cell(text(c), c.width, c.right))
	}
	return strings.TrimRight(strings.Join(cells, " "), " ")
}
