package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/daero/daero/api/store"
)

// Provider is one provider of accounts. It is safe for concurrent use.
type Provider struct {
	cfg Config

	mu     sync.Mutex
	found  *oidc.Provider // nil until it was asked
	failed error          // what the last attempt failed with
	again  time.Time      // before then it is not tried again
}

// New returns a Provider. It asks nothing yet.
func New(cfg Config) (*Provider, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Provider{cfg: cfg.withDefaults()}, nil
}

// retry is how long a provider that could not be asked is left alone.
const retry = 5 * time.Second

// Name says where people log in.
func (p *Provider) Name() string { return p.cfg.Title }

// discover asks the provider where it is asked what, once. Its keys are asked
// for when they are needed, and again when they change.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch now := p.cfg.Now(); {
	case p.found != nil:
		return p.found, nil
	case p.failed != nil && now.Before(p.again):
		return nil, p.failed // those who waited meanwhile need not wait as long again
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.cfg.Client), p.cfg.Issuer)
	if err != nil {
		p.again = p.cfg.Now().Add(retry)
		p.failed = fmt.Errorf("%s does not say where to log in: is it the issuer's URL, and can it be reached from here? (%s)", p.cfg.Issuer, short(err.Error()))
		return nil, p.failed
	}
	p.found, p.failed = found, nil
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider, back string) *oauth2.Config {
	return &oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: back, Scopes: p.cfg.Scopes}
}

// Begin returns the address at which somebody logs in, and which sends them
// back to another.
func (p *Provider) Begin(ctx context.Context, back string, s store.LoginState) (address string, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(found, back).AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier)), nil
}

// Finish says who came back with a code. Who may not come in is a
// store.ErrRefused.
func (p *Provider) Finish(ctx context.Context, back, code string, s store.LoginState) (name string, role store.Role, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	ctx = oidc.ClientContext(ctx, p.cfg.Client)
	t, err := p.oauth(found, back).Exchange(ctx, code, oauth2.VerifierOption(s.Verifier))
	if err != nil {
		return "", "", exchangeError(err)
	}
	raw, _ := t.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, Now: p.cfg.Now}).Verify(ctx, raw)
	if err != nil {
		return "", "", fmt.Errorf("what the provider says of the person is not valid: %s", short(err.Error()))
	}
	if s.Nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(s.Nonce)) != 1 {
		return "", "", errors.New("what the provider says is of another login")
	}
	said := claims{}
	if err := id.Claims(&said); err != nil {
		return "", "", errors.New("what the provider says of the person cannot be read")
	}
	if p.wants(said) && found.UserInfoEndpoint() != "" {
		if err := p.ask(ctx, found, t, id.Subject, said); err != nil {
			return "", "", err
		}
	}
	return p.cfg.decide(said)
}

// wants reports whether a claim that matters was not said.
func (p *Provider) wants(said claims) bool {
	if _, ok := said[p.cfg.NameClaim]; !ok {
		return true
	}
	for _, r := range p.cfg.Roles {
		if _, ok := said[r.Claim]; r.Claim != "" && !ok {
			return true
		}
	}
	return false
}

// ask has the provider say more of the person. What it signed before counts
// more.
func (p *Provider) ask(ctx context.Context, found *oidc.Provider, t *oauth2.Token, subject string, said claims) error {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(t))
	if err != nil {
		return fmt.Errorf("the provider does not say more of the person: %s", short(err.Error()))
	}
	more := claims{}
	if info.Subject != subject || info.Claims(&more) != nil {
		return errors.New("the provider says more of another person")
	}
	for k, v := range more {
		if _, ok := said[k]; !ok {
			said[k] = v
		}
	}
	return nil
}

// exchangeError says why a code was not taken, without what stands in the
// provider's answer.
func exchangeError(err error) error {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		code := e.ErrorCode
		if code == "" && e.Response != nil {
			code = fmt.Sprintf("status %d", e.Response.StatusCode)
		}
		return fmt.Errorf("the provider did not take the code (%s): are client_id and client_secret right?", short(code))
	}
	return fmt.Errorf("the provider could not be asked: %s", short(err.Error()))
}

// short makes what others say fit into a line.
func short(s string) string {
	const most = 160
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
