package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// Bounds of asking a gateway.
const (
	askTimeout = 15 * time.Second
	maxAnswer  = 32 << 20
	tokenEnv   = "DAERO_TOKEN"
)

// client asks a running gateway.
type client struct {
	http    *http.Client
	address string // as the user gave it
	base    string
	origin  string
	token   string
}

// newClient makes a client of an address: Caddy's admin endpoint ("HOST:PORT",
// "unix//PATH"), where no token is needed, or a site's URL, where one is.
func newClient(address, token string) (*client, error) {
	c := &client{address: address, token: token, http: &http.Client{
		Timeout: askTimeout,
		// A token goes to where it was meant to go, and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if strings.Contains(address, "://") {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			return nil, wrongUse("--address %s: write it like https://HOST, or HOST:PORT for the admin endpoint", address)
		}
		if token == "" {
			return nil, wrongUse("--address %s: a token is needed there: set %s, or give --token-file", address, tokenEnv)
		}
		c.base = strings.TrimSuffix(u.Scheme+"://"+u.Host+u.Path, "/")
		return c, nil
	}
	at, err := caddy.ParseNetworkAddress(address)
	if err != nil || at.PortRangeSize() > 1 {
		return nil, wrongUse("--address %s: write it like localhost:2019", address)
	}
	c.token = "" // the admin endpoint asks for none, so it gets none
	c.origin = "http://" + at.JoinHostPort(0)
	if at.IsUnixNetwork() {
		c.origin = "http://127.0.0.1"
		at.Host, _, _ = strings.Cut(at.Host, "|") // of the socket's permissions
	}
	c.base = c.origin
	c.http.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, at.Network, at.JoinHostPort(0))
	}}
	return c, nil
}

// tokenOf reads the token from a file or the environment. It is never a flag:
// those can be read by everyone on the machine.
func tokenOf(file string) (string, error) {
	if file == "" {
		return strings.TrimSpace(os.Getenv(tokenEnv)), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return "", wrongUse("--token-file: %v", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", wrongUse("--token-file %s: %v", file, err)
	}
	return strings.TrimSpace(string(data)), nil
}

// refusedError is what a gateway says is wrong.
type refusedError struct {
	Status int    `json:"status"`
	Kind   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Caddys string `json:"error"` // of Caddy's admin endpoint
}

// Error implements error.
func (e *refusedError) Error() string {
	switch {
	case e.Caddys != "":
		return e.Caddys
	case e.Detail != "":
		return e.Title + ": " + e.Detail
	case e.Title != "":
		return e.Title
	}
	return fmt.Sprintf("status %d", e.Status)
}

// is reports whether a problem is of a kind.
func (e *refusedError) is(kind string) bool { return strings.HasSuffix(e.Kind, ":"+kind) }

// request makes a request under /daero/api/.
func (c *client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var send io.Reader = http.NoBody
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		send = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+"/daero/api/"+path, send)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.origin != "" {
		r.Header.Set("Origin", c.origin)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	return r, nil
}

// do sends a request under /daero/api/ and returns the answer.
func (c *client) do(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	r, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreached(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer of %s broke off: %w", c.address, err)
	case len(data) > maxAnswer:
		return nil, fmt.Errorf("the answer of %s is larger than %d bytes", c.address, maxAnswer)
	}
	return c.understand(resp, data)
}

// follow sends what takes long, and calls fn with each line of the answer, a
// document of its own, as it comes.
func (c *client) follow(ctx context.Context, path string, body any, fn func(json.RawMessage) error) error {
	r, err := c.request(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/x-ndjson")
	patient := *c.http
	patient.Timeout = 0
	resp, err := patient.Do(r)
	if err != nil {
		return c.unreached(err)
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode >= 300 || kind != "application/x-ndjson" {
		data, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // what came is looked at
		if _, err := c.understand(resp, data); err != nil {
			return err
		}
		return fn(data)
	}
	for d := json.NewDecoder(resp.Body); ; {
		var line json.RawMessage
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("the answer of %s broke off: %w", c.address, err)
		}
		if err := fn(line); err != nil {
			return err
		}
	}
}

// understand tells an answer from a refusal, and from somebody else's page.
func (c *client) understand(resp *http.Response, data []byte) (json.RawMessage, error) {
	if resp.StatusCode < 300 {
		if len(data) > 0 && !json.Valid(data) {
			return nil, fmt.Errorf("%s does not answer as daero does: is it another program's address?", c.address)
		}
		return data, nil
	}
	refused := &refusedError{}
	if json.Unmarshal(data, refused) != nil || refused.Title == "" && refused.Caddys == "" {
		hint := "is it daero, and does the site have daero_api?"
		if c.origin != "" {
			hint = "is it daero's admin endpoint?"
		}
		return nil, fmt.Errorf("%s does not know this (status %d): %s", c.address, resp.StatusCode, hint)
	}
	refused.Status = resp.StatusCode
	return nil, refused
}

// unreached says why nobody answered.
func (c *client) unreached(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the address twice
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("no daero answers at %s: start it with \"daero run\", or say where it is with --address", c.address)
	}
	return fmt.Errorf("%s cannot be reached: %w", c.address, err)
}

// ask is do with the answer read into a document.
func (c *client) ask(ctx context.Context, method, path string, body, into any) (json.RawMessage, error) {
	data, err := c.do(ctx, method, path, body)
	if err != nil || into == nil {
		return data, err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return nil, fmt.Errorf("%s answers in a way that this daero does not understand: are they of one version? (%w)", c.address, err)
	}
	return data, nil
}
