package level

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Interval is how often a [Ladder] is meant to be stepped.
const Interval = 100 * time.Millisecond

// Unit says how values of a signal are written.
type Unit uint8

// The units.
const (
	Plain   Unit = iota // 12.5
	Percent             // 0.3 is 30%
	Seconds             // 0.05 is 50ms
	Times               // 4 is 4x
)

// Signal describes one measured cause of a level.
type Signal struct {
	// Name identifies the signal, also across [Ladder.Reload]. Required, unique.
	Name string
	// Unit says how to write its values.
	Unit Unit
	// At are the values at which attention, caution, alert and serious begin:
	// above 0 and rising. math.Inf(1) means that the signal never asks for that
	// level; the first must be finite. Not used where Arms is set.
	At [4]float64
	// Alone lets this signal raise to serious without another.
	Alone bool
	// Stale is the age from which a reading says nothing. Default 2 s.
	Stale time.Duration
	// Arms, above Normal, makes the signal an outside warning: it arms to this
	// level, at most [MaxArm], while a reading's Until lies ahead.
	Arms Level
}

// Config describes a Ladder.
type Config struct {
	Signals []Signal
	// Dwell is how long a level is kept at least, and how long all signals must
	// be low before it is left ("down after 30s"). A level that comes back soon
	// after it was left is kept twice as long, up to eight times. Default 30 s.
	Dwell time.Duration
	// Below is how far on the way to a level signals must be under to leave it
	// ("below 70%"). Default 0.7.
	Below float64
	// Forget is how long the last word of a signal that vanished keeps a level
	// from being lowered. Default 5 min.
	Forget time.Duration
}

// Defaults and bounds of Config.
const (
	DefaultDwell  = 30 * time.Second
	DefaultBelow  = 0.7
	DefaultForget = 5 * time.Minute
	DefaultStale  = 2 * time.Second
	MaxSignals    = 64
	// MaxArm is the highest level that an outside warning shows by itself. A
	// rumour of trouble is not trouble.
	MaxArm = Caution
	// MaxArmed bounds how long one reading arms, counted from its At.
	MaxArmed = 24 * time.Hour
)

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	var errs []error
	if len(c.Signals) > MaxSignals {
		errs = append(errs, fmt.Errorf("%d signals: at most %d", len(c.Signals), MaxSignals))
	}
	if c.Dwell < 0 || c.Dwell > time.Hour || c.Dwell > 0 && c.Dwell < time.Second {
		errs = append(errs, fmt.Errorf("down after %s: must be 1s to 1h", c.Dwell))
	}
	if c.Below != 0 && !(c.Below >= 0.1 && c.Below <= 0.95) {
		errs = append(errs, fmt.Errorf("below %.0f%%: must be 10%% to 95%%: closer to 100%% the level would flap", c.Below*100))
	}
	if c.Forget < 0 || c.Forget > 24*time.Hour {
		errs = append(errs, fmt.Errorf("forget %s: must be at most 24h", c.Forget))
	}
	seen := map[string]bool{}
	for _, s := range c.Signals {
		if err := s.Validate(); err != nil {
			errs = append(errs, err)
		}
		if seen[s.Name] {
			errs = append(errs, fmt.Errorf("signal %s: declared twice: give each signal a name of its own", s.Name))
		}
		seen[s.Name] = true
	}
	return errors.Join(errs...)
}

// Validate reports every mistake in one signal, joined.
func (s Signal) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("signal %s: %s", s.Name, fmt.Sprintf(format, args...)))
	}
	if s.Name == "" {
		errs = append(errs, errors.New("a signal without a name: name it"))
	}
	if s.Stale < 0 || s.Stale > time.Hour {
		bad("stale after %s: must be at most 1h", s.Stale)
	}
	if s.Arms > MaxArm {
		bad("arm %d (%s): an outside warning arms to attention or caution; higher levels are for what is measured", s.Arms, s.Arms)
	}
	if s.Arms > Normal {
		return errors.Join(errs...)
	}
	for i, t := range s.At {
		switch {
		case math.IsNaN(t) || i == 0 && math.IsInf(t, 0) || t <= 0:
			bad("threshold of %s is %v: must be above 0", Level(i+1), t)
			return errors.Join(errs...)
		case i > 0 && t <= s.At[i-1] && !math.IsInf(t, 1):
			bad("thresholds must rise: %s begins at %s, %s at %s", Level(i), s.Show(s.At[i-1]), Level(i+1), s.Show(t))
			return errors.Join(errs...)
		}
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.Dwell == 0 {
		c.Dwell = DefaultDwell
	}
	if c.Below == 0 {
		c.Below = DefaultBelow
	}
	if c.Forget == 0 {
		c.Forget = DefaultForget
	}
	signals := make([]Signal, len(c.Signals))
	copy(signals, c.Signals)
	for i := range signals {
		if signals[i].Stale == 0 {
			signals[i].Stale = DefaultStale
		}
	}
	c.Signals = signals
	return c
}
