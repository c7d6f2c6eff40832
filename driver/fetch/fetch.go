// Package fetch has what clients of small HTTP APIs share: requests that stay
// at the host they were meant for, answers of bounded size, and errors without
// addresses, which may hold a key.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// UserAgent names daero to the servers that it asks.
const UserAgent = "daero (+https://github.com/daero/daero)"

// Client returns a client over rt, a transport of its own if nil. It follows
// redirects on the same host only.
func Client(rt http.RoundTripper) *http.Client {
	if rt == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxResponseHeaderBytes = 64 << 10
		t.MaxIdleConns = 2
		rt = t
	}
	return &http.Client{Transport: rt, CheckRedirect: sameHost}
}

// Errors of redirects and answers.
var (
	ErrAnotherHost = errors.New("it redirects to another host: configure that one if it is right")
	ErrTooLarge    = errors.New("the answer is too large")
	errCircles     = errors.New("it redirects in circles")
)

// sameHost keeps requests, and the keys in their headers, where they belong.
func sameHost(r *http.Request, via []*http.Request) error {
	if len(via) > 3 {
		return errCircles
	}
	if first := via[0].URL; r.URL.Scheme != first.Scheme || r.URL.Host != first.Host {
		return ErrAnotherHost
	}
	return nil
}

// Body reads an answer of at most limit bytes; [ErrTooLarge] if it is longer.
func Body(resp *http.Response, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%w: more than %d KB", ErrTooLarge, limit>>10)
	}
	return body, nil
}

// StatusError is an answer that refuses.
type StatusError struct {
	Status int
	After  time.Duration // how long to wait, as the server says; 0: it does not
}

// Error names the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("it answers %d %s", e.Status, http.StatusText(e.Status))
}

// RetryAfter is how long to leave the server alone.
func (e *StatusError) RetryAfter() time.Duration { return e.After }

// maxAfter bounds what a server may ask for.
const maxAfter = time.Hour

// RetryAfter reads the header of that name, seconds or a date, at most an hour;
// 0 for anything else.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	s := h.Get("Retry-After")
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(min(max(n, 0), int(maxAfter/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(t.Sub(now), 0), maxAfter)
	}
	return 0
}

// Plain returns err without the address of the request that failed.
func Plain(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Timeout() {
			return context.DeadlineExceeded
		}
		return e.Err
	}
	return err
}
