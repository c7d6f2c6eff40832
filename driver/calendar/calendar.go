package calendar

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/level"
)

const (
	// look is how often a file is looked at.
	look = 30 * time.Second
	// fetch is how often an address is polled, within 10 %.
	fetch = 5 * time.Minute
	// renew is how often recurring events are worked out anew: the window moves.
	renew = time.Hour
)

// Calendar follows one calendar. Read and Coming may be called at any time;
// Run once.
type Calendar struct {
	cfg    Config
	client *http.Client
	host   string     // of URL, for notes
	rand   *rand.Rand // of Run

	// Of New, then of Run.
	file   stamp
	last   validators
	book   *book
	bad    error     // what was left out of book
	worked time.Time // when schedule was worked out

	mu       sync.Mutex
	schedule schedule
	heard    time.Time
	trouble  string // why it is not heard, or not all of it; empty: it is
}

// New returns a Calendar. It checks everything, the error names every mistake.
// A file is read, and must be right; an address is not asked.
func New(cfg Config) (*Calendar, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	seed := cfg.Seed
	if seed == 0 {
		var b [8]byte
		_, _ = crand.Read(b[:]) // never fails
		seed = binary.LittleEndian.Uint64(b[:])
	}
	c := &Calendar{cfg: cfg.withDefaults(), rand: rand.New(rand.NewPCG(seed, 0)), trouble: "not heard yet"}
	if cfg.Path != "" {
		if err := c.readFile(time.Now()); err != nil {
			return nil, err
		}
		return c, nil
	}
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	c.host = u.Host
	c.client = &http.Client{Transport: cfg.Transport, CheckRedirect: sameHost}
	if cfg.Transport == nil {
		c.client.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return c, nil
}

// Run follows the calendar until ctx ends and returns why it did. What cannot
// be read leaves the last that could in force.
func (c *Calendar) Run(ctx context.Context) error {
	if c.client != nil {
		defer c.client.CloseIdleConnections()
	}
	for failures := 0; ; {
		wait, err := look, error(nil)
		if c.cfg.URL != "" {
			err = c.fetch(ctx)
			wait = spread(c.rand, fetch)
		} else {
			err = c.readFile(time.Now())
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			failures = 0
		default:
			c.fail(err)
			if c.cfg.URL != "" {
				wait = max(c.backoff(failures), asked(err))
				failures++
			}
		}
		if now := time.Now(); c.book != nil && now.Sub(c.worked) >= renew {
			c.work(now)
		}
		if !sleep(ctx, wait) {
			return context.Cause(ctx)
		}
	}
}

// Read returns what is known: Value 1 from an event's start less the lead until
// its end; At is when the calendar was last read, or seen to be unchanged, and
// Note what begins, or why nothing is known.
func (c *Calendar) Read(now time.Time) level.Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := level.Reading{At: c.heard, Note: c.trouble}
	if until, note := c.schedule.standing(now, c.cfg.Lead); !until.IsZero() {
		r.Value, r.Until, r.Note = 1, until, note
	}
	return r
}

// Coming returns at most n events that are not over, the next first, of the
// eight days ahead.
func (c *Calendar) Coming(now time.Time, n int) []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.schedule.coming(now, n))
}

// put puts what was read in force.
func (c *Calendar) put(now time.Time, b *book, bad error) {
	c.book, c.bad = b, bad
	c.work(now)
}

// work works out what happens around now.
func (c *Calendar) work(now time.Time) {
	s, err := c.book.around(now)
	c.worked = now
	if c.bad != nil {
		err = c.bad
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.schedule = s
	c.note(now, err)
}

// same notes that the calendar was seen to be unchanged.
func (c *Calendar) same(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(now, c.bad)
}

func (c *Calendar) note(now time.Time, bad error) {
	c.heard, c.trouble = now, ""
	if bad != nil {
		c.trouble = "not all understood: " + clean(bad.Error(), 200)
	}
}

// fail notes why the calendar is not heard.
func (c *Calendar) fail(err error) {
	text := err.Error()
	if c.host != "" {
		text = fmt.Sprintf("%s: %s", c.host, reason(err))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble = "not heard: " + clean(text, 200)
}
