package against

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Request is what one attempt sends. {user} in its path or body is whoever
// makes it.
type Request struct {
	Method, Path, Body string
}

// methods are those that a rehearsal may use thousands of times.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch}

const (
	maxPath = 500
	maxBody = 4 << 10
)

// ParseRequest reads POST /api/messages {"text":"…"}.
func ParseRequest(text string) (Request, error) {
	method, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	where, body, _ := strings.Cut(strings.TrimSpace(rest), " ")
	r := Request{method, where, strings.TrimSpace(body)}
	return r, r.validate()
}

// MarshalText implements encoding.TextMarshaler.
func (r Request) MarshalText() ([]byte, error) {
	return []byte(strings.TrimSpace(r.Method + " " + r.Path + " " + r.Body)), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. "" is no request.
func (r *Request) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*r = Request{}
		return nil
	}
	*r, err = ParseRequest(string(text))
	return err
}

func (r Request) validate() error {
	u, err := url.ParseRequestURI(strings.ReplaceAll(r.Path, user, "x"))
	switch {
	case !slices.Contains(methods, r.Method):
		return fmt.Errorf("method %q: use %s", clip(r.Method), strings.Join(methods, ", "))
	case err != nil || !strings.HasPrefix(r.Path, "/") || len(r.Path) > maxPath || strings.ContainsAny(r.Path, " \t#\\"):
		return fmt.Errorf("path %q: write one like /api/messages", clip(r.Path))
	case reserved(u.Path):
		return fmt.Errorf("path %s: is daero's own: nothing that people use is there", clip(r.Path))
	case len(r.Body) > maxBody:
		return fmt.Errorf("body: has %d bytes: at most %d", len(r.Body), maxBody)
	case strings.ContainsAny(r.Body, "\r\n\x00"):
		return errors.New("body: must be one line")
	case r.Body != "" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return fmt.Errorf("body: %s has none", r.Method)
	}
	return nil
}

// reserved reports whether a path, however it is written, is of a console, of
// its API or of consent.
func reserved(p string) bool {
	clean := path.Clean(strings.ToLower(p))
	return clean == "/daero" || strings.HasPrefix(clean, "/daero/") || strings.HasPrefix(clean, "/.well-known/") || strings.HasPrefix(p, "//")
}

// user stands for whoever makes a request.
const user = "{user}"

// Agent is what a rehearsal calls itself, so that those who run the target know
// whose requests these are.
const Agent = "daero-rehearsal"

// Request makes the request of an attempt of a user, in a lane: message, login
// or sync.
func (s Service) Request(lane, who string) (*http.Request, error) {
	r, ok := map[string]Request{"message": s.Message, "login": s.Login, "sync": s.Sync}[lane]
	if !ok {
		return nil, fmt.Errorf("lane %s: has no request", lane)
	}
	address := strings.TrimSuffix(s.URL, "/") + strings.ReplaceAll(r.Path, user, who)
	body := strings.ReplaceAll(r.Body, user, who)
	req, err := http.NewRequestWithContext(context.Background(), r.Method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	switch {
	case body == "":
		req.Body, req.GetBody = http.NoBody, nil
	case body[0] == '{' || body[0] == '[':
		req.Header.Set("Content-Type", "application/json")
	default:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("User-Agent", Agent)
	req.Header.Set("X-User-Id", who)
	for name, value := range s.Headers {
		req.Header.Set(name, value)
	}
	return req, nil
}
