package gateway

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/captcha/preview"
	"github.com/daero/daero/rehearse/job"
	"github.com/daero/daero/relay/fleetlog"
)

// runtime is what outlives a reload: the lanes, what they learned, what is in
// flight, the level, and the record. There is one per process.
type runtime struct {
	d       *daero.Daero
	records *records
	tokens  *token.Verifier
	login   *api.Login
	relay   *relayHost
	desk    *relayDesk
	pulse   *pulse
	captcha captchaHost
	deeds   *api.Deeds
	// rehearsals go on over a reload.
	rehearsals *job.Host
	previews   preview.Booth
	local      *api.API // of Caddy's admin endpoint

	mu        sync.Mutex
	apps      []*App             // of configurations in force, the newest last
	members   []*fleetlog.Member // of configurations in force, the newest last
	made      []byte
	signOns   []*signingOn // likewise
	receivers []*receiving // of configurations in force, the newest last
}

// receiving is what one configuration takes in.
type receiving struct{ by map[string]http.Handler }

func newRuntime() (*runtime, error) {
	rt := &runtime{records: newRecords(), deeds: api.NewDeeds()}
	rt.relay = newRelayHost(rt.relayTold, rt.records.add)
	d, err := daero.New(daero.Config{Listener: rt.told()})
	if err != nil {
		return nil, err
	}
	rt.d, rt.tokens = d, token.NewVerifier(rt.records)
	rt.login = newLogin(rt.records, rt.tokens, rt.signOn)
	rt.rehearsals = newRehearsals(rt.records.add)
	if rt.desk, err = newDesk(d, rt.relay.Accept); err != nil {
		return nil, err
	}
	if rt.pulse, err = newPulse(rt.apiConfig(api.Config{}), rt.records.node); err != nil {
		return nil, err
	}
	rt.records.heard = rt.pulse.Heard
	rt.rehearsals.OnProgress(func(j job.Job) { rt.pulse.Job(j) })
	rt.local, err = api.New(rt.apiConfig(api.Config{Local: true}))
	return rt, err
}

// apiConfig fills in what every API of this process has in common.
func (r *runtime) apiConfig(cfg api.Config) api.Config {
	cfg.Daero, cfg.Tokens = r.d, r.tokens
	cfg.Record, cfg.Operators, cfg.Logins = r.records, r.records, r.records
	cfg.Login, cfg.Build = r.login, buildID()
	cfg.Audit, cfg.Health, cfg.Receiver = r.records.add, r.records.health, r.receiver
	cfg.Relay, cfg.Fleet, cfg.Captcha = r.apiRelay, r.fleet, r.captcha.api
	cfg.LaneOf, cfg.Preview, cfg.Deeds = r.laneOf, r.proposal, r.deeds
	if r.pulse != nil {
		cfg.Pulse = r.pulse.Pulse
	}
	cfg.Rehearsals, cfg.Previews = r.rehearsals, &r.previews
	return cfg
}

// open begins to keep the record, if it is not being kept yet. It runs when a
// configuration starts, never for one that is only validated. Without a record
// daero works all the same and says so.
func (r *runtime) open(ctx caddy.Context, log *zap.Logger) {
	dir := dataDir(ctx.Storage())
	r.records.open(ctx, dir, log)
	r.openRehearsals(dir)
	r.pulse.start()
}

// receive lets handlers take in alerts by name until undo is called.
func (r *runtime) receive(by map[string]http.Handler) (undo func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	mine := &receiving{by}
	r.receivers = append(r.receivers, mine)
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.receivers = slices.DeleteFunc(r.receivers, func(other *receiving) bool { return other == mine })
	})
}

// receiver returns who takes in alerts by a name, nil if nobody does.
func (r *runtime) receiver(name string) http.Handler {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.receivers); n > 0 {
		return r.receivers[n-1].by[name]
	}
	return nil
}

// secret keeps the secret that was made for lack of a configured or stored
// one, so that it survives a reload when storage fails. It returns what is
// kept, after keeping fresh unless that is nil.
func (r *runtime) secret(fresh []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made == nil {
		r.made = fresh
	}
	return r.made
}

// Destruct implements caddy.Destructor. Requests still under way keep their
// lanes; what is still to be recorded is written.
func (r *runtime) Destruct() error {
	current.CompareAndSwap(r, nil)
	r.rehearsals.Close()
	r.pulse.close()
	r.relay.close() // it tells what happens until its end
	r.desk.close()
	return r.records.close()
}

const runtimeKey = "daero"

var (
	runtimes = caddy.NewUsagePool()
	// current is the runtime that the process-wide metrics collector and the
	// admin endpoint read.
	current atomic.Pointer[runtime]
)

func acquire() (*runtime, error) {
	v, _, err := runtimes.LoadOrNew(runtimeKey, func() (caddy.Destructor, error) {
		rt, err := newRuntime()
		if err != nil {
			return nil, err
		}
		current.Store(rt)
		return rt, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*runtime), nil
}

func releaseRuntime() error {
	_, err := runtimes.Delete(runtimeKey)
	return err
}
