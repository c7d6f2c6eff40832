package gateway

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/api"
)

// adminAPI serves daero's API on Caddy's admin endpoint, to whoever has the
// machine. Caddy keeps browsers and other hosts out.
type adminAPI struct{}

// CaddyModule implements caddy.Module.
func (adminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.daero", New: func() caddy.Module { return new(adminAPI) }}
}

// Routes implements caddy.AdminRouter.
func (adminAPI) Routes() []caddy.AdminRoute {
	h := caddy.AdminHandlerFunc(serveLocal)
	return []caddy.AdminRoute{{Pattern: api.Prefix, Handler: h}, {Pattern: api.FlagsPrefix, Handler: h}}
}

// serveLocal asks for the runtime each time: routes are made before the
// configuration that they belong to is in force, and outlive one that failed.
func serveLocal(w http.ResponseWriter, r *http.Request) error {
	rt := current.Load()
	if rt == nil {
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: errors.New("the configuration has no daero: add lanes to a site")}
	}
	rt.local.ServeHTTP(w, r)
	return nil
}

var _ caddy.AdminRouter = adminAPI{}
