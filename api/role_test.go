package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/session"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
)

// visitor is somebody who asks for everything.
type visitor struct {
	name string
	role store.Role // that they have; "" has none
	// carry puts what they show into a request.
	carry func(r *http.Request)
	// changes is the status of those who may not change anything, 0 for those
	// who may.
	changes int
}

// pathOf fills a route's path in.
func pathOf(rt api.Route) string {
	path := strings.NewReplacer("{lane}", "login", "{backend}", "default").Replace(rt.Path)
	return regexp.MustCompile(`\{[^}]+\}`).ReplaceAllString(path, "x")
}

// hangUp goes away when the answer begins, so that streams end.
type hangUp struct {
	*httptest.ResponseRecorder
	cancel func()
}

func (h hangUp) WriteHeader(status int) {
	h.ResponseRecorder.WriteHeader(status)
	h.cancel()
}

// ask sends an empty JSON object to a route.
func (v visitor) ask(w *world, rt api.Route, n int) int {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, rt.Method, "https://daero.example.com"+pathOf(rt), strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", n>>16&255, n>>8&255, n&255)
	if v.carry != nil {
		v.carry(r)
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(hangUp{rec, cancel}, r)
	return rec.Code
}

// cookie makes a session and carries it as the console does.
func (w *world) cookie(operator, name string, role store.Role) (carry func(*http.Request), id string) {
	w.t.Helper()
	secret, s, err := w.cfg.Login.Sessions.Begin(w.t.Context(), w.clock(), store.Session{Operator: operator, Name: name, Role: role, Via: store.ByPassword})
	if err != nil {
		w.t.Fatal(err)
	}
	return carryCookie("__Host-daero", secret), s.ID
}

// fresh carries a session that is made anew after it was logged out of.
func (w *world) fresh(operator, name string, role store.Role) (carry func(*http.Request)) {
	var kept func(*http.Request)
	return func(r *http.Request) {
		if kept == nil {
			kept, _ = w.cookie(operator, name, role)
		}
		kept(r)
		if r.Method == "DELETE" && r.URL.Path == api.Prefix+"session" {
			kept = nil
		}
	}
}

func carryCookie(name, secret string) func(*http.Request) {
	return func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: name, Value: secret})
		r.Header.Set("X-Daero-Console", "1")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
}

func carryToken(text string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text) }
}

func both(all ...func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		for _, f := range all {
			f(r)
		}
	}
}

