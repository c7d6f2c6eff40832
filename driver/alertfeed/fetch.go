package alertfeed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/daero/daero/driver/alertfeed/format"
)

// timeout bounds a request.
const timeout = 10 * time.Second

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

var errAnotherHost = errors.New("it redirects to another host: configure that one if it is right")

// sameHost keeps requests, and the keys in their headers, at the host they
// were meant for.
func sameHost(r *http.Request, via []*http.Request) error {
	if len(via) > 3 {
		return errors.New("it redirects in circles")
	}
	if !same(r.URL, via[0].URL) {
		return errAnotherHost
	}
	return nil
}

func same(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// get fetches a document of at most [format.MaxBody] bytes. The body is nil if
// it is the one that v names.
func (f *Feed) get(ctx context.Context, u string, v validators, within time.Duration) (body []byte, next validators, h http.Header, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, v, nil, err
	}
	f.head(req.Header)
	if v.etag != "" {
		req.Header.Set("If-None-Match", v.etag)
	}
	if v.modified != "" {
		req.Header.Set("If-Modified-Since", v.modified)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, v, nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && v != validators{}:
		return nil, v, resp.Header, nil
	case resp.StatusCode != http.StatusOK:
		return nil, v, resp.Header, &statusError{resp.StatusCode, retryAfter(resp.Header.Get("Retry-After"))}
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, format.MaxBody+1))
	switch {
	case err != nil:
		return nil, v, resp.Header, err
	case len(body) > format.MaxBody:
		return nil, v, resp.Header, format.ErrTooLarge
	}
	return body, validators{resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")}, resp.Header, nil
}

// head sets what every request carries.
func (f *Feed) head(h http.Header) {
	h.Set("User-Agent", "daero (+https://github.com/daero/daero)")
	for k, v := range f.cfg.Header {
		h[http.CanonicalHeaderKey(k)] = v
	}
}

// retryAfter reads seconds, at most ten minutes; 0 for anything else.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return 0
	}
	return min(time.Duration(min(n, 3600))*time.Second, 10*time.Minute)
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
