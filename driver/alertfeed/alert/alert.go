package alert

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Status says what a message is for. The zero Status is not valid, so that a
// parser which forgets it arms nothing.
type Status uint8

// The statuses. Only Actual arms.
const (
	Actual   Status = iota + 1
	Exercise        // a drill
	System          // between the feed's machines
	Test            // a test of the feed
	Draft           // not issued
)

// Action says what a message does.
type Action uint8

// The actions.
const (
	Issue  Action = iota // a warning, or a new version of one
	Cancel               // takes a warning back
	Note                 // acknowledgements and errors between machines: ignored
)

// Severity is how bad it is; higher is worse. The zero value is unknown.
type Severity uint8

// The severities, urgencies and certainties are CAP's. Their order is what
// "at least" means in a [Filter].
const (
	Minor Severity = iota + 1
	Moderate
	Severe
	Extreme
)

// Urgency is how soon to act. The zero value is unknown.
type Urgency uint8

// The urgencies.
const (
	Past Urgency = iota + 1
	Future
	Expected
	Immediate
)

// Certainty is how sure it is. The zero value is unknown.
type Certainty uint8

// The certainties.
const (
	Unlikely Certainty = iota + 1
	Possible
	Likely
	Observed
)

// Alert is one message of a feed.
type Alert struct {
	// ID names the event across its versions. Required.
	ID string
	// Version orders the messages of one ID: higher replaces lower, the same
	// again is a duplicate.
	Version int64
	// Replaces are the IDs of earlier messages that this one updates or cancels.
	Replaces []string
	Status   Status
	Action   Action
	// Origin is when it happened, or when the warning was issued: what replays
	// and future times are told by. Required.
	Origin time.Time
	// Infos is what it says, for one or more places; one that passes is enough.
	Infos []Info
}

// Info is one thing that an alert says. What is not stated is zero.
type Info struct {
	Title string // "Pohang, KR"
	// Magnitude of an earthquake; 0 where none is stated.
	Magnitude float64
	Severity  Severity
	Urgency   Urgency
	Certainty Certainty
	Expires   time.Time
	// Regions are names and codes of the places concerned.
	Regions []string
	// Areas are where it is: an epicentre is a circle of radius 0.
	Areas []Area
}

// Limits of what is kept of a message, so that a feed cannot fill a screen, a
// log or the memory.
const (
	maxTitle   = 80
	maxID      = 256
	maxRefs    = 64
	maxInfos   = 16
	maxRegions = 512
)

// Valid reports what a message lacks, nil if it can be judged.
func (a *Alert) Valid() error {
	switch {
	case a.ID == "":
		return fmt.Errorf("a message without an identifier")
	case len(a.ID) > maxID:
		return fmt.Errorf("a message with an identifier of %d bytes: at most %d", len(a.ID), maxID)
	case a.Status < Actual || a.Status > Draft:
		return fmt.Errorf("message %s: no status", a.ID)
	case a.Origin.IsZero():
		return fmt.Errorf("message %s: no time", a.ID)
	case len(a.Replaces) > maxRefs:
		return fmt.Errorf("message %s: %d references: at most %d", a.ID, len(a.Replaces), maxRefs)
	case len(a.Infos) > maxInfos:
		return fmt.Errorf("message %s: %d info blocks: at most %d", a.ID, len(a.Infos), maxInfos)
	}
	for _, i := range a.Infos {
		if len(i.Regions) > maxRegions || len(i.Areas) > maxRegions {
			return fmt.Errorf("message %s: more than %d regions", a.ID, maxRegions)
		}
	}
	return nil
}

// note says what an info is about, in a few words: "M5.4 Pohang, KR; 12 km".
func (i *Info) note(f *Filter) string {
	var b strings.Builder
	if i.Magnitude > 0 {
		b.WriteString("M" + strconv.FormatFloat(i.Magnitude, 'f', 1, 64))
	}
	if title := Clean(i.Title, maxTitle); title != "" {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(title)
	}
	if b.Len() == 0 {
		b.WriteString("a warning")
	}
	if f.Within > 0 {
		if km, ok := i.distance(f.Lat, f.Lon); ok {
			fmt.Fprintf(&b, "; %.0f km", km)
		}
	}
	return b.String()
}

// Clean makes text from outside fit for one line on a screen or in a log: no
// control or broken characters, spaces run together, at most most runes.
func Clean(s string, most int) string {
	if len(s) > 16*most {
		s = s[:16*most]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !strconv.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		s = strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}
