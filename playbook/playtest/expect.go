package playtest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// mode is when something must be so.
type mode uint8

const (
	always   mode = iota // at every step from one moment to another
	sometime             // at one of them
	never                // at none of them
)

// expectation is what must be so, and when.
type expectation struct {
	where    string
	mode     mode
	from, to time.Duration
	by       bool          // from is when what is expected before it was so
	ends     bool          // to is the end of the test
	slack    time.Duration // how much later than it is written to is
	wants    []want
}

// frame is one step.
type frame struct {
	at      time.Duration
	level   level.Level
	why, ko string
	orders  []playbook.Order
	events  []playbook.Event
}

// want is one thing that is expected of a frame.
type want interface {
	met(f *frame) bool
	String() string        // what is expected
	got(f *frame) string   // what is there instead
	check(k *known) string // what is wrong with it, given what there is
}

// wantLevel is a level, or a range of levels.
type wantLevel struct{ low, high level.Level }

func (w wantLevel) met(f *frame) bool { return f.level >= w.low && f.level <= w.high }

func (w wantLevel) String() string {
	if w.low == w.high {
		return "level " + w.low.String()
	}
	return fmt.Sprintf("level %s..%s", w.low, w.high)
}

func (wantLevel) got(f *frame) string {
	if f.why == "" {
		return "level " + f.level.String()
	}
	return fmt.Sprintf("level %s since: %s", f.level, f.why)
}

func (wantLevel) check(*known) string { return "" }

// wantWhy is a part of the sentence that says why the level is what it is.
type wantWhy string

func (w wantWhy) met(f *frame) bool {
	part := strings.ToLower(string(w))
	return strings.Contains(strings.ToLower(f.why), part) || strings.Contains(f.ko, string(w))
}

func (w wantWhy) String() string        { return fmt.Sprintf("a reason with %q", string(w)) }
func (wantWhy) got(f *frame) string     { return fmt.Sprintf("the reason %q", f.why) }
func (wantWhy) check(*known) string     { return "" }
func (wantNothing) check(*known) string { return "" }

// wantNothing is that nothing is in force.
type wantNothing struct{}

func (wantNothing) met(f *frame) bool {
	for _, o := range f.orders {
		if !o.Shadow {
			return false
		}
	}
	return true
}

func (wantNothing) String() string      { return "nothing in force" }
func (wantNothing) got(f *frame) string { return inForce(f.orders) }

// wantAction is an action in force, with a strength between low and high, or
// one that is not in force.
type wantAction struct {
	id        string
	low, high float64
	any       bool     // of any strength
	rate      *float64 // of a drain, nil: any
	takes     *took    // of work, nil: any
	shadow    bool
	absent    bool
}

// sameStrength is how far two strengths that read alike may be apart.
const sameStrength = 0.005

// took is how long the proof of work takes at least and at most.
type took struct{ low, high time.Duration }

func (w wantAction) met(f *frame) bool {
	for i := range f.orders {
		if o := &f.orders[i]; names(w.id, o.ID, o.Action) && o.Shadow == w.shadow {
			return !w.absent && w.suits(o)
		}
	}
	return w.absent
}

// suits reports whether an action in force is as it is wanted.
func (w wantAction) suits(o *playbook.Order) bool {
	switch {
	case w.rate != nil && *w.rate != o.Action.Rate:
		return false
	case w.takes != nil && (o.Action.Kind != playbook.Work || o.Action.Work(o.Strength) < w.takes.low || o.Action.Work(o.Strength) > w.takes.high):
		return false
	}
	return w.any || o.Strength >= w.low-sameStrength && o.Strength <= w.high+sameStrength
}

func (w wantAction) String() string {
	s := w.id
	if w.shadow {
		s += " in shadow"
	}
	switch {
	case w.absent:
		return s + " not in force"
	case w.rate != nil:
		return s + " at " + perSecond(*w.rate)
	case w.takes != nil && w.takes.low == w.takes.high:
		return s + " takes " + w.takes.low.String()
	case w.takes != nil:
		return s + " takes " + w.takes.low.String() + ".." + w.takes.high.String()
	case w.any:
		return s + " in force"
	case w.low == w.high:
		return s + " at " + percent(w.low)
	}
	return fmt.Sprintf("%s at %.0f..%s", s, w.low*100, percent(w.high))
}

func (w wantAction) got(f *frame) string {
	for _, o := range f.orders {
		if names(w.id, o.ID, o.Action) {
			return inForce([]playbook.Order{o})
		}
	}
	return inForce(f.orders)
}

func (w wantAction) check(k *known) string { return k.action(w.id) }

// wantTold is that somebody is told that a row comes into force, or that it is
// left.
type wantTold struct {
	target string
	over   bool
}

func (w wantTold) met(f *frame) bool {
	for _, e := range f.events {
		if e.Action != nil && e.Action.Kind.Tells() && !e.Shadow && names(w.target, e.ID, e.Action) && (w.over && e.Left() || !w.over && e.Entered()) {
			return true
		}
	}
	return false
}

func (w wantTold) String() string {
	if w.over {
		return w.target + " told that it is over"
	}
	return w.target + " told"
}

func (wantTold) got(f *frame) string {
	var told []string
	for _, e := range f.events {
		if e.Action != nil && e.Action.Kind.Tells() {
			told = append(told, eventText(e))
		}
	}
	if told == nil {
		return "nobody told"
	}
	return strings.Join(told, ", ")
}

func (w wantTold) check(k *known) string { return k.target(w.target) }

// names reports whether a word of a test names an action: "notify ops at alert",
// "notify ops" for it in any row, or "ops".
func names(word, id string, a *playbook.Action) bool {
	if word == id {
		return true
	}
	return a != nil && a.Kind.Tells() && (word == a.Kind.String()+" "+a.Target || word == a.Target)
}

// inForce writes orders as they are shown.
func inForce(orders []playbook.Order) string {
	if len(orders) == 0 {
		return "nothing in force"
	}
	var all []string
	for _, o := range orders {
		s := o.ID
		switch {
		case o.Action.Kind.Refuses():
			s += " at " + percent(o.Strength)
		case o.Action.Kind == playbook.Drain:
			s += " at " + perSecond(o.Action.Rate)
		case o.Action.Kind == playbook.Work:
			s += " takes " + o.Action.Work(o.Strength).String()
		}
		if o.Shadow {
			s += " in shadow"
		}
		all = append(all, s)
	}
	return "in force: " + strings.Join(all, ", ")
}

func perSecond(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) + "/s" }

func percent(v float64) string { return fmt.Sprintf("%.0f%%", math.Round(v*100)) }
