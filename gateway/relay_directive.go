package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero/relay/deferred"
	"github.com/daero/daero/relay/inlet"
)

// relayPrefix is where messages are written to, by topic.
const relayPrefix = "/daero/relay/"

// Relay takes in messages at /daero/relay/TOPIC, from who may write to the topic,
// and answers who comes back with a ticket at /daero/deferred/TICKET. Everything
// else passes.
type Relay struct {
	app *App
}

// CaddyModule implements caddy.Module.
func (*Relay) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.daero_relay", New: func() caddy.Module { return new(Relay) }}
}

// Provision implements caddy.Provisioner.
func (h *Relay) Provision(ctx caddy.Context) error {
	app, err := ctx.App("daero")
	if err != nil {
		return err
	}
	h.app = app.(*App)
	if h.app.Relay == nil {
		return errors.New("daero_relay: there is no relay: add a relay block to the global option daero")
	}
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Relay) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	write, ask := strings.HasPrefix(r.URL.Path, relayPrefix), strings.HasPrefix(r.URL.Path, deferred.Prefix)
	if !write && !ask {
		return next.ServeHTTP(w, r)
	}
	// Caddy starts apps in no fixed order: a site may serve before ours.
	if err := h.app.activate(); err != nil {
		return caddyhttp.Error(http.StatusServiceUnavailable, err)
	}
	if write {
		h.app.inlet.ServeHTTP(w, r)
	} else {
		h.app.rt.desk.ServeHTTP(w, r)
	}
	return nil
}

// parseRelay reads the directive daero_relay, which takes nothing.
func parseRelay(helper httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	helper.Next()
	if helper.NextArg() {
		return nil, helper.Errf("daero_relay takes no argument: remove %q; topics stand in the relay block of the global option daero", helper.Val())
	}
	if helper.NextBlock(0) {
		return nil, helper.Errf("daero_relay takes no block: remove %q; topics stand in the relay block of the global option daero", helper.Val())
	}
	return &Relay{}, nil
}

// intake makes what takes messages in, with the tokens of all writers.
func (m *relayMaking) intake(into inlet.Acceptor) *inlet.Inlet {
	cfg := inlet.Config{Relay: into, Topics: m.topics, Prefix: relayPrefix}
	for i := range m.cfg.Topics {
		t := &m.cfg.Topics[i]
		for _, w := range t.Writers {
			out, err := m.writer(t, w)
			if err != nil {
				m.bad(t.Where, "topic %s: writer %s: %v", t.Name, w.name(), err)
				continue
			}
			cfg.Writers = append(cfg.Writers, out)
		}
	}
	made, err := inlet.New(cfg)
	if err != nil {
		m.takeEngines(err)
	}
	return made
}

func (m *relayMaking) writer(t *RelayTopicConfig, w RelayWriterConfig) (inlet.Writer, error) {
	out := inlet.Writer{Name: w.name(), Topic: t.Name, Cert: w.Cert}
	if w.Token == "" {
		return out, nil
	}
	token, err := m.text(w.Token)
	switch {
	case err != nil:
		return out, fmt.Errorf("token: %w", err)
	case len(token) < minToken:
		return out, fmt.Errorf("the token is shorter than %d letters: make one with \"openssl rand -base64 32\"", minToken)
	}
	out.Token = inlet.Hash(token)
	return out, nil
}

var (
	_ caddy.Provisioner           = (*Relay)(nil)
	_ caddyhttp.MiddlewareHandler = (*Relay)(nil)
)
