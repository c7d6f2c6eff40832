// Package prometheus reads a value from a Prometheus, or from anything that
// answers its query API: Thanos, Mimir, VictoriaMetrics.
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/daero/daero/driver/fetch"
	"github.com/daero/daero/driver/poll"
	"github.com/daero/daero/level"
)

// Config describes a Signal.
type Config struct {
	// URL is the server's address, without /api/v1: http://127.0.0.1:9090.
	URL string
	// Query is in PromQL and must give a single value: a scalar, or one series.
	Query string
	// Every is how often it is asked, 100 ms to 1 h. Default 2 s. An answer must
	// come within Every, at least 1 s.
	Every time.Duration
	// Auth says who asks; Header is sent along (X-Scope-OrgID). Only to URL's
	// host.
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
	// MaxBody is the longest answer, in bytes.
	MaxBody  = 1 << 20
	maxQuery = 8 << 10
)

// Signal reads one query. Read may be called at any time; Run once.
type Signal struct {
	query  string
	client *client
	api    v1.API
	poll   *poll.Poller
}

// New returns a Signal. It contacts nobody; the error names every mistake. The
// query itself is read by the server only: what it finds wrong is in Read's
// Note.
func New(cfg Config) (*Signal, error) {
	if cfg.Every == 0 {
		cfg.Every = DefaultEvery
	}
	u, err := fetch.AskURL(cfg.URL)
	if err == nil && (u.RawQuery != "" || u.Fragment != "") {
		err = errors.New("the address has a question mark or # in it: give the server's address alone, the query comes beside it")
	}
	if err := errors.Join(err, checkQuery(cfg.Query), poll.CheckEvery(cfg.Every), cfg.Auth.Validate(), fetch.CheckHeader(cfg.Header)); err != nil {
		return nil, err
	}
	c := &client{http: fetch.Client(cfg.Transport), base: u, auth: cfg.Auth, header: cfg.Header}
	s := &Signal{query: cfg.Query, client: c, api: v1.NewAPI(c)}
	s.poll = poll.New(poll.Config{
		Every: cfg.Every, Ask: s.ask, Seed: cfg.Seed,
		Secrets: fetch.Secrets(cfg.Auth, cfg.Header, nil),
	})
	return s, nil
}

func checkQuery(q string) error {
	switch {
	case q == "":
		return errors.New(`no query: say what to ask, for example "max(db_busy_ratio)"`)
	case len(q) > maxQuery:
		return fmt.Errorf("the query has %d bytes: at most %d; a recording rule can hold it", len(q), maxQuery)
	}
	return nil
}

// Run asks until ctx ends, and returns why it did.
func (s *Signal) Run(ctx context.Context) error {
	defer s.client.http.CloseIdleConnections()
	return s.poll.Run(ctx)
}

// Read returns the last value and when it was measured. Note says why there is
// none, or none newer.
func (s *Signal) Read(now time.Time) level.Reading { return s.poll.Read(now) }

// Stale is the age from which readings should count as stale.
func (s *Signal) Stale() time.Duration { return s.poll.Stale() }

func (s *Signal) ask(ctx context.Context) (poll.Answer, error) {
	value, _, err := s.api.Query(ctx, s.query, time.Time{}) // at the server's own time
	if err != nil {
		return poll.Answer{}, reason(err)
	}
	return answer(value, time.Now())
}

// reason is why a query failed, in the server's words where it has some.
func reason(err error) error {
	if e, ok := errors.AsType[carried](err); ok {
		return fetch.Plain(e.error)
	}
	if e, ok := errors.AsType[*v1.Error](err); ok && e.Type != v1.ErrBadResponse {
		return fmt.Errorf("the query fails: %s", e.Msg)
	}
	return errors.New("the answer is not a number of Prometheus': check the address (without /api/v1) and the query")
}
