package fetch

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Auth says who asks. The zero Auth asks without a name.
type Auth struct {
	User, Password string
	Bearer         string // a token, instead of User and Password
}

// Validate reports every mistake at once, joined. No secret is in the error.
func (a Auth) Validate() error {
	var errs []error
	if a.Bearer != "" && (a.User != "" || a.Password != "") {
		errs = append(errs, errors.New("a bearer token and a user: use one of the two"))
	}
	if a.Password != "" && a.User == "" {
		errs = append(errs, errors.New("a password without a user: name the user"))
	}
	if strings.ContainsFunc(a.Bearer, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		errs = append(errs, errors.New("the bearer token has characters that a header cannot carry: look for a line break at its end"))
	}
	if strings.Contains(a.User, ":") {
		errs = append(errs, errors.New("the user's name has a colon: basic authentication cannot carry it"))
	}
	return errors.Join(errs...)
}

// Set puts the name into a request.
func (a Auth) Set(r *http.Request) {
	switch {
	case a.Bearer != "":
		r.Header.Set("Authorization", "Bearer "+a.Bearer)
	case a.User != "":
		r.SetBasicAuth(a.User, a.Password)
	}
}

// Secrets are what must not be shown.
func (a Auth) Secrets() []string { return []string{a.Password, a.Bearer} }

// URL reads an http or https address. The error does not repeat it: it may hold
// a key.
func URL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, errors.New("no address: write it as https://host/path")
	case err != nil:
		return nil, errors.New("the address cannot be read: write it as https://host/path")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New("the address must begin with http:// or https:// and name a host")
	}
	return u, nil
}

// AskURL is [URL] for what is asked by an [Auth]: addresses are shown, so they
// must not name a user.
func AskURL(raw string) (*url.URL, error) {
	u, err := URL(raw)
	if err == nil && u.User != nil {
		return nil, errors.New("a user or password in the address: addresses are shown; configure the user beside it")
	}
	return u, err
}
