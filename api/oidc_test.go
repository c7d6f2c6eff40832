package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// elsewhere is where accounts are kept, as the API sees it.
type elsewhere struct {
	back  string
	state store.LoginState
	name  string
	role  store.Role
	err   error
}

func (e *elsewhere) Name() string { return "Company login" }

func (e *elsewhere) Begin(_ context.Context, back string, s store.LoginState) (string, error) {
	e.back, e.state = back, s
	return "https://id.example.com/auth?" + url.Values{"state": {s.State}, "nonce": {s.Nonce}}.Encode(), e.err
}

func (e *elsewhere) Finish(_ context.Context, back, code string, s store.LoginState) (string, store.Role, error) {
	if back != e.back || s != e.state || code != "the-code" {
		return "", "", errors.New("another login")
	}
	return e.name, e.role, e.err
}

func newElsewhere(t *testing.T) (*world, *elsewhere) {
	t.Helper()
	e := &elsewhere{name: "park@example.com", role: store.Acting}
	return newWorld(t, func(c *api.Config) {
		c.Console = "/daero/console/"
		c.Login.SignOn = func() api.SignOn { return e }
	}), e
}

// start begins a login elsewhere and returns the state that comes back.
func start(t *testing.T, b *browser) string {
	t.Helper()
	r := b.send("GET", "/daero/api/oidc/start", "")
	u, err := url.Parse(r.Header().Get("Location"))
	if err != nil || r.Code != 303 || u.Host != "id.example.com" || r.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("%d %v", r.Code, r.Header())
	}
	return u.Query().Get("state")
}

// comeBack is how a browser comes back from another site.
func comeBack(r *http.Request) {
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Del("X-Daero-Console")
	r.Header.Del("Origin")
}

// TestLogInElsewhere: the browser that began it comes back and is let in, for
// twelve hours at most.
func TestLogInElsewhere(t *testing.T) {
	w, e := newElsewhere(t)
	b := w.browser()
	way := w.expect(b.send("GET", "/daero/api/session", ""), 200)["ways"].(map[string]any)["oidc"].(map[string]any)
	if way["name"] != "Company login" || way["href"] != "/daero/api/oidc/start" {
		t.Errorf("%v", way)
	}
	state := start(t, b)
	if k := b.cookies["__Host-daero-oidc"]; k == nil || !k.Secure || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.MaxAge != 600 || e.back != "https://daero.example.com/daero/api/oidc/callback" {
		t.Errorf("%+v %q", k, e.back)
	}
	r := b.send("GET", "/daero/api/oidc/callback?code=the-code&state="+state, "", comeBack)
	if r.Code != 303 || r.Header().Get("Location") != "/daero/console/" || len(b.cookies) != 1 {
		t.Fatalf("%d %v %s", r.Code, r.Header(), r.Body)
	}
	doc := w.expect(b.send("GET", "/daero/api/session", ""), 200)
	if doc["name"] != "park@example.com" || doc["role"] != "operator" || doc["via"] != "oidc" || doc["account"] != false {
		t.Errorf("%v", doc)
	}
	w.expect(b.send("POST", "/daero/api/level/pin", `{"level":1,"for":"1m","reason":"x"}`), 200)
	w.expect(b.send("PUT", "/daero/api/account/password", `{"new":"`+password+`"}`), 409)
	w.jump(11 * time.Hour)
	w.send200(b)
	w.jump(time.Hour)
	w.expect(b.send("GET", "/daero/api/level", ""), 401)
	if all := w.entries(audit.LoggedIn); len(all) != 1 || all[0].Who != "park@example.com" || !strings.Contains(all[0].Why, "oidc") {
		t.Errorf("recorded as %+v", all)
	}
}

// TestNotLetInFromElsewhere: whatever is not the login that this browser began.
func TestNotLetInFromElsewhere(t *testing.T) {
	w, e := newElsewhere(t)
	w.operator("kim", store.Viewer)
	for name, tt := range map[string]struct {
		status int
		do     func(b *browser, state string) (query string)
	}{
		"another state":   {403, func(*browser, string) string { return "code=the-code&state=x" }},
		"no state":        {403, func(*browser, string) string { return "code=the-code" }},
		"another browser": {403, func(b *browser, s string) string { clear(b.cookies); return "code=the-code&state=" + s }},
		"a forged cookie": {403, func(b *browser, s string) string {
			b.cookies["__Host-daero-oidc"].Value += "x"
			return "code=the-code&state=" + s
		}},
		"too late":          {403, func(_ *browser, s string) string { w.jump(10 * time.Minute); return "code=the-code&state=" + s }},
		"cancelled":         {403, func(_ *browser, s string) string { return "error=access_denied&error_description=<script>&state=" + s }},
		"another code":      {502, func(_ *browser, s string) string { return "code=x&state=" + s }},
		"refused":           {403, func(_ *browser, s string) string { e.err = store.ErrRefused; return "code=the-code&state=" + s }},
		"an operator's":     {403, func(_ *browser, s string) string { e.name = "kim"; return "code=the-code&state=" + s }},
		"a reserved name":   {403, func(_ *browser, s string) string { e.name = "local"; return "code=the-code&state=" + s }},
		"a role that is no": {403, func(_ *browser, s string) string { e.role = "root"; return "code=the-code&state=" + s }},
	} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			state := start(t, b)
			query := tt.do(b, state)
			r := b.send("GET", "/daero/api/oidc/callback?"+query, "", comeBack)
			if r.Code != tt.status || b.cookies["__Host-daero"] != nil || strings.Contains(r.Body.String(), "<script") || !strings.Contains(r.Body.String(), "/daero/console/") {
				t.Errorf("%d %v %s", r.Code, b.cookies, r.Body)
			}
			e.name, e.role, e.err = "park@example.com", store.Acting, nil
		})
	}
	b := w.browser()
	state := start(t, b)
	kept := *b.cookies["__Host-daero-oidc"]
	b.send("GET", "/daero/api/oidc/callback?code=the-code&state="+state, "", comeBack)
	if b.cookies["__Host-daero-oidc"] != nil || b.who() != "park@example.com" {
		t.Errorf("%v %v", kept, b.cookies)
	}
	e.err = errors.New("down")
	if r := w.browser().send("GET", "/daero/api/oidc/start", ""); r.Code != 502 {
		t.Errorf("down: %d", r.Code)
	}
	plain := w.browser()
	plain.base = "http://daero.example.com"
	for _, path := range []string{"/daero/api/oidc/start", "/daero/api/oidc/callback?code=the-code&state=x"} {
		if r := plain.send("GET", path, ""); r.Code != 403 || len(plain.cookies) != 0 {
			t.Errorf("over plain HTTP: %d", r.Code)
		}
	}
}
