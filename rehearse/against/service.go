package against

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Service is what is rehearsed against.
type Service struct {
	// Name is what people choose it by.
	Name string `json:"name"`
	// URL is its scheme and host, without a path.
	URL string `json:"url"`
	// Message, Login and Sync are the requests that stand for those of the sample
	// messenger.
	Message Request `json:"message,omitzero"`
	Login   Request `json:"login,omitzero"`
	Sync    Request `json:"sync,omitzero"`
	// Headers are sent along with every request, by name.
	Headers map[string]string `json:"headers,omitempty"`
	// Most is how many requests a second it is sent, never more. Default
	// DefaultMost.
	Most int `json:"most,omitempty"`
}

// Bounds of what a service may be sent a second.
const (
	DefaultMost = 100
	minMost     = 10
	maxMost     = 20_000
)

// Bounds of a description.
const (
	maxName    = 40
	maxURL     = 300
	maxHeaders = 8
	maxHeader  = 4 << 10
)

// Sample is the name of the target that a rehearsal brings along.
const Sample = "sample"

// WithDefaults fills in what was left out: the requests of the sample.
func (s Service) WithDefaults() Service {
	def := func(r *Request, d Request) {
		if *r == (Request{}) {
			*r = d
		}
	}
	def(&s.Message, Request{"POST", "/v1/messages", `{"text":"are you all right?"}`})
	def(&s.Login, Request{"POST", "/v1/login", `{"user":"{user}"}`})
	def(&s.Sync, Request{"GET", "/v1/sync", ""})
	if s.Most == 0 {
		s.Most = DefaultMost
	}
	return s
}

// Host is the host of the URL, with its port unless that is the usual one.
func (s Service) Host() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	usual := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return strings.TrimSuffix(host, usual)
}

// Validate reports every mistake at once. It dials nothing.
func (s Service) Validate() error {
	var errs []error
	if !isName(s.Name) || s.Name == Sample {
		errs = append(errs, fmt.Errorf("name %q: must be a-z, 0-9 and -, at most %d of them, and not %s", clip(s.Name), maxName, Sample))
	}
	if err := s.validateURL(); err != nil {
		errs = append(errs, err)
	}
	for _, l := range []struct {
		name string
		r    Request
	}{{"message", s.Message}, {"login", s.Login}, {"sync", s.Sync}} {
		if err := l.r.validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", l.name, err))
		}
	}
	if s.Most < minMost || s.Most > maxMost {
		errs = append(errs, fmt.Errorf("most %d: must be %d to %d requests a second", s.Most, minMost, maxMost))
	}
	errs = append(errs, s.validateHeaders())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("target %s: %w", clip(s.Name), err)
	}
	return nil
}

func (s Service) validateURL() error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || len(s.URL) > maxURL || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("url: write scheme and host, like https://staging.example.com") // what was written may be a secret
	case u.User != nil:
		return errors.New("url: has a user or a password in it: use header Authorization")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("url: has more than scheme and host: paths stand with message, login and sync")
	}
	return nil
}

// ours are headers that say how a request is sent, or what of daero's it is.
var ours = []string{"Host", "Content-Length", "Content-Type", "Connection", "Transfer-Encoding", "Te", "Trailer", "Upgrade", "User-Agent", "X-User-Id", "X-App-State", "Daero-Appointment"}

func (s Service) validateHeaders() error {
	var errs []error
	if len(s.Headers) > maxHeaders {
		errs = append(errs, fmt.Errorf("%d headers: at most %d", len(s.Headers), maxHeaders))
	}
	for name, value := range s.Headers {
		switch {
		case !isToken(name) || slices.ContainsFunc(ours, func(o string) bool { return strings.EqualFold(o, name) }):
			errs = append(errs, fmt.Errorf("header %q: is none that can be set", clip(name)))
		case value == "" || len(value) > maxHeader || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			errs = append(errs, fmt.Errorf("header %s: its value is empty, too long or has control characters", name))
		}
	}
	if u, err := url.Parse(s.URL); err == nil && len(s.Headers) > 0 && u.Scheme == "http" && !loopback(u.Hostname()) {
		errs = append(errs, errors.New("header: everybody on the way could read it: use https"))
	}
	return errors.Join(errs...)
}

// isToken reports whether s can be the name of a header.
func isToken(s string) bool {
	return s != "" && len(s) <= maxName*2 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() || host == "localhost"
}

func isName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// NameOf makes a name of an address, for who gives only that.
func NameOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "target"
	}
	host := u.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	name := strings.Map(func(r rune) rune {
		if isName(string(r)) {
			return r
		}
		return '-'
	}, strings.ToLower(host))
	if name = strings.Trim(name[:min(len(name), maxName)], "-"); name == "" || name == Sample {
		return "target"
	}
	return name
}

// clip makes what was written short enough to be said back.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
