package gateway

import (
	"io/fs"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero/console"
	"github.com/daero/daero/web"
)

const consoleDirective = "daero_console"

// Console serves the console under /daero/console/ of a site, and the API that
// it needs. Everything else passes.
type Console struct {
	API

	page *console.Handler
}

// CaddyModule implements caddy.Module.
func (*Console) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.daero_console", New: func() caddy.Module { return new(Console) }}
}

// Provision implements caddy.Provisioner.
func (h *Console) Provision(ctx caddy.Context) (err error) {
	var files fs.FS
	if built, ok := web.Console(); ok {
		files = built
	} else {
		ctx.Logger().Warn("the console cannot be shown: " + web.Missing)
	}
	if h.page, err = console.New(files, web.Missing); err != nil {
		return err
	}
	h.console = console.Prefix
	return h.API.Provision(ctx)
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Console) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if console.Serves(r.URL.Path) {
		h.page.ServeHTTP(w, r)
		return nil
	}
	return h.API.ServeHTTP(w, r, next)
}

// parseConsole reads
//
//	daero_console {
//		public_flags
//		rehearse {
//			target <name> <url> { … }
//		}
//	}
func parseConsole(helper httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h := &Console{}
	return h, h.parse(helper)
}

var (
	_ caddy.Provisioner           = (*Console)(nil)
	_ caddy.CleanerUpper          = (*Console)(nil)
	_ caddyhttp.MiddlewareHandler = (*Console)(nil)
)
