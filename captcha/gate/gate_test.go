package gate_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/gate"
	"github.com/daero/daero/lane"
)

const siteKey = "gate-site-key-of-forty-characters-------"

// checker takes the token "good" at shop.example.com, and each idempotency key
// once.
type checker struct {
	host string
	keys map[string]bool
}

func (c *checker) Check(_ context.Context, asked captcha.Check, now time.Time) captcha.Checked {
	switch {
	case asked.Secret != "secret" || asked.SiteKey != siteKey || asked.Contract != captcha.Native:
		return captcha.Checked{Failure: captcha.InvalidSecret}
	case asked.Token == "spent":
		return captcha.Checked{Failure: captcha.SpentToken}
	case asked.Token == "down":
		return captcha.Checked{Failure: captcha.Internal}
	case asked.Token != "good":
		return captcha.Checked{Failure: captcha.InvalidToken}
	}
	if c.keys == nil {
		c.keys = map[string]bool{}
	}
	c.keys[asked.IdempotencyKey] = true
	return captcha.Checked{Site: siteKey, Host: c.host, At: now}
}

// world is a gate with a clock.
type world struct {
	*gate.Gate
	t     *testing.T
	check *checker
	now   time.Time
}

func newWorld(t *testing.T, change func(*gate.Config)) *world {
	t.Helper()
	w := &world{t: t, check: &checker{host: "shop.example.com"}, now: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)}
	cfg := gate.Config{
		Checker: w.check, SiteKey: siteKey, SiteSecret: "secret", Secrets: [][]byte{[]byte(strings.Repeat("s", 32))},
		Client: func(r *http.Request) string { return r.Header.Get("Test-Address") },
		Now:    func() time.Time { return w.now },
	}
	if change != nil {
		change(&cfg)
	}
	g, err := gate.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.Gate = g
	return w
}

var kim = lane.HashUser("kim")

