package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/daero/daero/api"
)

// Screen is how the document is drawn.
type Screen struct {
	Width, Height int
	Lang          Lang
	Zone          *time.Location
	// Skip is how many lanes are above the window.
	Skip int
	// Came are the requests per second of lately, the oldest first.
	Came []float64
	// Age is how long ago the document came, and Gone why none comes any more.
	Age  time.Duration
	Gone string
}

// staleAfter is when values are no longer taken for those of now.
const staleAfter = 3 * time.Second

// Sizes that are drawn for, at least.
const (
	leastWidth  = 40
	leastHeight = 10
)

// Draw returns the screen, at most Height lines of Width columns.
func (s Screen) Draw(doc *api.NowDoc) string {
	s.Width, s.Height = max(s.Width, leastWidth), max(s.Height, leastHeight)
	if doc == nil {
		text := wordNoData.in(s.Lang)
		if s.Gone != "" {
			text = plain(s.Gone)
		}
		return s.join([]string{paint(strong, "daero"), "", text, "", paint(quiet, wordKeys.in(s.Lang))})
	}
	lines := append([]string{s.header(doc)}, s.level(doc)...)
	foot := s.foot(doc)
	// The lanes get what the rest leaves, and at least three lines.
	room := max(s.Height-len(lines)-len(foot)-1, 4)
	lines = append(lines, "")
	lines = append(lines, s.lanes(doc, room-1)...)
	for len(lines)+len(foot) < s.Height {
		lines = append(lines, "")
	}
	lines = append(lines, foot...)
	if s.stale() {
		for i := 1; i < len(lines); i++ {
			lines[i] = paint(quiet, ansi.Strip(lines[i]))
		}
	}
	return s.join(lines)
}

func (s Screen) join(lines []string) string {
	if len(lines) > s.Height {
		lines = append(lines[:s.Height-1:s.Height-1], lines[len(lines)-1])
	}
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, s.Width, "…")
	}
	return strings.Join(lines, "\n")
}

func (s Screen) stale() bool { return s.Age > staleAfter || s.Gone != "" }

// header has the name, the level's badge, how old the data is, and the nodes.
func (s Screen) header(doc *api.NowDoc) string {
	left := paint(strong, "daero") + " " + plain(doc.Node)
	if s.stale() {
		return left + "  " + paint(bad, fmt.Sprintf(wordStale.in(s.Lang), took(s.Age.Seconds()), clock(doc.At, doc.At, s.Zone)))
	}
	right := fmt.Sprintf("● %s  "+wordNodes.in(s.Lang)+"  %s", wordLive.in(s.Lang), doc.Nodes.Reporting, doc.Nodes.Known, doc.At.In(s.Zone).Format("15:04:05 MST"))
	gap := max(s.Width-ansi.StringWidth(left)-ansi.StringWidth(right), 1)
	return left + strings.Repeat(" ", gap) + right
}

// level has the level, the ladder, why, and what brings it down.
func (s Screen) level(doc *api.NowDoc) []string {
	lv := doc.Level
	ladder := make([]string, 0, len(api.Shapes))
	for i, shape := range api.Shapes {
		step := fmt.Sprintf("%s%d", shape, i)
		if i == lv.Number {
			step = paint(levelTone(i), fmt.Sprintf("[%s %d %s]", shape, i, plain(words{lv.Word, lv.Korean}.in(s.Lang))))
		}
		ladder = append(ladder, step)
	}
	lines := []string{strings.Join(ladder, "  ") + "   " + paint(quiet, s.flow(doc))}
	if lv.Because.To == lv.Level && lv.Because.Why != "" {
		lines = append(lines, s.said(wordWhy, words{lv.Because.Why, lv.Because.Korean}, 2)...)
		lines = append(lines, s.said(wordDown, words{lv.Because.Down, lv.Because.DownKorean}, 1)...)
	}
	if p := lv.Pin; p != nil {
		lines = append(lines, paint(warn, fmt.Sprintf(wordPinned.in(s.Lang), clock(p.Until, doc.At, s.Zone), plain(p.By), plain(p.Reason))))
	}
	if p := doc.Paused; p != nil {
		lines = append(lines, paint(warn, fmt.Sprintf(wordPaused.in(s.Lang), clock(p.Until, doc.At, s.Zone), plain(p.By), plain(p.Reason))))
	}
	if doc.Shadow {
		lines = append(lines, paint(warn, wordAllDark.in(s.Lang)))
	}
	return lines
}

func levelTone(i int) tone {
	if i < 0 || i >= len(levelTones) {
		return usual
	}
	return levelTones[i]
}

// flow has all that came and went lately, in a line.
func (s Screen) flow(doc *api.NowDoc) string {
	line := fmt.Sprintf("%s %s → %s", wordAll.in(s.Lang), many(doc.Totals.Came()), many(doc.Totals.Passed+doc.Totals.Waited))
	if s.Width >= 100 && len(s.Came) > 1 {
		line += " " + spark(s.Came, 30)
	}
	return line
}

// said writes "name  sentence", wrapped to most lines.
func (s Screen) said(name, sentence words, most int) []string {
	text := plain(sentence.in(s.Lang))
	if text == "" {
		text = plain(sentence.in(English))
	}
	if text == "" {
		return nil
	}
	const indent = 12
	wrapped := strings.Split(ansi.Wordwrap(text, s.Width-indent, ""), "\n")
	if len(wrapped) > most {
		wrapped = append(wrapped[:most-1:most-1], strings.Join(wrapped[most-1:], " "))
	}
	lines := make([]string, 0, len(wrapped))
	for i, part := range wrapped {
		head := strings.Repeat(" ", indent)
		if i == 0 {
			head = paint(quiet, cell(name.in(s.Lang), indent, false))
		}
		lines = append(lines, head+part)
	}
	return lines
}
