package gateway

import (
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero/driver/fetch"
)

// webOptions are what sources that ask over HTTP need. Placeholders are
// replaced, so that secrets need not stand in the configuration.
type webOptions struct {
	URL string `json:"url"`
	// Every is how often it is asked. Default 2s.
	Every caddy.Duration `json:"every,omitempty"`
	// Header is sent along, only to URL's host.
	Header map[string]string `json:"header,omitempty"`
	// Bearer is a token, User and Password a name to ask by.
	Bearer   string `json:"bearer,omitempty"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
}

// words are what may stand in the block of such a source.
func (o *webOptions) words(l *signalLine) []word {
	return []word{
		{"every", func(d *caddyfile.Dispenser) { o.Every = l.duration(d, "2s") }},
		{"header", func(d *caddyfile.Dispenser) {
			args := d.RemainingArgs()
			if len(args) != 2 {
				l.bad(d, "header: takes a name and a value: write it like \"header X-Scope-OrgID main\"")
				return
			}
			if o.Header == nil {
				o.Header = map[string]string{}
			}
			o.Header[args[0]] = args[1]
		}},
		{"bearer", func(d *caddyfile.Dispenser) { o.Bearer, _ = l.one(d, "{env.TOKEN}") }},
		{"basic", func(d *caddyfile.Dispenser) {
			args := d.RemainingArgs()
			if len(args) != 2 {
				l.bad(d, "basic: takes a user and a password: write it like \"basic daero {env.PASSWORD}\"")
				return
			}
			o.User, o.Password = args[0], args[1]
		}},
	}
}

// asked is webOptions with placeholders replaced.
type asked struct {
	url    string
	every  time.Duration
	header http.Header
	auth   fetch.Auth
}

func (m *making) asked(o webOptions) (a asked, err error) {
	a.every = time.Duration(o.Every)
	for _, f := range []struct {
		into *string
		text string
		name string
	}{
		{&a.url, o.URL, "url"},
		{&a.auth.Bearer, o.Bearer, "bearer"},
		{&a.auth.User, o.User, "user"},
		{&a.auth.Password, o.Password, "password"},
	} {
		if *f.into, err = m.optional(f.text); err != nil {
			return a, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	a.header, err = m.headers(o.Header)
	return a, err
}

// optional is text for a value that may be missing.
func (m *making) optional(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	return m.text(s)
}

func (m *making) headers(from map[string]string) (http.Header, error) {
	h := http.Header{}
	for name, value := range from {
		v, err := m.text(value)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		h.Set(name, v)
	}
	return h, nil
}
