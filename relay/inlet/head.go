package inlet

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/cloudevent"
)

// Bounds of a request's headers. What becomes of them is bounded by the topic.
const (
	maxFields     = 256
	maxFieldBytes = 64 << 10
)

const (
	idHeader     = "Idempotency-Key"
	keyHeader    = "Daero-Key"
	headerPrefix = "Daero-Header-"
)

// checkHead refuses what can be refused before the body.
func checkHead(w http.ResponseWriter, r *http.Request) *problem {
	n, bytes := 0, 0
	for name, values := range r.Header {
		for _, v := range values {
			n++
			bytes += len(name) + len(v)
		}
	}
	if n > maxFields || bytes > maxFieldBytes {
		return &problem{
			status: http.StatusRequestHeaderFieldsTooLarge, kind: "headers", title: "There is too much in the headers",
			detail: "send at most 256 header fields of 64 KiB together", limit: maxFieldBytes,
		}
	}
	if enc := r.Header["Content-Encoding"]; len(enc) > 0 && !compressed(r.Header) && (len(enc) > 1 || !strings.EqualFold(enc[0], "identity")) {
		w.Header()["Accept-Encoding"] = []string{"gzip"}
		return unsupported("bodies are taken plain or in gzip")
	}
	switch cloudevent.ModeOf(r.Header) {
	case cloudevent.Batch:
		return unsupported("batches of events are not taken: send one event per request")
	case cloudevent.Foreign:
		return unsupported("events are taken as application/cloudevents+json in UTF-8, or in binary mode")
	}
	return nil
}

func unsupported(detail string) *problem {
	return &problem{status: http.StatusUnsupportedMediaType, kind: "media-type", title: "The body is of a kind that is not taken", detail: detail}
}

// message makes a message of a request.
func message(h http.Header, body []byte, topic, writer string) (*relay.Message, *problem) {
	m := &relay.Message{Topic: topic, Value: body, Partition: -1, Headers: make([]relay.Header, 0, 8)}
	key, p := keyOf(h)
	if p != nil {
		return nil, p
	}
	m.Key = key
	id, p := idOf(h)
	if p != nil {
		return nil, p
	}
	if mode := cloudevent.ModeOf(h); mode != cloudevent.None {
		e, err := cloudevent.FromHTTP(mode, h, body)
		if err != nil {
			return nil, eventProblem(err)
		}
		if p := event(m, e, &id); p != nil {
			return nil, p
		}
	} else if p := one(m, h, "Content-Type", relay.HeaderContentType); p != nil {
		return nil, p
	}
	for _, name := range [...][2]string{{"Traceparent", relay.HeaderTrace}, {"Tracestate", "tracestate"}} {
		if p := one(m, h, name[0], name[1]); p != nil {
			return nil, p
		}
	}
	if p := extra(m, h); p != nil {
		return nil, p
	}
	if id != "" {
		m.Headers = append(m.Headers, relay.Header{Name: relay.HeaderID, Value: []byte(id)})
	}
	m.Headers = append(m.Headers, relay.Header{Name: relay.HeaderWriter, Value: []byte(writer)})
	return m, nil
}

// event fills in what an event says.
func event(m *relay.Message, e *cloudevent.Event, id *string) *problem {
	m.Value = e.Data
	m.Headers = e.Headers(m.Headers)
	if key := e.Extension(cloudevent.PartitionKey); key != "" {
		if m.Key != nil && string(m.Key) != key {
			return bad("Daero-Key and the event's partitionkey are not the same: send one of the two")
		}
		m.Key = []byte(key)
	}
	if *id == "" {
		// An event is known by its source and its id, which may be longer than a key.
		sum := sha256.Sum256([]byte(e.Source + "\x00" + e.ID))
		*id = "ce-" + hex.EncodeToString(sum[:16])
	}
	return nil
}

func eventProblem(err error) *problem {
	p := bad(err.Error())
	p.kind, p.title = "event", "It is no CloudEvent"
	if !errors.As(err, new(*cloudevent.Error)) {
		p.detail = "it cannot be read"
	}
	return p
}

// one passes a header on that may be there once.
func one(m *relay.Message, h http.Header, name, as string) *problem {
	switch v := h[name]; {
	case len(v) > 1:
		return bad("header " + name + " is there more than once: send it once")
	case len(v) == 1 && v[0] != "":
		m.Headers = append(m.Headers, relay.Header{Name: as, Value: []byte(v[0])})
	}
	return nil
}

// extra passes on what the writer has marked to be.
func extra(m *relay.Message, h http.Header) *problem {
	for name, values := range h {
		as, ok := strings.CutPrefix(name, headerPrefix)
		if !ok {
			continue
		}
		as = strings.ToLower(as)
		if as == "" || strings.HasPrefix(as, relay.ReservedPrefix) || strings.HasPrefix(as, "ce_") || own(as) {
			return bad("a header " + headerPrefix + " cannot make this one: it has a header of its own, or is not a writer's to set")
		}
		for _, v := range values {
			m.Headers = append(m.Headers, relay.Header{Name: as, Value: []byte(v)})
		}
	}
	return nil
}

func own(name string) bool {
	switch name {
	case relay.HeaderID, relay.HeaderContentType, relay.HeaderTrace, "tracestate":
		return true
	}
	return false
}

// keyOf returns the message's key, nil if the request has none.
func keyOf(h http.Header) ([]byte, *problem) {
	v := h[keyHeader]
	if len(v) == 0 || len(v) == 1 && v[0] == "" {
		return nil, nil
	}
	if len(v) > 1 {
		return nil, bad("header Daero-Key is there more than once: send it once")
	}
	key, err := cloudevent.Decode(v[0])
	if err != nil {
		return nil, bad("header Daero-Key: " + err.Error())
	}
	return []byte(key), nil
}

// idOf returns the idempotency key, "" if the request has none. The header is a
// string of structured fields, which many send without its quotes: both are one.
func idOf(h http.Header) (string, *problem) {
	v := h[idHeader]
	if len(v) == 0 {
		return "", nil
	}
	if len(v) > 1 {
		return "", bad("header Idempotency-Key is there more than once: send it once")
	}
	id := v[0]
	if len(id) >= 2 && id[0] == '"' && id[len(id)-1] == '"' {
		id = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(id[1 : len(id)-1])
	}
	return id, nil
}
