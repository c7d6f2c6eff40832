package siteverify

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"math"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
)

// told is a Checker that says what it is told to say, and keeps what it was asked.
type told struct {
	say   captcha.Checked
	asked []captcha.Check
}

func (c *told) Check(_ context.Context, q captcha.Check, _ time.Time) captcha.Checked {
	c.asked = append(c.asked, q)
	return c.say
}

var passed = captcha.Checked{
	Site: "site-key", Host: "shop.example.com", Action: "login", CData: "cart 7",
	At:    time.Date(2026, 3, 1, 21, 4, 5, 6_700_000, time.FixedZone("KST", 9*3600)),
	Score: 0.9, Reasons: []string{"quick-work"}, Interactive: true, Kind: captcha.KindOrder,
}

func ask(t *testing.T, c Checker, r *http.Request) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	New(Config{Checker: c}).ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	return w.Code, w.Body.String()
}

func form(path string, pairs ...string) *http.Request {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return body(path, "application/x-www-form-urlencoded", v.Encode())
}

func body(path, contentType, s string) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(s))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func multi(path string, pairs ...string) *http.Request {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		w.WriteField(pairs[i], pairs[i+1])
	}
	w.Close()
	return body(path, w.FormDataContentType(), b.String())
}

func TestPassed(t *testing.T) {
	app := passed
	app.Host, app.Action, app.CData, app.Interactive, app.Reasons, app.Kind = "", "", "", false, nil, captcha.KindWork
	named := app
	named.Host = "app:com.example.shop"
	for _, tt := range []struct {
		name, path string
		say        captcha.Checked
		want       string
	}{
		{"reCAPTCHA v3", PathRecaptcha, passed, `{"success":true,"challenge_ts":"2026-03-01T12:04:05.006Z","hostname":"shop.example.com","score":0.9,"action":"login"}`},
		{"reCAPTCHA v2, of an app", PathRecaptcha, app, `{"success":true,"challenge_ts":"2026-03-01T12:04:05.006Z"}`},
		{"reCAPTCHA v2, of an app that says which", PathRecaptcha, named, `{"success":true,"challenge_ts":"2026-03-01T12:04:05.006Z","apk_package_name":"com.example.shop"}`},
		{"hCaptcha, of an app that says which", PathHcaptcha, named, `{"success":true,"challenge_ts":"2026-03-01T12:04:05.006Z","hostname":"app:com.example.shop","score":0.1,"score_reason":[]}`},
		{"hCaptcha: its score is a risk", PathHcaptcha, passed, `{"success":true,"challenge_ts":"2026-03-01T12:04:05.006Z","hostname":"shop.example.com","score":0.1,"score_reason":["quick-work"]}`},
		{"hCaptcha, of an app", PathHcaptcha, app, `{"success":true,"challenge_ts":"2026-03-01T12:04:05.006Z","hostname":"","score":0.1,"score_reason":[]}`},
		{"Turnstile", PathTurnstile, passed, `{"success":true,"error-codes":[],"challenge_ts":"2026-03-01T12:04:05.006Z","hostname":"shop.example.com","action":"login","cdata":"cart 7","metadata":{"interactive":true}}`},
		{"Turnstile, of an app", PathTurnstile, app, `{"success":true,"error-codes":[],"challenge_ts":"2026-03-01T12:04:05.006Z","hostname":"","action":"","cdata":"","metadata":{"interactive":false}}`},
		{"daero", PathNative, passed, `{"success":true,"error-codes":[],"challenge_ts":"2026-03-01T12:04:05.006Z","sitekey":"site-key","hostname":"shop.example.com","action":"login","cdata":"cart 7","score":0.9,"reasons":["quick-work"],"kind":"order","interactive":true}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, got := ask(t, &told{say: tt.say}, form(tt.path, "secret", "s", "response", "r"))
			if status != 200 || got != tt.want {
				t.Errorf("%d %s\nwant 200 %s", status, got, tt.want)
			}
		})
	}
}

func TestFailed(t *testing.T) {
	const internal = captcha.Internal
	paths := []string{PathRecaptcha, PathHcaptcha, PathTurnstile, PathNative}
	for failure, want := range map[captcha.Failure][4]string{
		captcha.InvalidSecret:      {"invalid-input-secret", "invalid-input-secret", "invalid-input-secret", "invalid-input-secret"},
		captcha.MissingToken:       {"missing-input-response", "missing-input-response", "missing-input-response", "missing-input-response"},
		captcha.InvalidToken:       {"invalid-input-response", "invalid-input-response", "invalid-input-response", "invalid-input-response"},
		captcha.ExpiredToken:       {"timeout-or-duplicate", `expired-input-response","invalid-or-already-seen-response`, "timeout-or-duplicate", "expired-input-response"},
		captcha.SpentToken:         {"timeout-or-duplicate", `already-seen-response","invalid-or-already-seen-response`, "timeout-or-duplicate", "already-seen-response"},
		captcha.WrongSiteKey:       {"invalid-input-response", "sitekey-secret-mismatch", "invalid-input-response", "sitekey-secret-mismatch"},
		captcha.InvalidRemoteIP:    {"bad-request", "invalid-remoteip", "bad-request", "invalid-remoteip"},
		captcha.NotDummyToken:      {"invalid-input-response", "not-using-dummy-passcode", "invalid-input-response", "not-using-dummy-passcode"},
		captcha.DummyToken:         {"invalid-input-response", "not-using-dummy-secret", "invalid-input-response", "not-using-dummy-secret"},
		internal:                   {"internal-error", "internal-error", "internal-error", "internal-error"},
		"a failure of a later day": {"internal-error", "internal-error", "internal-error", "internal-error"},
	} {
		for i, path := range paths {
			status, got := ask(t, &told{say: captcha.Checked{Failure: failure, Host: "secret.example.com"}}, form(path, "secret", "s", "response", "r"))
			wantStatus := 200
			if want[i] == "internal-error" && (path == PathRecaptcha || path == PathHcaptcha) {
				wantStatus = 503
			}
			if full := `{"success":false,"error-codes":["` + want[i] + `"]}`; status != wantStatus || got != full {
				t.Errorf("%s at %s: %d %s, want %d %s", failure, path, status, got, wantStatus, full)
			}
		}
	}
}

// Every way of asking that a contract allows says the same to the Checker.
func TestAsked(t *testing.T) {
	const id = "6f1d9c7e-0c3b-4b6e-9a51-3d1c1f0e2a77"
	all := []string{"secret", "s&=%", "response", "토큰", "remoteip", "192.0.2.7", "sitekey", "k", "idempotency_key", id, "other", "x"}
	object, _ := json.Marshal(map[string]any{"secret": "s&=%", "response": "토큰", "remoteip": "192.0.2.7", "sitekey": "k", "idempotency_key": id, "other": []int{1}, "Secret": "not this", "none": nil})
	query := func(method string) *http.Request {
		r := form(PathRecaptcha, all...)
		b, _ := io.ReadAll(r.Body)
		return httptest.NewRequest(method, PathRecaptcha+"?"+string(b), nil)
	}
	halves := body(PathRecaptcha+"?secret=s%26%3D%25&remoteip=192.0.2.7", "application/x-www-form-urlencoded; charset=utf-8", "response="+url.QueryEscape("토큰"))
	empty := query("POST")
	empty.Body, empty.Header = io.NopCloser(strings.NewReader("{}")), http.Header{"Content-Type": {"application/json"}}

	want := captcha.Check{Secret: "s&=%", Token: "토큰", RemoteIP: "192.0.2.7"}
	turnstile, hcaptcha, native := want, want, want
	want.Contract, turnstile.Contract, hcaptcha.Contract, native.Contract = captcha.Recaptcha, captcha.Turnstile, captcha.Hcaptcha, captcha.Native
	turnstile.IdempotencyKey, native.IdempotencyKey = id, id
	hcaptcha.SiteKey, native.SiteKey = "k", "k"
	for name, tt := range map[string]struct {
		r    *http.Request
		want captcha.Check
	}{
		"reCAPTCHA, form":             {form(PathRecaptcha, all...), want},
		"reCAPTCHA, query":            {query("GET"), want},
		"reCAPTCHA, POST with query":  {query("POST"), want},
		"reCAPTCHA, half and half":    {halves, want},
		"reCAPTCHA, {} and a query":   {empty, want},
		"hCaptcha, form":              {form(PathHcaptcha, all...), hcaptcha},
		"Turnstile, form":             {form(PathTurnstile, all...), turnstile},
		"Turnstile, multipart":        {multi(PathTurnstile, all...), turnstile},
		"Turnstile, JSON":             {body(PathTurnstile, "application/json", string(object)), turnstile},
		"daero, form":                 {form(PathNative, all...), native},
		"daero, multipart":            {multi(PathNative, all...), native},
		"daero, JSON with a charset":  {body(PathNative, "application/json; charset=UTF-8", string(object)), native},
		"hCaptcha, no type of a form": {body(PathHcaptcha, "", "secret=s%26%3D%25&sitekey=k&remoteip=192.0.2.7&response=%ED%86%A0%ED%81%B0"), hcaptcha},
	} {
		t.Run(name, func(t *testing.T) {
			c := &told{say: passed}
			status, got := ask(t, c, tt.r)
			if status != 200 || len(c.asked) != 1 || c.asked[0] != tt.want {
				t.Errorf("%d %s, asked %+v, want %+v", status, got, c.asked, tt.want)
			}
		})
	}
}

// What makes no sense is never asked of the Checker, and has the code that the
// contract has for it.
func TestBadRequests(t *testing.T) {
	const urlencoded = "application/x-www-form-urlencoded"
	big := strings.Repeat("a", 1<<20)
	get := func(path string) *http.Request { return httptest.NewRequest("GET", path, nil) }
	method := func(m, path string) *http.Request { return httptest.NewRequest(m, path, nil) }
	for name, tt := range map[string]struct {
		r      *http.Request
		status int
		codes  string
	}{
		"nothing":                          {body(PathRecaptcha, urlencoded, ""), 200, "missing-input-secret missing-input-response"},
		"GET of nothing":                   {get(PathRecaptcha), 200, "missing-input-secret missing-input-response"},
		"no secret":                        {form(PathHcaptcha, "response", "r"), 200, "missing-input-secret"},
		"GET, hCaptcha":                    {get(PathHcaptcha + "?secret=s&response=r"), 405, "bad-request"},
		"GET, Turnstile":                   {get(PathTurnstile), 405, "bad-request"},
		"HEAD":                             {method("HEAD", PathRecaptcha), 405, "bad-request"},
		"OPTIONS: browsers are not served": {method("OPTIONS", PathNative), 405, "bad-request"},
		"PUT":                              {method("PUT", PathRecaptcha), 405, "bad-request"},
		"query, hCaptcha":                  {body(PathHcaptcha+"?secret=s&response=r", urlencoded, ""), 200, "missing-input-secret missing-input-response"},
		"query, Turnstile":                 {body(PathTurnstile+"?secret=s&response=r", urlencoded, ""), 200, "missing-input-secret missing-input-response"},
		"two secrets":                      {form(PathTurnstile, "secret", "a", "secret", "b", "response", "r"), 200, "bad-request"},
		"the same secret twice":            {form(PathHcaptcha, "secret", "a", "secret", "a", "response", "r"), 200, "bad-request"},
		"two tokens, multipart":            {multi(PathTurnstile, "secret", "a", "response", "r", "response", "q"), 200, "bad-request"},
		"two tokens, JSON":                 {body(PathTurnstile, "application/json", `{"secret":"a","response":"r","response":"q"}`), 200, "bad-request"},
		"two tokens, query and body":       {body(PathRecaptcha+"?secret=s&response=r", urlencoded, "response=q"), 200, "bad-request"},
		"JSON, reCAPTCHA":                  {body(PathRecaptcha, "application/json", `{"secret":"s","response":"r"}`), 200, "bad-request"},
		"JSON, hCaptcha":                   {body(PathHcaptcha, "application/json", `{"secret":"s","response":"r"}`), 200, "bad-request"},
		"XML, Turnstile":                   {body(PathTurnstile, "text/xml", `<secret/>`), 415, "bad-request"},
		"a type that is none":              {body(PathNative, ";;;", `secret`), 415, "bad-request"},
		"multipart without a boundary":     {body(PathTurnstile, "multipart/form-data", `secret`), 200, "bad-request"},
		"multipart that is cut off":        {body(PathTurnstile, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\ns"), 200, "bad-request"},
		"a file":                           {body(PathTurnstile, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"secret\"; filename=\"f\"\r\n\r\ns\r\n--b--\r\n"), 200, "bad-request"},
		"JSON that is a list":              {body(PathTurnstile, "application/json", `["secret"]`), 200, "bad-request"},
		"JSON that is cut off":             {body(PathTurnstile, "application/json", `{"secret":"s"`), 200, "bad-request"},
		"JSON and more":                    {body(PathTurnstile, "application/json", `{"secret":"s"} {}`), 200, "bad-request"},
		"a number for a secret":            {body(PathTurnstile, "application/json", `{"secret":1,"response":"r"}`), 200, "bad-request"},
		"null for a secret":                {body(PathTurnstile, "application/json", `{"secret":null,"response":"r"}`), 200, "missing-input-secret"},
		"JSON, not UTF-8":                  {body(PathTurnstile, "application/json", "{\"secret\":\"\xff\",\"response\":\"r\"}"), 200, "bad-request"},
		"form, not UTF-8":                  {body(PathHcaptcha, urlencoded, "secret=%ff&response=r"), 200, "bad-request"},
		"query, not UTF-8":                 {get(PathRecaptcha + "?secret=s&response=%c0%80"), 200, "bad-request"},
		"a wrong escape":                   {body(PathHcaptcha, urlencoded, "secret=%zz&response=r"), 200, "bad-request"},
		"a semicolon":                      {body(PathHcaptcha, urlencoded, "secret=s;response=r"), 200, "bad-request"},
		"1 MB, form":                       {form(PathRecaptcha, "secret", "s", "response", big), 200, "bad-request"},
		"1 MB, JSON":                       {body(PathTurnstile, "application/json", `{"secret":"s","response":"`+big+`"}`), 200, "bad-request"},
		"1 MB, multipart":                  {multi(PathTurnstile, "secret", "s", "response", big), 200, "bad-request"},
		"1 MB, query":                      {get(PathRecaptcha + "?secret=s&response=" + big), 200, "bad-request"},
		"deep JSON":                        {body(PathTurnstile, "application/json", `{"x":`+strings.Repeat("[", 60_000)+`}`), 200, "bad-request"},
		"an idempotency key that is none":  {form(PathTurnstile, "secret", "s", "response", "r", "idempotency_key", "6f1d9c7e-0c3b-4b6e-9a51-3d1c1f0e2a7g"), 200, "bad-request"},
		"a short idempotency key":          {form(PathTurnstile, "secret", "s", "response", "r", "idempotency_key", "1"), 200, "bad-request"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &told{say: passed}
			status, got := ask(t, c, tt.r)
			want := `{"success":false,"error-codes":["` + strings.ReplaceAll(tt.codes, " ", `","`) + `"]}`
			if status != tt.status || got != want || len(c.asked) != 0 {
				t.Errorf("%d %s, asked %d\nwant %d %s", status, got, len(c.asked), tt.status, want)
			}
		})
	}
}

func TestServes(t *testing.T) {
	paths := map[string]bool{
		PathRecaptcha: true, PathHcaptcha: true, PathTurnstile: true, PathNative: true,
		"/": false, "/siteverify/": false, "/recaptcha/api": false, "": false,
	}
	for path, want := range paths {
		if got := Serves(path); got != want {
			t.Errorf("Serves(%q) = %v", path, got)
		}
	}
	w := httptest.NewRecorder()
	New(Config{Checker: &told{}}).ServeHTTP(w, form("/elsewhere", "secret", "s"))
	if w.Code != 404 {
		t.Errorf("elsewhere: %d", w.Code)
	}
	w = httptest.NewRecorder()
	New(Config{Checker: &told{}}).ServeHTTP(w, httptest.NewRequest("DELETE", PathRecaptcha, nil))
	if got := w.Header().Get("Allow"); got != "GET, POST" {
		t.Errorf("Allow %q", got)
	}
}

func TestScore(t *testing.T) {
	for in, want := range map[float64]float64{0.123: 0.12, 1.5: 1, -1: 0, math.Inf(1): 1, math.Inf(-1): 0, 0: 0} {
		if got := score(in); got != want {
			t.Errorf("score(%v) = %v, want %v", in, got, want)
		}
	}
	if got := score(math.NaN()); got != 0 {
		t.Errorf("score(NaN) = %v", got)
	}
}

// A Checker is told what the clock says, and the request's own context.
func TestNow(t *testing.T) {
	type key struct{}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := checkFunc(func(ctx context.Context, _ captcha.Check, at time.Time) captcha.Checked {
		if !at.Equal(now) || ctx.Value(key{}) != "mine" {
			t.Errorf("at %v with %v", at, ctx.Value(key{}))
		}
		return passed
	})
	r := form(PathHcaptcha, "secret", "s", "response", "r")
	New(Config{Checker: c, Now: func() time.Time { return now }}).
		ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithValue(r.Context(), key{}, "mine")))
}

type checkFunc func(context.Context, captcha.Check, time.Time) captcha.Checked

func (f checkFunc) Check(ctx context.Context, c captcha.Check, now time.Time) captcha.Checked {
	return f(ctx, c, now)
}

// Whatever is sent, the answer is the contract's, and what reaches the Checker
// is UTF-8 of a bounded length.
func FuzzRequest(f *testing.F) {
	f.Add(PathRecaptcha, "secret=s&response=r", "application/json", []byte("{}"), true)
	f.Add(PathTurnstile, "", "multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\ns\r\n--b--\r\n"), true)
	f.Add(PathTurnstile, "", "application/json", []byte(`{"secret":"s","response":"r","idempotency_key":"x","a":[{}]}`), true)
	f.Add(PathHcaptcha, "", "application/x-www-form-urlencoded", []byte("secret=%zz&secret=a;b"), true)
	f.Add(PathNative, "", "", []byte("secret=1&response=%ff"), false)
	f.Fuzz(func(t *testing.T, path, query, contentType string, b []byte, post bool) {
		if !Serves(path) {
			path = PathTurnstile
		}
		method := http.MethodGet
		if post {
			method = http.MethodPost
		}
		r := &http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query},
			Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader(b)),
		}
		c := &told{say: passed}
		w := httptest.NewRecorder()
		New(Config{Checker: c}).ServeHTTP(w, r)
		var got struct {
			Success *bool    `json:"success"`
			Codes   []string `json:"error-codes"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Success == nil {
			t.Fatalf("%d %q: %v", w.Code, w.Body, err)
		}
		if *got.Success != (len(c.asked) == 1) || *got.Success == (len(got.Codes) > 0) {
			t.Fatalf("asked %d times: %s", len(c.asked), w.Body)
		}
		known := map[string]bool{"bad-request": true, "missing-input-secret": true, "missing-input-response": true}
		for _, code := range got.Codes {
			if !known[code] {
				t.Fatalf("code %q, not of %v", code, maps.Keys(known))
			}
		}
		for _, q := range c.asked {
			for _, s := range []string{q.Secret, q.Token, q.RemoteIP, q.SiteKey, q.IdempotencyKey} {
				if len(s) > maxRequest || strings.ToValidUTF8(s, "") != s {
					t.Fatalf("asked with %q", s)
				}
			}
		}
	})
}
