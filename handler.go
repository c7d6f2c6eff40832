package daero

import (
	"net/http"

	"github.com/daero/daero/lane"
)

// Class is what a request is, as the caller's classifier sees it.
type Class struct {
	// Lane is the lane's name. An unknown or empty one means "rest".
	Lane string
	// Intent is lane.Background if nobody is waiting for the answer.
	Intent lane.Intent
	// User is the user's or device's key, never the session's. It is hashed at
	// once. Empty means anonymous.
	User string
}

// HandlerConfig describes a handler.
type HandlerConfig struct {
	// Backend names the lanes to use. Default DefaultBackend.
	Backend string
	// Classify says what a request is. Default: everything is "rest". Upgrades
	// and event streams go to the lane "streams", unless Classify names another
	// lane of that kind.
	Classify func(*http.Request) Class
	// BodyBuffer is how much of a request body is read before asking for a
	// permit. Default DefaultBodyBuffer, -1 for none.
	BodyBuffer int64
	// Deferrer keeps requests that a playbook defers. Default: nobody does, and
	// what would be deferred is shed.
	Deferrer Deferrer
	// Challenger asks callers whom a playbook challenges. Default: nobody does, and
	// who would be challenged is shed.
	Challenger Challenger
}

// Handler returns next behind the lanes.
func (d *Daero) Handler(next http.Handler, cfg HandlerConfig) http.Handler {
	if cfg.Classify == nil {
		cfg.Classify = func(*http.Request) Class { return Class{} }
	}
	return &handler{
		admission: d.Admission(AdmissionConfig{Backend: cfg.Backend, BodyBuffer: cfg.BodyBuffer, Deferrer: cfg.Deferrer, Challenger: cfg.Challenger}),
		classify:  cfg.Classify,
		next:      plain{next},
	}
}

type handler struct {
	admission *Admission
	classify  func(*http.Request) Class
	next      plain
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	class := h.classify(r)
	call := Call{Intent: class.Intent, Stream: IsStream(r)}
	if class.User != "" {
		call.User = lane.HashUser(class.User)
	}
	if call.Road = h.admission.Road(class.Lane); call.Road == nil {
		call.Road = h.admission.Road(RestLane)
	}
	if call.Road != nil && call.Stream && !call.Road.stream {
		call.Road = h.admission.Road(StreamsLane)
	}
	if call.Road == nil {
		// No lanes in front of this backend are in force: that is not the
		// client's fault, and turning people away would be the worse mistake.
		h.next.ServeHTTP(w, r) //nolint:errcheck // plain returns none
		return
	}
	if _, err := h.admission.Serve(w, r, call, h.next); err != nil && r.Context().Err() == nil {
		http.Error(w, "the request body could not be read", http.StatusBadRequest)
	}
}

// plain is an http.Handler as a Next.
type plain struct{ http.Handler }

// ServeHTTP implements Next.
func (p plain) ServeHTTP(w http.ResponseWriter, r *http.Request) error {
	p.Handler.ServeHTTP(w, r)
	return nil
}
