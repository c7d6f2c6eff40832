package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/captcha/preview"
	"github.com/daero/daero/rehearse/against"
	"github.com/daero/daero/rehearse/job"
	"github.com/daero/daero/relay/fleetlog"
)

// Where the API stands.
const (
	Prefix      = "/daero/api/"
	FlagsPrefix = "/ofrep/v1/"
)

// Record reads the audit record.
type Record interface {
	Entries(ctx context.Context, f store.Filter) ([]audit.Entry, error)
}

// Operators keeps who may do what. Errors are store.ErrNotFound,
// store.ErrExists, or of the store.
type Operators interface {
	AddOperator(ctx context.Context, c store.Credential) error
	RemoveOperator(ctx context.Context, name string, at time.Time) error
	Operators(ctx context.Context) ([]store.Operator, error)
}

// Logins uses one-time links up, by the hash of their secret; store.ErrNotFound
// if one is not there, is used or has expired.
type Logins interface {
	Redeem(ctx context.Context, hash string, at time.Time, c store.Credential) error
}

// Config describes an API. Daero, Record, Operators, Logins and Tokens are
// required.
type Config struct {
	Daero     *daero.Daero
	Record    Record
	Operators Operators
	Logins    Logins
	// Tokens verifies them. APIs of one process share it.
	Tokens *token.Verifier
	// Audit records what was done through the API beyond what the control
	// records itself. It must not wait. Default: nobody does.
	Audit func(audit.Entry)
	// Health says how writing the record fares; ok is false if nothing is kept.
	Health func() (h store.Health, ok bool)
	// Receiver returns what takes in alerts by a name, nil if nothing does.
	// Receivers know their senders by themselves. Default: none.
	Receiver func(name string) http.Handler
	// Relay returns the relay of the configuration in force, nil if it has none.
	// Default: none.
	Relay func() *Relay
	// Captcha returns the captcha of the configuration in force, nil if it has
	// none. Default: none.
	Captcha func() *Captcha
	// Fleet returns what this gateway knows of its fleet, false if it has none.
	// Default: it has none.
	Fleet func(now time.Time) (st fleetlog.State, ok bool)
	// Deeds remembers what was done by hand to deliveries and sites, so that it can
	// be undone. APIs of one process share it. Default: its own.
	Deeds *Deeds
	// Rehearsals holds rehearsals beside what is served. Default: nobody does.
	Rehearsals *job.Host
	// RehearsalTargets are services that an admin may rehearse against, besides
	// the sample that anyone may who acts. They are whole and valid. Default:
	// none.
	RehearsalTargets []against.Service
	// Previews makes questions of the captcha to look at. Default: nobody does.
	Previews *preview.Booth
	// Pulse measures for all who watch. Default: nothing is measured.
	Pulse *Pulse
	// Ending is closed when this API's server begins to shut down: then streams
	// end. Default: never.
	Ending <-chan struct{}
	// Login lets browsers log in and stay logged in. Default: only tokens count.
	Login *Login
	// Console is where the console stands on this site, "" where it does not.
	Console string
	// Build names the program, so that a page can tell that it is of another.
	Build string
	// Secure reports whether a request came by HTTPS all the way from the
	// browser. Default: whether the connection has TLS.
	Secure func(*http.Request) bool
	// Preview reads a playbook that somebody thinks of, and changes nothing.
	// Default: nothing does.
	Preview func(ctx context.Context, text string) (PlaybookDraft, error)
	// LaneOf tells which lane a request would take in the configuration in force.
	// Errors are ErrNoLanes, or have ErrQuestion in them. Default: none.
	LaneOf func(ctx context.Context, q LaneQuestion) (LaneAnswer, error)
	// PublicFlags lets anyone read flags, without a token.
	PublicFlags bool
	// Local is for where only those come who have the machine: then everyone is
	// the admin "local", and no token is asked for.
	Local bool
	// Client returns the address a request comes from. Default: that of the
	// connection.
	Client func(*http.Request) string
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// API serves requests. It starts no goroutine and needs no closing.
type API struct {
	Config
	mux      *http.ServeMux
	rates    rates
	refusals refusals
	origins  *http.CrossOriginProtection
	looks    looks
	openAPI  func() []byte // made when it is first asked for
}

// New returns an API.
func New(cfg Config) (*API, error) {
	if cfg.Daero == nil || cfg.Record == nil || cfg.Operators == nil || cfg.Logins == nil || cfg.Tokens == nil {
		return nil, errors.New("api: Daero, Record, Operators, Logins and Tokens are required")
	}
	if cfg.Audit == nil {
		cfg.Audit = func(audit.Entry) {}
	}
	if cfg.Health == nil {
		cfg.Health = func() (store.Health, bool) { return store.Health{}, false }
	}
	if cfg.Receiver == nil {
		cfg.Receiver = func(string) http.Handler { return nil }
	}
	if cfg.Fleet == nil {
		cfg.Fleet = func(time.Time) (fleetlog.State, bool) { return fleetlog.State{}, false }
	}
	if cfg.LaneOf == nil {
		cfg.LaneOf = noLanes
	}
	if cfg.Deeds == nil {
		cfg.Deeds = NewDeeds()
	}
	if cfg.Client == nil {
		cfg.Client = peer
	}
	if cfg.Secure == nil {
		cfg.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	a := &API{Config: cfg, openAPI: sync.OnceValue(OpenAPI), mux: http.NewServeMux(), origins: http.NewCrossOriginProtection()}
	a.register()
	return a, nil
}

// peer is the address at the other end of the connection.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Serves reports whether a path is the API's.
func Serves(path string) bool {
	return strings.HasPrefix(path, Prefix) || strings.HasPrefix(path, FlagsPrefix)
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	a.mux.ServeHTTP(w, r)
}
