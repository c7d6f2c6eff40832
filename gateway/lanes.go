package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// Lanes lets requests into lanes, each kind of request into its own, and
// refuses what the backend cannot bear now with a time to come back.
//
// Placeholders: {http.daero.lane} is the lane, {http.daero.verdict} is pass,
// shed, challenge or defer.
type Lanes struct {
	// Backend names the service behind this handler. Handlers with the same
	// backend share one limit. Default "default".
	Backend string `json:"backend,omitempty"`
	// Lanes are tried in order; the first that matches takes the request. What
	// matches none travels in the lane Fallback.
	Lanes []LaneRule `json:"lanes,omitempty"`
	// Fallback is the lane of what matches none. Default "rest", tier normal.
	Fallback string `json:"fallback,omitempty"`
	// Background matches requests, in any lane, for which nobody is waiting.
	Background caddyhttp.RawMatcherSets `json:"background,omitempty" caddy:"namespace=http.matchers"`
	// User says where the user's key stands. The first that is there counts;
	// without any the user is anonymous.
	User []UserSource `json:"user,omitempty"`
	// Shadow decides and counts, and refuses nothing.
	Shadow bool `json:"shadow,omitempty"`
	// Expose adds the response header Daero-Lane: "request" to requests with
	// the header "Daero-Debug: lane", "always" to all. Default: never.
	Expose string `json:"expose,omitempty"`
	// InitialLimit is where the search for the limit starts. Default 20.
	InitialLimit int `json:"initial_limit,omitempty"`
	// FixedLimit is used instead of a found limit; for comparison only.
	FixedLimit int `json:"fixed_limit,omitempty"`
	// BodyBuffer is how many bytes of a request body are read before asking
	// for a permit. Default 65536, -1 for none.
	BodyBuffer int64 `json:"body_buffer,omitempty"`

	app        *App
	admission  *daero.Admission
	background caddyhttp.MatcherSets
	rules      []rule
	fallback   rule
	streams    rule

	prepared atomic.Bool
	prepare  sync.Mutex
}

// rule is a LaneRule ready for use.
type rule struct {
	name       any // the lane's name, boxed once
	road       *daero.Road
	match      caddyhttp.MatcherSets
	background caddyhttp.MatcherSets
	stream     bool
	stale      bool // the playbook may serve it stale
	header     []string
	source     json.RawMessage // of match, to show
	where      string          // FILE:LINE, to show
}

// CaddyModule implements caddy.Module.
func (*Lanes) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.lanes", New: func() caddy.Module { return new(Lanes) }}
}

// Provision declares the lanes to the app. Nothing is in force before the app
// starts.
func (h *Lanes) Provision(ctx caddy.Context) error {
	cfg, err := h.core()
	if err != nil {
		return err
	}
	if err := h.load(ctx, cfg); err != nil {
		return err
	}
	app, err := ctx.App("daero")
	if err != nil {
		return err
	}
	h.app = app.(*App)
	if err := h.app.declare(h.backend(), cfg); err != nil {
		return err
	}
	if err := h.app.declareDefers(h); err != nil {
		return err
	}
	h.admission = h.app.rt.d.Admission(daero.AdmissionConfig{
		Backend:    h.backend(),
		BodyBuffer: h.BodyBuffer,
		Ended:      outcomeOf,
		Deferrer:   h.app.deferrer(h),
		Challenger: h.app.challenger(),
		DeferBody:  h.deferSize(),
	})
	return nil
}

// load makes the matchers.
func (h *Lanes) load(ctx caddy.Context, cfg laneConfig) error {
	if err := loadMatchers(ctx, h, "Background", &h.background); err != nil {
		return err
	}
	streams := map[string]bool{}
	for _, l := range cfg.Lanes {
		streams[l.Name] = l.Streams
	}
	bare := func(name string) rule { return rule{name: name, stream: streams[name], header: []string{name}} }
	h.fallback, h.streams = bare(h.fallbackName()), bare(daero.StreamsLane)
	for i := range h.Lanes {
		l := &h.Lanes[i]
		r := bare(l.Name)
		r.source = caddyconfig.JSON(l.Match, nil) // loading empties it
		r.where = l.Where
		if err := loadMatchers(ctx, l, "Match", &r.match); err != nil {
			return fmt.Errorf("lane %s: %w", l.Name, err)
		}
		if err := loadMatchers(ctx, l, "Background", &r.background); err != nil {
			return fmt.Errorf("lane %s: %w", l.Name, err)
		}
		switch {
		case l.Name == h.fallbackName():
			h.fallback = r
		case l.Name == daero.StreamsLane:
			h.streams = r
		}
		if len(r.match) > 0 {
			h.rules = append(h.rules, r)
		}
	}
	return nil
}

