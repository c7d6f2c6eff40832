package playbook

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/daero/daero/level"
)

// Lane is what a playbook must know of a lane.
type Lane struct {
	Backend, Name string
	Critical      bool
	Streams       bool
	// Defers says that its requests can be kept and delivered later.
	Defers bool
}

// Ramp is how a lane comes back: strength falls by Step each Every while the
// readings allow it, and rises by one Step when they do not.
type Ramp struct {
	Step  float64       // default 0.1
	Every time.Duration // default 5 s
}

// Config describes a Playbook.
type Config struct {
	Actions []Action
	Ramp    Ramp
	// Shadow records what would have been done, and does nothing.
	Shadow bool
	// Lanes are the lanes there are. nil: not known, lanes are not checked.
	Lanes []Lane
	// Topics are what the relay delivers. nil: not known, topics are not checked.
	Topics []string
	// Able lists the kinds whose executors exist. nil: all.
	Able []Kind
}

// Defaults and bounds of Config.
const (
	DefaultRampStep  = 0.1
	DefaultRampEvery = 5 * time.Second
	MaxActions       = 256
	maxBody          = 64 << 10
	maxReturn        = time.Hour
	maxRate          = 1_000_000 // per second
	minWork          = 100 * time.Millisecond
	maxWork          = 10 * time.Second // longer than that nobody waits for a form
)

// Validate reports every mistake at once, joined. Mistakes of an action begin
// with its place.
func (c Config) Validate() error {
	var errs []error
	if len(c.Actions) > MaxActions {
		errs = append(errs, fmt.Errorf("%d actions: at most %d", len(c.Actions), MaxActions))
	}
	errs = append(errs, c.Ramp.validate())
	seen := map[string]string{}
	for i := range c.Actions {
		a := &c.Actions[i]
		errs = append(errs, c.check(a)...)
		key := a.At.String() + " " + a.Slot()
		if before, twice := seen[key]; twice {
			errs = append(errs, a.err("%s stands twice in row %s, also at %s: keep one", a.Slot(), a.At, before))
		}
		seen[key] = a.Where
	}
	errs = append(errs, c.checkCritical()...)
	return errors.Join(errs...)
}

func (r Ramp) validate() error {
	r = r.withDefaults()
	switch {
	case !(r.Step > 0 && r.Step <= 1):
		return fmt.Errorf("ramp %.0f%%: must be above 0%%, up to 100%%: with 0%% lanes would never come back", r.Step*100)
	case r.Every < level.Interval || float64(r.Every)/r.Step > float64(maxReturn):
		return fmt.Errorf("ramp %.0f%% every %s: a lane must be back within %s, and a step takes %s at least", r.Step*100, r.Every, maxReturn, level.Interval)
	}
	return nil
}

func (r Ramp) withDefaults() Ramp {
	if r.Step == 0 {
		r.Step = DefaultRampStep
	}
	if r.Every == 0 {
		r.Every = DefaultRampEvery
	}
	return r
}

// Mistake is what is wrong with an action.
type Mistake struct {
	Where string // FILE:LINE, "" if not known
	What  string
}

// Error implements error.
func (m Mistake) Error() string {
	if m.Where == "" {
		return m.What
	}
	return m.Where + ": " + m.What
}

func (a *Action) err(format string, args ...any) error {
	return Mistake{a.Where, fmt.Sprintf(format, args...)}
}

// check returns the mistakes of one action.
func (c Config) check(a *Action) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, a.err(format, args...)) }
	if a.Kind < Shed || a.Kind > Notify {
		bad("%s: not an action", a.Kind)
		return errs
	}
	if a.At < level.Attention || a.At >= level.Count {
		bad("%s: stands at %s: actions stand at attention or above; at normal nothing is in force", a.Kind, a.At)
	}
	if !c.able(a.Kind) {
		bad("%s: %s", a.Kind, missing(a.Kind))
	}
	if a.OfLane() || a.Kind == Drain && a.Target == "" {
		errs = append(errs, c.checkLane(a)...)
	} else if a.Kind == Drain {
		errs = append(errs, c.checkTopic(a))
	} else if a.Kind != Work && a.Target == "" {
		bad("%s: names no target: say what or whom, like \"notify ops\"", a.Kind)
	}
	if !(a.From >= 0 && a.From <= 1 && a.To >= 0 && a.To <= 1) {
		bad("%s: strengths are 0%% to 100%%: keep both ends in there", a.Slot())
	} else if a.From > a.To {
		bad("%s: the range is upside down: it must get stronger as the level fills up: swap its ends", a.Slot())
	} else if a.To == 0 {
		bad("%s: does nothing, its range ends at 0%%", a.Slot())
	} else if !a.Kind.Graded() && a.From < 1 {
		bad("%s: has no strength: leave the range away", a.Slot())
	}
	if a.NewDevice && a.Kind != Challenge {
		bad("%s: new-device is for challenge", a.Slot())
	}
	errs = append(errs, a.checkDetails()...)
	return errs
}

func (c Config) able(k Kind) bool { return c.Able == nil || slices.Contains(c.Able, k) }

func missing(k Kind) string {
	switch k {
	case Challenge:
		return "there is no CAPTCHA that would ask: add one, or use shed"
	case Work:
		return "there is no CAPTCHA whose work could take longer: add one, or leave this away"
	case Defer:
		return "there is no relay to keep requests in: add one, or use shed"
	case Drain:
		return "there is no relay that delivers: add one, or leave this away"
	}
	return "nothing here can do that"
}

