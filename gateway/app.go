package gateway

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero"
	"github.com/daero/daero/driver/oidc"
	"github.com/daero/daero/lane/appointment"
	"github.com/daero/daero/relay/fleetlog"
	"github.com/daero/daero/relay/inlet"
)

// App holds the lanes of all sites. It is configured by the global option
// `daero` and needs no configuration.
type App struct {
	// Secrets sign appointments: the first signs, all verify. Placeholders such
	// as {env.DAERO_SECRET} are replaced. Gateways that share a service share
	// the secrets. Default: one made at random and kept in Caddy's storage.
	Secrets []string `json:"secrets,omitempty"`
	// Grace is how long after its time an appointment is honoured. Default 10m.
	Grace caddy.Duration `json:"grace,omitempty"`
	// Level says what load levels are made of. Default, if there is a Playbook:
	// what the lanes tell. Without both there are no levels.
	Level *LevelConfig `json:"level,omitempty"`
	// Playbook says what happens at which level. Default: levels are shown, and
	// nothing is done.
	Playbook *PlaybookConfig `json:"playbook,omitempty"`
	// Channels are ways to tell people, by name.
	Channels map[string]ChannelConfig `json:"channels,omitempty"`
	// Webhooks are URLs that the playbook calls, by name.
	Webhooks map[string]WebhookConfig `json:"webhooks,omitempty"`
	// Relay lets what can wait wait in a log, and delivers it. Default: there is
	// none.
	Relay *RelayConfig `json:"relay,omitempty"`
	// Captcha asks whether a person is there, for forms and APIs of any site and for
	// lanes that the playbook challenges. Default: there is none.
	Captcha *CaptchaConfig `json:"captcha,omitempty"`
	// Login says by what people log in to the console, beside passwords, tokens and
	// one-time links. Default: by nothing else.
	Login *LoginConfig `json:"login,omitempty"`
	// StaleSize bounds, in bytes, the answers that are kept for the playbook's
	// action stale. Default 64 MiB, 1 MiB to 4 GiB.
	StaleSize int64 `json:"stale_size,omitempty"`

	ctx           caddy.Context
	log           *zap.Logger
	rt            *runtime
	release       []func() error
	making        *making
	response      *daero.Response // nil without levels
	relayPlan     *relayPlan      // nil without a relay
	inlet         *inlet.Inlet
	member        *fleetlog.Member               // nil without a fleet
	defers        map[string]*DeferConfig        // lanes that can be deferred, by ID
	userOf        func(*http.Request) uint64     // in those lanes
	captchaServed bool                           // by a site
	captchaPlan   *captchaPlan                   // nil without a captcha
	captcha       atomic.Pointer[captchaRunning] // nil until it is in force
	signOn        *oidc.Provider                 // nil where accounts are kept nowhere else
	answers       *answers                       // nil unless the playbook may serve any stale

	mu     sync.Mutex
	plan   daero.Plan
	active bool
	closed bool
	undo   []func() // in the order in which it was put in force
	keep   keeping
}

// CaddyModule implements caddy.Module.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "daero", New: func() caddy.Module { return new(App) }}
}

// Provision builds a plan and touches nothing that lives: it runs for `daero
// validate` and for configurations that are refused later.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.log = ctx, ctx.Logger()
	rt, err := acquire()
	if err != nil {
		return err
	}
	a.rt = rt
	a.release = append(a.release, releaseRuntime)
	a.plan = daero.Plan{Backends: map[string]laneConfig{}, Grace: time.Duration(a.Grace)}
	repl := caddy.NewReplacer()
	for i, s := range a.Secrets {
		secret, err := repl.ReplaceOrErr(s, true, true)
		if err != nil {
			return fmt.Errorf("daero: secret %d: %w", i+1, err)
		}
		a.plan.Secrets = append(a.plan.Secrets, []byte(secret))
	}
	if err := a.provisionRelay(ctx); err != nil {
		return err
	}
	if err := a.provisionCaptcha(ctx); err != nil {
		return err
	}
	if err := a.provisionLogin(); err != nil {
		return err
	}
	if err := a.provisionResponse(ctx); err != nil {
		return err
	}
	return register(ctx.GetMetricsRegistry())
}

