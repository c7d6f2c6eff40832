package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/api/session"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
)

// Login is what people log in to the console by. All but SignOn are required.
type Login struct {
	Sessions *session.Keeper
	// Passwords verifies them. APIs of one process share it, and Sessions.
	Passwords *token.Passwords
	Known     Known
	Accounts  Accounts
	Links     Links
	// SignOn returns where accounts are kept elsewhere, nil if nowhere. Default:
	// nowhere.
	SignOn func() SignOn
	// States signs what a login elsewhere must come back with.
	States *session.States
}

// Known lists sessions and ends them. Errors are store.ErrNotFound, or of the
// store.
type Known interface {
	// Sessions are those of a name, or all if it is "".
	Sessions(ctx context.Context, name string, at time.Time) ([]store.Session, error)
	EndSession(ctx context.Context, id string) error
}

// Accounts keeps passwords. Errors are store.ErrNotFound, or of the store.
type Accounts interface {
	Account(ctx context.Context, name string) (store.Account, error)
	// SetPassword ends all sessions of the name but the one of an ID.
	SetPassword(ctx context.Context, name, hash, except string) error
}

// SessionDoc says who is logged in, and how one can log in. Name is "" for
// nobody.
type SessionDoc struct {
	Name    string     `json:"name"`
	Role    store.Role `json:"role,omitempty"`
	ID      string     `json:"id,omitempty"` // of the session
	Expires time.Time  `json:"expires,omitzero"`
	Via     string     `json:"via,omitempty"`
	// Account says that there is an account here, which can have a password;
	// Password that it has one.
	Account  bool    `json:"account"`
	Password bool    `json:"password"`
	Ways     WaysDoc `json:"ways"`
	// Insecure says why nobody can log in over this connection, and what to do.
	Insecure string `json:"insecure,omitempty"`
	// Build names the program: a page of another build is out of date.
	Build string `json:"build"`
}

// WaysDoc says how one can log in.
type WaysDoc struct {
	Password bool    `json:"password"`
	Token    bool    `json:"token"`
	OIDC     *WayDoc `json:"oidc"`
}

// WayDoc is a way that begins elsewhere.
type WayDoc struct {
	Name string `json:"name"`
	Href string `json:"href"`
}

// LoginDoc is what somebody logs in with: a name and a password, or a token.
type LoginDoc struct {
	Name     string `json:"name,omitempty"`
	Password string `json:"password,omitempty"`
	Token    string `json:"token,omitempty"`
}

// ways are those that lead to a session of this request.
func (c *call) ways() (w WaysDoc) {
	if c.Login == nil || c.Local || c.cookieName() == "" {
		return w
	}
	w.Password, w.Token = true, true
	if on := c.signOn(); on != nil {
		w.OIDC = &WayDoc{on.Name(), Prefix + "oidc/start"}
	}
	return w
}

func showSession(c *call) error {
	doc := SessionDoc{Build: c.Build, Ways: c.ways()}
	err := c.identify(Route{Role: store.Viewer})
	if p, ok := errors.AsType[problem](err); err != nil && (!ok || p.Status != http.StatusUnauthorized) {
		return err
	}
	if c.who == "" && c.Login != nil && c.cookieName() == "" {
		doc.Insecure = howInsecure
	}
	if err == nil {
		c.describe(&doc)
	}
	return c.send(http.StatusOK, doc)
}

// describe says who asks.
func (c *call) describe(doc *SessionDoc) {
	doc.Name, doc.Role = c.who, c.role
	switch s := c.session; {
	case c.Local:
		doc.Via = local
		return
	case s != nil:
		doc.ID, doc.Via, doc.Expires, doc.Account = s.ID, s.Via, session.Expires(*s), s.Operator != ""
	default:
		doc.Via, doc.Account = store.ByToken, true
	}
	if c.Login != nil && doc.Account {
		// Whether there is a password is said where it is known.
		a, err := c.Login.Accounts.Account(c.r.Context(), c.who)
		doc.Password = err == nil && a.Password
	}
}

