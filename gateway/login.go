package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero/api"
	sessions "github.com/daero/daero/api/session"
	"github.com/daero/daero/api/token"
)

// newLogin makes what all APIs of this process let browsers log in by.
func newLogin(r *records, tokens *token.Verifier, signOn func() api.SignOn) *api.Login {
	return &api.Login{
		Sessions: sessions.NewKeeper(r), Passwords: token.NewPasswords(r, tokens), States: sessions.NewStates(),
		Known: r, Accounts: r, Links: r, SignOn: signOn,
	}
}

// secureOf reports whether a request came by HTTPS: to this server, or to a
// proxy in front of it that the server trusts.
func secureOf(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return trusted && strings.EqualFold(strings.TrimSpace(first), "https")
}

// buildID names this program: a page of another build is out of date. A build
// from the same sources at another time may have other pages in it, so the
// program's own file counts as well.
var buildID = sync.OnceValue(func() string {
	h := sha256.New()
	if info, ok := debug.ReadBuildInfo(); ok {
		fmt.Fprintln(h, info.Main.Version, info.Settings)
	}
	if path, err := os.Executable(); err == nil {
		if st, err := os.Stat(path); err == nil {
			fmt.Fprintln(h, st.Size(), st.ModTime().UnixNano())
		}
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
})
