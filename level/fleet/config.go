package fleet

import (
	"errors"
	"fmt"
	"time"

	"github.com/daero/daero/level"
)

// Config describes a Fleet.
type Config struct {
	// Node is this gateway's name, Run this start of it. Node is required.
	Node string
	Run  uint64
	// Stale is the age, since it arrived, from which a reading says nothing.
	// Default 5 s: five readings in a row are lost before a gateway is.
	Stale time.Duration
	// Settle is how long a gateway must have been heard before what it claims
	// raises anybody; it counts among those that do not until then. Default 3 s,
	// in which every gateway speaks at least twice: so one that just started does
	// not believe the first voices it hears.
	Settle time.Duration
	// Hold is how long a level stays raised after a majority last measured it.
	// Default 30 s, a ladder's dwell.
	Hold time.Duration
	// Forget is how long a gateway that fell silent is remembered. Default 1 min.
	Forget time.Duration
	// Members are the only gateways that count. Default: all that are heard.
	Members []string
	// Most bounds how many gateways are kept. Default 1,000.
	Most int
}

// Defaults of Config.
const (
	DefaultStale  = 5 * time.Second
	DefaultSettle = 3 * time.Second
	DefaultHold   = level.DefaultDwell
	DefaultForget = time.Minute
	DefaultMost   = 1000
	MaxMost       = 10_000
)

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	var errs []error
	if err := checkName(c.Node); err != nil {
		errs = append(errs, fmt.Errorf("fleet: node: %w", err))
	}
	for _, d := range []struct {
		what           string
		v, least, most time.Duration
	}{
		{"stale", c.Stale, 2 * time.Second, time.Minute},
		{"settle", c.Settle, time.Second, time.Minute},
		{"hold", c.Hold, time.Second, time.Hour},
		{"forget", c.Forget, time.Second, time.Hour},
	} {
		if d.v != 0 && (d.v < d.least || d.v > d.most) {
			errs = append(errs, fmt.Errorf("fleet: %s %s: must be %s to %s", d.what, d.v, d.least, d.most))
		}
	}
	if c.Most < 0 || c.Most > MaxMost {
		errs = append(errs, fmt.Errorf("fleet: %d gateways: must be 1 to %d", c.Most, MaxMost))
	}
	if len(c.Members) > MaxMost {
		errs = append(errs, fmt.Errorf("fleet: %d members: at most %d", len(c.Members), MaxMost))
	}
	self := len(c.Members) == 0
	for _, m := range c.Members {
		if err := checkName(m); err != nil {
			errs = append(errs, fmt.Errorf("fleet: member: %w", err))
		}
		self = self || m == c.Node
	}
	if !self {
		errs = append(errs, fmt.Errorf("fleet: node %s is not among the members: add it, or give this gateway the name it has there", c.Node))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&c.Stale, DefaultStale}, {&c.Settle, DefaultSettle}, {&c.Hold, DefaultHold}, {&c.Forget, DefaultForget}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	if c.Most == 0 {
		c.Most = DefaultMost
	}
	return c
}
