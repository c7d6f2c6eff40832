package gateway

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/relay/events"
	"github.com/daero/daero/relay/fleetlog"
)

// RelayFleetConfig lets gateways that share a log share their level too.
type RelayFleetConfig struct {
	// Node is this gateway's name, another on each. Placeholders are replaced.
	// Default: the relay's instance.
	Node string `json:"node,omitempty"`
	// Members are the only names that count. Default: all that are heard.
	Members []string `json:"members,omitempty"`
	// Secrets sign what gateways tell each other: the first signs, all verify. At
	// least 32 letters. Placeholders are replaced. Default: nothing is signed.
	Secrets []string `json:"secrets,omitempty"`
	// Where is its place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// auditOff keeps the record out of the log.
const auditOff = "off"

// auditTopic is where the record goes besides its file, "" for nowhere. One
// machine alone has it in the file already.
func (c *RelayConfig) auditTopic() string {
	switch {
	case c.Audit == auditOff, c.Audit == "" && len(c.log().Kafka) == 0:
		return ""
	}
	return cmp.Or(c.Audit, events.Topic)
}

// fleet reads
//
//	fleet [<name>] {
//		member <name>...
//		secret <secret>...
//	}
func (p *relayParser) fleet(d *caddyfile.Dispenser) {
	if !p.first(d, "fleet") {
		return
	}
	cfg := &RelayFleetConfig{Where: placeOf(d).String()}
	args := d.RemainingArgs()
	switch {
	case len(args) > 1:
		p.bad(d, "fleet: takes this gateway's name, got %d values: write it like \"fleet gateway-1\"", len(args))
		return
	case len(args) == 1:
		cfg.Node = args[0]
	}
	p.out.Fleet = cfg
	p.titled(d, "fleet", []word{
		{"member", func(d *caddyfile.Dispenser) { cfg.Members = append(cfg.Members, p.some(d, "gateway-1 gateway-2")...) }},
		{"secret", func(d *caddyfile.Dispenser) { cfg.Secrets = append(cfg.Secrets, p.some(d, "{env.FLEET_SECRET}")...) }},
	})
}

// drawFleet checks what can be seen without replacing placeholders.
func (d *relayDraft) drawFleet() {
	if t := d.cfg.Audit; t != "" && t != auditOff && !legalName(t) {
		d.bad(d.cfg.Where, "audit %q: a topic's name is made of letters (a-z, A-Z), digits, dots, dashes and underscores", t)
	}
	f := d.cfg.Fleet
	if f == nil {
		return
	}
	switch {
	case len(d.cfg.log().Kafka) == 0:
		d.bad(f.Where, "fleet: gateways hear each other through a log that they share: name a cluster, like \"kafka host1:9092 host2:9092\"")
	case cmp.Or(f.Node, d.cfg.Instance) == "":
		d.bad(f.Where, "fleet: no name: each gateway has its own, like \"fleet {env.HOSTNAME}\"")
	}
}

// member makes this gateway a member of its fleet, nil without one. Nothing runs.
func (m *relayMaking) member(rt *runtime) *fleetlog.Member {
	f := m.cfg.Fleet
	if f == nil {
		return nil
	}
	name, err := m.text(cmp.Or(f.Node, m.cfg.Instance))
	if err != nil {
		m.bad(f.Where, "fleet: %v", err)
		return nil
	}
	cfg := fleetlog.Config{
		Log: &rt.relay.late, Fleet: fleet.Config{Node: name, Members: f.Members}, Measure: rt.measure(),
		Record: rt.records.add, Config: m.fingerprint(),
	}
	for _, s := range f.Secrets {
		secret, err := m.text(s)
		if err != nil {
			m.bad(f.Where, "fleet: secret: %v", err)
			return nil
		}
		cfg.Secrets = append(cfg.Secrets, []byte(secret))
	}
	member, err := fleetlog.New(cfg)
	if err != nil {
		for _, one := range strings.Split(err.Error(), "\n") {
			m.bad(f.Where, "fleet: %s", strings.TrimPrefix(one, "fleet: "))
		}
	}
	return member
}

// fingerprint tells configurations of gateways apart, without what is each one's
// own.
func (m *relayMaking) fingerprint() string {
	return keyOf(m.app.Level, m.app.Playbook)[:16]
}

// measure returns what a gateway carries, and where its signals stand.
func (r *runtime) measure() func(now time.Time) (float64, []fleet.Height) {
	var rate fleet.Rate
	return func(now time.Time) (float64, []fleet.Height) {
		var passed uint64
		for _, b := range r.d.Snapshot().Backends {
			for _, l := range b.Lanes {
				for _, n := range l.Passed {
					passed += n
				}
			}
		}
		return rate.Take(now, passed), fleet.Heights(r.d.Control().State(now).Level.Signals)
	}
}

// beginTelling begins to write into the log what others are to know: the record,
// and what this gateway measures.
func (a *App) beginTelling() {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	stop := []func(){cancel, wg.Wait}
	if topic := a.Relay.auditTopic(); topic != "" {
		sink := events.NewSink(&a.rt.relay.late, topic, node())
		stop = append([]func(){a.rt.records.tell(sink)}, stop...)
		wg.Go(func() { _ = sink.Run(ctx) }) // it ends when we say so
	}
	if a.member != nil {
		stop = append(stop, a.rt.join(a.member))
		wg.Go(func() { _ = a.member.Run(ctx) }) // likewise
	}
	a.undo = append(a.undo, func() {
		for _, f := range stop {
			f()
		}
	})
}

// join lets a member take over what the one before it knows, until undo is
// called.
func (r *runtime) join(m *fleetlog.Member) (undo func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.members); n > 0 {
		m.Adopt(r.members[n-1])
	}
	r.members = append(r.members, m)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.members = slices.DeleteFunc(r.members, func(other *fleetlog.Member) bool { return other == m })
	}
}

// fleet is what is known of the other gateways, false without a fleet.
func (r *runtime) fleet(now time.Time) (st fleetlog.State, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.members); n > 0 {
		return r.members[n-1].State(now), true
	}
	return st, false
}

// tell lets a sink have what is recorded from now on, until undo is called.
func (r *records) tell(s *events.Sink) (undo func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sinks = append(r.sinks, s)
	r.sink.Store(s)
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sinks = slices.DeleteFunc(r.sinks, func(other *events.Sink) bool { return other == s })
		var next *events.Sink
		if n := len(r.sinks); n > 0 {
			next = r.sinks[n-1]
		}
		r.sink.Store(next)
	})
}

// ourOwn are topics that daero writes for itself.
func (c *RelayConfig) ourOwn() (all []wantedTopic) {
	if topic := c.auditTopic(); topic != "" {
		all = append(all, wantedTopic{name: topic, partitions: 1, retention: deadRetention})
	}
	if c.Fleet != nil {
		all = append(all, wantedTopic{name: fleetlog.Topic, partitions: 1, retention: readingsRetention})
	}
	return all
}

// readingsRetention: nobody reads what is old.
const readingsRetention = 10 * time.Minute
