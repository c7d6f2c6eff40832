package job

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"unicode"
)

// Bounds of what a process may say.
const (
	maxReport = 8 << 20
	maxHTML   = 16 << 20
	maxSaid   = 2 << 10
	maxBars   = 64
	maxText   = 500 // bytes of a text that is shown
)

// capped keeps what is written to it, up to a bound. What is over the bound is
// counted and dropped, so that the process that writes never waits.
type capped struct {
	buf  bytes.Buffer
	over bool
}

// Write implements io.Writer.
func (c *capped) Write(p []byte) (int, error) {
	if room := maxReport - c.buf.Len(); len(p) > room {
		c.over = true
		c.buf.Write(p[:max(room, 0)])
	} else {
		c.buf.Write(p)
	}
	return len(p), nil
}

// listening cuts what is written to it into lines, tells those that are
// progress and keeps the end of the others: what it says when it fails.
type listening struct {
	told func(Line)

	mu   sync.Mutex
	line []byte
	long bool // the line is longer than any that is wanted
	said []byte
}

// Write implements io.Writer.
func (l *listening) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, more, ended := bytes.Cut(rest, []byte("\n"))
		rest = more
		if room := maxLine + 1 - len(l.line); len(part) > room {
			l.long, part = true, part[:room]
		}
		l.line = append(l.line, part...)
		if ended {
			l.end()
		}
	}
	return len(p), nil
}

// end takes a whole line.
func (l *listening) end() {
	line, long := l.line, l.long
	l.line, l.long = l.line[:0], false
	if !long && len(line) > 0 && line[0] == '{' {
		if got, err := ParseLine(line); err == nil {
			l.told(got)
			return
		}
	}
	l.said = append(append(l.said, line...), '\n')
	if over := len(l.said) - maxSaid; over > 0 {
		l.said = append(l.said[:0], l.said[over:]...)
	}
}

// last is the end of what it said, on one line.
func (l *listening) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return tail(shown(string(append(l.said, l.line...))), maxText)
}

// tail is the end of a text.
func tail(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return "…" + strings.ToValidUTF8(s[len(s)-most:], "")
}

// shown is a text on one line, without what a terminal obeys.
func shown(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}

// found is what is wanted of a report.
type found struct {
	Scenario string   `json:"scenario"`
	Bars     []bar    `json:"bars"`
	Noisy    []string `json:"noisy"`
	OK       bool     `json:"ok"`

	NotJudged []struct{ Name, Why string } `json:"not_judged"`
}

type bar struct {
	Name string   `json:"name"`
	Want string   `json:"want"`
	Got  *float64 `json:"got"`
	OK   bool     `json:"ok"`
	Note string   `json:"note"`
}

// judged is what a report says.
type judged struct {
	state    State
	verdicts []Verdict
	not      []NotJudged
	noisy    []string
}

// parseReport reads the verdict out of a report.
func parseReport(data []byte) (judged, error) {
	var f found
	if len(data) > maxReport {
		return judged{}, fmt.Errorf("report: more than %d bytes", maxReport)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return judged{}, fmt.Errorf("report: %w", err)
	}
	if !isName(f.Scenario) || len(f.Bars) > maxBars || len(f.Noisy) > maxBars || len(f.NotJudged) > maxBars {
		return judged{}, errors.New("report: is none of a rehearsal")
	}
	text := func(s string) string { return clip(shown(s), maxText) }
	j := judged{verdicts: []Verdict{}}
	for _, b := range f.Bars {
		if b.Got != nil && (math.IsNaN(*b.Got) || math.IsInf(*b.Got, 0)) {
			b.Got = nil
		}
		j.verdicts = append(j.verdicts, Verdict{Bar: text(b.Name), Wanted: text(b.Want), Found: b.Got, OK: b.OK, Note: text(b.Note)})
	}
	for _, n := range f.NotJudged {
		j.not = append(j.not, NotJudged{text(n.Name), text(n.Why)})
	}
	for _, why := range f.Noisy {
		j.noisy = append(j.noisy, text(why))
	}
	switch {
	case len(j.noisy) > 0:
		j.state = Noisy
	case f.OK:
		j.state = Passed
	default:
		j.state = Missed
	}
	return j, nil
}
