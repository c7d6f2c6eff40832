package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/driver/oidc"
)

// LoginConfig says by what people log in to the console, beside passwords,
// tokens and one-time links.
type LoginConfig struct {
	// OIDC is where accounts are kept elsewhere. Default: nowhere.
	OIDC *OIDCConfig `json:"oidc,omitempty"`
}

// OIDCConfig is a provider of accounts that speaks OpenID Connect. It sends
// people back to https://SITE/daero/api/oidc/callback.
type OIDCConfig struct {
	// Name says to people where they log in. Default: the issuer's host.
	Name string `json:"name,omitempty"`
	// Issuer is the provider's URL.
	Issuer string `json:"issuer,omitempty"`
	// ClientID and ClientSecret are what the provider knows this daero by.
	// Placeholders such as {env.OIDC_SECRET} are replaced.
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	// Scopes are asked for. Default openid, email and profile.
	Scopes []string `json:"scopes,omitempty"`
	// NameClaim is the claim that names a person. Default email.
	NameClaim string `json:"name_claim,omitempty"`
	// Domains are those of the email addresses that may come in. Default: all.
	Domains []string `json:"domains,omitempty"`
	// Roles say who has which.
	Roles []OIDCRole `json:"roles,omitempty"`
	// Where it stands in a Caddyfile.
	Where string `json:"where,omitempty"`
}

// OIDCRole gives a role to whom a claim has one of the values, or to anyone
// without a claim.
type OIDCRole struct {
	Role   string   `json:"role"`
	Claim  string   `json:"claim,omitempty"`
	Values []string `json:"values,omitempty"`
	Where  string   `json:"where,omitempty"`
}

// config is what the driver needs. replace replaces placeholders.
func (c *OIDCConfig) config(replace func(string) string) oidc.Config {
	cfg := oidc.Config{
		Title: c.Name, Issuer: replace(c.Issuer), ClientID: replace(c.ClientID), ClientSecret: replace(c.ClientSecret),
		Scopes: c.Scopes, NameClaim: c.NameClaim, Domains: c.Domains,
	}
	for _, r := range c.Roles {
		cfg.Roles = append(cfg.Roles, oidc.Rule{Role: store.Role(r.Role), Claim: r.Claim, Values: r.Values})
	}
	return cfg
}

// draw checks what can be checked before placeholders are replaced.
func (c *OIDCConfig) draw() error {
	cfg := c.config(func(s string) string { return s })
	if strings.Contains(cfg.Issuer, "{") {
		cfg.Issuer = "https://placeholder.example"
	}
	return cfg.Validate()
}

// provisionLogin makes the provider of accounts. Nothing is asked of it yet.
func (a *App) provisionLogin() error {
	if a.Login == nil || a.Login.OIDC == nil {
		return nil
	}
	c := a.Login.OIDC
	repl := caddy.NewReplacer()
	var errs []error
	p, err := oidc.New(c.config(func(s string) string {
		out, err := repl.ReplaceOrErr(s, true, true)
		if err != nil {
			errs = append(errs, err)
		}
		return out
	}))
	if err := errors.Join(append(errs, err)...); err != nil {
		where := ""
		if c.Where != "" {
			where = " (" + c.Where + ")"
		}
		return fmt.Errorf("daero: login: oidc%s: %w", where, err)
	}
	a.signOn = p
	return nil
}

// signsOn lets people log in by this configuration's provider until undo is
// called.
func (r *runtime) signsOn(p *oidc.Provider) (undo func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	mine := &signingOn{p}
	r.signOns = append(r.signOns, mine)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.signOns = slices.DeleteFunc(r.signOns, func(other *signingOn) bool { return other == mine })
	}
}

// signingOn is the provider of one configuration, nil if it has none.
type signingOn struct{ provider *oidc.Provider }

// signOn is the provider of the newest configuration in force, nil if it has
// none.
func (r *runtime) signOn() api.SignOn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.signOns); n > 0 && r.signOns[n-1].provider != nil {
		return r.signOns[n-1].provider
	}
	return nil
}
