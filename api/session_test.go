package api_test

import (
	"encoding/json"
	"fmt"
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

// TestSameAnswerForAll: whether a name exists shows neither in words nor in
// which of them is looked at.
func TestSameAnswerForAll(t *testing.T) {
	w := newWorld(t)
	w.operator("kim", store.Acting)
	w.token(store.Viewer) // has no password
	answers := map[string][]string{}
	for i, body := range []string{
		`{"name":"kim","password":"wrong"}`, `{"name":"nobody","password":"` + password + `"}`, `{"name":"the-viewer","password":"` + password + `"}`,
		`{"name":"the-viewer","password":" "}`, `{"name":"' OR 1=1 --","password":"x"}`, `{"name":"` + strings.Repeat("x", 5000) + `","password":"x"}`, `{"token":"daero_x"}`,
	} {
		b := w.browser()
		b.from = fmt.Sprintf("10.0.0.%d:1", i)
		r := b.send("POST", "/daero/api/session", body)
		w.expect(r, 401)
		if len(r.Result().Cookies()) != 0 {
			t.Errorf("%.60s: a cookie", body)
		}
		answers[r.Body.String()] = append(answers[r.Body.String()], body)
	}
	if len(answers) != 1 {
		t.Errorf("different answers: %v", answers)
	}
	record, _ := json.Marshal(w.entries("*"))
	for _, secret := range []string{password, "nobody", "OR 1=1", "daero_x"} { // people type passwords into the wrong field
		if strings.Contains(string(record), secret) {
			t.Errorf("%q is in the record: %s", secret, record)
		}
	}
}

// TestGuessedPasswords: who guesses is not looked at any more, also from many
// networks, and does not keep out who is in, or was in a week ago.
func TestGuessedPasswords(t *testing.T) {
	w := newWorld(t)
	w.operator("kim", store.Acting)
	right := `{"name":"kim","password":"` + password + `"}`
	kim := w.browser()
	w.expect(kim.send("POST", "/daero/api/session", right), 200)
	codes := map[int]int{}
	for i := range 60 {
		b := w.browser()
		b.from = fmt.Sprintf("10.%d.0.1:1", i)
		r := b.send("POST", "/daero/api/session", `{"name":"kim","password":"guess"}`)
		codes[r.Code]++
		if r.Code == 429 && r.Header().Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
	}
	if codes[401] != 20 || codes[429] != 40 {
		t.Errorf("guesses of one name: %v", codes)
	}
	w.expect(kim.send("GET", "/daero/api/level", ""), 200)
	again := w.browser() // another browser of the same network
	w.expect(again.send("POST", "/daero/api/session", right), 200)
	stranger := w.browser()
	stranger.from = "10.200.0.1:1"
	w.expect(stranger.send("POST", "/daero/api/session", right), 429)
	w.jump(10 * time.Minute) // networks share buckets: one of those above may have this one's
	codes = map[int]int{}
	for i := range 60 {
		b := w.browser()
		b.from = "203.0.113.7:1"
		codes[b.send("POST", "/daero/api/session", fmt.Sprintf(`{"name":"kim%d","password":"guess"}`, i)).Code]++
	}
	if codes[401] != 20 || codes[429] != 40 {
		t.Errorf("guesses of one network: %v", codes)
	}
	if all := w.entries(audit.LoginRefused); len(all) != 2 { // once a minute at most
		t.Errorf("recorded %d times", len(all))
	}
	w.jump(10 * time.Minute)
	w.expect(stranger.send("POST", "/daero/api/session", right), 200)
}

// TestSessionsEnd: when they lie idle, after a week, and with the role they
// were made for; what is used stays, and the store is told once a minute.
func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	b := w.browser().login(store.Viewer)
	kept := *b.cookies["__Host-daero"]
	level := func(status int) {
		t.Helper()
		w.expect(b.send("GET", "/daero/api/level", ""), status)
	}
	w.jump(12*time.Hour - time.Second)
	level(200)
	w.jump(12*time.Hour - time.Second)
	level(200)
	w.jump(12 * time.Hour)
	level(401)
	if len(b.cookies) != 0 {
		t.Error("the cookie stays")
	}
	b.login(store.Viewer)
	for range 14 {
		w.jump(12*time.Hour - time.Second)
		w.send200(b)
	}
	w.jump(14 * time.Second)
	level(401) // a week
	b.cookies["__Host-daero"] = &kept
	level(401)
}

func (w *world) send200(b *browser) {
	w.t.Helper()
	w.expect(b.send("GET", "/daero/api/level", ""), 200)
}

