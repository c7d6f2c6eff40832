package playtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// Result is what playing a test found.
type Result struct {
	Name   string
	Where  string        // FILE:LINE of the test
	Lasted time.Duration // in virtual time
	// Failures are what was expected and was not so, in the order of the file.
	Failures []Failure
	// Story is all that happened, in the order of time.
	Story []Line
	// Err is why the test could not be played: it names what the configuration
	// does not have, or the configuration is mistaken.
	Err error
}

// Failure is something that was expected and was not so.
type Failure struct {
	Where    string        // FILE:LINE of the expectation
	At       time.Duration // in virtual time, when it was seen
	When     string        // it was expected: "at 10.2s", "by 4m"
	Expected string
	Got      string
}

// Line is something that happened.
type Line struct {
	At   time.Duration
	What string // level, action or person
	Text string
}

// MarshalJSON implements json.Marshaler: times are seconds.
func (l Line) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"at_s": l.At.Seconds(), "what": l.What, "text": l.Text})
}

// Passed reports whether all was as expected.
func (r *Result) Passed() bool { return r.Err == nil && len(r.Failures) == 0 }

func (r *Result) say(at time.Duration, what, text string) {
	r.Story = append(r.Story, Line{at, what, text})
}

// StoryText is all that happened as text, a line for each.
func (r *Result) StoryText() string {
	var b strings.Builder
	for _, l := range r.Story {
		l.write(&b)
	}
	return b.String()
}

func (l Line) write(b *strings.Builder) {
	fmt.Fprintf(b, "    %8s  %-6s  %s\n", clock(l.At), l.What, l.Text)
}

// Diff says in text what was not as expected: where it is written, what was
// there instead, and what happened around it. Empty if the test passed.
func (r *Result) Diff() string {
	var b strings.Builder
	if r.Err != nil {
		for line := range strings.SplitSeq(r.Err.Error(), "\n") {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "    %s: %s\n", f.Where, f.When)
		fmt.Fprintf(&b, "      expected  %s\n", f.Expected)
		fmt.Fprintf(&b, "      got       %s\n", f.Got)
		r.around(&b, f.At)
	}
	return b.String()
}

// Lines of the story to show before and after a failure.
const (
	linesBefore = 5
	linesAfter  = 3
)

// around writes what happened around a moment, which it marks.
func (r *Result) around(b *strings.Builder, at time.Duration) {
	next := 0
	for next < len(r.Story) && r.Story[next].At <= at {
		next++
	}
	first := max(0, next-linesBefore)
	isLevel := func(l Line) bool { return l.What == "level" }
	if !slices.ContainsFunc(r.Story[first:next], isLevel) {
		// Without it the actions say little.
		for i := first - 1; i >= 0; i-- {
			if isLevel(r.Story[i]) {
				b.WriteString("    ")
				r.Story[i].write(b)
				break
			}
		}
	}
	for _, l := range r.Story[first:next] {
		b.WriteString("    ")
		l.write(b)
	}
	fmt.Fprintf(b, "      > %8s  here\n", clock(at))
	for _, l := range r.Story[next:min(next+linesAfter, len(r.Story))] {
		b.WriteString("    ")
		l.write(b)
	}
}

// eventText says what a playbook did.
func eventText(e playbook.Event) string {
	s := e.ID
	drains := e.Action != nil && e.Action.Kind == playbook.Drain
	switch measured := e.Action != nil && e.Action.Kind.Refuses(); {
	case e.Left():
		s += " is over"
	case e.Action != nil && e.Action.Kind == playbook.Work:
		s += " takes " + e.Action.Work(e.To).String()
	case e.Entered() && drains:
		s += " begins at " + perSecond(e.Action.Rate)
	case drains:
		s += " changes to " + perSecond(e.Action.Rate)
	case e.Entered() && measured:
		s += " begins at " + percent(e.To)
	case e.Entered():
		s += " begins"
	case measured:
		s += " " + percent(e.From) + " → " + percent(e.To)
	default:
		s += " changes"
	}
	if e.Shadow {
		s += " (shadow)"
	}
	return s
}

// clock writes a moment of virtual time: 10.2s, 4m, 1h30m.
func clock(d time.Duration) string {
	s := d.Round(level.Interval).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
