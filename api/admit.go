package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/daero/daero/api/session"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
)

// local is who reaches an API that is only for those who have the machine.
const local = "local"

// admit finds out who asks, and whether they may.
func (c *call) admit(rt Route) error {
	switch {
	case rt.Role == "":
		return nil
	case c.PublicFlags && !c.Local && strings.HasPrefix(rt.Path, FlagsPrefix):
		return nil
	}
	return c.identify(rt)
}

// identify finds out who asks: by a token, and only without one by a cookie,
// which browsers send unasked.
func (c *call) identify(rt Route) error {
	if c.Local {
		c.who, c.role = local, store.Admin
		return nil
	}
	if len(c.r.Header.Values("Authorization")) > 0 {
		return c.byToken(rt)
	}
	if secret := c.sessionSecret(); secret != "" {
		return c.bySession(rt, secret)
	}
	c.w.Header().Set("WWW-Authenticate", `Bearer realm="daero"`)
	return problem{Status: http.StatusUnauthorized, Kind: "no-token", Title: "A token is needed", Detail: `send "Authorization: Bearer daero_…", or log in to the console`}
}

func (c *call) byToken(rt Route) error {
	text, ok := bearer(c.r)
	if !ok {
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="daero"`)
		return problem{Status: http.StatusUnauthorized, Kind: "no-token", Title: "A token is needed", Detail: `send "Authorization: Bearer daero_…"`}
	}
	now, from := c.Now(), c.Client(c.r)
	o, err := c.Tokens.Verify(c.r.Context(), now, from, text)
	switch {
	case errors.Is(err, token.ErrTooMany):
		return c.tooMany()
	case errors.Is(err, token.ErrRefused):
		c.refused(now, from, err.Error())
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="daero", error="invalid_token"`)
		return problem{Status: http.StatusUnauthorized, Kind: "bad-token", Title: "The token is not valid", Detail: "it was removed, or is not whole"}
	case err != nil:
		return err
	case !o.Role.Allows(rt.Role):
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="daero", error="insufficient_scope"`)
		return notAllowedTo(o.Name, o.Role, rt.Role)
	}
	c.who, c.role = o.Name, o.Role
	return nil
}

// bySession lets a browser in that is logged in. A secret cannot be guessed, and
// pages left open go on asking when their session has ended: that is no failure
// to count.
func (c *call) bySession(rt Route, secret string) error {
	if err := c.ownPage(); err != nil {
		return err
	}
	s, err := c.Login.Sessions.Find(c.r.Context(), c.Now(), secret)
	switch {
	case errors.Is(err, session.ErrNone):
		c.setCookie("", time.Time{})
		return problem{Status: http.StatusUnauthorized, Kind: "no-session", Title: "You are not logged in any more", Detail: "the session has ended: log in again"}
	case err != nil:
		return err
	case !s.Role.Allows(rt.Role):
		return notAllowedTo(s.Name, s.Role, rt.Role)
	}
	c.who, c.role, c.session = s.Name, s.Role, &s
	return nil
}

func notAllowedTo(name string, has, needs store.Role) error {
	return problem{
		Status: http.StatusForbidden, Kind: "role", Title: "The role does not allow this",
		Detail: fmt.Sprintf("%s is %s; this needs %s", name, has, needs),
	}
}

// bearer returns the token of a request that has one.
func bearer(r *http.Request) (string, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, text, ok := strings.Cut(values[0], " ")
	return strings.TrimSpace(text), ok && strings.EqualFold(scheme, "Bearer")
}

func (c *call) tooMany() error {
	c.w.Header().Set("Retry-After", "60")
	return problem{
		Status: http.StatusTooManyRequests, Kind: "too-many", Title: "Too many tokens that are not valid",
		Detail: "they came from your network; wait a minute",
	}
}

// refused records an attempt that failed.
func (c *call) refused(now time.Time, from, why string) {
	if n, ok := c.refusals.note(now); ok {
		c.Audit(audit.Entry{At: now, Who: audit.By, What: audit.LoginRefused, Target: from, Why: fmt.Sprintf("%s (%d in the last minute)", why, n)})
	}
}

// refusals lets one refusal a minute into the record, with their number, so
// that guessing does not fill it.
type refusals struct {
	mu   sync.Mutex
	n    int
	last time.Time
}

func (r *refusals) note(now time.Time) (n int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	if !r.last.IsZero() && now.Sub(r.last) < time.Minute {
		return 0, false
	}
	n, r.n, r.last = r.n, 0, now
	return n, true
}

// record adds to the record what an operator did.
func (c *call) record(what, target, after, why string) {
	c.Audit(audit.Entry{At: c.Now(), Who: c.who, What: what, Target: target, After: after, Why: why})
}
