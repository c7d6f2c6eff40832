package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// refusal is one answer of the refusing gateway, to be imitated by nginx.
type refusal struct {
	status        int
	body          string
	headerPadding int
}

// padding is a header value that makes up for the headers of a refusal.
func (r refusal) padding() string { return strings.Repeat("x", max(1, r.headerPadding)) }

// nginxHeaders is about what nginx sends by itself besides the padding, in
// bytes: Server, Date, Content-Type, Content-Length, Connection, Retry-After.
const nginxHeaders = 190

// holdPath is the one path that holder does not answer until it is released.
const holdPath = "/login/hold"

// holder is a backend on which one request can hold a lane's only place.
type holder struct {
	server  *httptest.Server
	arrived chan struct{}
	release chan struct{}
}

func newHolder() *holder {
	h := &holder{arrived: make(chan struct{}, 1), release: make(chan struct{})}
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == holdPath {
			h.arrived <- struct{}{}
			<-h.release
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	return h
}

func (h *holder) port() int { return h.server.Listener.Addr().(*net.TCPAddr).Port }

// close lets the held request go and waits for it.
func (h *holder) close() {
	close(h.release)
	h.server.Close()
}

// hold takes the lane's only place and keeps it until the holder is closed;
// done is closed when the held request has ended.
func (h *holder) hold(ctx context.Context, url string) (done chan struct{}, err error) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		if resp, err := get(ctx, url); err == nil {
			_ = resp.Body.Close()
		}
	}()
	select {
	case <-h.arrived:
		return done, nil
	case <-done:
		return done, errors.New("the request that should hold the lane was answered")
	case <-time.After(10 * time.Second):
		return done, errors.New("the request that should hold the lane did not reach its backend")
	}
}

// readRefusal asks once and checks that the answer is what the bar is about:
// a problem document with a time to come back and a signed appointment.
func readRefusal(ctx context.Context, url string) (refusal, error) {
	resp, err := get(ctx, url)
	if err != nil {
		return refusal{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return refusal{}, err
	}
	r := refusal{status: resp.StatusCode, body: string(body)}
	if r.status != http.StatusServiceUnavailable && r.status != http.StatusTooManyRequests {
		return r, fmt.Errorf("status %d where a refusal was expected", r.status)
	}
	for _, h := range []string{"Retry-After", "Daero-Appointment"} {
		if resp.Header.Get(h) == "" {
			return r, fmt.Errorf("a refusal without %s: %v", h, resp.Header)
		}
	}
	if ct := resp.Header.Get("Content-Type"); ct != "application/problem+json" {
		return r, fmt.Errorf("a refusal as %q, not as a problem document", ct)
	}
	size := 0
	for name, values := range resp.Header {
		for _, v := range values {
			size += len(name) + len(v) + len(": \r\n")
		}
	}
	r.headerPadding = size - nginxHeaders
	return r, nil
}

// get asks like wrk does: it accepts anything.
func get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}
