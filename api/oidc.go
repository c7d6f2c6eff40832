package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/daero/daero/api/session"
	"github.com/daero/daero/api/store"
)

// SignOn lets people log in by accounts that are kept elsewhere.
type SignOn interface {
	// Name says where, to people.
	Name() string
	// Begin returns the address at which somebody logs in, and which sends them
	// back to another.
	Begin(ctx context.Context, back string, s store.LoginState) (address string, err error)
	// Finish says who came back with a code. Who may not come in is a
	// store.ErrRefused.
	Finish(ctx context.Context, back, code string, s store.LoginState) (name string, role store.Role, err error)
}

// Cookies of logins that were begun elsewhere. The way back comes from another
// site, so they are not as strict as a session's.
const (
	stateSecure = "__Host-daero-oidc"
	statePlain  = "daero-oidc"
	signOnWait  = 10 * time.Second
)

func (c *call) signOn() SignOn {
	if c.Login == nil || c.Login.SignOn == nil || c.Login.States == nil {
		return nil
	}
	return c.Login.SignOn()
}

// stateCookie keeps a state for the way back, or removes it if it is "".
func (c *call) stateCookie(signed string) *http.Cookie {
	k := &http.Cookie{Name: statePlain, Value: signed, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(session.StateLasts / time.Second)}
	if c.Secure(c.r) {
		k.Name, k.Secure = stateSecure, true
	}
	if signed == "" {
		k.MaxAge = -1
	}
	return k
}

// back is where the other side sends people back to.
func (c *call) back() string {
	scheme := "http://"
	if c.Secure(c.r) {
		scheme = "https://"
	}
	return scheme + c.r.Host + Prefix + "oidc/callback"
}

// mayTurn refuses a login elsewhere where there can be none.
func (c *call) mayTurn() (SignOn, error) {
	on := c.signOn()
	switch {
	case c.Local || on == nil:
		return nil, notFound("no accounts that are kept elsewhere are known here")
	case c.cookieName() == "":
		return nil, problem{Status: http.StatusForbidden, Kind: "insecure", Title: "Nobody can log in over plain HTTP", Detail: howInsecure}
	case !c.Tokens.Allowed(c.Now(), c.Client(c.r)):
		return nil, c.tooMany()
	}
	return on, nil
}

func startSignOn(c *call) error {
	on, err := c.mayTurn()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), signOnWait)
	defer cancel()
	st, signed := c.Login.States.New(c.Now())
	address, err := on.Begin(ctx, c.back(), st)
	if err != nil {
		return problem{Status: http.StatusBadGateway, Kind: "sign-on", Title: on.Name() + " cannot be reached", Detail: "log in by a password, a token or a link meanwhile (" + err.Error() + ")"}
	}
	http.SetCookie(c.w, c.stateCookie(signed))
	c.w.Header().Set("Referrer-Policy", "no-referrer")
	c.w.Header().Set("Location", address)
	c.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// finishSignOn ends on a page where something went wrong: a browser came here
// by itself.
func finishSignOn(c *call) error {
	on, err := c.mayTurn()
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	st, err := c.stateOf(q.Get("state"))
	http.SetCookie(c.w, c.stateCookie(""))
	if err != nil {
		return c.page(http.StatusForbidden, notTurned, c.toConsole)
	}
	if q.Get("code") == "" {
		// Whatever the other side says stays there: it is not ours to show.
		return c.page(http.StatusForbidden, notTurned, c.toConsole)
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), signOnWait)
	defer cancel()
	name, role, err := on.Finish(ctx, c.back(), q.Get("code"), st)
	if err == nil {
		err = c.stranger(ctx, name, role)
	}
	if err != nil {
		now, from := c.Now(), c.Client(c.r)
		c.Tokens.Refused(now, from)
		c.refused(now, from, "by "+on.Name()+": "+err.Error())
		if errors.Is(err, store.ErrRefused) {
			return c.page(http.StatusForbidden, notAllowed, c.toConsole)
		}
		return c.page(http.StatusBadGateway, notTurned, c.toConsole)
	}
	return c.begin(store.Session{Name: name, Role: role, Via: store.ByOIDC}, c.goToConsole)
}

// stateOf is the state that this browser was given.
func (c *call) stateOf(cameBack string) (store.LoginState, error) {
	found := c.r.CookiesNamed(c.stateCookie("").Name)
	if len(found) != 1 {
		return store.LoginState{}, session.ErrState
	}
	return c.Login.States.Open(c.Now(), found[0].Value, cameBack)
}

// stranger refuses a name that an operator has here: two people would be one in
// the record.
func (c *call) stranger(ctx context.Context, name string, role store.Role) error {
	if err := store.CheckName(name); err != nil {
		return errors.Join(store.ErrRefused, err)
	}
	if _, err := store.ParseRole(string(role)); err != nil {
		return errors.Join(store.ErrRefused, err)
	}
	_, err := c.Login.Accounts.Account(ctx, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return errors.Join(store.ErrRefused, errors.New("an operator of this name is here already: remove it, so that the name means one person"))
}

// goToConsole sends the browser on.
func (c *call) goToConsole() error {
	if c.Console == "" {
		return c.page(http.StatusOK, entered, nil)
	}
	c.w.Header().Set("Location", c.Console)
	c.w.WriteHeader(http.StatusSeeOther)
	return nil
}