func request(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "shop.example.com"
	r.Header.Set("Test-Address", "203.0.113.7")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (w *world) challenge(r *http.Request, user uint64) *httptest.ResponseRecorder {
	w.t.Helper()
	rec := httptest.NewRecorder()
	if !w.Challenge(rec, r, "login", user) {
		w.t.Fatal("not answered")
	}
	return rec
}

func (w *world) serve(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

type problem struct {
	Type, Title, Detail, Code, Lane, SiteKey, For, Header, Instance string
	Challenge                                                       string `json:"challenge_url"`
	Clear                                                           string `json:"clear_url"`
	Status                                                          int
}

func problemOf(t *testing.T, rec *httptest.ResponseRecorder) (p problem) {
	t.Helper()
	if ct := rec.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Fatalf("%s: %s", ct, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || p.Status != rec.Code || p.Detail == "" {
		t.Fatalf("%v %+v", err, p)
	}
	return p
}

// grant asks as a program does, passes, and returns the clearance.
func (w *world) grant(user uint64, headers ...string) string {
	w.t.Helper()
	p := problemOf(w.t, w.challenge(request("POST", "/v1/login?x=1", "", headers...), user))
	rec := w.serve(request("POST", p.Clear, `{"for":"`+p.For+`","token":"good"}`, "Content-Type", "application/json"))
	var g gate.Grant
	if err := json.Unmarshal(rec.Body.Bytes(), &g); err != nil || rec.Code != 200 || g.Header != gate.Header || g.ExpiresIn != 1800 {
		w.t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	return g.Clearance
}

func TestProgramsAreToldTheWay(t *testing.T) {
	w := newWorld(t, nil)
	rec := w.challenge(request("POST", "/v1/login?token=secret", ""), kim)
	p := problemOf(t, rec)
	if p.Status != 403 || p.Type != "urn:problem-type:daero:challenge" || p.SiteKey != siteKey || p.Challenge != "/daero/captcha/challenge" ||
		p.Clear != gate.ClearPath || p.Header != gate.Header || p.For == "" || p.Lane != "login" || p.Instance != "/v1/login" {
		t.Errorf("%+v", p)
	}
	if h := rec.Header(); h.Get("Cache-Control") != "no-store" || h.Get("Set-Cookie") != "" || !strings.Contains(h.Get("Vary"), gate.Header) {
		t.Errorf("%v", h)
	}
	c := w.grant(kim)
	if cleared, _ := w.Cleared(request("POST", "/v1/login", "", gate.Header, c), kim); !cleared {
		t.Error("not cleared")
	}
	for range 3 { // many-use
		if cleared, _ := w.Cleared(request("GET", "/v1/login", "", "Cookie", "a=b; "+gate.Cookie+"="+c), kim); !cleared {
			t.Error("not cleared by cookie")
		}
	}
}

func TestWhoseClearanceCounts(t *testing.T) {
	w := newWorld(t, nil)
	named, unnamed := w.grant(kim), w.grant(0)
	for name, c := range map[string]struct {
		clearance string
		user      uint64
		headers   []string
		host      string
		after     time.Duration
		cleared   bool
		known     bool
	}{
		"its caller's":              {clearance: named, user: kim, cleared: true, known: true},
		"from another network":      {clearance: named, user: kim, headers: []string{"Test-Address", "198.51.100.1"}, cleared: true, known: true},
		"another user's":            {clearance: named, user: lane.HashUser("lee")},
		"nobody's with a user's":    {clearance: named},
		"a user's with nobody's":    {clearance: unnamed, user: kim},
		"of the network":            {clearance: unnamed, cleared: true, known: true},
		"of the network, elsewhere": {clearance: unnamed, headers: []string{"Test-Address", "203.0.113.200"}, cleared: true, known: true},
		"of another network":        {clearance: unnamed, headers: []string{"Test-Address", "203.0.114.7"}},
		"at another host":           {clearance: named, user: kim, host: "bank.example.com"},
		"at the host's port":        {clearance: named, user: kim, host: "Shop.Example.com:8443", cleared: true, known: true},
		"just before its end":       {clearance: named, user: kim, after: 30*time.Minute - time.Second, cleared: true, known: true},
		"over":                      {clearance: named, user: kim, after: 30 * time.Minute, known: true},
		"over for a month":          {clearance: named, user: kim, after: 30*time.Minute + gate.Known},
		"forged":                    {clearance: named[:len(named)-2] + "AA", user: kim},
		"longer":                    {clearance: named + "A", user: kim},
		"empty":                     {user: kim},
	} {
		t.Run(name, func(t *testing.T) {
			r := request("GET", "/v1/login", "", append(c.headers, gate.Header, c.clearance)...)
			if c.host != "" {
				r.Host = c.host
			}
			before := w.now
			defer func() { w.now = before }()
			w.now = w.now.Add(c.after)
			if cleared, known := w.Cleared(r, c.user); cleared != c.cleared || known != c.known {
				t.Errorf("cleared %t, known %t", cleared, known)
			}
		})
	}
}

// TestSecretsChange: with the new one behind the old, then before it, nobody is
// asked twice.
func TestSecretsChange(t *testing.T) {
	old, fresh := []byte(strings.Repeat("o", 32)), []byte(strings.Repeat("n", 32))
	with := func(secrets ...[]byte) *world {
		return newWorld(t, func(c *gate.Config) { c.Secrets = secrets })
	}
	c := with(old).grant(kim)
	r := request("GET", "/", "", gate.Header, c)
	for name, tt := range map[string]struct {
		w    *world
		want bool
	}{"behind": {with(old, fresh), true}, "before": {with(fresh, old), true}, "alone": {with(fresh), false}} {
		if cleared, _ := tt.w.Cleared(r, kim); cleared != tt.want {
			t.Errorf("%s: %t", name, cleared)
		}
	}
}

func TestTokensThatDoNotPass(t *testing.T) {
	w := newWorld(t, nil)
	ask := problemOf(t, w.challenge(request("GET", "/", "", "Accept", "application/json"), kim)).For
	for name, c := range map[string]struct {
		body, kind string
		status     int
		code       string
	}{
		"spent":           {`{"for":"` + ask + `","token":"spent"}`, "application/json", 403, "spent-token"},
		"wrong":           {`{"for":"` + ask + `","token":"x"}`, "application/json; charset=utf-8", 403, "invalid-token"},
		"none":            {`{"for":"` + ask + `","token":""}`, "application/json", 400, "missing-token"},
		"away":            {`{"for":"` + ask + `","token":"down"}`, "application/json", 503, "unavailable"},
		"another ask":     {`{"for":"` + ask[:len(ask)-2] + `AA","token":"good"}`, "application/json", 403, "invalid-for"},
		"no ask":          {`{"token":"good"}`, "application/json", 400, ""},
		"twice":           {`{"for":"x","for":"` + ask + `","token":"good"}`, "application/json", 400, ""},
		"another field":   {`{"for":"` + ask + `","token":"good","user":"lee"}`, "application/json", 400, ""},
		"a number":        {`{"for":1,"token":"good"}`, "application/json", 400, ""},
		"no object":       {`[]`, "application/json", 400, ""},
		"two objects":     {`{"for":"` + ask + `","token":"good"}{}`, "application/json", 400, ""},
		"no JSON":         {`for=` + ask, "application/json", 400, ""},
		"no kind":         {`{}`, "", 415, ""},
		"large":           {`{"for":"` + strings.Repeat("x", 20<<10) + `"}`, "application/json", 413, ""},
		"not UTF-8":       {"{\"for\":\"\xff\",\"token\":\"good\"}", "application/json", 400, ""},
		"a page's ask":    {`{"for":"` + pageAsk(t, w) + `","token":"good"}`, "application/json", 403, "invalid-for"},
		"good, to see it": {`{"for":"` + ask + `","token":"good"}`, "application/json", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			rec := w.serve(request("POST", gate.ClearPath, c.body, "Content-Type", c.kind))
			if rec.Code != c.status {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			if c.status != 200 && problemOf(t, rec).Code != c.code {
				t.Errorf("%s", rec.Body)
			}
		})
	}
	w.now = w.now.Add(time.Hour)
	if rec := w.serve(request("POST", gate.ClearPath, `{"for":"`+ask+`","token":"good"}`, "Content-Type", "application/json")); rec.Code != 403 {
		t.Errorf("an old ask: %d", rec.Code)
	}
}

// TestTokensOfOtherPages: whoever shows our widget elsewhere gets tokens that are
// worth nothing here.
func TestTokensOfOtherPages(t *testing.T) {
	for host, want := range map[string]int{"shop.example.com": 200, "": 200, "app:com.example.shop": 200, "evil.example.net": 403} {
		w := newWorld(t, nil)
		w.check.host = host
		p := problemOf(t, w.challenge(request("POST", "/", ""), kim))
		rec := w.serve(request("POST", p.Clear, `{"for":"`+p.For+`","token":"good"}`, "Content-Type", "application/json"))
		if rec.Code != want {
			t.Errorf("%q: %d", host, rec.Code)
		}
	}
}

// TestAgainIsTheSame: who did not hear the answer sends the same again, with the
// same idempotency key; with another ask it is another one.
func TestAgainIsTheSame(t *testing.T) {
	w := newWorld(t, nil)
	first := problemOf(t, w.challenge(request("POST", "/", ""), kim)).For
	second := problemOf(t, w.challenge(request("POST", "/", ""), lane.HashUser("lee"))).For
	for _, ask := range []string{first, first, second} {
		w.serve(request("POST", gate.ClearPath, `{"for":"`+ask+`","token":"good"}`, "Content-Type", "application/json"))
	}
	if len(w.check.keys) != 2 {
		t.Errorf("%v", w.check.keys)
	}
	for k := range w.check.keys {
		if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(k) {
			t.Error(k)
		}
	}
}

func TestOtherMethodsAndPaths(t *testing.T) {
	w := newWorld(t, nil)
	if rec := w.serve(request("PUT", gate.ClearPath, "")); rec.Code != 405 || rec.Header().Get("Allow") == "" {
		t.Errorf("%d", rec.Code)
	}
	if rec := w.serve(request("GET", gate.ClearPath, "")); rec.Code != 404 || rec.Header().Get("Location") != "" {
		t.Errorf("%d", rec.Code)
	}
	if rec := w.serve(request("GET", gate.ScriptPath, "")); rec.Code != 200 || !strings.Contains(rec.Body.String(), "daeroGate") || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
	if !gate.Serves(gate.ClearPath) || !gate.Serves(gate.ScriptPath) || gate.Serves("/daero/captcha/api.js") {
		t.Error("paths")
	}
	rec := w.challenge(request("POST", "/svc/Method", "", "Content-Type", "application/grpc+proto"), kim)
	if rec.Code != 200 || rec.Header().Get("Grpc-Status") != "16" {
		t.Errorf("gRPC: %d %v", rec.Code, rec.Header())
	}
	if ct := w.challenge(request("GET", "/x", "", "Accept", "text/html,*/*", "Sec-Fetch-Dest", "empty"), kim).Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("a script in a page gets %s", ct)
	}
}

func TestConfig(t *testing.T) {
	_, err := gate.New(gate.Config{Secrets: [][]byte{[]byte("short")}, Life: 48 * time.Hour})
	for _, want := range []string{"set Checker", "shorter than 16 bytes", "1m to 24h"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q not in %v", want, err)
		}
	}
}

// BenchmarkCleared is what each request of a lane that challenges costs.
func BenchmarkCleared(b *testing.B) {
	g, err := gate.New(gate.Config{
		Checker: &checker{}, SiteKey: siteKey, SiteSecret: "secret", Secrets: [][]byte{[]byte(strings.Repeat("s", 32))},
		Client: func(*http.Request) string { return "203.0.113.7" },
	})
	if err != nil {
		b.Fatal(err)
	}
	r := request("GET", "/", "", gate.Header, strings.Repeat("A", 34))
	b.ReportAllocs()
	for b.Loop() {
		g.Cleared(r, kim)
	}
}

// FuzzWhatIsBrought: nothing that a stranger sends makes a clearance.
func FuzzWhatIsBrought(f *testing.F) {
	f.Add("for=a&back=/&token=good", "AQAAAABp", "/daero/captcha/clear?for=x&back=/")
	f.Add(`{"for":"a","token":"good"}`, strings.Repeat("A", 34), "/%5c%5cevil")
	f.Fuzz(func(t *testing.T, body, clearance, target string) {
		w := newWorld(t, nil)
		if cleared, known := w.Cleared(request("GET", "/", "", gate.Header, clearance), kim); cleared || known {
			t.Fatal("cleared")
		}
		if cleared, known := w.Cleared(request("GET", "/", "", "Cookie", gate.Cookie+"="+clearance+"; "+clearance), kim); cleared || known {
			t.Fatal("cleared by cookie")
		}
		for _, kind := range []string{"application/json", "application/x-www-form-urlencoded"} {
			if rec := w.serve(request("POST", gate.ClearPath, body, "Content-Type", kind)); rec.Code < 400 || rec.Header().Get("Set-Cookie") != "" {
				t.Fatalf("%d", rec.Code)
			}
		}
		r := request("GET", gate.ClearPath, "", "Accept", "text/html")
		r.URL.RawQuery, r.RequestURI = target, target
		if rec := w.serve(r); rec.Header().Get("Location") != "" {
			t.Fatal("sent on")
		}
		r.Header.Set("Referer", target)
		rec := w.challenge(r, 0)
		if back := formOf(t, rec).Get("back"); !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\t\r\n ") {
			t.Fatalf("back to %q", back)
		}
	})
}
