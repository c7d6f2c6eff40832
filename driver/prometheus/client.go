package prometheus

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"

	"github.com/daero/daero/driver/fetch"
)

// client carries the library's requests: to one host, with answers of bounded
// size, and without goroutines that outlive a request.
type client struct {
	http   *http.Client
	base   *url.URL
	auth   fetch.Auth
	header http.Header
}

var _ api.Client = (*client)(nil)

// carried is an error on the way; any other is the library's about an answer.
type carried struct{ error }

// Unwrap returns what went wrong.
func (e carried) Unwrap() error { return e.error }

// URL implements api.Client: the address of an endpoint.
func (c *client) URL(endpoint string, args map[string]string) *url.URL {
	for arg, value := range args {
		endpoint = strings.ReplaceAll(endpoint, ":"+arg, value)
	}
	u := *c.base
	u.Path = path.Join("/", u.Path, endpoint)
	u.RawPath = ""
	return &u
}

// Do implements api.Client.
func (c *client) Do(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	req = req.WithContext(ctx)
	fetch.Head(req, c.auth, c.header)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, carried{err}
	}
	defer resp.Body.Close()
	body, err := fetch.Body(resp, MaxBody)
	if err != nil {
		return nil, nil, carried{err}
	}
	switch s := resp.StatusCode; {
	case s/100 == 2, s == http.StatusBadRequest, s == http.StatusUnprocessableEntity:
		return resp, body, nil // the library reads what the server says
	default:
		// With the answer: after some of these the library asks again by GET.
		return resp, nil, carried{&fetch.StatusError{Status: s, After: fetch.RetryAfter(resp.Header, time.Now())}}
	}
}
