// Package jsonhttp reads a value out of a JSON document on the web, by an
// expression in CEL, the Common Expression Language.
package jsonhttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/daero/daero/driver/fetch"
	"github.com/daero/daero/driver/poll"
	"github.com/daero/daero/level"
)

// Config describes a Signal.
type Config struct {
	// URL is the document's address, http or https.
	URL string
	// Value is the expression that yields the value, a number or a bool (true
	// is 1), from
	//
	//	body    the document: body.queue.waiting, body.nodes.size()
	//	status  the answer's HTTP status
	//
	// Numbers in body are doubles: body.used / 100.0. An expression without
	// status reads 2xx answers only; in one with it, the body of another answer
	// is null if it is not JSON.
	Value string
	// Every is how often it is asked, 100 ms to 1 h. Default 2 s. An answer must
	// come within Every, at least 1 s.
	Every time.Duration
	// Auth says who asks; Header is sent along. Only to URL's host.
	Auth   fetch.Auth
	Header http.Header
	// Transport carries the requests. Default: one of its own.
	Transport http.RoundTripper
	// Seed makes waits repeatable; 0: random.
	Seed uint64
}

// Defaults and bounds of Config.
const (
	DefaultEvery = 2 * time.Second
	// MaxBody is the longest document, in bytes.
	MaxBody = 1 << 20
)

// Signal reads one value. Read may be called at any time; Run once.
type Signal struct {
	cfg    Config
	url    *url.URL
	value  *expression
	client *http.Client
	poll   *poll.Poller
}

// New returns a Signal. It contacts nobody; the error names every mistake, for
// those of the expression with its line and column.
func New(cfg Config) (*Signal, error) {
	if cfg.Every == 0 {
		cfg.Every = DefaultEvery
	}
	u, err := fetch.AskURL(cfg.URL)
	value, err2 := compile(cfg.Value)
	if err := errors.Join(err, err2, poll.CheckEvery(cfg.Every), cfg.Auth.Validate(), fetch.CheckHeader(cfg.Header)); err != nil {
		return nil, err
	}
	s := &Signal{cfg: cfg, url: u, value: value, client: fetch.Client(cfg.Transport)}
	s.poll = poll.New(poll.Config{
		Every: cfg.Every, Ask: s.ask, Seed: cfg.Seed,
		Secrets: fetch.Secrets(cfg.Auth, cfg.Header, u.Query()),
	})
	return s, nil
}

// Run asks until ctx ends, and returns why it did.
func (s *Signal) Run(ctx context.Context) error {
	defer s.client.CloseIdleConnections()
	return s.poll.Run(ctx)
}

// Read returns the last value and when it came. Note says why there is none, or
// none newer.
func (s *Signal) Read(now time.Time) level.Reading { return s.poll.Read(now) }

// Stale is the age from which readings should count as stale.
func (s *Signal) Stale() time.Duration { return s.poll.Stale() }

func (s *Signal) ask(ctx context.Context) (poll.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url.String(), nil)
	if err != nil {
		return poll.Answer{}, fetch.Plain(err)
	}
	req.Header.Set("Accept", "application/json")
	fetch.Head(req, s.cfg.Auth, s.cfg.Header)
	resp, err := s.client.Do(req)
	if err != nil {
		return poll.Answer{}, fetch.Plain(err)
	}
	defer resp.Body.Close()
	good := resp.StatusCode/100 == 2
	if !good && !s.value.usesStatus {
		return poll.Answer{}, &fetch.StatusError{
			Status: resp.StatusCode, After: fetch.RetryAfter(resp.Header, time.Now()),
		}
	}
	raw, err := fetch.Body(resp, MaxBody)
	if err != nil {
		return poll.Answer{}, err
	}
	body, err := document(raw, s.value.usesBody)
	if err != nil && good {
		return poll.Answer{}, err
	}
	v, err := s.value.eval(ctx, body, resp.StatusCode)
	return poll.Answer{Value: v}, err
}

// document reads a body, if it is wanted.
func document(raw []byte, wanted bool) (body any, err error) {
	if !wanted {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, fmt.Errorf("the answer is not JSON: %w", err)
	}
	return body, nil
}
