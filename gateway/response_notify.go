package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/driver/notify"
	"github.com/daero/daero/playbook"
)

// languages that a channel can speak.
var languages = []string{"en", "ko", "both"}

// channel makes a way to tell people.
func (m *making) channel(c ChannelConfig) (daero.Effect, error) {
	var all channel
	var errs []error
	for i, text := range c.URLs {
		url, err := m.text(text)
		if err == nil {
			var one *notify.Channel
			if one, err = notify.New(notify.Config{URL: url, Lang: cmp.Or(c.Lang, "both")}); err == nil {
				all.to = append(all.to, one)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("URL %d: %w", i+1, err))
		}
	}
	return &all, errors.Join(errs...)
}

// channel tells several addresses at once. A try after one that some of them
// missed tells only those.
type channel struct {
	to []*notify.Channel

	mu   sync.Mutex
	id   string // of the notice
	told []bool // who has heard it
}

// Do implements daero.Effect.
func (c *channel) Do(ctx context.Context, n playbook.Notice) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.id != n.ID {
		c.id, c.told = n.ID, make([]bool, len(c.to))
	}
	errs := make([]error, len(c.to))
	var all sync.WaitGroup
	for i, to := range c.to {
		if c.told[i] {
			continue
		}
		all.Go(func() {
			errs[i] = to.Do(ctx, n)
			c.told[i] = errs[i] == nil
		})
	}
	all.Wait()
	var missed missedError
	for _, err := range errs {
		if err != nil {
			missed.errs = append(missed.errs, err)
		}
	}
	if len(missed.errs) == 0 {
		return nil
	}
	return missed
}

// missedError is that some addresses were not told.
type missedError struct{ errs []error }

// Error implements error.
func (e missedError) Error() string { return errors.Join(e.errs...).Error() }

// Permanent reports whether no other try would help any of them.
func (e missedError) Permanent() bool {
	for _, err := range e.errs {
		p, ok := errors.AsType[interface {
			error
			Permanent() bool
		}](err)
		if !ok || !p.Permanent() {
			return false
		}
	}
	return true
}

// RetryAfter is the longest that any of them asks to wait.
func (e missedError) RetryAfter() (longest time.Duration) {
	for _, err := range e.errs {
		if l, ok := errors.AsType[interface {
			error
			RetryAfter() time.Duration
		}](err); ok {
			longest = max(longest, l.RetryAfter())
		}
	}
	return longest
}
