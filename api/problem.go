package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"

	"github.com/daero/daero/api/store"
)

// problem is what is wrong with a request, as RFC 9457 has it. It is an error.
type problem struct {
	Status int
	Kind   string // the end of the problem's type
	Title  string
	Detail string
	More   map[string]any // what a program may want to know beside it
}

// Error implements error.
func (p problem) Error() string { return p.Title + ": " + p.Detail }

// bad is what is wrong with what was sent.
func bad(detail string) problem {
	return problem{Status: http.StatusBadRequest, Kind: "bad-request", Title: "The request cannot be understood", Detail: detail}
}

// invalid is well formed, and still not possible.
func invalid(err error) problem {
	return problem{Status: http.StatusUnprocessableEntity, Kind: "invalid", Title: "This is not possible", Detail: err.Error()}
}

func notFound(detail string) problem {
	return problem{Status: http.StatusNotFound, Kind: "not-found", Title: "There is no such thing", Detail: detail}
}

func conflict(kind, title, detail string) problem {
	return problem{Status: http.StatusConflict, Kind: kind, Title: title, Detail: detail}
}

// problemOf says what an error means to who asked.
func problemOf(err error) problem {
	if p, ok := errors.AsType[problem](err); ok {
		return p
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return problem{Status: http.StatusServiceUnavailable, Kind: "busy", Title: "It took too long", Detail: "try again"}
	case errors.Is(err, store.ErrUnavailable):
		return problem{Status: http.StatusServiceUnavailable, Kind: "no-store", Title: "Nothing is kept at present", Detail: err.Error()}
	case errors.Is(err, store.ErrNotFound):
		return notFound("not there, or not any more")
	case errors.Is(err, store.ErrExists):
		return conflict("exists", "The name is taken", err.Error())
	}
	return problem{Status: http.StatusInternalServerError, Kind: "failed", Title: "It failed", Detail: err.Error()}
}

// MarshalJSON implements json.Marshaler.
func (p problem) MarshalJSON() ([]byte, error) {
	doc := map[string]any{"type": "urn:problem-type:daero:" + p.Kind, "title": p.Title, "status": p.Status}
	if p.Detail != "" {
		doc["detail"] = p.Detail
	}
	maps.Copy(doc, p.More)
	return json.Marshal(doc)
}

// write answers with a problem. What could not be sent is not to be helped.
func write(w http.ResponseWriter, p problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// send answers with a document.
func (c *call) send(status int, doc any) error {
	data, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.Header().Set(RevisionHeader, strconv.FormatUint(c.Daero.Control().Revision(), 10))
	c.w.WriteHeader(status)
	_, _ = c.w.Write(append(data, '\n')) // who asked went away
	return nil
}
