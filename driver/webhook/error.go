package webhook

import (
	"fmt"
	"net/http"
	"time"
)

// Error is an answer that is not good.
type Error struct {
	Status int
	after  time.Duration
}

// Error names the status, and what to do where that is clear.
func (e *Error) Error() string {
	text := fmt.Sprintf("it answers %d %s", e.Status, http.StatusText(e.Status))
	switch {
	case e.Status/100 == 3:
		text += ": redirects are not followed; configure the address that it redirects to"
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		text += ": check the secret on both sides"
	case e.Status == http.StatusNotFound || e.Status == http.StatusGone:
		text += ": check the address"
	}
	return text
}

// Permanent reports whether another try would be answered the same: redirects
// and 4xx, but for 429.
func (e *Error) Permanent() bool {
	return e.Status/100 == 3 || e.Status/100 == 4 && e.Status != http.StatusTooManyRequests
}

// RetryAfter is how long to wait before another try, as the URL asks; 0 where
// it does not.
func (e *Error) RetryAfter() time.Duration {
	if e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable {
		return e.after
	}
	return 0
}
