// Package webhook tells a URL what the playbook does, signed as Standard
// Webhooks (standardwebhooks.com) are, so that any of its libraries checks it.
//
//	POST /hook HTTP/1.1
//	Content-Type: application/json
//	Idempotency-Key: <id>
//	Webhook-Id: <id>                  the same for every try
//	Webhook-Timestamp: 1763942400
//	Webhook-Signature: v1,<base64 of HMAC-SHA256 over id.timestamp.body>
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/driver/fetch"
	"github.com/daero/daero/driver/poll"
	"github.com/daero/daero/playbook"
)

// Config describes a Hook.
type Config struct {
	// URL is where to post, http or https. It may name a user and hold a key:
	// neither shows in errors.
	URL string
	// Secret signs: whsec_ and the base64 of 24 to 64 random bytes.
	Secret string
	// Transport carries the requests. Default: one of its own, which checks
	// certificates.
	Transport http.RoundTripper
}

// Bounds of one call.
const (
	// Timeout bounds a call, the answer included.
	Timeout = 10 * time.Second
	maxRead = 64 << 10

	secretPrefix         = "whsec_"
	minSecret, maxSecret = 24, 64 // bytes
)

// Hook is one URL to tell. It is safe for concurrent use.
type Hook struct {
	url    *url.URL
	key    []byte
	client *http.Client
	hide   []string
}

// New returns a Hook. It contacts nobody; the error names every mistake, and no
// secret.
func New(cfg Config) (*Hook, error) {
	u, err := fetch.URL(cfg.URL)
	key, err2 := secret(cfg.Secret)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	h := &Hook{url: u, key: key, client: fetch.Client(cfg.Transport), hide: fetch.Secrets(fetch.Auth{}, nil, u.Query())}
	h.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	h.client.Timeout = Timeout
	if u.User != nil {
		password, _ := u.User.Password()
		h.hide = append(h.hide, password)
	}
	return h, nil
}

func secret(text string) ([]byte, error) {
	coded, ok := strings.CutPrefix(text, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(coded)
	if !ok || err != nil || len(key) < minSecret || len(key) > maxSecret {
		return nil, fmt.Errorf("the secret must be %s and the base64 of %d to %d bytes: make one with openssl rand -base64 32, and put %s before it",
			secretPrefix, minSecret, maxSecret, secretPrefix)
	}
	return key, nil
}

// Do tells the URL once. An error is a *[Error] where the URL answered.
func (h *Hook) Do(ctx context.Context, n playbook.Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the address cannot be used")
	}
	h.sign(req.Header, n.ID, time.Now(), body)
	resp, err := h.client.Do(req)
	if err != nil {
		return h.failed(err)
	}
	defer resp.Body.Close()
	// Read, so that the connection can be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxRead))
	if resp.StatusCode/100 == 2 {
		return nil
	}
	return &Error{Status: resp.StatusCode, after: fetch.RetryAfter(resp.Header, time.Now())}
}

// sign sets the headers.
func (h *Hook) sign(head http.Header, id string, now time.Time, body []byte) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, h.key)
	fmt.Fprintf(mac, "%s.%s.", id, stamp)
	mac.Write(body)
	head.Set("Content-Type", "application/json")
	head.Set("User-Agent", fetch.UserAgent)
	head.Set("Idempotency-Key", id)
	head.Set("Webhook-Id", id)
	head.Set("Webhook-Timestamp", stamp)
	head.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// failed is why nothing was answered, without the address.
func (h *Hook) failed(err error) error {
	err = fetch.Plain(err)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return errors.New(poll.Note(err.Error(), h.hide...))
}
