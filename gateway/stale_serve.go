package gateway

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero"
)

// staleStatus says in every answer from memory where it is from (RFC 9211).
var staleStatus = []string{"daero; hit; detail=stale"}

// stale serves a request of a lane that the playbook may serve stale: from
// memory while the playbook says so, and there is an answer that is young
// enough; then done is true. Otherwise it returns the handler to go on with,
// which remembers the answer.
func (h *Lanes) stale(w http.ResponseWriter, r *http.Request, rule *rule, next caddyhttp.Handler) (_ caddyhttp.Handler, done bool) {
	kept := h.app.answers
	by := h.askerOf(r, rule.name.(string))
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !read && r.Method != http.MethodOptions && r.Method != http.MethodTrace:
		return &recording{next: next, kept: kept, by: by}, false
	case !read || particular(r):
		return next, false
	}
	now := time.Now()
	found := kept.best(by, r, now)
	if p := rule.road.Posted(); p != nil && p.Stale > 0 && found != nil && found.old(now) <= p.Stale {
		kept.served.Add(1)
		found.write(w, r, now, p)
		return nil, true
	}
	if r.Method == http.MethodHead || found != nil && now.Sub(found.at) < staleAgain || declines(r) {
		return next, false
	}
	return &recording{next: next, kept: kept, by: by, safe: true}, false
}

// particular reports whether something beside address and headers decides what
// is answered, or could: then neither is the answer kept nor one from memory
// given.
func particular(r *http.Request) bool {
	if r.ContentLength != 0 {
		return true
	}
	for _, name := range [...]string{"Range", "X-Http-Method-Override", "X-Method-Override", "X-Http-Method", "X-Original-Url", "X-Rewrite-Url"} {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	return false
}

// declines reports whether the client wants its answer kept nowhere.
func declines(r *http.Request) bool {
	return strings.Contains(strings.ToLower(strings.Join(r.Header["Cache-Control"], ",")), "no-store")
}

// best returns the youngest answer that this request may be given.
func (a *answers) best(by asker, r *http.Request, now time.Time) *answer {
	best := a.find(by.shared, r)
	if !by.known {
		return best
	}
	if own := a.find(by.own, r); own != nil && (best == nil || own.old(now) < best.old(now)) {
		best = own
	}
	return best
}

// old is how old an answer is.
func (a *answer) old(now time.Time) time.Duration { return a.age + now.Sub(a.at) }

// write answers a request. p is what the playbook asks of the lane.
func (a *answer) write(w http.ResponseWriter, r *http.Request, now time.Time, p *daero.Posted) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = slices.Clone(values) // handlers in front of us may change them
	}
	h["Age"] = []string{strconv.Itoa(int(a.old(now) / time.Second))}
	h["Cache-Status"] = staleStatus
	h["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	if p.Slow > 0 {
		h[daero.SlowHeader] = []string{strconv.Itoa(int(p.Slow / time.Second))}
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(a.body)
	}
}
