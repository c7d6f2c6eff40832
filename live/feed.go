package live

import (
	"slices"
	"time"

	"github.com/daero/daero/audit"
)

// Kind says who or what is behind an event.
type Kind string

// The kinds.
const (
	Auto    Kind = "auto"    // daero did it by itself
	Manual  Kind = "manual"  // a person did it
	Outside Kind = "outside" // the world warned
	Signal  Kind = "signal"  // something measured was lost, or came back
	System  Kind = "system"  // about the gateway itself
)

// Event is something that happened. IDs rise, also from one start of the
// gateway to the next.
type Event struct {
	ID    int64       `json:"id"`
	At    time.Time   `json:"at"`
	Kind  Kind        `json:"kind"`
	Entry audit.Entry `json:"entry"`
	// WhyKorean is why in Korean, where it was daero that said why.
	WhyKorean string `json:"why_ko,omitempty"`
	// Said is what the entry says, part by part, where that is known.
	Said *audit.Said `json:"said,omitempty"`
}

// Feed keeps the newest events. It is not safe for concurrent use.
type Feed struct {
	max    int
	last   int64
	events []Event // a ring, full when len is max
	next   int     // where the next goes once it is full
}

// NewFeed keeps max events. Their IDs begin after start, which should be higher
// than any ID of an earlier feed: the time in milliseconds is, as long as there
// are fewer than a thousand events a second.
func NewFeed(maxEvents int, start time.Time) *Feed {
	return &Feed{max: maxEvents, last: start.UnixMilli()}
}

// Add keeps an event and gives it its ID.
func (f *Feed) Add(e Event) Event {
	f.last++
	e.ID = f.last
	if len(f.events) < f.max {
		f.events = append(f.events, e)
		return e
	}
	f.events[f.next] = e
	f.next = (f.next + 1) % f.max
	return e
}

// Last is the ID of the newest event, or of none where there was none yet.
func (f *Feed) Last() int64 { return f.last }

// Newest returns up to n events, the newest first.
func (f *Feed) Newest(n int) []Event {
	n = min(n, len(f.events))
	newest := make([]Event, 0, n)
	for i := range n {
		newest = append(newest, f.events[(f.next-1-i+2*len(f.events))%len(f.events)])
	}
	return newest
}

// After returns the events after an ID, the oldest first. whole is false if
// some of them are gone, or if the ID is not of this feed: then all there are
// is returned.
func (f *Feed) After(id int64) (events []Event, whole bool) {
	all := f.Newest(len(f.events))
	slices.Reverse(all)
	first := f.last - int64(len(all)) + 1
	if id < first-1 || id > f.last {
		return all, false
	}
	return all[id-first+1:], true
}

// KindOf says who or what is behind an entry of the record.
func KindOf(e audit.Entry) Kind {
	switch e.What {
	case audit.SignalLost, audit.SignalBack:
		return Signal
	case audit.PlanApplied, audit.PlanWithdrawn, audit.Pruned, audit.Lost, audit.ActionFailed:
		return System
	case audit.LevelChanged, audit.ActionEntered, audit.ActionMoved, audit.ActionLeft:
		return Auto
	}
	if e.Who != audit.By {
		return Manual
	}
	return System
}
