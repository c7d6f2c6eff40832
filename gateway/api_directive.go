package gateway

import (
	"net/http"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero/api"
	"github.com/daero/daero/rehearse/against"
)

// API serves daero's API under /daero/api/ and flags under /ofrep/v1/ of a
// site, to those who have a token. Everything else passes.
type API struct {
	// PublicFlags lets anyone read flags, without a token.
	PublicFlags bool `json:"public_flags,omitempty"`

	// RehearsalTargets are services that rehearsals may be held against, besides
	// the sample. They must agree to it each time.
	RehearsalTargets []against.Service `json:"rehearsal_targets,omitempty"`

	api *api.API
	rt  *runtime
	// console is where the console stands on the site, "" where it does not.
	console string
	ending  chan struct{} // closed when the server begins to shut down
	end     func()
}

// CaddyModule implements caddy.Module.
func (*API) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.daero_api", New: func() caddy.Module { return new(API) }}
}

// Provision implements caddy.Provisioner.
func (h *API) Provision(ctx caddy.Context) error {
	app, err := ctx.App("daero")
	if err != nil {
		return err
	}
	targets, err := h.targets()
	if err != nil {
		return err
	}
	rt := app.(*App).rt
	h.ending = make(chan struct{})
	h.end = sync.OnceFunc(func() { close(h.ending) })
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		server.RegisterOnShutdown(h.end) // a server waits for streams; they must not wait for it
	}
	if h.api, err = api.New(rt.apiConfig(api.Config{
		PublicFlags: h.PublicFlags, RehearsalTargets: targets, Client: clientOf, Secure: secureOf, Console: h.console, Ending: h.ending,
	})); err != nil {
		return err
	}
	h.rt = rt
	rt.records.serves(1)
	return nil
}

// Cleanup implements caddy.CleanerUpper.
func (h *API) Cleanup() error {
	if h.end != nil {
		h.end()
	}
	if h.rt != nil {
		h.rt.records.serves(-1)
		h.rt = nil
	}
	return nil
}

// clientOf is the client's address as Caddy knows it, behind trusted proxies.
func clientOf(r *http.Request) string {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return ip
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *API) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if !api.Serves(r.URL.Path) {
		return next.ServeHTTP(w, r)
	}
	h.api.ServeHTTP(w, r)
	return nil
}

// parseAPI reads
//
//	daero_api {
//		public_flags
//		rehearse {
//			target <name> <url> { … }
//		}
//	}
func parseAPI(helper httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h := &API{}
	return h, h.parse(helper)
}

func (h *API) parse(helper httpcaddyfile.Helper) error {
	helper.Next()
	name := helper.Val()
	if helper.NextArg() {
		return helper.Errf("%s takes no argument, only a block: remove %q", name, helper.Val())
	}
	for helper.NextBlock(0) {
		word := helper.Val()
		if word == "rehearse" {
			if err := h.parseRehearse(helper.Dispenser); err != nil {
				return err
			}
			continue
		}
		if word != "public_flags" {
			return helper.Errf("%s: unknown word %q%s", name, word, didYouMean(word, []string{"public_flags", "rehearse"}))
		}
		if helper.NextArg() {
			return helper.Errf("public_flags takes no value: remove %q", helper.Val())
		}
		h.PublicFlags = true
	}
	return nil
}

var (
	_ caddy.Provisioner           = (*API)(nil)
	_ caddy.CleanerUpper          = (*API)(nil)
	_ caddyhttp.MiddlewareHandler = (*API)(nil)
)
