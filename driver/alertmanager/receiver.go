// Package alertmanager takes alerts in from Prometheus' Alertmanager, and from
// Grafana, by their webhooks.
//
// A [Receiver] is where webhooks come in: an http.Handler. A [Signal] is what
// the alerts of some labels come to. What is sent must be signed, or carry a
// token:
//
//	receivers:
//	  - name: daero
//	    webhook_configs:
//	      - url: https://gateway/daero/api/alerts
//	        http_config: {authorization: {credentials: SECRET}}
//
// An alert is believed until it is resolved, or until it was not repeated for
// [ReceiverConfig.MaxAge]: set repeat_interval below that.
package alertmanager

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/daero/daero/driver/fetch"
)

// ReceiverConfig describes a Receiver.
type ReceiverConfig struct {
	// Secret is what senders must know, of 16 characters or more. They send it
	// as a bearer token, or sign the body with it:
	//
	//	X-Daero-Signature: sha256=<hex of HMAC-SHA256>
	Secret string
	// MaxAge is how long an alert is believed without being repeated. Default
	// 1 h, 1 min to 7 days.
	MaxAge time.Duration
}

// Defaults and bounds of ReceiverConfig.
const (
	DefaultMaxAge = time.Hour
	MinSecret     = 16
	minMaxAge     = time.Minute
	maxMaxAge     = 7 * 24 * time.Hour
)

// readTimeout is how long a sender may take to send.
const readTimeout = 10 * time.Second

// Validate reports every mistake at once, joined. The secret is not in the
// error.
func (c ReceiverConfig) Validate() error {
	var errs []error
	if len(c.Secret) < MinSecret {
		errs = append(errs, fmt.Errorf("the secret has %d characters: use %d or more, for example from openssl rand -hex 32", len(c.Secret), MinSecret))
	}
	if c.MaxAge != 0 && (c.MaxAge < minMaxAge || c.MaxAge > maxMaxAge) {
		errs = append(errs, fmt.Errorf("max age %s: must be %s to %s", c.MaxAge, minMaxAge, maxMaxAge))
	}
	if (fetch.Auth{Bearer: c.Secret}).Validate() != nil {
		errs = append(errs, errors.New("the secret has characters that a header cannot carry: look for a line break at its end"))
	}
	return errors.Join(errs...)
}

// Receiver takes webhooks in. It is safe for concurrent use.
type Receiver struct {
	secret []byte

	mu   sync.Mutex // taken before a Signal's
	book *book
}

// NewReceiver returns a Receiver that has heard nothing.
func NewReceiver(cfg ReceiverConfig) (*Receiver, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.MaxAge == 0 {
		cfg.MaxAge = DefaultMaxAge
	}
	return &Receiver{secret: []byte(cfg.Secret), book: newBook(cfg.MaxAge)}, nil
}

// ServeHTTP takes one webhook in: 204 if it is taken, else a problem document
// (RFC 9457) with 401 where it is not signed, and 400, 405, 413 or 503.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		problem(w, http.StatusMethodNotAllowed, "webhooks are sent by POST")
		return
	}
	if !r.mayBeSigned(req.Header) {
		unsigned(w)
		return
	}
	body, err := read(w, req)
	switch {
	case errors.Is(err, fetch.ErrTooLarge):
		problem(w, http.StatusRequestEntityTooLarge, "a webhook has 1 MB at most: group alerts, or set max_alerts")
		return
	case err != nil:
		problem(w, http.StatusBadRequest, "the body did not arrive whole")
		return
	case !r.signed(req.Header, body):
		unsigned(w)
		return
	}
	p, err := parse(body)
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	r.mu.Lock()
	err = r.book.take(time.Now(), p)
	r.mu.Unlock()
	if err != nil {
		problem(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
