package level

import (
	"errors"
	"fmt"
	"time"
)

// Pin is a level set by a person. It ends by itself.
type Pin struct {
	Level  Level     `json:"level"`
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// MaxPin bounds how long a level may be pinned: what is forgotten must end.
const MaxPin = 7 * 24 * time.Hour

// Validate reports every mistake at once, joined.
func (p Pin) Validate(now time.Time) error {
	var errs []error
	if p.Level >= Count {
		errs = append(errs, fmt.Errorf("level %d: must be 0 to %d", p.Level, Serious))
	}
	if p.Reason == "" {
		errs = append(errs, errors.New("a pin without a reason: say why, for whoever is on call next"))
	}
	if d := p.Until.Sub(now); d <= 0 || d > MaxPin {
		errs = append(errs, fmt.Errorf("a pin until %s: must end after now and within %s", p.Until.Format(time.RFC3339), MaxPin))
	}
	return errors.Join(errs...)
}

// Pin sets the level until the pin's time, from the next step on. The ladder
// goes on measuring, and what it measured then counts when the pin ends.
func (l *Ladder) Pin(now time.Time, p Pin) error {
	if err := p.Validate(now); err != nil {
		return err
	}
	l.pin = p
	return nil
}

// Unpin ends a pin, from the next step on, and reports whether there was one.
func (l *Ladder) Unpin() bool {
	pinned := !l.pin.Until.IsZero()
	l.pin = Pin{}
	return pinned
}

// Pinned returns the pin in force; ok is false without one.
func (l *Ladder) Pinned() (p Pin, ok bool) { return l.pin, !l.pin.Until.IsZero() }
