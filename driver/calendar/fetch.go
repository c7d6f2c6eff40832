package calendar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// maxBody is the largest calendar that is fetched, in bytes.
	maxBody = 1 << 20
	// timeout bounds a request.
	timeout = 20 * time.Second
	// firstWait is the wait after a first failure; it doubles, up to an hour.
	firstWait = 10 * time.Second
	maxWait   = time.Hour
)

// validators are what a server named its last answer by.
type validators struct{ etag, modified string }

// statusError is an answer that is none.
type statusError struct {
	status int
	after  time.Duration // Retry-After, 0: none
}

func (e *statusError) Error() string {
	return fmt.Sprintf("it answers %d %s", e.status, http.StatusText(e.status))
}

// fetch asks the address, and puts in force what is new.
func (c *Calendar) fetch(ctx context.Context) error {
	data, next, err := c.get(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	if data == nil {
		c.same(now)
		return nil
	}
	b, problems, err := read(data, now, c.cfg.Zone)
	if err != nil {
		return err
	}
	c.put(now, b, joined(problems))
	c.last = next
	return nil
}

// get returns the calendar; nil if it is as it was.
func (c *Calendar) get(ctx context.Context) ([]byte, validators, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.cfg.URL, nil)
	if err != nil {
		return nil, c.last, err
	}
	req.Header.Set("User-Agent", "daero (+https://github.com/daero/daero)")
	req.Header.Set("Accept", "text/calendar, */*;q=0.1")
	if c.last.etag != "" {
		req.Header.Set("If-None-Match", c.last.etag)
	}
	if c.last.modified != "" {
		req.Header.Set("If-Modified-Since", c.last.modified)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, c.last, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && c.last != validators{}:
		return nil, c.last, nil
	case resp.StatusCode != http.StatusOK:
		return nil, c.last, &statusError{resp.StatusCode, retryAfter(resp.Header.Get("Retry-After"))}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, c.last, err
	case len(data) > maxBody:
		return nil, c.last, errors.New("more than 1 MB: is the address that of a calendar?")
	}
	return data, validators{resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")}, nil
}

// sameHost keeps the address, which may be a secret, from other hosts: who is
// redirected tells where from.
func sameHost(r *http.Request, via []*http.Request) error {
	switch from := via[0].URL; {
	case len(via) > 3:
		return errors.New("it redirects in circles")
	case r.URL.Scheme != from.Scheme || r.URL.Host != from.Host:
		return errors.New("it redirects to another host: configure that one if it is right")
	}
	return nil
}

// reason is why a request failed, without its address: that may hold a key.
func reason(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Timeout() {
			return "no answer in time"
		}
		err = e.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return err.Error()
}

// retryAfter reads seconds, at most an hour; 0 for anything else.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return 0
	}
	return time.Duration(min(n, 3600)) * time.Second
}

// asked is how long a server asks to be left alone.
func asked(err error) time.Duration {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.after
	}
	return 0
}

// backoff is how long to wait after failures in a row: 10 s, twice as long each
// time, at most an hour; half to all of it, so that not all come back at once.
func (c *Calendar) backoff(failures int) time.Duration {
	d := min(firstWait<<min(failures, 20), maxWait)
	return d/2 + time.Duration(c.rand.Float64()*float64(d/2))
}

func spread(r *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*r.Float64()))
}

// sleep waits and reports whether ctx still lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
