package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// browser keeps cookies and sends what the console sends.
type browser struct {
	w       *world
	base    string // scheme and host
	cookies map[string]*http.Cookie
	from    string
}

func (w *world) browser() *browser {
	return &browser{w: w, base: "https://daero.example.com", cookies: map[string]*http.Cookie{}, from: "198.51.100.9:1234"}
}

// send sends a request as the console's page does, changed.
func (b *browser) send(method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	b.w.t.Helper()
	r := httptest.NewRequest(method, b.base+path, strings.NewReader(body))
	r.RemoteAddr = b.from
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", b.base)
	r.Header.Set("X-Daero-Console", "1")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, k := range b.cookies {
		r.AddCookie(k)
	}
	for _, f := range change {
		f(r)
	}
	rec := httptest.NewRecorder()
	b.w.api.ServeHTTP(rec, r)
	for _, k := range rec.Result().Cookies() {
		if k.MaxAge < 0 {
			delete(b.cookies, k.Name)
		} else {
			b.cookies[k.Name] = k
		}
	}
	return rec
}

// login logs in by the token of a role.
func (b *browser) login(role store.Role) *browser {
	b.w.t.Helper()
	b.w.expect(b.send("POST", "/daero/api/session", `{"token":"`+b.w.token(role)+`"}`), 200)
	return b
}

func (b *browser) who() any {
	b.w.t.Helper()
	return b.w.expect(b.send("GET", "/daero/api/session", ""), 200)["name"]
}

const password = "네 개의 낱말로 된 문장"

func (w *world) operator(name string, role store.Role) {
	w.t.Helper()
	w.expect(w.do(store.Admin, "POST", "/daero/api/operators", `{"name":"`+name+`","role":"`+string(role)+`","password":"`+password+`"}`), 201)
}

// TestLogIn: by password and by token, and what the cookie is like.
func TestLogIn(t *testing.T) {
	w := newWorld(t)
	w.operator("kim", store.Acting)
	b := w.browser()
	if doc := w.expect(b.send("GET", "/daero/api/session", ""), 200); doc["name"] != "" || doc["ways"].(map[string]any)["password"] != true {
		t.Errorf("before: %v", doc)
	}
	rec := b.send("POST", "/daero/api/session", `{"name":" Kim ","password":"`+password+`"}`)
	doc := w.expect(rec, 200)
	if doc["name"] != "kim" || doc["role"] != "operator" || doc["via"] != "password" || doc["account"] != true || doc["password"] != true || doc["expires"] != w.clock().Add(12*time.Hour).Format(time.RFC3339) {
		t.Errorf("%v", doc)
	}
	k := rec.Result().Cookies()[0]
	if k.Name != "__Host-daero" || !k.Secure || !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/" || k.Domain != "" || k.MaxAge != 7*24*3600 || len(k.Value) != 43 {
		t.Errorf("cookie %+v", k)
	}
	w.expect(b.send("GET", "/daero/api/level", ""), 200)
	w.expect(b.send("POST", "/daero/api/level/pin", `{"level":1,"for":"1m","reason":"x"}`), 200)
	if all := w.entries(audit.LevelPinned); len(all) != 1 || all[0].Who != "kim" {
		t.Errorf("recorded as %+v", all)
	}
	w.expect(b.send("GET", "/daero/api/operators", ""), 403)
	w.expect(b.send("DELETE", "/daero/api/session", ""), 204)
	if len(b.cookies) != 0 || b.who() != "" {
		t.Errorf("logged out with %v", b.cookies)
	}
	b.cookies["__Host-daero"] = k
	w.expect(b.send("GET", "/daero/api/level", ""), 401)
	if b.login(store.Viewer).who() != "the-viewer" {
		t.Error("not by a token")
	}
	for _, body := range []string{`{}`, `{"name":"kim"}`, `{"password":"x"}`, `{"token":"x","name":"kim"}`, `{"name":1}`, `[]`, `{"name":"kim","password":"x","admin":true}`} {
		w.expect(b.send("POST", "/daero/api/session", body), 400)
	}
	if in, out := w.entries(audit.LoggedIn), w.entries(audit.LoggedOut); len(in) != 2 || len(out) != 1 || in[0].Who != "kim" || out[0].Who != "kim" {
		t.Errorf("recorded as %+v %+v", in, out)
	}
}
