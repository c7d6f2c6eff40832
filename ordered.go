package daero

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// SlowHeader tells clients how many seconds to wait before they ask again,
// beyond what they would by themselves.
const SlowHeader = "Daero-Poll-After"

// slow asks the client to ask less often, if a playbook says so. p may be nil.
func slow(w http.ResponseWriter, p *Posted) {
	if p != nil && p.Slow > 0 {
		w.Header()[SlowHeader] = secondsValue(int(p.Slow / time.Second))
	}
}

// respond gives the fixed answer of a playbook.
func respond(w http.ResponseWriter, r *http.Request, p *Posted) {
	h := w.Header()
	h["Cache-Control"] = noStore
	if p.Status != http.StatusTooManyRequests && p.Status != http.StatusServiceUnavailable {
		delete(h, "Retry-After") // it is an answer, not a refusal
		delete(h, AppointmentHeader)
	}
	h["Content-Length"] = []string{strconv.Itoa(len(p.Body))}
	switch {
	case p.Body == "":
	case strings.HasPrefix(p.Body, "{") || strings.HasPrefix(p.Body, "["):
		h["Content-Type"] = []string{"application/json"}
	case strings.HasPrefix(p.Body, "<"):
		h["Content-Type"] = []string{"text/html; charset=utf-8"}
	default:
		h["Content-Type"] = []string{"text/plain; charset=utf-8"}
	}
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		w.Write([]byte(p.Body))
	}
}
