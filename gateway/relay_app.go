package gateway

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
)

// relayTold records what happens in the relay, in the log and in the record.
func (r *runtime) relayTold(e relay.Event) {
	if e.What == relay.DeliveryPaused || e.What == relay.DeliveryResumed && e.Why == "resumed" {
		return // a person did it, and it is recorded with their name
	}
	target := e.Target
	if e.Partition != "" {
		target += " " + e.Partition
	}
	if e.What == relay.RetentionNear {
		r.relay.ages(e.Partition)
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	r.records.add(audit.Entry{At: e.At, Who: audit.By, What: e.What, Target: strings.TrimSpace(target), Why: e.Why})
}

// relayWarns are events that may need a person.
var relayWarns = []string{
	relay.CircuitOpened, relay.DeadLettered, relay.DeadLettersFull, relay.MessagesLost, relay.PlaceLost,
	relay.RetentionNear, audit.RelayNotLengthened, relay.SpoolPoisoned, relay.SpoolUsed, relay.HeadOfLine, relay.ConsumeFailed, relay.Fenced,
}

// apiRelay is the relay in force as the API needs it, nil without one.
func (r *runtime) apiRelay() *api.Relay {
	p := r.relay.plan()
	if p == nil {
		return nil
	}
	return &api.Relay{
		Deliveries: r.relay, Targets: p.targets, Reader: r.relay.reader, Redrive: r.relay.redrive,
		State: func() (bool, error) {
			st := r.relay.state()
			return st.up, st.failed
		},
		Log: func() api.RelayLogDoc {
			doc := p.log
			if opened := r.relay.state().opened; opened != nil && opened.size != nil {
				doc.Bytes, doc.MaxBytes = opened.size()
			}
			return doc
		},
	}
}

// provisionRelay draws the relay up and contacts nobody.
func (a *App) provisionRelay(ctx caddy.Context) error {
	if a.Relay == nil {
		return nil
	}
	d := drawRelay(a.Relay)
	if f := a.Relay.Fleet; f != nil && !a.responds() {
		d.bad(f.Where, "fleet: there is no level to share: add a level block")
	}
	if err := d.err(); err != nil {
		return err
	}
	m := &relayMaking{making: making{repl: caddy.NewReplacer()}, relayDraft: d, dir: dataDir(ctx.Storage()), told: a.rt.relayTold, app: a}
	plan, intake := m.plan(), m.intake(a.rt.relay)
	a.member = m.member(a.rt)
	if err := d.err(); err != nil {
		return err
	}
	a.relayPlan, a.inlet = plan, intake
	return nil
}

// beginRelay puts the relay in force. By now all handlers have declared their
// lanes.
func (a *App) beginRelay(secrets [][]byte) error {
	if a.relayPlan == nil {
		return nil
	}
	cfg, ok, err := a.deferred(&making{repl: caddy.NewReplacer()}, secrets)
	if err != nil {
		return err
	}
	if ok {
		a.relayPlan.withDeferred(a.rt.desk, cfg.Lanes, a.relayPlan.instance)
		undo, err := a.rt.desk.apply(a.ctx, cfg, a.log)
		if err != nil {
			return err
		}
		a.undo = append(a.undo, undo)
	}
	if a.Relay.idle() && !ok {
		a.log.Warn("the relay has nothing to do: no lane defers, and there is no topic and no delivery")
	}
	if l := a.Relay.log(); len(l.Kafka) == 0 {
		a.log.Warn("the relay's messages wait in this program: one machine, one copy. For more, name a cluster: kafka host1:9092 host2:9092")
	}
	undo, err := a.rt.relay.apply(a.relayPlan, a.log)
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	a.undo = append(a.undo, undo)
	a.beginTelling()
	return nil
}

// idle says that nothing but lanes that defer could use the relay.
func (c *RelayConfig) idle() bool {
	return len(c.Topics) == 0 && len(c.Deliveries) == 0 && c.Fleet == nil && c.auditTopic() == ""
}

// targetsOf are the deliveries as they are configured.
func (d *relayDraft) targetsOf() []api.RelayTarget {
	var all []api.RelayTarget
	for i := range d.cfg.Deliveries {
		all = append(all, targetOf(&d.cfg.Deliveries[i]))
	}
	return all
}

func targetOf(v *RelayDeliveryConfig) api.RelayTarget {
	return api.RelayTarget{Name: v.Name, Group: v.group(), Topics: v.Topics, DeadLetters: v.dead(), To: hostOf(v.To)}
}

// group is the delivery's consumer group.
func (v *RelayDeliveryConfig) group() string {
	if v.Group != "" {
		return v.Group
	}
	return "daero." + v.Name
}

// hostOf is an address without what may be secret in it.
func hostOf(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// topicsOf are the topics that a relay delivers, for playbooks.
func (c *RelayConfig) topicsOf() []string {
	names := []string{}
	if c == nil {
		return names
	}
	for i := range c.Deliveries {
		for _, t := range c.Deliveries[i].Topics {
			if !slices.Contains(names, t) {
				names = append(names, t)
			}
		}
	}
	slices.Sort(names)
	return names
}

// drained tells the relay how fast it may deliver a topic. Deferred requests of
// lanes ask for themselves, one by one: held back as a whole, those whose time
// has run out would not be told so, and would take the turns of those that can
// still be delivered.
func (r *runtime) drained(d daero.Drain) {
	if d.Topic != "" {
		r.relay.throttle(d.Topic, d.Rate)
	}
}