func logIn(c *call) error {
	if err := c.mayLogIn(); err != nil {
		return err
	}
	var d LoginDoc
	if err := c.read(&d); err != nil {
		return err
	}
	switch {
	case d.Token != "" && (d.Name != "" || d.Password != ""), d.Token == "" && (d.Name == "" || d.Password == ""):
		return bad("give a name and a password, or a token")
	case d.Token != "":
		return c.logInByToken(strings.TrimSpace(d.Token))
	}
	name := strings.ToLower(strings.TrimSpace(d.Name))
	now, from := c.Now(), c.Client(c.r)
	a, err := c.Login.Passwords.Verify(c.r.Context(), now, from, name, d.Password)
	if err != nil {
		return c.notLoggedIn(err, "a name and a password that do not fit")
	}
	return c.begin(store.Session{Operator: a.ID, Name: a.Name, Role: a.Role, Via: store.ByPassword}, c.sendSession)
}

func (c *call) logInByToken(text string) error {
	cred, err := c.Tokens.VerifyCredential(c.r.Context(), c.Now(), c.Client(c.r), text)
	if err != nil {
		return c.notLoggedIn(err, "a token that is not valid")
	}
	return c.begin(store.Session{Operator: cred.ID, Name: cred.Name, Role: cred.Role, Via: store.ByToken}, c.sendSession)
}

// mayLogIn refuses to begin a session where there can be none.
func (c *call) mayLogIn() error {
	switch {
	case c.Local:
		return conflict("local", "Nobody logs in here", "whoever has the machine is let in as they are")
	case c.Login == nil:
		return conflict("no-login", "Nobody can log in here", `send a token in "Authorization: Bearer …"`)
	case c.cookieName() == "":
		return problem{Status: http.StatusForbidden, Kind: "insecure", Title: "Nobody can log in over plain HTTP", Detail: howInsecure}
	}
	return c.sameOrigin()
}

// notLoggedIn says why somebody was not let in, in one way for all reasons that
// are theirs.
func (c *call) notLoggedIn(err error, why string) error {
	switch {
	case errors.Is(err, token.ErrTooMany):
		c.w.Header().Set("Retry-After", "60")
		return problem{Status: http.StatusTooManyRequests, Kind: "too-many", Title: "Too many attempts that failed", Detail: "wait a minute; a token, or a link from another admin, still works from elsewhere"}
	case errors.Is(err, token.ErrBusy):
		c.w.Header().Set("Retry-After", "5")
		return problem{Status: http.StatusServiceUnavailable, Kind: "busy", Title: "Many people are logging in", Detail: "try again in a few seconds"}
	case errors.Is(err, token.ErrRefused):
		c.refused(c.Now(), c.Client(c.r), why)
		return problem{Status: http.StatusUnauthorized, Kind: "bad-login", Title: "This does not let you in", Detail: "the name and the password do not fit, or the token is not valid"}
	}
	return err
}

// begin begins a session of somebody who was let in. then answers.
func (c *call) begin(s store.Session, then func() error) error {
	now, from, ctx := c.Now(), c.Client(c.r), c.r.Context()
	s.From = from
	// What this browser had before it is not needed any more.
	if old, err := c.Login.Sessions.Find(ctx, now, c.sessionSecret()); err == nil {
		_ = c.Login.Known.EndSession(ctx, old.ID) // ends by itself otherwise
	}
	secret, begun, err := c.Login.Sessions.Begin(ctx, now, s)
	if err != nil {
		return err
	}
	c.setCookie(secret, begun.Ends)
	c.who, c.role, c.session = begun.Name, begun.Role, &begun
	c.record(audit.LoggedIn, begun.Name, string(begun.Role), "by "+begun.Via+", from "+from)
	return then()
}

func (c *call) sendSession() error {
	doc := SessionDoc{Build: c.Build, Ways: c.ways()}
	c.describe(&doc)
	return c.send(http.StatusOK, doc)
}

func logOut(c *call) error {
	if c.Local || c.Login == nil {
		return c.mayLogIn()
	}
	secret := c.sessionSecret()
	if secret != "" {
		if err := c.ownPage(); err != nil {
			return err
		}
		s, err := c.Login.Sessions.Find(c.r.Context(), c.Now(), secret)
		if err == nil {
			err = c.Login.Known.EndSession(c.r.Context(), s.ID)
			c.who = s.Name
			c.record(audit.LoggedOut, s.Name, "", "")
		}
		if err != nil && !errors.Is(err, session.ErrNone) && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	c.setCookie("", time.Time{})
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
