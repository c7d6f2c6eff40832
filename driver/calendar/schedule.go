package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Event is one occurrence.
type Event struct {
	Start, End time.Time
	Summary    string
	AllDay     bool
}

const (
	// longest is how long an event arms at most.
	longest = 24 * time.Hour
	// shortest is how long one without an end lasts.
	shortest = 10 * time.Minute
	// back and ahead bound the window in which recurring events are worked out.
	back  = 24 * time.Hour
	ahead = 8 * 24 * time.Hour
	// maxOccurrences bounds what the window holds.
	maxOccurrences = 20_000
)

// schedule is what comes, in order of the start.
type schedule []Event

// newSchedule orders events and gives each an end.
func newSchedule(events []Event) schedule {
	for i := range events {
		e := &events[i]
		if !e.End.After(e.Start) {
			e.End = e.Start.Add(shortest)
		}
		if most := e.Start.Add(longest); e.End.After(most) {
			e.End = most
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.Summary, b.Summary))
	})
	return events
}

// standing returns until when something arms and what comes first of it: "New
// Year, 2027-01-01 00:00 KST (and 1 more)".
func (s schedule) standing(now time.Time, lead time.Duration) (until time.Time, note string) {
	n := 0
	for _, e := range s {
		if now.Before(e.Start.Add(-lead)) {
			break // and so is the rest
		}
		if !now.Before(e.End) {
			continue
		}
		if n++; n == 1 {
			note = e.note()
		}
		if e.End.After(until) {
			until = e.End
		}
	}
	if n > 1 {
		note = fmt.Sprintf("%s (and %d more)", note, n-1)
	}
	return until, note
}

func (e *Event) note() string {
	layout := "2006-01-02 15:04 MST"
	if e.AllDay {
		layout = "2006-01-02"
	}
	name := e.Summary
	if name == "" {
		name = "an event"
	}
	return name + ", " + e.Start.Format(layout)
}

// coming returns at most n events that are not over.
func (s schedule) coming(now time.Time, n int) (out []Event) {
	for _, e := range s {
		if len(out) >= n {
			break
		}
		if now.Before(e.End) {
			out = append(out, e)
		}
	}
	return out
}
