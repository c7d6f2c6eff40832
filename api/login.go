package api

import (
	"encoding/base64"
	"errors"
	"mime"
	"net/http"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
)

// secretForm reports whether a text could be a link's secret.
func secretForm(s string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(raw) == 32
}

// whose says whose a link is: an operator's, or "" for an admin to be added.
func (c *call) whose(secret string) (operator string, err error) {
	if c.Login == nil {
		return "", nil
	}
	return c.Login.Links.Login(c.r.Context(), token.LoginHash(secret), c.Now())
}

func showLogin(c *call) error {
	secret := c.r.URL.Query().Get("token")
	if !secretForm(secret) {
		return c.page(http.StatusBadRequest, spent, nil)
	}
	name, err := c.whose(secret)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return c.page(http.StatusForbidden, spent, nil)
	case err != nil:
		return err
	case name != "" && c.cookieName() == "":
		return c.page(http.StatusForbidden, insecure, nil)
	case name != "":
		return c.page(http.StatusOK, enters, func(p *loginPage) { p.Secret, p.Who = secret, name })
	}
	return c.page(http.StatusOK, asks, func(p *loginPage) { p.Secret, p.Name = secret, true })
}

// ownForm refuses a form that another site sent. Pages without a referrer send
// the origin "null": then what the browser says of the site counts, where it
// says it at all; the form's secret is what nobody else has.
func (c *call) ownForm() error {
	if c.r.Header.Get("Origin") == "null" && c.r.Header.Get("Sec-Fetch-Site") == "" {
		return nil
	}
	return c.sameOrigin()
}

func redeemLogin(c *call) error {
	now, from := c.Now(), c.Client(c.r)
	if !c.Tokens.Allowed(now, from) {
		return c.tooMany()
	}
	if err := c.ownForm(); err != nil {
		return err
	}
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return problem{Status: http.StatusUnsupportedMediaType, Kind: "media-type", Title: "A form is needed", Detail: "open the link in a browser"}
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxBody)
	if err := c.r.ParseForm(); err != nil {
		return bad("the form cannot be read")
	}
	secret := c.r.PostForm.Get("token")
	if !secretForm(secret) {
		return c.spent("a login link that is not whole")
	}
	name, err := c.whose(secret)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return c.spent("a login link that was used or has expired")
	case err != nil:
		return err
	case name != "":
		return c.follow(secret)
	}
	return c.makeAdmin(secret, c.r.PostForm.Get("name"))
}

// spent refuses a link, and counts it.
func (c *call) spent(why string) error {
	now, from := c.Now(), c.Client(c.r)
	c.Tokens.Refused(now, from)
	c.refused(now, from, why)
	return c.page(http.StatusForbidden, spent, nil)
}

// follow lets an operator in by a link.
func (c *call) follow(secret string) error {
	if c.cookieName() == "" {
		return c.page(http.StatusForbidden, insecure, nil) // the link can still be used
	}
	a, err := c.Login.Links.Follow(c.r.Context(), token.LoginHash(secret), c.Now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return c.spent("a login link that was used or has expired")
	case err != nil:
		return err
	}
	return c.begin(store.Session{Operator: a.ID, Name: a.Name, Role: a.Role, Via: store.ByLink}, c.goToConsole)
}

// makeAdmin adds an admin by a link, shows the token, and lets the browser in if
// it may have a session.
func (c *call) makeAdmin(secret, name string) error {
	again := func(p *loginPage) {
		p.Secret, p.Name, p.Label, p.Button = secret, true, asks[0].Label, asks[0].Button
		if p.Lang == "ko" {
			p.Label, p.Button = asks[1].Label, asks[1].Button
		}
	}
	if store.CheckName(name) != nil {
		return c.page(http.StatusUnprocessableEntity, taken, again)
	}
	text, cred := c.credential(name, store.Admin)
	err := c.Logins.Redeem(c.r.Context(), token.LoginHash(secret), c.Now(), cred)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return c.spent("a login link that was used or has expired")
	case errors.Is(err, store.ErrExists):
		return c.page(http.StatusConflict, taken, again)
	case err != nil:
		return err
	}
	show := func() error {
		return c.page(http.StatusOK, done, func(p *loginPage) {
			p.Token = text
			if c.session != nil {
				c.toConsole(p)
			}
		})
	}
	if c.Login == nil || c.Local || c.cookieName() == "" {
		c.who = name
		c.record(audit.LoggedIn, name, string(store.Admin), "by link, from "+c.Client(c.r))
		return show()
	}
	if err := c.begin(store.Session{Operator: cred.ID, Name: name, Role: store.Admin, Via: store.ByLink}, show); err != nil {
		return show() // the token is there, and cannot be shown again
	}
	return nil
}

// toConsole lets a page lead on to the console, if there is one.
func (c *call) toConsole(p *loginPage) {
	if c.Console == "" {
		return
	}
	p.Href, p.HrefText = c.Console, "Open the console"
	if p.Lang == "ko" {
		p.HrefText = "콘솔 열기"
	}
}
