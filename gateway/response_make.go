package gateway

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero"
)

// stales is a source that knows from what age its readings say nothing.
type stales interface{ Stale() time.Duration }

// prepare makes the response of this configuration, and touches nothing that
// lives: sources and effects are made, and none runs.
func (a *App) prepare(ctx caddy.Context) error {
	d := a.draft(a.knownLanes(ctx))
	a.making = &making{control: a.rt.d.Control(), repl: caddy.NewReplacer()}
	r := &daero.Response{Dwell: d.levels.Dwell, Below: d.levels.Below, Forget: d.levels.Forget, Playbook: d.book, Node: node()}
	for i := range d.signals {
		sig := daero.Signal{Signal: d.levels.Signals[i], Source: a.making.source(d, &d.signals[i])}
		if st, ok := sig.Source.(stales); ok {
			sig.Stale = cmp.Or(sig.Stale, st.Stale())
		}
		r.Signals = append(r.Signals, sig)
	}
	a.release = append(a.release, a.making.release...)
	if a.member != nil {
		r.Agree = a.member.Agree
	}
	a.challenges(ctx, d)
	r.Effects = a.effects(d, webhookText(make([]byte, secretLen))) // to see that they can be made: the secret is not read yet
	if err := d.err(); err != nil {
		return err
	}
	a.response = r
	a.advise(d)
	return r.Validate()
}

// source makes a signal's source, nil after a mistake.
func (m *making) source(d *draft, s *SignalConfig) daero.Source {
	kind, ok := sources[s.Source]
	if !ok {
		return nil // it is said
	}
	made, err := kind.make(m, s)
	if err != nil {
		d.bad(s.Where, "signal %s: %v", s.Name, err)
		return nil
	}
	return made
}

// effects makes the channels and webhooks. secret signs for webhooks that have
// none of their own.
func (a *App) effects(d *draft, secret string) map[string]daero.Effect {
	made := map[string]daero.Effect{}
	for _, name := range slices.Sorted(maps.Keys(a.Channels)) {
		c := a.Channels[name]
		effect, err := a.making.channel(c)
		if err != nil {
			d.bad(c.Where, "notify %s: %v", name, err)
			continue
		}
		made[name] = effect
	}
	for _, name := range slices.Sorted(maps.Keys(a.Webhooks)) {
		w := a.Webhooks[name]
		effect, err := a.making.webhook(w, secret)
		if err != nil {
			d.bad(w.Where, "webhook %s: %v", name, err)
			continue
		}
		made[name] = effect
	}
	return made
}

// Receivers are what take in alerts from outside, by the signal's name.
func (a *App) Receivers() map[string]http.Handler {
	if a.making == nil {
		return nil
	}
	return a.making.receivers
}

// advise says what is not wrong and yet unwise.
func (a *App) advise(d *draft) {
	if a.Playbook == nil {
		return
	}
	if told := d.told(); len(told) < 2 {
		a.log.Warn("fewer than two channels or webhooks are told by the playbook: when the one is down together with the service, nobody hears of it",
			zap.String("told", strings.Join(told, ", ")))
	}
}
