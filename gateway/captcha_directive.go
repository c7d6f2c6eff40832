package gateway

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero/captcha/siteverify"
	"github.com/daero/daero/captcha/widget"
)

// Captcha serves the CAPTCHA on a site: the scripts at the paths of all contracts,
// the frame and the protocol under /daero/captcha/, where site owners verify
// tokens, and where who was challenged is cleared. Everything else passes.
type Captcha struct {
	app *App
}

// CaddyModule implements caddy.Module.
func (*Captcha) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers." + captchaDirective, New: func() caddy.Module { return new(Captcha) }}
}

const captchaDirective = "daero_captcha"

// Provision implements caddy.Provisioner.
func (h *Captcha) Provision(ctx caddy.Context) error {
	app, err := ctx.App("daero")
	if err != nil {
		return err
	}
	h.app = app.(*App)
	if h.app.Captcha == nil {
		return errors.New("daero_captcha: there is no captcha: add a captcha block to the global option daero")
	}
	h.app.captchaServed = true
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Captcha) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if !widget.Owns(r.URL.Path) && !siteverify.Serves(r.URL.Path) {
		return next.ServeHTTP(w, r)
	}
	// Caddy starts apps in no fixed order: a site may serve before ours.
	if err := h.app.activate(); err != nil {
		return caddyhttp.Error(http.StatusServiceUnavailable, err)
	}
	running := h.app.captcha.Load()
	if running == nil {
		return caddyhttp.Error(http.StatusServiceUnavailable, errors.New("the configuration has ended"))
	}
	running.ServeHTTP(w, r)
	return nil
}

// parseCaptcha reads the directive daero_captcha, which takes nothing.
func parseCaptcha(helper httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	helper.Next()
	if helper.NextArg() {
		return nil, helper.Errf("daero_captcha takes no argument: remove %q; the captcha block of the global option daero says how it is kept", helper.Val())
	}
	if helper.NextBlock(0) {
		return nil, helper.Errf("daero_captcha takes no block: remove %q; the captcha block of the global option daero says how it is kept", helper.Val())
	}
	return &Captcha{}, nil
}

var (
	_ caddy.Provisioner           = (*Captcha)(nil)
	_ caddyhttp.MiddlewareHandler = (*Captcha)(nil)
)
