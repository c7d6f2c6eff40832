package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
)

func TestEachRouteSaysWhatItDoes(t *testing.T) {
	for _, rt := range api.Routes() {
		if rt.Summary == "" {
			t.Errorf("%s %s has no summary", rt.Method, rt.Path)
		}
	}
}

func TestTokensInHeadersOnly(t *testing.T) {
	w := newWorld(t)
	text := w.token(store.Admin)
	for name, change := range map[string]func(*http.Request){
		"query":   func(r *http.Request) { r.URL.RawQuery = "token=" + text + "&access_token=" + text },
		"cookie":  func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "token", Value: text}) },
		"basic":   func(r *http.Request) { r.SetBasicAuth("admin", text) },
		"bare":    func(r *http.Request) { r.Header.Set("Authorization", text) },
		"twice":   func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + text, "Bearer " + text} },
		"another": func(r *http.Request) { r.Header.Set("X-Api-Key", text) },
	} {
		r := httptest.NewRequest("GET", "/daero/api/level", nil)
		change(r)
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		if rec.Code != http.StatusUnauthorized || rec.Header().Get("WWW-Authenticate") == "" || strings.Contains(rec.Body.String(), text) {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if r := w.do("", "GET", "/daero/api/level", "", "Authorization", "bearer  "+text); r.Code != 200 {
		t.Errorf("a scheme in small letters: %d", r.Code)
	}
}

// TestGuessing: guesses end in 429, are recorded once a minute, and do not keep
// out who was in.
func TestGuessing(t *testing.T) {
	w := newWorld(t)
	w.expect(w.do(store.Viewer, "GET", "/daero/api/level", ""), 200)
	codes := map[int]int{}
	for i := range 100 {
		guess := fmt.Sprintf("daero_%08d.%043d", i, i) // as whole as any
		r := w.do("", "GET", "/daero/api/level", "", "Authorization", "Bearer "+guess)
		codes[r.Code]++
		if r.Code == 429 && r.Header().Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
	}
	if codes[401] != 20 || codes[429] != 80 {
		t.Errorf("%v", codes)
	}
	w.expect(w.do(store.Viewer, "GET", "/daero/api/level", ""), 200)
	if all := w.entries(audit.LoginRefused); len(all) != 1 || all[0].Target != "192.0.2.1" {
		t.Errorf("recorded as %+v", all)
	}
	if r := w.do("", "POST", "/daero/api/login", "token=x", "Content-Type", "application/x-www-form-urlencoded"); r.Code != 429 {
		t.Errorf("another way of guessing: %d", r.Code)
	}
}

func TestOperators(t *testing.T) {
	w := newWorld(t)
	added := w.expect(w.do(store.Admin, "POST", "/daero/api/operators", `{"name":"kim","role":"operator"}`), 201)
	text := added["token"].(string)
	if r := w.do("", "GET", "/daero/api/level", "", "Authorization", "Bearer "+text); r.Code != 200 {
		t.Errorf("the new token: %d", r.Code)
	}
	listed := w.do(store.Admin, "GET", "/daero/api/operators", "")
	w.expect(listed, 200)
	if body := listed.Body.String(); !strings.Contains(body, `"kim"`) || strings.Contains(body, text) || strings.Contains(body, "argon2") {
		t.Errorf("listed as %s", body)
	}
	w.expect(w.do(store.Admin, "POST", "/daero/api/operators", `{"name":"kim","role":"viewer"}`), 409)
	for _, body := range []string{`{"name":"kim"}`, `{"name":"","role":"viewer"}`, `{"name":"daero","role":"admin"}`, `{"name":"lee","role":"root"}`, `{"name":"Lee","role":"viewer"}`} {
		w.expect(w.do(store.Admin, "POST", "/daero/api/operators", body), 400)
	}
	w.expect(w.do(store.Admin, "DELETE", "/daero/api/operators/kim", ""), 204)
	if r := w.do("", "GET", "/daero/api/level", "", "Authorization", "Bearer "+text); r.Code != 401 {
		t.Errorf("the token of who was removed: %d", r.Code)
	}
	w.expect(w.do(store.Admin, "DELETE", "/daero/api/operators/kim", ""), 404)
	if p := w.expect(w.do(store.Admin, "DELETE", "/daero/api/operators/the-admin", ""), 409); p["type"] != "urn:problem-type:daero:last-admin" {
		t.Errorf("%v", p)
	}
	all := w.entries("operator.*")
	if len(all) != 3 || all[0].What != audit.OperatorAdded || all[0].Who != "the-admin" || all[0].Target != "kim" || all[1].What != audit.OperatorRemoved || all[2].What != audit.LoginRefused {
		t.Errorf("recorded as %+v", all)
	}
	record, _ := json.Marshal(w.entries("*"))
	if strings.Contains(string(record), text) {
		t.Error("the token is in the record")
	}
}

// TestLocal: who has the machine needs no token, and can help who is locked out.
func TestLocal(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Local = true })
	w.expect(w.do("", "POST", "/daero/api/operators", `{"name":"kim","role":"admin"}`), 201)
	w.expect(w.do("", "POST", "/daero/api/level/pin", `{"level":1,"for":"1m","reason":"x"}`), 200)
	w.expect(w.do("", "DELETE", "/daero/api/operators/kim", ""), 204)
	for _, e := range w.entries("*") {
		if e.Who != "local" && e.What != audit.LevelChanged {
			t.Errorf("recorded as %+v", e)
		}
	}
}