func without(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// id is that of a role's token.
func (w *world) id(role store.Role) string {
	w.t.Helper()
	id, _, _ := strings.Cut(strings.TrimPrefix(w.token(role), "daero_"), ".")
	return id
}

// visitors are all kinds of them.
func (w *world) visitors() (all []visitor) {
	w.t.Helper()
	all = append(all, visitor{name: "nobody"})
	for _, role := range []store.Role{store.Viewer, store.Acting, store.Admin} {
		fresh := w.fresh(w.id(role), "the-"+string(role), role)
		elsewhere := w.fresh("", "park@example.com", role)
		all = append(all,
			visitor{name: "a token", role: role, carry: carryToken(w.token(role))},
			visitor{name: "a cookie", role: role, carry: fresh},
			visitor{name: "a cookie of an account elsewhere", role: role, carry: elsewhere},
			visitor{name: "a token beside a cookie that is none", role: role, carry: both(carryToken(w.token(role)), carryCookie("__Host-daero", "x"))},
			visitor{name: "a cookie without the header", role: role, carry: both(fresh, without("X-Daero-Console")), changes: 403},
			visitor{name: "a cookie from another site", role: role, carry: both(fresh, with("Sec-Fetch-Site", "cross-site")), changes: 403},
			visitor{name: "a cookie from a site beside", role: role, carry: both(fresh, with("Sec-Fetch-Site", "same-site")), changes: 403},
			visitor{name: "a cookie from another origin", role: role, carry: both(fresh, without("Sec-Fetch-Site"), with("Origin", "https://evil.example")), changes: 403},
		)
	}
	return append(all, w.strangers()...)
}

// strangers show what is not valid, or not any more.
func (w *world) strangers() []visitor {
	w.t.Helper()
	forged, _, _ := token.New()
	text, id, hash := newToken()
	gone := store.Credential{Operator: store.Operator{Name: "gone", Role: store.Admin}, ID: id, Hash: hash}
	if err := w.store.AddOperator(w.t.Context(), gone); err != nil {
		w.t.Fatal(err)
	}
	removed, _ := w.cookie(id, "gone", store.Admin)
	if err := w.store.RemoveOperator(w.t.Context(), "gone", w.clock()); err != nil {
		w.t.Fatal(err)
	}
	revoked, which := w.cookie(w.id(store.Admin), "the-admin", store.Admin)
	if err := w.store.EndSession(w.t.Context(), which); err != nil {
		w.t.Fatal(err)
	}
	raised, _ := w.cookie(w.id(store.Viewer), "the-viewer", store.Admin)
	admin := store.Session{Operator: w.id(store.Admin), Name: "the-admin", Role: store.Admin}
	idle, _, err := w.cfg.Login.Sessions.Begin(w.t.Context(), w.clock().Add(-session.Idle), admin)
	if err != nil {
		w.t.Fatal(err)
	}
	plain, _, err := w.cfg.Login.Sessions.Begin(w.t.Context(), w.clock().Add(-session.Idle+1), admin)
	if err != nil {
		w.t.Fatal(err)
	}
	fresh := w.fresh(w.id(store.Admin), "the-admin", store.Admin)
	return []visitor{
		{name: "a forged token", carry: carryToken(forged)},
		{name: "a token of who was removed", carry: carryToken(text)},
		{name: "no token at all", carry: carryToken("")},
		{name: "a forged cookie", carry: carryCookie("__Host-daero", strings.Repeat("A", 43))},
		{name: "an empty cookie", carry: carryCookie("__Host-daero", "")},
		{name: "a cookie that has expired", carry: carryCookie("__Host-daero", idle)},
		{name: "a cookie that was revoked", carry: revoked},
		{name: "a cookie of who was removed", carry: removed},
		{name: "a cookie of a role they have not", carry: raised},
		{name: "a cookie of plain HTTP", carry: carryCookie("daero", plain)},
		{name: "two cookies", carry: both(fresh, carryCookie("__Host-daero", strings.Repeat("A", 43)))},
		{name: "a cookie beside a token that is none", carry: both(fresh, carryToken(forged))},
	}
}

// TestEveryRoute: each route is for its role and those above, however they show
// it, and for nobody else, whatever they show.
func TestEveryRoute(t *testing.T) {
	w := newWorld(t)
	n := 0
	for _, v := range w.visitors() {
		for _, rt := range api.Routes() {
			n++
			got := v.ask(w, rt, n)
			want := v.want(rt)
			refused := got == http.StatusUnauthorized || got == http.StatusForbidden
			if want != 0 && got != want || want == 0 && refused {
				t.Errorf("%s with %s as %q: status %d, want %d (0: let in)", rt.Method+" "+rt.Path, v.name, v.role, got, want)
			}
		}
	}
	t.Logf("%d requests to %d routes", n, len(api.Routes()))
}

// want is the status that refuses a visitor at a route, 0 if it lets them in.
func (v visitor) want(rt api.Route) int {
	changing := rt.Method != "GET"
	switch {
	case rt.Path == api.Prefix+"session" && rt.Method == "DELETE" && v.role != "":
		return v.changes // who logs out needs no role, and must not be made to
	case rt.Path == api.Prefix+"session" && rt.Method == "POST":
		if strings.Contains(v.name, "from a") { // anyone may log in, from our own pages
			return 403
		}
		return 0
	case rt.Path == api.Prefix+"login" && rt.Method == "POST":
		if strings.Contains(v.name, "from a") {
			return 403
		}
		return 0
	case rt.Role == "":
		return 0
	case v.changes != 0 && changing:
		return v.changes
	case v.role == "":
		return http.StatusUnauthorized
	case !v.role.Allows(rt.Role):
		return http.StatusForbidden
	}
	return 0
}

// TestLocalHasNoSessions: whoever has the machine is let in as they are, and a
// cookie counts for nothing.
func TestLocalHasNoSessions(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Local = true })
	carry, id := w.cookie(w.id(store.Viewer), "the-viewer", store.Viewer)
	b := w.browser()
	doc := w.expect(b.send("GET", "/daero/api/session", "", carry), 200)
	if doc["name"] != "local" || doc["role"] != "admin" || doc["via"] != "local" || doc["account"] != false || doc["ways"].(map[string]any)["password"] != false {
		t.Errorf("%v", doc)
	}
	for _, method := range []string{"POST", "DELETE"} {
		if p := w.expect(b.send(method, "/daero/api/session", `{"token":"x"}`, carry), 409); p["type"] != "urn:problem-type:daero:local" {
			t.Errorf("%s: %v", method, p)
		}
	}
	if p := w.expect(b.send("PUT", "/daero/api/account/password", `{"new":"`+password+`"}`), 409); p["type"] != "urn:problem-type:daero:no-account" {
		t.Errorf("%v", p)
	}
	if doc := w.expect(b.send("GET", "/daero/api/sessions", ""), 200); len(doc["sessions"].([]any)) != 1 {
		t.Errorf("%v", doc)
	}
	w.expect(b.send("DELETE", "/daero/api/sessions/"+id, ""), 204)
	w.expect(b.send("GET", "/daero/api/oidc/start", ""), 404)
}
