package alertmanager

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/daero/daero/level"
)

// Config describes a Signal.
type Config struct {
	// Receiver is where the webhooks come in.
	Receiver *Receiver
	// Match are labels that an alert must have, with these values. Default: all
	// alerts count.
	Match map[string]string
	// Label, with Values, makes the value the greatest that an alert's label
	// stands for: severity, with warning 1 and critical 2. Other values of the
	// label count as 0. Default: the value is how many alerts fire.
	Label  string
	Values map[string]float64
}

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	var errs []error
	if c.Receiver == nil {
		errs = append(errs, errors.New("no receiver: alerts have no way in"))
	}
	if c.Label == "" && len(c.Values) > 0 {
		errs = append(errs, errors.New("values without a label: name the label that has them, for example severity"))
	}
	if c.Label != "" && len(c.Values) == 0 {
		errs = append(errs, fmt.Errorf("label %s: say what its values stand for, for example warning 1, critical 2", c.Label))
	}
	for k, v := range c.Values {
		if !(v >= 0) || math.IsInf(v, 0) {
			errs = append(errs, fmt.Errorf("value %q of label %s stands for %v: must be 0 or more", k, c.Label, v))
		}
	}
	for k := range c.Match {
		if k == "" {
			errs = append(errs, errors.New("a label without a name to match: name it"))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) matches(labels map[string]string) bool {
	for k, want := range c.Match {
		if got, ok := labels[k]; !ok || got != want {
			return false
		}
	}
	return true
}

// Signal is what the alerts of some labels come to.
type Signal struct {
	cfg Config

	mu   sync.Mutex
	seen view
	turn uint64 // of the book when seen was found
}

// New returns a Signal. The error names every mistake.
func New(cfg Config) (*Signal, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Signal{cfg: cfg}, nil
}

// Run waits until ctx ends, and returns why it did: alerts come by themselves.
func (s *Signal) Run(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// Read returns what fires now. Silence is not staleness: senders speak when
// something changes. Only before the first webhook nothing is known.
func (s *Signal) Read(now time.Time) level.Reading {
	r := s.cfg.Receiver
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.book.heard.IsZero() {
		return level.Reading{Note: "no alert was ever received: send a test alert, to see that they arrive"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn != r.book.turn || !s.seen.holds(now) {
		s.seen, s.turn = r.book.look(now, &s.cfg), r.book.turn
	}
	return level.Reading{Value: s.seen.value, At: now}
}
