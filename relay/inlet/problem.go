package inlet

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/daero/daero/relay"
)

// problem is why a message was not taken, as RFC 9457 has it. It is an error.
type problem struct {
	status int
	kind   string // the end of the problem's type
	title  string
	detail string
	after  int    // seconds until it may be tried again, 0 if that is no use
	limit  int    // the bound that was passed, 0 if it is not about one
	id     string // the idempotency key to send it again with
}

// Error implements error.
func (p *problem) Error() string { return p.title + ": " + p.detail }

func bad(detail string) *problem {
	return &problem{status: http.StatusBadRequest, kind: "bad-request", title: "The request cannot be understood", detail: detail}
}

func tooLarge(limit int) *problem {
	return &problem{
		status: http.StatusRequestEntityTooLarge, kind: "too-large", title: "The message is too large",
		detail: "this topic takes messages of up to " + strconv.Itoa(limit) + " bytes, headers included", limit: limit,
	}
}

// busy is nobody's mistake. Times to come back differ, so that not all come at
// once.
func (h *Inlet) busy(detail string) *problem {
	return &problem{status: http.StatusServiceUnavailable, kind: "busy", title: "Too much at once", detail: detail, after: h.spread(1, 3)}
}

// spread returns first, first+1, … first+n-1 by turns.
func (h *Inlet) spread(first, n int) int { return first + int(h.turn.Add(1)%uint64(n)) }

// problemOf says what an error of the relay means to the writer. What the error
// says is for those who run it, unless it is about the message.
func (h *Inlet) problemOf(err error, r relay.Receipt, t *topic) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*relay.InvalidError](err); ok {
		return invalid(e, t)
	}
	unavailable := func(kind, title, detail string) *problem {
		return &problem{status: http.StatusServiceUnavailable, kind: kind, title: title, detail: detail, after: h.spread(2, 4), id: r.ID}
	}
	switch {
	case errors.Is(err, relay.ErrUnknown), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable("unknown", "Nobody knows whether the message was kept", "send it again with the same Idempotency-Key: it is kept once")
	case errors.Is(err, relay.ErrTooLarge):
		return tooLarge(t.MaxBytes)
	case errors.Is(err, relay.ErrFull):
		p := unavailable("full", "There is no room", "the message was not kept: send it again later")
		p.status, p.after = http.StatusInsufficientStorage, h.spread(20, 20)
		return p
	case errors.Is(err, relay.ErrNoTopic), errors.Is(err, relay.ErrDenied):
		return unavailable("not-ready", "The log does not take messages for this topic", "the message was not kept: whoever runs this must look at the topic")
	}
	return unavailable("away", "The log is away", "the message was not kept: send it again")
}

func invalid(e *relay.InvalidError, t *topic) *problem {
	p := bad(e.What)
	p.limit = e.Limit
	switch e.Kind {
	case "size":
		return tooLarge(t.MaxBytes)
	case "conflict":
		p.status, p.kind, p.title = http.StatusConflict, "conflict", "The idempotency key belongs to another message"
	case "key":
		p.status, p.kind, p.title = http.StatusUnprocessableEntity, "key", "The message has no key that can be used"
	case "headers":
		if e.Limit > 0 {
			p.status, p.kind, p.title = http.StatusRequestHeaderFieldsTooLarge, "headers", "There is too much in the headers"
		}
	}
	return p
}

// write answers with a problem.
func (p *problem) write(w http.ResponseWriter) {
	doc := struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
		Limit  int    `json:"limit,omitempty"`
		After  int    `json:"retry_after_seconds,omitempty"`
		ID     string `json:"id,omitempty"`
	}{"urn:problem-type:daero:relay-" + p.kind, p.title, p.status, p.detail, p.limit, p.after, p.id}
	data, err := json.Marshal(doc)
	if err != nil {
		panic("a problem that is no JSON: " + err.Error()) // there is none
	}
	head := w.Header()
	head["Content-Type"] = []string{"application/problem+json"}
	head["Cache-Control"] = []string{"no-store"}
	if p.after > 0 {
		head["Retry-After"] = []string{strconv.Itoa(p.after)}
	}
	w.WriteHeader(p.status)
	_, _ = w.Write(append(data, '\n')) // who asked may be gone
}
