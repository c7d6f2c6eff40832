package oidc

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/api/store"
)

// Config describes a provider of accounts.
type Config struct {
	// Title says to people where they log in. Default: the issuer's host.
	Title string
	// Issuer is the provider's URL, below which /.well-known/openid-configuration
	// stands. Required.
	Issuer string
	// ClientID and ClientSecret are what the provider knows this program by. The
	// ID is required.
	ClientID, ClientSecret string
	// Scopes are asked for. Default openid, email and profile.
	Scopes []string
	// NameClaim is the claim that names the person. Default email, which the
	// provider must have verified.
	NameClaim string
	// Domains are those of the email addresses that may come in. Default: all.
	Domains []string
	// Roles say who has which. The highest that fits counts; nobody has one
	// unless a rule says so. Required.
	Roles []Rule
	// Client asks the provider. Default: one with bounds.
	Client *http.Client
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Rule gives a role to whom a claim has one of the values, or to anyone without
// a claim.
type Rule struct {
	Role   store.Role
	Claim  string
	Values []string
}

// defaultScopes are those of a name and an address.
var defaultScopes = []string{"openid", "email", "profile"}

func (c Config) withDefaults() Config {
	if len(c.Scopes) == 0 {
		c.Scopes = defaultScopes
	}
	if !slices.Contains(c.Scopes, "openid") {
		c.Scopes = append([]string{"openid"}, c.Scopes...)
	}
	if c.NameClaim == "" {
		c.NameClaim = "email"
	}
	if u, err := url.Parse(c.Issuer); c.Title == "" && err == nil {
		c.Title = u.Host
	}
	if c.Client == nil {
		c.Client = newClient()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	var errs []error
	if err := checkIssuer(c.Issuer); err != nil {
		errs = append(errs, err)
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("client_id: missing: the provider gives one to each program that it knows"))
	}
	for _, d := range c.Domains {
		if d == "" || strings.ContainsAny(d, "@/: *") || d != strings.ToLower(d) {
			errs = append(errs, fmt.Errorf("domains %q: write it like example.com, in small letters", d))
		}
	}
	if len(c.Roles) == 0 {
		errs = append(errs, errors.New(`role: missing: nobody could come in: say who has which, like "role admin claim groups daero-admins"`))
	}
	for _, r := range c.Roles {
		if err := r.validate(len(c.Domains) > 0); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (r Rule) validate(bounded bool) error {
	if _, err := store.ParseRole(string(r.Role)); err != nil {
		return fmt.Errorf("role: %w", err)
	}
	switch {
	case r.Claim == "" && len(r.Values) > 0, r.Claim != "" && len(r.Values) == 0:
		return fmt.Errorf("role %s: a claim and its values go together: write it like \"role %s claim groups daero-admins\"", r.Role, r.Role)
	case r.Claim == "" && r.Role != store.Viewer && !bounded:
		return fmt.Errorf("role %s: anyone whom the provider knows would have it: give a claim, or bound who may come in by domains", r.Role)
	}
	return nil
}

// checkIssuer wants HTTPS, except on this machine.
func checkIssuer(issuer string) error {
	const like = "write it like https://id.example.com"
	if issuer == "" {
		return errors.New("issuer: missing: " + like)
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("issuer: not a URL of a provider: " + like)
	}
	addr, err := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return fmt.Errorf("issuer %s: tokens must not travel in the open: use https", issuer)
	}
	return nil
}

// Bounds of asking a provider.
const (
	askTimeout = 10 * time.Second
	maxAnswer  = 1 << 20
)

func newClient() *http.Client {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: askTimeout / 2}).DialContext,
		TLSHandshakeTimeout: askTimeout / 2, MaxIdleConns: 2, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
	}
	return &http.Client{Timeout: askTimeout, Transport: bounded{t}, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the secret goes to where it was meant to go
	}}
}

// bounded cuts answers that are longer than any that means something.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}