// provisionResponse makes the response. It comes last, when handlers can
// declare their lanes.
func (a *App) provisionResponse(ctx caddy.Context) error {
	if a.StaleSize != 0 && (a.StaleSize < minStaleSize || a.StaleSize > maxStaleSize) {
		return fmt.Errorf("daero: stale_size %d: must be %d to %d bytes", a.StaleSize, minStaleSize, maxStaleSize)
	}
	if !a.responds() {
		return nil
	}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	return a.provisionStale()
}

// Validate implements caddy.Validator.
func (a *App) Validate() error {
	if a.Grace < 0 || time.Duration(a.Grace) > 24*time.Hour {
		return fmt.Errorf("daero: grace %s: must be at most 24h", time.Duration(a.Grace))
	}
	if len(a.plan.Secrets) == 0 {
		return nil
	}
	return appointment.Config{Secrets: a.plan.Secrets}.Validate()
}

// Start puts the plan in force.
func (a *App) Start() error { return a.activate() }

// activate puts the plan in force once. Caddy starts apps in no fixed order,
// so a site may serve before Start: then its first request comes here.
func (a *App) activate() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.active || a.closed {
		return nil
	}
	plan := a.plan
	if len(plan.Secrets) == 0 {
		plan.Secrets = [][]byte{a.keptSecret()}
	}
	plan.Learned = a.loadLearned()
	a.rt.open(a.ctx, a.log)
	undo, err := a.rt.d.Apply(plan)
	if err != nil {
		return fmt.Errorf("daero: %w", err)
	}
	a.undo = append(a.undo, undo, a.rt.signsOn(a.signOn))
	if err := a.beginCaptcha(plan.Secrets); err != nil {
		a.takeBack()
		return fmt.Errorf("daero: %w", err)
	}
	undo, err = a.respond()
	if err != nil {
		a.takeBack()
		return fmt.Errorf("daero: %w", err)
	}
	a.undo = append(a.undo, undo, a.rt.receive(a.Receivers()), a.rt.begin(a))
	if err := a.beginRelay(plan.Secrets); err != nil {
		a.takeBack()
		return fmt.Errorf("daero: %w", err)
	}
	a.active = true
	a.keep.start(a)
	return nil
}

// respond puts the response in force. Without levels it is an empty one, which
// sees to what people order of single lanes.
func (a *App) respond() (undo func(), err error) {
	r := daero.Response{Node: node()}
	if a.response != nil {
		d := &draft{}
		r = *a.response
		r.Effects = a.effects(d, a.webhookSecret())
		if err := d.err(); err != nil {
			return nil, err
		}
	}
	if r.Playbook.Able == nil {
		r.Playbook.Able, r.Playbook.Lanes = a.able(), a.declaredLanes()
	}
	if a.answers != nil {
		a.answers.resize(a.StaleSize)
	}
	control := a.rt.d.Control()
	control.Remember(a.loadHabits())
	return control.Apply(r)
}

// takeBack undoes what was put in force, the last first.
func (a *App) takeBack() {
	for i := len(a.undo) - 1; i >= 0; i-- {
		a.undo[i]()
	}
	a.undo = nil
}

// Stop withdraws this configuration's plan, and no other.
func (a *App) Stop() error {
	a.withdraw()
	return nil
}

// Cleanup implements caddy.CleanerUpper. It also withdraws a plan that a
// request put in force before another app failed to start.
func (a *App) Cleanup() error {
	a.withdraw()
	var first error
	for _, release := range a.release {
		if err := release(); err != nil && first == nil {
			first = err
		}
	}
	a.release = nil
	return first
}

func (a *App) withdraw() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	if !a.active {
		return
	}
	a.active = false
	a.keep.end()
	a.save()
	a.takeBack()
}

// declare adds the lanes of one handler to the plan. It runs while handlers
// are provisioned, before anything starts.
func (a *App) declare(backend string, cfg laneConfig) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	merged, err := mergeLanes(a.plan.Backends[backend], cfg)
	if err != nil {
		return fmt.Errorf("backend %s: %w", backend, err)
	}
	next := daero.Plan{Backends: map[string]laneConfig{backend: merged}}
	if err := next.Validate(); err != nil {
		return err
	}
	a.plan.Backends[backend] = merged
	return nil
}

// Control returns the automatic response of this process.
func (a *App) Control() *daero.Control { return a.rt.d.Control() }

// Snapshot returns what all lanes of this process are doing.
func (a *App) Snapshot() daero.Snapshot { return a.rt.d.Snapshot() }

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.Validator    = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
