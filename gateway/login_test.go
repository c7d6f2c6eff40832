package gateway_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/daero/daero/gateway"
)

const longPassword = "네 개의 낱말로 된 문장"

// typed runs "daero operator" with something on stdin.
func (c *console) typed(status int, stdin string, args ...string) (stdout, stderr string) {
	c.t.Helper()
	var out, errs bytes.Buffer
	if got := gateway.RunTyped(c.t.Context(), strings.NewReader(stdin), &out, &errs, append(args, "--address", c.admin)...); got != status {
		c.t.Fatalf("daero operator %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, status, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// login logs in as the console's page does, and returns the cookie.
func (c *console) login(status int, body string) string {
	c.t.Helper()
	r := c.do("POST", "/daero/api/session", body, "Content-Type", "application/json", "Origin", c.url, "Sec-Fetch-Site", "same-origin", "X-Daero-Console", "1")
	if r.StatusCode != status {
		c.t.Fatalf("status %d, want %d: %s", r.StatusCode, status, r.body)
	}
	cookie, _, _ := strings.Cut(r.Header.Get("Set-Cookie"), ";")
	return cookie
}

// TestLoginByCommand: an operator gets a password by a command, logs in on the
// site, is seen and thrown out by commands, and comes back by a link.
func TestLoginByCommand(t *testing.T) {
	c := newConsole(t)
	if _, errs := c.typed(2, "short\n", "add", "kim", "--role", "operator", "--password-stdin"); !strings.Contains(errs, "at least 12") {
		t.Errorf("says %s", errs)
	}
	c.typed(0, longPassword+"\r\nsomething else", "add", "kim", "--role", "operator", "--password-stdin")
	c.login(401, `{"name":"kim","password":"guess"}`)
	cookie := c.login(200, `{"name":"kim","password":"`+longPassword+`"}`)
	if !strings.HasPrefix(cookie, "daero=") {
		t.Errorf("cookie %q", cookie)
	}
	level := func(status int) {
		t.Helper()
		if r := c.get("/daero/api/level", "Cookie", cookie); r.StatusCode != status {
			t.Errorf("status %d, want %d: %s", r.StatusCode, status, r.body)
		}
	}
	level(200)
	if out, _ := c.run(0, "operator", "sessions"); !strings.Contains(out, "kim") || !strings.Contains(out, "password") || strings.Contains(out, cookie[6:]) {
		t.Errorf("lists %s", out)
	}
	if out, _ := c.run(0, "operator", "list"); !strings.Contains(out, "PASSWORD") || !strings.Contains(out, "yes") {
		t.Errorf("lists %s", out)
	}
	c.run(0, "operator", "revoke", "kim")
	level(401)
	c.run(1, "operator", "revoke", "kim")
	const next = "another long one, please"
	c.typed(0, next, "password", "kim")
	c.typed(1, next, "password", "nobody")
	c.login(401, `{"name":"kim","password":"`+longPassword+`"}`)
	cookie = c.login(200, `{"name":"kim","password":"`+next+`"}`)
	level(200)
	link := c.link("kim")
	secret := strings.TrimPrefix(link, c.url+"/daero/api/login?token=")
	if secret == link {
		t.Fatalf("link %s, the site is %s", link, c.url)
	}
	r := c.do("POST", "/daero/api/login", "token="+secret, "Content-Type", "application/x-www-form-urlencoded")
	if r.StatusCode != http.StatusOK && r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Set-Cookie"), "daero=") {
		t.Errorf("%d %v %s", r.StatusCode, r.Header, r.body)
	}
	if link := c.link(""); !strings.HasPrefix(link, c.url+"/daero/api/login?token=") {
		t.Errorf("link %s", link)
	}
	log, err := os.ReadFile(filepath.Join(c.storage, "log.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{longPassword, next, secret, cookie[6:]} {
		if bytes.Contains(log, []byte(s)) {
			t.Errorf("a secret is in the log")
		}
	}
}

// link makes a link for an operator, or for a new admin.
func (c *console) link(name string) string {
	c.t.Helper()
	args := []string{"operator", "link", "--output", "json"}
	if name != "" {
		args = append(args, name)
	}
	out, _ := c.run(0, args...)
	var doc struct{ Link string }
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		c.t.Fatal(err)
	}
	return doc.Link
}

// TestSiteOf: where a browser gets to the console, by the configuration that
// runs.
func TestSiteOf(t *testing.T) {
	adapter := caddyconfig.GetAdapter("caddyfile")
	for file, want := range map[string]string{
		":8080 {\ndaero_api\n}":                                         "http://localhost:8080",
		"daero.example.com {\ndaero_api\n}":                             "https://daero.example.com",
		"daero.example.com:8443 {\ndaero_api\n}":                        "https://daero.example.com:8443",
		"http://daero.example.com {\ndaero_api\n}":                      "http://daero.example.com",
		"http://127.0.0.1:9000 {\ndaero_api\n}":                         "http://127.0.0.1:9000",
		"a.example.com {\nrespond no\n}\nb.example.com {\ndaero_api\n}": "https://b.example.com",
		"*.example.com {\ndaero_api\n}":                                 "https://localhost",
		":8080 {\nhandle /x/* {\nroute {\ndaero_api\n}\n}\n}":           "http://localhost:8080",
		":8080 {\nrespond no\n}":                                        "",
		"{\nauto_https off\n}\ndaero.example.com:8080 {\ndaero_api\n}":  "http://daero.example.com:8080",
		"http://daero.example.com:8080 {\ndaero_api\n}":                 "http://daero.example.com:8080",
		":80 {\ndaero_api\n}":                                           "http://localhost",
	} {
		adapted, _, err := adapter.Adapt([]byte(file), map[string]any{"filename": "Caddyfile"})
		if err != nil {
			t.Fatal(err)
		}
		var cfg struct {
			Apps struct {
				HTTP struct{ Servers json.RawMessage }
			}
		}
		if err := json.Unmarshal(adapted, &cfg); err != nil {
			t.Fatal(err)
		}
		if got, err := gateway.SiteOf(string(cfg.Apps.HTTP.Servers)); err != nil || got != want {
			t.Errorf("%q: %q, want %q, %v (%s)", file, got, want, err, adapted)
		}
	}
}
