package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// TestPasswords: one's own, with the old one, and those of others.
func TestPasswords(t *testing.T) {
	w := newWorld(t)
	const next = "another long one, please"
	b, other := w.browser().login(store.Viewer), w.browser().login(store.Viewer)
	if doc := w.expect(b.send("GET", "/daero/api/session", ""), 200); doc["password"] != false || doc["account"] != true {
		t.Errorf("%v", doc)
	}
	for body, want := range map[string]string{
		`{"new":"short"}`: "at least 12", `{"new":"the-viewer-1"}`: "name", `{"new":"password1234"}`: "first",
	} {
		if p := w.expect(b.send("PUT", "/daero/api/account/password", body), 422); !strings.Contains(p["detail"].(string), want) {
			t.Errorf("%s: %v", body, p)
		}
	}
	w.expect(b.send("PUT", "/daero/api/account/password", `{"new":"`+password+`"}`), 204)
	w.send200(b)
	w.expect(other.send("GET", "/daero/api/level", ""), 401)
	for _, body := range []string{`{"new":"` + next + `"}`, `{"old":"x","new":"` + next + `"}`} {
		w.expect(b.send("PUT", "/daero/api/account/password", body), 401)
	}
	w.expect(b.send("PUT", "/daero/api/account/password", `{"old":"`+password+`","new":"`+next+`"}`), 204)
	w.expect(other.send("POST", "/daero/api/session", `{"name":"the-viewer","password":"`+password+`"}`), 401)
	w.expect(other.send("POST", "/daero/api/session", `{"name":"the-viewer","password":"`+next+`"}`), 200)
	// An admin sets it for others, and logs them out.
	w.expect(w.do(store.Admin, "PUT", "/daero/api/operators/the-viewer/password", `{"password":"`+password+`"}`), 204)
	w.expect(b.send("GET", "/daero/api/level", ""), 401)
	w.expect(w.do(store.Admin, "PUT", "/daero/api/operators/nobody/password", `{"password":"`+password+`"}`), 404)
	w.expect(w.do(store.Admin, "POST", "/daero/api/operators", `{"name":"lee","role":"viewer","password":"short"}`), 422)
	all := w.entries(audit.PasswordSet)
	if len(all) != 3 || all[0].Who != "the-viewer" || all[2].Who != "the-admin" || all[2].Target != "the-viewer" {
		t.Errorf("recorded as %+v", all)
	}
	record, _ := json.Marshal(w.entries("*"))
	listed := w.do(store.Admin, "GET", "/daero/api/operators", "").Body.String()
	for _, secret := range []string{password, next, "argon2"} {
		if strings.Contains(string(record), secret) || strings.Contains(listed, secret) {
			t.Errorf("%q is in the record or the list", secret)
		}
	}
}

// TestOperatorsLink: an admin makes a link, and whoever has it is let in once.
func TestOperatorsLink(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Console = "/daero/console/" })
	w.operator("kim", store.Acting)
	w.expect(w.do(store.Admin, "POST", "/daero/api/operators/nobody/link", ""), 404)
	link := w.expect(w.do(store.Admin, "POST", "/daero/api/operators/kim/link", ""), 201)
	path := link["path"].(string)
	secret := strings.TrimPrefix(path, "/daero/api/login?token=")
	b := w.browser()
	for range 2 { // looking uses nothing up
		if r := b.send("GET", path, ""); r.Code != 200 || !strings.Contains(r.Body.String(), "kim") || !strings.Contains(r.Body.String(), "<form") || strings.Contains(r.Body.String(), `name="name"`) {
			t.Fatalf("%d %s", r.Code, r.Body)
		}
	}
	post := func(b *browser, change ...func(*http.Request)) *httptest.ResponseRecorder {
		return b.send("POST", "/daero/api/login", form("token", secret), append([]func(*http.Request){func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Del("X-Daero-Console") // it is a form
		}}, change...)...)
	}
	plain := w.browser()
	plain.base = "http://daero.example.com"
	if r := post(plain); r.Code != 403 || len(plain.cookies) != 0 || !strings.Contains(r.Body.String(), "ssh -L") {
		t.Errorf("over plain HTTP: %d %s", r.Code, r.Body)
	}
	if r := post(b, with("Sec-Fetch-Site", "cross-site")); r.Code != 403 || len(b.cookies) != 0 {
		t.Errorf("from another site: %d", r.Code)
	}
	if r := post(b, with("Origin", "null")); r.Code != 303 || r.Header().Get("Location") != "/daero/console/" {
		t.Fatalf("%d %v %s", r.Code, r.Header(), r.Body)
	}
	if doc := w.expect(b.send("GET", "/daero/api/session", ""), 200); doc["name"] != "kim" || doc["via"] != "link" {
		t.Errorf("%v", doc)
	}
	if r := post(w.browser()); r.Code != 403 {
		t.Errorf("used twice: %d", r.Code)
	}
	if r := b.send("GET", path, ""); r.Code != 403 || strings.Contains(r.Body.String(), "<form") {
		t.Errorf("looked at afterwards: %d", r.Code)
	}
	made := w.entries(audit.LinkMade)
	if len(made) != 1 || made[0].Who != "the-admin" || made[0].Target != "kim" || !made[0].Until.Equal(w.clock().Add(15*time.Minute)) {
		t.Errorf("recorded as %+v", made)
	}
	record, _ := json.Marshal(w.entries("*"))
	if strings.Contains(string(record), secret) {
		t.Error("the link is in the record")
	}
}

// TestAdminsLinkOpensTheConsole: the token is shown, and the browser is in.
func TestAdminsLinkOpensTheConsole(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Console = "/daero/console/" })
	link := w.expect(w.do(store.Admin, "POST", "/daero/api/link", ""), 201)["path"].(string)
	b := w.browser()
	r := b.send("POST", "/daero/api/login", form("token", strings.TrimPrefix(link, "/daero/api/login?token="), "name", "kim"), with("Content-Type", "application/x-www-form-urlencoded"))
	if r.Code != 200 || !shown.MatchString(r.Body.String()) || !strings.Contains(r.Body.String(), `href="/daero/console/"`) || b.who() != "kim" {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	// Over plain HTTP the token is shown and nothing more.
	link = w.expect(w.do(store.Admin, "POST", "/daero/api/link", ""), 201)["path"].(string)
	b = w.browser()
	b.base = "http://daero.example.com"
	r = b.send("POST", "/daero/api/login", form("token", strings.TrimPrefix(link, "/daero/api/login?token="), "name", "lee"), with("Content-Type", "application/x-www-form-urlencoded"))
	if r.Code != 200 || !shown.MatchString(r.Body.String()) || strings.Contains(r.Body.String(), "/daero/console/") || len(b.cookies) != 0 {
		t.Errorf("%d %s", r.Code, r.Body)
	}
}
