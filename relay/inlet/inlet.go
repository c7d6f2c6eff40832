package inlet

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/daero/daero/relay"
)

// Inlet takes messages in. It is an http.Handler.
type Inlet struct {
	cfg    Config
	topics map[string]*topic
	roll   roll
	held   atomic.Int64
	turn   atomic.Uint64
}

// topic is what is known of one beforehand.
type topic struct {
	relay.Topic
}

// New returns an Inlet. The error names every mistake, and no secret.
func New(cfg Config) (*Inlet, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("inlet: %w", err)
	}
	cfg = cfg.withDefaults()
	h := &Inlet{cfg: cfg, topics: map[string]*topic{}, roll: newRoll(cfg.Writers)}
	for _, t := range cfg.Topics {
		if t.MaxBytes == 0 {
			t.MaxBytes = 1_000_000 // as the relay has it
		}
		h.topics[t.Name] = &topic{t}
	}
	return h, nil
}

// ServeHTTP implements http.Handler.
func (h *Inlet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	receipt, err := h.take(w, r)
	if err != nil {
		err.write(w)
		return
	}
	writeReceipt(w, receipt)
}

// take is the way of one message. What costs nothing is checked first, so that
// a stranger's body is never read.
func (h *Inlet) take(w http.ResponseWriter, r *http.Request) (relay.Receipt, *problem) {
	var none relay.Receipt
	name, ok := strings.CutPrefix(r.URL.Path, h.cfg.Prefix)
	if !ok || name == "" || strings.Contains(name, "/") {
		return none, notFound("write to " + h.cfg.Prefix + "{topic}")
	}
	if r.Method != http.MethodPost {
		w.Header()["Allow"] = []string{http.MethodPost}
		return none, &problem{status: http.StatusMethodNotAllowed, kind: "method", title: "Messages are posted", detail: "use POST"}
	}
	t := h.topics[name]
	who, p := h.enter(w, r, name, t)
	if p != nil {
		return none, p
	}
	if p := checkHead(w, r); p != nil {
		return none, p
	}
	body, p := h.read(w, r, who, t)
	defer body.release()
	if p != nil {
		return none, p
	}
	m, p := message(r.Header, body.bytes, t.Name, who.name)
	if p != nil {
		return none, p
	}
	if who.inFlight.Add(1) > int64(h.cfg.InFlight) {
		who.inFlight.Add(-1)
		return none, h.tooMany("more than " + strconv.Itoa(h.cfg.InFlight) + " messages wait to be kept")
	}
	defer who.inFlight.Add(-1)
	receipt, err := h.cfg.Relay.Accept(r.Context(), m)
	if err != nil {
		return none, h.problemOf(err, receipt, t)
	}
	return receipt, nil
}

// enter returns who writes. That a topic is not there is told only to those who
// may write at all.
func (h *Inlet) enter(w http.ResponseWriter, r *http.Request, name string, t *topic) (*writer, *problem) {
	who, known := h.roll.who(r, name)
	switch {
	case who != nil && t != nil:
		return who, nil
	case !known:
		w.Header()["Www-Authenticate"] = []string{`Bearer realm="daero relay"`}
		return nil, &problem{
			status: http.StatusUnauthorized, kind: "writer", title: "Who writes is not known",
			detail: "show a writer's token as Authorization: Bearer, or its certificate",
		}
	case t == nil:
		return nil, notFound("there is no topic of that name to write to")
	}
	return nil, &problem{
		status: http.StatusForbidden, kind: "not-yours", title: "This writer may not write here",
		detail: "ask whoever runs this to let the writer write to the topic",
	}
}

func (h *Inlet) tooMany(detail string) *problem {
	return &problem{status: http.StatusTooManyRequests, kind: "too-many", title: "Too much at once from this writer", detail: detail, after: h.spread(1, 3)}
}

func notFound(detail string) *problem {
	return &problem{status: http.StatusNotFound, kind: "not-found", title: "There is no such topic", detail: detail}
}

// writeReceipt says that a message is safe.
func writeReceipt(w http.ResponseWriter, r relay.Receipt) {
	head := w.Header()
	head["Content-Type"] = []string{"application/json"}
	head["Cache-Control"] = []string{"no-store"}
	b := make([]byte, 0, 160)
	b = append(b, `{"id":`...)
	b = appendString(b, r.ID)
	b = append(b, `,"topic":`...)
	b = appendString(b, r.At.Topic)
	if !r.Spooled {
		b = append(b, `,"partition":`...)
		b = strconv.AppendInt(b, int64(r.At.Partition), 10)
		b = append(b, `,"offset":`...)
		b = strconv.AppendInt(b, r.At.Offset, 10)
	}
	b = append(b, `,"spooled":`...)
	b = strconv.AppendBool(b, r.Spooled)
	b = append(b, `,"repeated":`...)
	b = strconv.AppendBool(b, r.Repeated)
	b = append(b, '}', '\n')
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(b) // who asked may be gone
}

// appendString appends printable ASCII as a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
