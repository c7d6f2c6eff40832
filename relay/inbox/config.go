package inbox

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Config describes an Inbox.
type Config struct {
	// Horizon is how long after it was accepted a message may still come: the
	// log's retention, the time that it is retried, and how long after that you
	// would still take it back out of the dead letters. Default 2 days.
	Horizon time.Duration
	// TTL is how long a key is remembered after it was done, at least Horizon.
	// Default: Horizon and a half.
	TTL time.Duration
	// Lease is how long a handler may take: its context ends after it. A process
	// that dies keeps a message from being done for so long. Default 1 min.
	Lease time.Duration
	// MaxBody bounds a request's body, which is held in memory: it is part of
	// what makes two requests the same. Default 17 MiB.
	MaxBody int64
	// MaxAnswer bounds the body of an answer that is kept. Default 16 KiB.
	MaxAnswer int
	// Caller says whose a request is. Default: what Daero-Writer says, which can
	// be trusted only where nobody but daero reaches the service; elsewhere name
	// who has logged in.
	Caller func(*http.Request) string
	// Optional lets requests without an Idempotency-Key pass; they are done each
	// time. Default: they are refused with 400.
	Optional bool
}

// Bounds that are not configured.
const (
	maxID       = 8 << 10         // bytes of an idempotency key
	keepWithin  = 5 * time.Second // for the store, once the work is done
	retryBusy   = 5 * time.Second // at most, to come back for what is being worked on
	retryFailed = 2 * time.Second // to come back where the store fails
)

func (c Config) withDefaults() Config {
	c.Horizon = cmp.Or(c.Horizon, 48*time.Hour)
	c.TTL = cmp.Or(c.TTL, c.Horizon+c.Horizon/2)
	c.Lease = cmp.Or(c.Lease, time.Minute)
	c.MaxBody = cmp.Or(c.MaxBody, 17<<20)
	c.MaxAnswer = cmp.Or(c.MaxAnswer, 16<<10)
	if c.Caller == nil {
		c.Caller = func(r *http.Request) string { return KeyOf(r).Caller }
	}
	return c
}

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if c.Horizon < 0 || c.TTL < 0 || c.Lease < 0 || c.MaxBody < 0 || c.MaxAnswer < 0 {
		errs = append(errs, errors.New("inbox: a time or bound is below zero: leave it out for the default"))
	}
	if c.TTL < c.Horizon {
		errs = append(errs, fmt.Errorf("inbox: ttl %s is below the horizon %s: a message that comes after its key was forgotten is done twice: raise ttl, or lower the horizon", c.TTL, c.Horizon))
	}
	if c.Lease > c.TTL {
		errs = append(errs, fmt.Errorf("inbox: lease %s is above ttl %s: lower lease or raise ttl", c.Lease, c.TTL))
	}
	return errors.Join(errs...)
}