// TestRemovedAtOnce: who is removed is out with the next request.
func TestRemovedAtOnce(t *testing.T) {
	w := newWorld(t)
	w.operator("kim", store.Acting)
	b := w.browser()
	w.expect(b.send("POST", "/daero/api/session", `{"name":"kim","password":"`+password+`"}`), 200)
	w.send200(b)
	w.expect(w.do(store.Admin, "DELETE", "/daero/api/operators/kim", ""), 204)
	w.expect(b.send("GET", "/daero/api/level", ""), 401)
	if r := w.browser().send("POST", "/daero/api/session", `{"name":"kim","password":"`+password+`"}`); r.Code != 401 {
		t.Errorf("logged in again: %d", r.Code)
	}
	w.operator("kim", store.Admin) // another kim
	w.expect(b.send("GET", "/daero/api/level", ""), 401)
}

// TestListAndRevoke: one's own sessions, all for an admin.
func TestListAndRevoke(t *testing.T) {
	w := newWorld(t)
	w.operator("kim", store.Acting)
	right := `{"name":"kim","password":"` + password + `"}`
	one, two, admin := w.browser(), w.browser(), w.browser().login(store.Admin)
	w.expect(one.send("POST", "/daero/api/session", right), 200)
	w.jump(time.Minute)
	w.expect(two.send("POST", "/daero/api/session", right), 200)
	list := func(b *browser) (all []map[string]any) {
		for _, s := range w.expect(b.send("GET", "/daero/api/sessions", ""), 200)["sessions"].([]any) {
			all = append(all, s.(map[string]any))
		}
		return all
	}
	mine := list(two)
	if len(mine) != 2 || mine[0]["current"] != false || mine[1]["current"] != true || mine[0]["name"] != "kim" || mine[0]["from"] != "198.51.100.9" || mine[0]["via"] != "password" {
		t.Errorf("%v", mine)
	}
	if text := two.send("GET", "/daero/api/sessions", "").Body.String(); strings.Contains(text, two.cookies["__Host-daero"].Value) || strings.Contains(text, "hash") {
		t.Errorf("a secret: %s", text)
	}
	all := list(admin)
	if len(all) != 3 {
		t.Errorf("%v", all)
	}
	theAdmins := w.expect(admin.send("GET", "/daero/api/session", ""), 200)["id"].(string)
	w.expect(two.send("DELETE", "/daero/api/sessions/"+theAdmins, ""), 404)
	w.expect(two.send("DELETE", "/daero/api/sessions/"+mine[0]["id"].(string), ""), 204)
	w.expect(one.send("GET", "/daero/api/level", ""), 401)
	w.expect(admin.send("DELETE", "/daero/api/sessions/"+mine[1]["id"].(string), ""), 204)
	w.expect(two.send("GET", "/daero/api/level", ""), 401)
	w.expect(admin.send("DELETE", "/daero/api/sessions/"+theAdmins, ""), 204)
	if len(admin.cookies) != 0 {
		t.Error("the cookie of the session that ended itself stays")
	}
	if all := w.entries(audit.SessionRevoked); len(all) != 3 || all[1].Who != "the-admin" || all[1].Target != "kim" {
		t.Errorf("recorded as %+v", all)
	}
}

// TestPlainHTTP: no session where anybody on the way could take it, and the
// answer says why.
func TestPlainHTTP(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		base, from string
		header     string
		ok         bool
	}{
		"from this machine":    {base: "http://daero.example.com", from: "127.0.0.1:5", ok: true},
		"by IPv6":              {base: "http://[::1]:8080", from: "[::1]:5", ok: true},
		"through a tunnel":     {base: "http://localhost:8080", from: "198.51.100.9:5", ok: true},
		"to an address":        {base: "http://127.0.0.1:8080", from: "198.51.100.9:5", ok: true},
		"from elsewhere":       {base: "http://daero.example.com", from: "198.51.100.9:5"},
		"a name like here":     {base: "http://localhost.example.com", from: "198.51.100.9:5"},
		"passed on":            {base: "http://localhost:8080", from: "127.0.0.1:5", header: "X-Forwarded-For"},
		"passed on, by a word": {base: "http://localhost:8080", from: "127.0.0.1:5", header: "Forwarded"},
	} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			b.base, b.from = tt.base, tt.from
			add := func(r *http.Request) {
				if tt.header != "" {
					r.Header.Set(tt.header, "x")
				}
			}
			doc := w.expect(b.send("GET", "/daero/api/session", "", add), 200)
			r := b.send("POST", "/daero/api/session", `{"token":"`+w.token(store.Viewer)+`"}`, add)
			if !tt.ok {
				p := w.expect(r, 403)
				if len(b.cookies) != 0 || p["type"] != "urn:problem-type:daero:insecure" || !strings.Contains(p["detail"].(string), "ssh -L") || doc["insecure"] != p["detail"] || doc["ways"].(map[string]any)["password"] != false {
					t.Errorf("%v %v", doc, p)
				}
				return
			}
			w.expect(r, 200)
			if k := b.cookies["daero"]; k == nil || k.Secure || !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || doc["insecure"] != nil {
				t.Errorf("%+v %v", k, doc)
			}
			w.send200(b)
		})
	}
}
