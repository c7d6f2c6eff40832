package oidc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/daero/daero/api/store"
)

// claims are what a provider says of a person.
type claims map[string]any

// text is a claim that is a text, "" for any other.
func (c claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// values are a claim that is a text or a list of texts.
func (c claims) values(name string) (all []string) {
	switch v := c[name].(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

// verified reports whether the provider has seen that the address is theirs.
// Some say it as a text.
func (c claims) verified() bool {
	v := c["email_verified"]
	return v == true || v == "true"
}

// decide says who a person is and which role they have.
func (c Config) decide(said claims) (name string, role store.Role, err error) {
	if c.NameClaim == "email" || len(c.Domains) > 0 {
		if said.text("email") == "" || !said.verified() {
			return "", "", refused("the provider has not verified an email address; or use another name_claim, and no domains")
		}
	}
	if len(c.Domains) > 0 {
		_, domain, _ := strings.Cut(strings.ToLower(said.text("email")), "@")
		if !slices.Contains(c.Domains, domain) {
			return "", "", refused("the email address is not of an allowed domain")
		}
	}
	name = strings.ToLower(said.text(c.NameClaim))
	if err := store.CheckName(name); err != nil {
		return "", "", refused("the claim " + c.NameClaim + " is no name that can be used here")
	}
	for _, r := range c.Roles {
		if !role.Allows(r.Role) && r.fits(said) {
			role = r.Role
		}
	}
	if role == "" {
		return "", "", refused(name + " has no role here")
	}
	return name, role, nil
}

// fits reports whether a rule is about a person.
func (r Rule) fits(said claims) bool {
	if r.Claim == "" {
		return true
	}
	return slices.ContainsFunc(said.values(r.Claim), func(v string) bool { return slices.Contains(r.Values, v) })
}

func refused(why string) error { return fmt.Errorf("%w: %s", store.ErrRefused, why) }