func loadMatchers(ctx caddy.Context, owner any, field string, into *caddyhttp.MatcherSets) error {
	loaded, err := ctx.LoadModule(owner, field)
	if err != nil || loaded == nil {
		return err
	}
	return into.FromInterface(loaded)
}

// ready puts the plan in force, if a request comes before the app has started,
// and finds the roads.
func (h *Lanes) ready() error {
	h.prepare.Lock()
	defer h.prepare.Unlock()
	if h.prepared.Load() {
		return nil
	}
	if err := h.app.activate(); err != nil {
		return err
	}
	all := []*rule{&h.fallback, &h.streams}
	for i := range h.rules {
		all = append(all, &h.rules[i])
	}
	for _, r := range all {
		if r.road = h.admission.Road(r.name.(string)); r.road == nil {
			return fmt.Errorf("lane %s: not in force: the configuration has ended", r.name)
		}
		r.stale = h.app.mayServeStale(h.backend(), r.name.(string))
	}
	h.prepared.Store(true)
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Lanes) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if !h.prepared.Load() {
		if err := h.ready(); err != nil {
			return caddyhttp.Error(http.StatusServiceUnavailable, err)
		}
	}
	rule, call, err := h.classify(r)
	if err != nil {
		return err
	}
	repl, _ := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if repl != nil {
		repl.Set("http.daero.lane", rule.name)
		repl.Set("http.daero.verdict", verdicts[daero.Pass])
	}
	if h.Expose != "" && h.exposes(r) {
		w.Header()["Daero-Lane"] = rule.header
	}
	if rule.stale && !call.Stream {
		var done bool
		if next, done = h.stale(w, r, rule, next); done {
			return nil
		}
	}
	verdict, err := h.admission.Serve(w, r, call, next)
	if verdict != daero.Pass && repl != nil {
		repl.Set("http.daero.verdict", verdicts[verdict])
	}
	if err != nil && verdict != daero.Pass {
		return notStayed(r, err)
	}
	return err
}

// verdicts are the words boxed once.
var verdicts = [...]any{
	daero.Pass: daero.Pass.String(), daero.Shed: daero.Shed.String(),
	daero.Challenge: daero.Challenge.String(), daero.Defer: daero.Defer.String(),
}

// notStayed answers for a client that went away before it was let in, or whose
// body something in front of us refused, which then says how.
func notStayed(r *http.Request, err error) error {
	if _, decided := errors.AsType[caddyhttp.HandlerError](err); decided {
		return err
	}
	if r.Context().Err() != nil {
		return caddyhttp.Error(499, err) // as reverse_proxy says it
	}
	return caddyhttp.Error(http.StatusBadRequest, err)
}

func (h *Lanes) exposes(r *http.Request) bool {
	return h.Expose == exposeAlways || r.Header.Get("Daero-Debug") == "lane"
}

// outcomeOf says what errors of Caddy's handlers mean for the lanes. 502, 503 and
// 504 are made by reverse_proxy when there is no backend to learn from.
func outcomeOf(err error) (lane.Outcome, bool) {
	var h caddyhttp.HandlerError
	if !errors.As(err, &h) {
		return lane.Failed, true
	}
	switch {
	case h.StatusCode == 502 || h.StatusCode == 503 || h.StatusCode == 504 || h.StatusCode == 499:
		return 0, false
	case h.StatusCode >= 500:
		return lane.Failed, true
	}
	return lane.Served, true
}

var (
	_ caddy.Provisioner           = (*Lanes)(nil)
	_ caddyhttp.MiddlewareHandler = (*Lanes)(nil)
)
