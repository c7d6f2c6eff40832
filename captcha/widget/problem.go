package widget

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/captcha"
)

// method refuses all but the methods given.
func method(w http.ResponseWriter, r *http.Request, methods ...string) error {
	if slices.Contains(methods, r.Method) {
		return nil
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	return &captcha.Refusal{Status: http.StatusMethodNotAllowed, Code: "method", Text: "this is asked for by " + strings.Join(methods, " or ")}
}

// problem is a problem document (RFC 9457).
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	Reference string `json:"reference"`
	After     int    `json:"retry_after_seconds,omitempty"`
}

// refuse says what is wrong. What was no refusal is nobody's business but the
// operator's, who finds it by the reference.
func (h *Handler) refuse(w http.ResponseWriter, err error) {
	told, cause := refusalOf(err)
	reference := newReference()
	if h.cfg.Refused != nil {
		h.cfg.Refused(Refused{Reference: reference, Status: told.Status, Code: told.Code, Cause: cause})
	}
	after := int((told.After + time.Second - 1) / time.Second)
	if after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	send(w, told.Status, "application/problem+json", problem{
		Type: "urn:problem-type:daero:captcha-" + told.Code, Title: http.StatusText(told.Status), Status: told.Status,
		Detail: told.Text, Code: told.Code, Reference: reference, After: after,
	})
}

func refusalOf(err error) (told *captcha.Refusal, cause error) {
	if r, ok := errors.AsType[*captcha.Refusal](err); ok {
		if any(err) != any(r) { // it is not the refusal itself
			cause = err
		}
		return r, cause
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &captcha.Refusal{Status: http.StatusServiceUnavailable, Code: captcha.CodeUnavailable, Text: "it took too long: try again", After: time.Second}, err
	}
	return &captcha.Refusal{Status: http.StatusInternalServerError, Code: "internal", Text: "something failed here: try again, and tell the reference if it stays so"}, err
}

// newReference is what a visitor can tell on the telephone: 40 bits in letters
// and digits that are not mistaken for each other.
func newReference() string {
	const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ" // 31
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	for i, v := range b {
		b[i] = letters[int(v)%len(letters)]
	}
	return string(b[:4]) + "-" + string(b[4:])
}