var shown = regexp.MustCompile(`daero_[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{43}`)

func form(values ...string) string {
	v := url.Values{}
	for i := 0; i < len(values); i += 2 {
		v.Set(values[i], values[i+1])
	}
	return v.Encode()
}

func TestLoginLink(t *testing.T) {
	w := newWorld(t)
	secret, hash := token.NewLogin()
	if err := w.store.AddLogin(t.Context(), hash, "", w.clock(), w.clock().Add(15*time.Minute)); err != nil {
		t.Fatal(err)
	}
	post := func(values ...string) *httptest.ResponseRecorder {
		return w.do("", "POST", "/daero/api/login", form(values...), "Content-Type", "application/x-www-form-urlencoded", "Accept-Language", "ko-KR,en;q=0.5")
	}
	// Looking at it, however often, uses nothing up.
	for range 3 {
		r := w.do("", "GET", "/daero/api/login?token="+secret, "")
		h := r.Header()
		if r.Code != 200 || !strings.Contains(r.Body.String(), `method="post"`) || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Fatalf("%d %v %s", r.Code, h, r.Body)
		}
	}
	if r := w.do("", "GET", "/daero/api/login?token="+secret, "", "Accept-Language", "ko"); !strings.Contains(r.Body.String(), `lang="ko"`) || !strings.Contains(r.Body.String(), "관리자") {
		t.Errorf("in Korean: %s", r.Body)
	}
	if r := post("token", secret, "name", "No Such Name"); r.Code != 422 || !strings.Contains(r.Body.String(), secret) {
		t.Errorf("a bad name: %d %s", r.Code, r.Body)
	}
	r := post("token", secret, "name", "kim")
	text := shown.FindString(r.Body.String())
	if r.Code != 200 || text == "" {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	if r := w.do("", "GET", "/daero/api/operators", "", "Authorization", "Bearer "+text); r.Code != 200 {
		t.Errorf("the token is not an admin's: %d", r.Code)
	}
	if r := post("token", secret, "name", "lee"); r.Code != 403 || shown.MatchString(r.Body.String()) {
		t.Errorf("used twice: %d", r.Code)
	}
	if all := w.entries(audit.LoggedIn); len(all) != 1 || all[0].Who != "kim" {
		t.Errorf("recorded as %+v", all)
	}
	record, _ := json.Marshal(w.entries("*"))
	if strings.Contains(string(record), text) || strings.Contains(string(record), secret) {
		t.Error("a secret is in the record")
	}
}

func TestLoginLinksThatAreNone(t *testing.T) {
	w := newWorld(t)
	secret, hash := token.NewLogin()
	if err := w.store.AddLogin(t.Context(), hash, "", w.clock(), w.clock().Add(15*time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"", "x", `"><script>alert(1)</script>`, strings.Repeat("A", 5000)} {
		r := w.do("", "GET", "/daero/api/login?"+form("token", s), "")
		if r.Code != 400 || strings.Contains(r.Body.String(), "<script") || strings.Contains(r.Body.String(), "<form") {
			t.Errorf("%.20q: %d %s", s, r.Code, r.Body)
		}
		if r := w.do("", "POST", "/daero/api/login", form("token", s, "name", "kim"), "Content-Type", "application/x-www-form-urlencoded"); r.Code != 403 {
			t.Errorf("%.20q: %d", s, r.Code)
		}
	}
	w.jump(15 * time.Minute)
	if r := w.do("", "POST", "/daero/api/login", form("token", secret, "name", "kim"), "Content-Type", "application/x-www-form-urlencoded"); r.Code != 403 {
		t.Errorf("expired: %d", r.Code)
	}
	if r := w.do("", "POST", "/daero/api/login", `{"token":"`+secret+`"}`); r.Code != 415 {
		t.Errorf("JSON: %d", r.Code)
	}
}

// TestStoreThatIsNotThere: what needs it says so, the rest goes on.
func TestStoreThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.expect(w.do(store.Admin, "GET", "/daero/api/level", ""), 200)
	w.store.Close()
	if r := w.do(store.Admin, "GET", "/daero/api/level", ""); r.Code < 500 {
		t.Errorf("a token without a store: %d %s", r.Code, r.Body)
	}
	w.cfg.Local = true
	a, err := api.New(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.api = a
	w.expect(w.do("", "GET", "/daero/api/level", ""), 200)
	w.expect(w.do("", "GET", "/daero/api/playbook", ""), 200)
	w.expect(w.do("", "GET", "/daero/api/audit", ""), 500)
}

func TestConfigThatIsNotWhole(t *testing.T) {
	if _, err := api.New(api.Config{}); err == nil {
		t.Error("accepted")
	}
}
