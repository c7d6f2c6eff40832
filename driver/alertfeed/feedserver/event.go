package feedserver

import (
	"slices"
	"time"
)

// Kind says what an event does to its ID.
type Kind uint8

// The kinds.
const (
	Issue  Kind = iota // a warning, or a new version of one
	Cancel             // takes it back
	Again              // the last one of its ID once more, as feeds do by mistake
)

// Status is CAP's word for what a message is for.
type Status string

// The statuses. The zero Status is Actual.
const (
	Actual   Status = "Actual"
	Exercise Status = "Exercise"
	Test     Status = "Test"
)

// Event is one message of a script.
type Event struct {
	// After is when it is published, after the start of the play.
	After time.Duration
	// ID names what happened; digits only, ten of them, where PEWS is to tell it.
	ID     string
	Kind   Kind
	Status Status
	// Age is how long before its first publication it happened.
	Age time.Duration
	// Expires is how long after publication it expires; 0: an hour. CAP only.
	Expires   time.Duration
	Magnitude float64
	Lat, Lon  float64
	DepthKM   float64
	Place     string
	// Region is the region of Korea, by PEWS's bitmap: 14 is Gyeongbuk.
	Region int
}

// pohang is the earthquake of 2017-11-15 14:29:31 KST. Its early warning said
// M5.5 and came 19 s after the origin; later reports said M5.4.
var pohang = Event{
	ID: "2017000407", Age: 19 * time.Second,
	Magnitude: 5.5, Lat: 36.12, Lon: 129.36, DepthKM: 7, Place: "Pohang, KR", Region: 14,
}

// change returns an event like e.
func (e Event) change(f func(*Event)) Event {
	f(&e)
	return e
}

// Pohang2017 is the earthquake that arms: a warning, and its revision after a
// minute.
func Pohang2017() []Event {
	return []Event{pohang, pohang.change(func(e *Event) { e.After, e.Magnitude = time.Minute, 5.4 })}
}

// FalseAlarm is a warning that is taken back after 30 s.
func FalseAlarm() []Event {
	alarm := pohang.change(func(e *Event) { e.ID, e.Magnitude, e.Place = "2026000001", 6.1, "Uljin, KR" })
	return []Event{alarm, alarm.change(func(e *Event) { e.After, e.Kind = 30*time.Second, Cancel })}
}

// TestMessage is what arms nothing: a test and an exercise.
func TestMessage() []Event {
	test := pohang.change(func(e *Event) { e.ID, e.Status = "2026000002", Test })
	return []Event{test, test.change(func(e *Event) { e.ID, e.Status, e.After = "2026000003", Exercise, 5*time.Second })}
}

// Duplicate is a warning that is published three times; it arms once.
func Duplicate() []Event {
	again := pohang.change(func(e *Event) { e.Kind = Again })
	return []Event{
		pohang,
		again.change(func(e *Event) { e.After = time.Second }),
		again.change(func(e *Event) { e.After = 5 * time.Minute }),
	}
}

// OldEvent is an event of half an hour ago, published again; it arms nothing.
func OldEvent() []Event {
	return []Event{pohang.change(func(e *Event) { e.ID, e.Age = "2026000004", 30*time.Minute })}
}

// Join plays scripts one after another, each pause after the end of the one
// before.
func Join(pause time.Duration, scripts ...[]Event) (all []Event) {
	start := time.Duration(0)
	for _, script := range scripts {
		end := start
		for _, e := range script {
			e.After += start
			end = max(end, e.After)
			all = append(all, e)
		}
		start = end + pause
	}
	return all
}

func inOrder(script []Event) []Event {
	script = slices.Clone(script)
	slices.SortStableFunc(script, func(a, b Event) int { return int(a.After - b.After) })
	return script
}
