package fetch

import (
	"errors"
	"net/http"
	"strings"
)

// CheckHeader reports headers that a request cannot carry, without their
// values.
func CheckHeader(h http.Header) error {
	var errs []error
	for k, values := range h {
		if k == "" || strings.ContainsFunc(k, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }) {
			errs = append(errs, errors.New("header "+k+": a name is made of letters, digits and -"))
		}
		for _, v := range values {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				errs = append(errs, errors.New("header "+k+": its value has characters that a header cannot carry: look for a line break"))
			}
		}
	}
	return errors.Join(errs...)
}

// Head sets what every request carries: who asks, and more headers.
func Head(r *http.Request, a Auth, more http.Header) {
	for k, v := range more {
		r.Header[http.CanonicalHeaderKey(k)] = v
	}
	r.Header.Set("User-Agent", UserAgent)
	a.Set(r)
}

// Secrets are what must not be shown of a request: its passwords, and whatever
// may be a key among its headers and in its address.
func Secrets(a Auth, more http.Header, query map[string][]string) []string {
	secrets := a.Secrets()
	for _, values := range []map[string][]string{more, query} {
		for _, v := range values {
			for _, s := range v {
				if len(s) >= 6 { // shorter ones are words, and replacing them would garble notes
					secrets = append(secrets, s)
				}
			}
		}
	}
	return secrets
}
