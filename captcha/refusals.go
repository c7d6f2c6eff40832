package captcha

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The codes of refusals. Those of what the page says wrongly tell which of its
// words; the others tell a stranger nothing.
const (
	CodeBadRequest  = "bad-request"  // 400
	CodeBadContract = "bad-contract" // 400
	CodeBadAction   = "bad-action"   // 400
	CodeBadData     = "bad-cdata"    // 400
	CodeBadSession  = "bad-session"  // 400
	CodeBadMode     = "bad-mode"     // 400
	CodeTooLarge    = "too-large"    // 413
	CodeNoSite      = "no-site"      // 404: none with that key, or disabled
	CodeWrongHost   = "wrong-host"   // 403
	CodeBlocked     = "blocked"      // 403: a test key that blocks
	CodeGone        = "gone"         // 410: over, answered, forged, another session's: nobody is told which
	CodeNoMoreTime  = "no-more-time" // 409
	CodeTooMany     = "too-many"     // 429: of one picture or sound
	CodeUnavailable = "unavailable"  // 503
	// CodeBusy and CodeTooManyTries are those of [StepWait].
	CodeBusy         = "busy"
	CodeTooManyTries = "too-many-tries"
)

func refuse(status int, code, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Code: code, Text: fmt.Sprintf(format, args...)}
}

// gone is new each time: a caller may change it.
func gone() *Refusal {
	return refuse(http.StatusGone, CodeGone, "this challenge is over or was answered already: ask for a new one")
}

// unavailable says that a store did not answer. Why is for the operator, whom
// errors.Unwrap tells.
func unavailable(err error) error {
	r := refuse(http.StatusServiceUnavailable, CodeUnavailable, "the captcha cannot be checked for a moment: try again in a few seconds")
	r.After = 2 * time.Second
	return &caused{r, err}
}

// caused is a refusal with its cause.
type caused struct {
	*Refusal
	cause error
}

// Unwrap finds both.
func (c *caused) Unwrap() []error { return []error{c.Refusal, c.cause} }

// wait is a reply that names a time to come back.
func wait(code string, after time.Duration, now time.Time) Reply {
	seconds := int((after + time.Second - 1) / time.Second)
	return Reply{Step: StepWait, Code: code, After: max(seconds, 1), At: now}
}

// fullAfter is when to come back to a ledger that is full.
const fullAfter = 5 * time.Second

// asReply makes a wait of a ledger that is full, a refusal of one that is away.
func asReply(err error, now time.Time) (Reply, error) {
	if errors.Is(err, ErrFull) {
		return wait(CodeBusy, fullAfter, now), nil
	}
	return Reply{}, unavailable(err)
}
