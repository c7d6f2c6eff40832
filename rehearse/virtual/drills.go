package virtual

import (
	"time"

	"github.com/daero/daero/surge"
)

// Drills are the scenarios.
func Drills() []*Drill {
	return []*Drill{earthquake(), newYear(), goal(), falseAlert(), recovery()}
}

// earthquake: an alert, and two seconds later a broadcast that wakes 8,000
// phones within a minute, most of them within seconds; people write four and a
// half times as much. On its own the first wave is seven times what the service
// can log in.
func earthquake() *Drill {
	d := usualDrill("earthquake", "a broadcast wakes 8,000 phones at once, and people write to each other")
	const shock = 20 * time.Second
	d.Messages = surge.Sum{surge.Constant(calmMessages), surge.Between{From: shock, To: 80 * time.Second, Curve: surge.Constant(3.5 * calmMessages)}}
	d.Opens = surge.Sum{surge.Constant(calmOpens), surge.Between{From: shock, To: 80 * time.Second, Curve: surge.Constant(2 * calmOpens)}}
	d.Wakes = surge.Sum{surge.Constant(calmWakes), surge.WakeUp{At: shock, Devices: 8000, Median: 4 * time.Second, Tail: time.Minute}}
	d.Warnings = []Warning{{Signal: "quake", At: shock - 2*time.Second, For: 10 * time.Minute, Note: "M5.4 near Pohang", Cancelled: 2 * time.Minute}}
	d.Turns = []Turn{
		{At: shock - 2*time.Second, What: "the alert feed: M5.4 near Pohang"},
		{At: shock, What: "every phone rings: 8,000 log in, people write 4.5 times as much"},
		{At: 80 * time.Second, What: "people write as usual again"},
		{At: 2 * time.Minute, What: "the alert feed: over"},
	}
	return d
}

// newYear: midnight. People write eight times as much; what syncs depend on
// takes 600 ms instead of 10; half of the sessions break and come back through
// the login.
func newYear() *Drill {
	d := usualDrill("newyear", "midnight: sends x8, a dependency 60 times slower, half of the sessions break")
	const midnight = 20 * time.Second
	d.Messages = surge.Sum{surge.Constant(calmMessages), surge.Between{From: midnight, To: 80 * time.Second, Curve: surge.Constant(7 * calmMessages)}}
	d.Opens = surge.Sum{surge.Constant(calmOpens), surge.Between{From: midnight, To: 80 * time.Second, Curve: surge.Constant(3 * calmOpens)}}
	d.Warnings = []Warning{{Signal: "newyear", At: 5 * time.Second, For: 2 * time.Minute, Note: "New Year"}}
	d.Turns = []Turn{
		{At: 5 * time.Second, What: "the calendar: New Year is near"},
		{At: midnight, What: "midnight: people write 8 times as much"},
		{At: midnight + 2*time.Second, What: "what syncs depend on takes 600 ms instead of 10", do: func(r *drilling) { r.slowDown(590 * time.Millisecond) }},
		{At: midnight + 10*time.Second, What: "half of the sessions break and reconnect", do: func(r *drilling) { r.cut(0.5) }},
		{At: 80 * time.Second, What: "the dependency is quick again, people write as usual", do: func(r *drilling) { r.slowDown(0) }},
	}
	return d
}

// goal: ten times of everything for eight seconds.
func goal() *Drill {
	d := usualDrill("goal", "a goal: ten times of everything, for eight seconds")
	const scored = 20 * time.Second
	ten := func(usual float64) surge.Curve {
		return surge.Sum{surge.Constant(usual), surge.Between{From: scored, To: scored + 8*time.Second, Curve: surge.Constant(9 * usual)}}
	}
	d.Messages, d.Wakes = ten(calmMessages), ten(calmWakes)
	d.Opens = surge.Sum{ten(calmOpens), surge.Between{From: scored, To: scored + 8*time.Second, Curve: surge.Constant(30 * calmOpens)}}
	d.Over = scored + 8*time.Second
	d.Turns = []Turn{
		{At: scored, What: "a goal: people write 10 times as much, 40 times as many open the app"},
		{At: d.Over, What: "the game goes on"},
	}
	return d
}

// falseAlert: a warning that nothing follows but curious people, and then it is
// taken back.
func falseAlert() *Drill {
	d := usualDrill("false-alert", "a warning, a few curious people, and the warning is cancelled")
	const from, until = 22 * time.Second, 50 * time.Second
	d.Messages = surge.Sum{surge.Constant(calmMessages), surge.Between{From: from, To: until, Curve: surge.Constant(0.5 * calmMessages)}}
	d.Wakes = surge.Sum{surge.Constant(calmWakes), surge.Between{From: from, To: until, Curve: surge.Constant(5 * calmWakes)}}
	d.Opens = surge.Sum{surge.Constant(calmOpens), surge.Between{From: from, To: until, Curve: surge.Constant(3 * calmOpens)}}
	d.Over = until
	d.Warnings = []Warning{{Signal: "quake", At: 20 * time.Second, For: 10 * time.Minute, Cancelled: 70 * time.Second, Note: "M6.1 (to be cancelled)"}}
	d.Turns = []Turn{
		{At: 20 * time.Second, What: "the alert feed: M6.1"},
		{At: from, What: "people look at the app: logins x5, messages x1.5"},
		{At: until, What: "they have seen that nothing happened"},
		{At: 70 * time.Second, What: "the alert feed: cancelled"},
	}
	return d
}

// recovery: a network comes back and with it everyone it had cut off: first
// 17 %, then 50 % of all sessions.
func recovery() *Drill {
	d := usualDrill("recovery", "17 %, then 50 % of the sessions break and come back at once")
	d.Over = 90 * time.Second
	d.Turns = []Turn{
		{At: 20 * time.Second, What: "17 % of the sessions break and reconnect", do: func(r *drilling) { r.cut(0.17) }},
		{At: 50 * time.Second, What: "50 % of the sessions break and reconnect", do: func(r *drilling) { r.cut(0.5) }},
	}
	return d
}
