package api

import (
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Cookies of sessions: browsers take the first only over HTTPS, for the whole
// site, and from the site itself.
const (
	cookieSecure = "__Host-daero"
	cookiePlain  = "daero"
	// consoleHeader must be on requests with a cookie that change something. No
	// other site can have a browser send it without being allowed to first.
	consoleHeader = "X-Daero-Console"
)

// howInsecure says what to do where a session cannot be.
const howInsecure = "this page came over plain HTTP, where anybody on the way could take the session: give the site a name, so that it gets a certificate (example.com instead of :80), " +
	`or come through a tunnel: "ssh -L 8080:127.0.0.1:PORT HOST", then http://localhost:8080/; behind a proxy with TLS, name it in "trusted_proxies"`

// cookieName is that of the session's cookie for this request, "" where no
// session may be: over plain HTTP from another machine.
func (c *call) cookieName() string {
	switch {
	case c.Secure(c.r):
		return cookieSecure
	case forwarded(c.r):
		return "" // nobody knows how it came to whoever forwards it
	case loopback(c.Client(c.r)), loopbackHost(c.r.Host):
		return cookiePlain
	}
	return ""
}

// forwarded reports whether a proxy says that it passes the request on.
func forwarded(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

func loopback(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.Unmap().IsLoopback()
}

func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	return host == "localhost" || loopback(host)
}

// sessionSecret is what the request's cookie has, "" for nothing. Of two
// cookies one was put there by somebody else, so neither counts.
func (c *call) sessionSecret() string {
	name := c.cookieName()
	if name == "" || c.Login == nil || c.Local {
		return ""
	}
	found := c.r.CookiesNamed(name)
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// setCookie gives the browser a secret until a time, or takes it away if it is "".
func (c *call) setCookie(secret string, until time.Time) {
	name := c.cookieName()
	if name == "" {
		return
	}
	k := &http.Cookie{Name: name, Value: secret, Path: "/", HttpOnly: true, Secure: name == cookieSecure, SameSite: http.SameSiteStrictMode}
	if k.MaxAge = int(until.Sub(c.Now()) / time.Second); secret == "" || k.MaxAge <= 0 {
		k.MaxAge = -1
	}
	http.SetCookie(c.w, k)
}

// sameOrigin refuses what another site had a browser send.
func (c *call) sameOrigin() error {
	if err := c.origins.Check(c.r); err != nil {
		return problem{
			Status: http.StatusForbidden, Kind: "cross-origin", Title: "Another site sent this",
			Detail: "only daero's own pages may send this with a session; programs send a token in \"Authorization: Bearer …\"",
		}
	}
	return nil
}

// ownPage is sameOrigin for what a session may change, which also needs the
// header of the console.
func (c *call) ownPage() error {
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		return nil
	}
	if err := c.sameOrigin(); err != nil {
		return err
	}
	if c.r.Header.Get(consoleHeader) != "1" {
		return problem{
			Status: http.StatusForbidden, Kind: "cross-origin", Title: "Another site may have sent this",
			Detail: `with a session, send "` + consoleHeader + `: 1"; programs send a token in "Authorization: Bearer …"`,
		}
	}
	return nil
}
