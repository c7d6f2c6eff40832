package gateway

import (
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero/api/store"
)

// login reads by what people log in:
//
//	login {
//		oidc {
//			name          <text>
//			issuer        <url>
//			client_id     <id>
//			client_secret <secret>
//			scopes        <scope>...
//			name_claim    <claim>
//			domains       <domain>...
//			role          viewer|operator|admin anyone|claim <claim> <value>...
//		}
//	}
func (p *globalParser) login(d *caddyfile.Dispenser) {
	if !p.first(d, "login") {
		return
	}
	p.noArgs(d, "login {")
	p.app.Login = &LoginConfig{}
	p.block(d, []word{{"oidc", p.oidc}}, nil)
}

func (p *globalParser) oidc(d *caddyfile.Dispenser) {
	if !p.first(d, "login oidc") {
		return
	}
	at := placeOf(d)
	cfg := &OIDCConfig{Where: at.String()}
	p.app.Login.OIDC = cfg
	p.noArgs(d, "oidc {")
	before := len(p.errs)
	one := func(into *string, example string) func(*caddyfile.Dispenser) {
		return func(d *caddyfile.Dispenser) {
			if p.first(d, "oidc "+d.Val()) {
				*into, _ = p.one(d, example)
			}
		}
	}
	some := func(into *[]string, example string) func(*caddyfile.Dispenser) {
		return func(d *caddyfile.Dispenser) {
			name := d.Val()
			if *into = append(*into, d.RemainingArgs()...); len(*into) == 0 {
				p.bad(d, "%s: no value: write it like %q", name, name+" "+example)
			}
		}
	}
	p.block(d, []word{
		{"name", one(&cfg.Name, `"Company login"`)},
		{"issuer", one(&cfg.Issuer, "https://id.example.com")},
		{"client_id", one(&cfg.ClientID, "daero")},
		{"client_secret", one(&cfg.ClientSecret, "{env.OIDC_SECRET}")},
		{"scopes", some(&cfg.Scopes, "openid email groups")},
		{"name_claim", one(&cfg.NameClaim, "email")},
		{"domains", some(&cfg.Domains, "example.com")},
		{"role", p.oidcRole},
	}, nil)
	if len(p.errs) > before {
		return
	}
	if err := cfg.draw(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			p.badAt(at, "oidc: %s", line)
		}
	}
}

// oidcRole reads who has a role.
func (p *globalParser) oidcRole(d *caddyfile.Dispenser) {
	const usage = `write it like "role admin claim groups daero-admins" or "role viewer anyone"`
	cfg, where, args := p.app.Login.OIDC, placeOf(d).String(), d.RemainingArgs()
	if len(args) < 2 {
		p.bad(d, "role: takes a role and who has it: %s", usage)
		return
	}
	if _, err := store.ParseRole(args[0]); err != nil {
		p.bad(d, "role %s: unknown word%s", args[0], didYouMean(args[0], []string{"viewer", "operator", "admin"}))
		return
	}
	r := OIDCRole{Role: args[0], Where: where}
	switch rest := args[2:]; {
	case args[1] == "anyone" && len(rest) == 0:
	case args[1] == "claim" && len(rest) >= 2:
		r.Claim, r.Values = rest[0], rest[1:]
	default:
		p.bad(d, "role %s: who has it? %s", args[0], usage)
		return
	}
	cfg.Roles = append(cfg.Roles, r)
}
