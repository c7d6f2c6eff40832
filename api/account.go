package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
)

// Links keeps one-time links, by the hash of their secret. Errors are
// store.ErrNotFound, or of the store.
type Links interface {
	// AddLogin adds a link of an operator, or of somebody who is to be added
	// if operator is "".
	AddLogin(ctx context.Context, hash, operator string, at, expires time.Time) error
	// Login says whose a link is.
	Login(ctx context.Context, hash string, at time.Time) (operator string, err error)
	// Follow uses an operator's link up.
	Follow(ctx context.Context, hash string, at time.Time) (store.Account, error)
}

// linkLasts is how long a link that an admin made is good.
const linkLasts = 15 * time.Minute

// LinkDoc is a one-time link. Nobody can be told it again.
type LinkDoc struct {
	Path    string    `json:"path"`
	Expires time.Time `json:"expires"`
}

// PasswordDoc changes one's own password. Who has none yet gives no old one.
type PasswordDoc struct {
	Old string `json:"old,omitempty"`
	New string `json:"new"`
}

// NewPasswordDoc gives an operator a password.
type NewPasswordDoc struct {
	Password string `json:"password"`
}

// accounts refuses what cannot be where nobody can log in.
func (c *call) accounts() error {
	if c.Login == nil {
		return conflict("no-login", "Nobody can log in here", "operators have tokens only")
	}
	return nil
}

func changePassword(c *call) error {
	if err := c.accounts(); err != nil {
		return err
	}
	var d PasswordDoc
	if err := c.read(&d); err != nil {
		return err
	}
	if c.Local || c.session != nil && c.session.Operator == "" {
		return conflict("no-account", "There is no account here", "a password belongs to an operator of this gateway; yours is kept elsewhere")
	}
	ctx := c.r.Context()
	a, err := c.Login.Accounts.Account(ctx, c.who)
	if err != nil {
		return err
	}
	if a.Password {
		if _, err := c.Login.Passwords.Verify(ctx, c.Now(), c.Client(c.r), c.who, d.Old); err != nil {
			return c.notLoggedIn(err, "an old password that does not fit")
		}
	}
	except := ""
	if c.session != nil {
		except = c.session.ID
	}
	return c.setPassword(c.who, d.New, except)
}

// setPassword ends all sessions of the name but the one of an ID.
func (c *call) setPassword(name, password, except string) error {
	if err := token.CheckPassword(name, password); err != nil {
		return invalid(err)
	}
	hash, err := c.hash(password)
	if err == nil {
		err = c.Login.Accounts.SetPassword(c.r.Context(), name, hash, except)
	}
	if err != nil {
		return err
	}
	c.record(audit.PasswordSet, name, "", "")
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *call) hash(password string) (string, error) {
	hash, err := c.Login.Passwords.Hash(c.r.Context(), password)
	if errors.Is(err, token.ErrBusy) {
		return "", c.notLoggedIn(err, "")
	}
	return hash, err
}

func setOperatorPassword(c *call) error {
	if err := c.accounts(); err != nil {
		return err
	}
	var d NewPasswordDoc
	if err := c.read(&d); err != nil {
		return err
	}
	return c.setPassword(c.r.PathValue("name"), d.Password, "")
}

func makeOperatorLink(c *call) error { return c.makeLink(c.r.PathValue("name")) }

func makeAdminLink(c *call) error { return c.makeLink("") }

// makeLink makes a link for an operator, or for an admin who is to be added.
func (c *call) makeLink(name string) error {
	if err := c.accounts(); err != nil {
		return err
	}
	secret, hash := token.NewLogin()
	now := c.Now()
	until := now.Add(linkLasts)
	if err := c.Login.Links.AddLogin(c.r.Context(), hash, name, now, until); err != nil {
		return err
	}
	target := name
	if target == "" {
		target = "a new admin"
	}
	c.Audit(audit.Entry{At: now, Who: c.who, What: audit.LinkMade, Target: target, Until: until})
	return c.send(http.StatusCreated, LinkDoc{Path: Prefix + "login?token=" + secret, Expires: until})
}
