package outbox

import (
	"cmp"
	"errors"
	"time"

	"github.com/daero/daero/relay"
)

// Config describes a Forwarder.
type Config struct {
	Source Source
	Log    relay.Log
	// Name of the outbox in events, and of its messages' writer. Default
	// "outbox".
	Name string
	// Rows and Bytes bound what is taken at once. Default 500 and 16 MiB.
	Rows, Bytes int
	// Poll is how long to wait where the database tells nothing. Default 1 s.
	Poll time.Duration
	// RetryFirst and RetryMax bound the wait after a failure, which doubles.
	// Default 100 ms and 10 s.
	RetryFirst, RetryMax time.Duration
	// Aside is how long a topic that the log refuses is left out, so that the
	// others go on. Default 10 s.
	Aside time.Duration
	// Listener is told what happens. Default: nobody is.
	Listener relay.Listener
}

func (c Config) withDefaults() Config {
	c.Name = cmp.Or(c.Name, "outbox")
	c.Rows = cmp.Or(c.Rows, 500)
	c.Bytes = cmp.Or(c.Bytes, 16<<20)
	c.Poll = cmp.Or(c.Poll, time.Second)
	c.RetryFirst = cmp.Or(c.RetryFirst, 100*time.Millisecond)
	c.RetryMax = cmp.Or(c.RetryMax, 10*time.Second)
	c.Aside = cmp.Or(c.Aside, 10*time.Second)
	return c
}

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if c.Source == nil || c.Log == nil {
		errs = append(errs, errors.New("outbox: it needs a source and a log"))
	}
	if c.Rows < 0 || c.Bytes < 0 || c.Poll < 0 || c.RetryFirst < 0 || c.Aside < 0 {
		errs = append(errs, errors.New("outbox: a time or bound is below zero: leave it out for the default"))
	}
	if c.RetryMax < c.RetryFirst {
		errs = append(errs, errors.New("outbox: the longest wait after a failure is below the first: raise it"))
	}
	return errors.Join(errs...)
}
