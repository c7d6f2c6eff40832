package httptarget

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/daero/daero/relay"
)

// answer is what is known of an answer that ended well, or was cut off by us at
// the bound.
type answer struct {
	status int
	after  string // Retry-After, "" if there is none
	same   bool   // it names the idempotency key of the request
	text   []byte // the first of its body
}

// classify says what an answer means. See the package doc for the table.
func classify(cfg *Config, a *answer, now time.Time) relay.Result {
	r := relay.Result{Status: a.status}
	switch s := a.status; {
	case s/100 == 2:
		r.Verb = relay.Acked
		return r
	case s == http.StatusConflict && a.after == "" && (a.same || cfg.ConflictIsDone):
		r.Verb = relay.Acked
		r.Reason = "answered 409: taken before"
		return r
	case s/100 == 5, s == http.StatusRequestTimeout, s == http.StatusConflict,
		s == http.StatusTooEarly, s == http.StatusTooManyRequests:
		r.Verb = relay.Retried
		r.After = min(retryAfter(a.after, now), cfg.MaxAfter)
		r.Overloaded = s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable
		r.Down = s == http.StatusBadGateway || s == http.StatusServiceUnavailable || s == http.StatusGatewayTimeout
	default:
		r.Verb = relay.Rejected
	}
	r.Reason = reason(a.status, a.text)
	return r
}

// reason is a sentence, and what the target says itself.
func reason(status int, text []byte) string {
	var b strings.Builder
	b.WriteString("answered ")
	b.WriteString(strconv.Itoa(status))
	if name := http.StatusText(status); name != "" {
		b.WriteByte(' ')
		b.WriteString(name)
	}
	switch {
	case status/100 == 3:
		b.WriteString(": redirects are not followed, configure the address that it redirects to")
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		b.WriteString(": check the credentials on both sides")
	case status == http.StatusNotFound || status == http.StatusGone || status == http.StatusMethodNotAllowed:
		b.WriteString(": check the address")
	}
	if said := printable(text); said != "" {
		b.WriteString(": ")
		b.WriteString(said)
	}
	return b.String()
}

// printable is text that can be shown anywhere: one line of valid UTF-8, with
// nothing in it that a terminal or a header acts on.
func printable(text []byte) string {
	var b strings.Builder
	gap := false
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		if r == utf8.RuneError && n == 1 || unicode.IsSpace(r) || !unicode.IsPrint(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// retryAfter reads Retry-After, seconds or a date; 0 for anything else.
func retryAfter(v string, now time.Time) time.Duration {
	if v == "" {
		return 0
	}
	if n, err := strconv.ParseUint(v, 10, 63); err == nil {
		const most = uint64(24 * time.Hour / time.Second) // MaxAfter bounds it further
		return time.Duration(min(n, most)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// down is a target that did not answer.
func down(why string) relay.Result {
	return relay.Result{Verb: relay.Retried, Down: true, Reason: why}
}
