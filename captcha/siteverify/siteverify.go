// Package siteverify is where a site's server asks whether a token is good, in
// the words of each contract that client libraries are written for: reCAPTCHA
// v2 and v3, hCaptcha, Turnstile, and daero's own.
//
// It reads requests and writes answers, and knows nothing of tokens, secrets
// and stores: what is true is asked of a [Checker].
package siteverify

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/daero/daero/captcha"
)

// The paths, those of the contracts: a client library needs another host alone.
const (
	PathRecaptcha = "/recaptcha/api/siteverify"
	PathHcaptcha  = "/siteverify"
	PathTurnstile = "/turnstile/v0/siteverify"
	PathNative    = "/daero/captcha/siteverify"
)

// maxRequest bounds a body, and a query. A secret and a token are under 4 KB
// together; sixteen times that is no honest request.
const maxRequest = 64 << 10

// Checker says what a token is worth; [captcha.Platform] does.
type Checker interface {
	Check(ctx context.Context, c captcha.Check, now time.Time) captcha.Checked
}

// Config describes a handler.
type Config struct {
	Checker Checker
	// Now is the clock, time.Now unless it is given.
	Now func() time.Time
}

// New returns a handler of the paths that [Serves] names. It panics without a
// Checker: there would be nothing that it could answer.
func New(cfg Config) http.Handler {
	if cfg.Checker == nil {
		panic("siteverify: Config.Checker is nil")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &handler{checker: cfg.Checker, now: cfg.Now}
}

// Serves says whether a path is one of a contract's.
func Serves(path string) bool { return contractOf(path) != nil }

type handler struct {
	checker Checker
	now     func() time.Time
}

// ServeHTTP answers a verification.
//
// No answer depends on what a secret or a token looks like before the Checker
// has seen it: there is nothing here to be learned by wording or by timing.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := contractOf(r.URL.Path)
	if c == nil {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost && (r.Method != http.MethodGet || !c.query) {
		w.Header().Set("Allow", c.allow())
		send(w, http.StatusMethodNotAllowed, c.failed([]string{badRequest}))
		return
	}
	f, status := read(w, r, c)
	if status != 0 {
		send(w, status, c.failed([]string{badRequest}))
		return
	}
	if f.secret == "" {
		codes := []string{c.code(captcha.MissingSecret)[0]}
		if f.token == "" {
			codes = append(codes, c.code(captcha.MissingToken)[0])
		}
		send(w, http.StatusOK, c.failed(codes))
		return
	}
	got := h.checker.Check(r.Context(), captcha.Check{
		Contract:       c.name,
		Secret:         f.secret,
		Token:          f.token,
		SiteKey:        f.siteKey,
		RemoteIP:       f.remoteIP,
		IdempotencyKey: f.idempotency,
	}, h.now())
	if got.Failure == captcha.OK {
		send(w, http.StatusOK, c.passed(got))
		return
	}
	send(w, c.status(w, got.Failure), c.failed(c.code(got.Failure)))
}

// send writes an answer, whole: nothing on the way has a reason to buffer it.
func send(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}
