package httptarget

import (
	"cmp"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/relay/reason"
)

// Config describes a Target.
type Config struct {
	// Name of the target in errors. Default: its host.
	Name string
	// URL is where messages go, http or https. It may name a user, and hold a
	// key: neither shows in errors and reasons.
	URL string
	// Method is POST, PUT or PATCH. Default POST.
	Method string
	// Timeout bounds one attempt, from the connection to the end of the answer,
	// besides the context's deadline. Default 30 s.
	Timeout time.Duration
	// Headers are sent with every message, for example Authorization.
	Headers map[string]string
	// Forward names headers of messages that are passed on as they are. Those
	// that the package doc lists, tracestate and content-encoding always are.
	Forward []string
	// Secret signs as Standard Webhooks does: whsec_ and the base64 of 24 to 64
	// random bytes. Default: nothing is signed.
	Secret string
	// TLS is for https. Default: the system's roots, TLS 1.2 and later.
	TLS *tls.Config
	// MaxAnswer bounds how many bytes of an answer's body are read. Where there
	// are more the connection is given up; the status counts all the same.
	// Default 64 KiB.
	MaxAnswer int
	// MaxAfter bounds the wait that a target may ask for with Retry-After.
	// Default 5 min.
	MaxAfter time.Duration
	// InFlight is how many connections are kept open between messages. Default
	// 512, as many as a delivery has in flight.
	InFlight int
	// ConflictIsDone takes every 409 without Retry-After as done: for services
	// that answer so to a key that they know, without naming it. With a service
	// that answers 409 for another reason, messages are lost.
	ConflictIsDone bool

	standard bool // net/http for plain addresses too, to compare
}

// Bounds that are not configured.
const (
	maxHead        = 16 << 10 // bytes of an answer's status line and headers together
	maxHeadLines   = 100
	maxReason      = reason.Max // bytes of an answer's body that are kept
	maxKey         = 4 << 10    // bytes of Daero-Key
	idleFor        = 30 * time.Second
	connectionLife = 5 * time.Minute // then DNS is asked again
	dialWithin     = 10 * time.Second

	secretPrefix         = "whsec_"
	minSecret, maxSecret = 24, 64 // bytes

	userAgent = "daero (+https://github.com/daero/daero)"
)

func (c Config) withDefaults() Config {
	c.Method = cmp.Or(c.Method, http.MethodPost)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.MaxAnswer = cmp.Or(c.MaxAnswer, 64<<10)
	c.MaxAfter = cmp.Or(c.MaxAfter, 5*time.Minute)
	c.InFlight = cmp.Or(c.InFlight, 512)
	return c
}

// Validate reports every mistake at once, joined. No secret is in the error.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	_, err := address(c.URL)
	_, err2 := secret(c.Secret)
	errs = append(errs, err, err2)
	if !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, c.Method) {
		wrong("method %q: a message is sent with POST, PUT or PATCH", c.Method)
	}
	if c.Timeout < 0 || c.MaxAfter < 0 || c.MaxAnswer < 0 || c.InFlight < 0 {
		wrong("a time or bound is below zero: leave it out for the default")
	}
	for name, value := range c.Headers {
		if why := unusable(name); why != "" {
			wrong("header %q: %s", name, why)
		}
		if !clean([]byte(value)) {
			wrong("header %q: its value has characters that a header cannot carry: look for a line break at its end", name)
		}
	}
	for _, name := range c.Forward {
		if why := unusable(name); why != "" {
			wrong("forwarded header %q: %s", name, why)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("target %s: %w", c.name(), err)
	}
	return nil
}

// name is how errors call the target; a URL may hold a key, its host does not.
func (c Config) name() string {
	if c.Name != "" {
		return c.Name
	}
	if u, err := address(c.URL); err == nil {
		return u.Host
	}
	return "without a name"
}

func address(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, errors.New("no address: write it as https://host/path")
	case err != nil:
		return nil, errors.New("the address cannot be read: write it as https://host/path")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New("the address must begin with http:// or https:// and name a host")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, errors.New("the host must be ASCII: write it in its xn-- form")
	}
	return u, nil
}

// secret decodes the signing key; nil for none.
func secret(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	coded, ok := strings.CutPrefix(text, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(coded)
	if !ok || err != nil || len(key) < minSecret || len(key) > maxSecret {
		return nil, fmt.Errorf("the secret must be %s and the base64 of %d to %d bytes: make one with openssl rand -base64 32, and put %s before it",
			secretPrefix, minSecret, maxSecret, secretPrefix)
	}
	return key, nil
}

// unusable says why a header's name cannot be configured, "" if it can.
func unusable(name string) string {
	switch lower := strings.ToLower(name); {
	case !token(name):
		return "not a header's name"
	case slices.Contains([]string{
		"host", "connection", "keep-alive", "proxy-connection", "transfer-encoding",
		"content-length", "te", "trailer", "upgrade", "expect",
	}, lower):
		return "it belongs to the connection: leave it out"
	case lower == "idempotency-key", lower == "content-type", strings.HasPrefix(lower, "daero-"),
		strings.HasPrefix(lower, "ce-"), strings.HasPrefix(lower, "webhook-"):
		return "it is the relay's own: leave it out"
	}
	return ""
}

// token reports whether s is one, in the sense of RFC 9110.
func token[S ~string | ~[]byte](s S) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return len(s) > 0
}

func tokenByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}

// clean reports whether a header can carry v as it is.
func clean(v []byte) bool {
	for _, b := range v {
		if b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}
