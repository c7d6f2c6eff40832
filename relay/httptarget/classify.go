package httptarget

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/reason"
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
	r.Reason = why(a.status, a.text)
	return r
}

// why is a sentence, and what the target says itself.
func why(status int, text []byte) string {
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
	if said := reason.Clean(text); said != "" {
		b.WriteString(": ")
		b.WriteString(said)
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
func down(reason string) relay.Result {
	return relay.Result{Verb: relay.Retried, Down: true, Reason: reason}
}
