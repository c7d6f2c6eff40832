package job

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode"
)

// Line is one line of what `daero rehearse --progress json` says on standard
// error. Lanes are those of the second that has passed; a line without them
// says only that a phase has begun.
type Line struct {
	Arm   string  `json:"arm"`
	Index int     `json:"index"` // of the arm, from 0
	Arms  int     `json:"arms"`  // how many there are
	Phase string  `json:"phase"`
	At    float64 `json:"at"` // seconds since the arm began
	Of    float64 `json:"of"` // seconds that it takes
	// Lanes are what was felt, by lane.
	Lanes map[string]Felt `json:"lanes,omitempty"`
	// Console is a link to the console of the arm's gateway, which logs an admin
	// in, once. Rehearsals beside a gateway have none.
	Console string `json:"console,omitempty"`
}

// Felt is what a lane's clients felt in a second.
type Felt struct {
	OK      int      `json:"ok"`
	Refused int      `json:"refused"`
	Failed  int      `json:"failed"`
	P99     *float64 `json:"p99_ms"` // null where nothing was answered
}

// Bounds of a line. They are those of a rehearsal, with room.
const (
	maxLine    = 16 << 10
	maxArms    = 16
	maxLanes   = 16
	maxSeconds = 3600 + 60
	maxCount   = 1_000_000
	maxMS      = 1e7
	maxWord    = 64
	maxLink    = 500
)

// ParseLine reads a line of progress. It takes nothing that a rehearsal would
// not say: the process is this program's, but what it says is drawn in
// browsers.
func ParseLine(text []byte) (Line, error) {
	var l Line
	if len(text) > maxLine {
		return l, fmt.Errorf("progress: a line of %d bytes: at most %d", len(text), maxLine)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Line{}, fmt.Errorf("progress: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Line{}, errors.New("progress: more than one document on a line")
	}
	if err := l.validate(); err != nil {
		return Line{}, fmt.Errorf("progress: %w", err)
	}
	return l, nil
}

func (l Line) validate() error {
	switch {
	case !isName(l.Arm):
		return errors.New("arm: is no name")
	case l.Arms < 1 || l.Arms > maxArms || l.Index < 0 || l.Index >= l.Arms:
		return fmt.Errorf("arm %d of %d: is not possible", l.Index, l.Arms)
	case !isWords(l.Phase):
		return errors.New("phase: is no text of one line")
	case !within(l.At, maxSeconds) || !within(l.Of, maxSeconds):
		return errors.New("at and of: are no seconds of a rehearsal")
	case l.Console != "" && (len(l.Console) > maxLink || !strings.HasPrefix(l.Console, "http://127.0.0.1:")):
		return errors.New("console: is no link to this machine")
	case len(l.Lanes) > maxLanes:
		return fmt.Errorf("%d lanes: at most %d", len(l.Lanes), maxLanes)
	}
	for name, f := range l.Lanes {
		switch {
		case !isName(name):
			return errors.New("lane: is no name")
		case f.OK < 0 || f.Refused < 0 || f.Failed < 0 || f.OK > maxCount || f.Refused > maxCount || f.Failed > maxCount:
			return fmt.Errorf("lane %s: counts that are not possible", name)
		case f.P99 != nil && !within(*f.P99, maxMS):
			return fmt.Errorf("lane %s: a p99 that is not possible", name)
		}
	}
	return nil
}

func within(v, most float64) bool { return v >= 0 && v <= most && !math.IsNaN(v) }

// isName reports whether s is the name of an arm, a lane or a scenario.
func isName(s string) bool {
	if s == "" || len(s) > maxWord {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// isWords reports whether s can be shown on one line.
func isWords(s string) bool {
	return len(s) <= maxWord && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