func (a *Action) checkDetails() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, a.err(format, args...)) }
	switch a.Kind {
	case Slow, Stale:
		if a.For < time.Second || a.For > 24*time.Hour {
			bad("%s: for %s: must be 1s to 24h", a.Slot(), a.For)
		}
	case Respond:
		if a.Status != 0 && (a.Status < 200 || a.Status > 599) {
			bad("%s: status %d: must be 200 to 599", a.Slot(), a.Status)
		}
		if len(a.Body) > maxBody {
			bad("%s: body of %d bytes: at most %d", a.Slot(), len(a.Body), maxBody)
		}
	case Ceiling:
		if a.To == 1 {
			bad("%s: a ceiling of 0%% lets nobody in: use shed, which says when to come back", a.Slot())
		}
		if a.Who != Everyone {
			bad("%s: a ceiling is for the whole lane", a.Slot())
		}
	case Work:
		if least := a.Work(a.From); least < minWork || a.For > maxWork {
			bad("%s: %s to %s: must be %s to %s", a.Slot(), least, a.For, minWork, maxWork)
		}
	case Drain:
		errs = a.checkDrain()
	case Flag:
		if a.Value == "" {
			bad("%s: has no value: write it like \"flag comments off\"", a.Slot())
		}
	}
	return errs
}

func (a *Action) checkDrain() (errs []error) {
	if !(a.Rate >= 0 && a.Rate <= maxRate) {
		errs = append(errs, a.err("%s: %v/s: must be 0/s, which stops it, to %d/s", a.Slot(), a.Rate, maxRate))
	}
	if a.Who != Everyone {
		errs = append(errs, a.err("%s: a drain is for the whole lane", a.Slot()))
	}
	if a.Lane != "" && a.Target != "" {
		errs = append(errs, a.err("%s: names a lane and the topic %s: write two drains", a.Slot(), a.Target))
	}
	return errs
}

// checkLane says if an action names no lane, or one that there is not.
func (c Config) checkLane(a *Action) (errs []error) {
	if a.Lane == "" {
		return []error{a.err("%s: names no lane: say which, like \"%s login\"", a.Kind, a.Kind)}
	}
	if c.Lanes == nil {
		return nil
	}
	found := false
	for _, l := range c.Lanes {
		if !l.is(a) {
			continue
		}
		found = true
		if l.Streams && a.Kind == Ceiling {
			errs = append(errs, a.err("%s: a lane of streams takes no share of the limit: use shed", a.Slot()))
		}
		if l.Streams && a.Kind == Defer {
			errs = append(errs, a.err("%s: connections that last cannot wait to be delivered: use shed", a.Slot()))
		} else if !l.Defers && c.able(a.Kind) && (a.Kind == Defer || a.Kind == Drain) {
			errs = append(errs, a.err("%s: nothing says how requests of lane %s are kept: give the lane a defer block", a.Slot(), l.Name))
		}
	}
	if !found {
		errs = append(errs, UnknownLane{a.Where, a.Kind, a.Backend, a.Lane, c.laneNames()})
	}
	return errs
}

// checkTopic says if a drain names a topic that there is not.
func (c Config) checkTopic(a *Action) error {
	if c.Topics == nil || slices.Contains(c.Topics, a.Target) {
		return nil
	}
	return a.err("%s: no topic %q (known: %v)", a.Kind, a.Target, c.Topics)
}

// UnknownLane is the error of an action whose lane there is not.
type UnknownLane struct {
	Where         string
	Kind          Kind
	Backend, Lane string
	Known         []string
}

// Error implements error.
func (e UnknownLane) Error() string {
	return Mistake{e.Where, fmt.Sprintf("%s: no lane %q (known: %v)", e.Kind, e.Lane, e.Known)}.Error()
}

func (c Config) laneNames() (names []string) {
	for _, l := range c.Lanes {
		if !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
	}
	return names
}

func (l Lane) is(a *Action) bool {
	return l.Name == a.Lane && (a.Backend == "" || a.Backend == l.Backend)
}

// checkCritical refuses, unless it is meant, what would turn everyone away from
// a critical lane: for both intents there is an action that ends at 100 %. A
// challenge of everyone does, where apps cannot answer it; one of new devices
// leaves those in that were there before.
func (c Config) checkCritical() (errs []error) {
	for _, l := range c.Lanes {
		if !l.Critical {
			continue
		}
		var all, fore, back *Action
		for i := range c.Actions {
			a := &c.Actions[i]
			if !a.Kind.Refuses() || a.Kind == Ceiling || a.NewDevice || a.To < 1 || a.Meant || a.Shadow || !l.is(a) {
				continue
			}
			switch a.Who {
			case Everyone:
				all = a
			case Foreground:
				fore = a
			case Background:
				back = a
			}
		}
		if all == nil && fore != nil && back != nil {
			all = fore
		}
		if all != nil {
			if all.Kind == Challenge {
				errs = append(errs, all.err("%s: would ask everyone in the critical lane %s, and apps that cannot answer are locked out: end below 100%%, narrow it to new-device, or add i_mean_it", all.Slot(), l.Name))
				continue
			}
			errs = append(errs, all.err("%s: would refuse the critical lane %s entirely: end below 100%%, or add i_mean_it", all.Slot(), l.Name))
		}
	}
	return errs
}
