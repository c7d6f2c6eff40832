package gateway_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/gate"
	"github.com/daero/daero/captcha/pow"
	"github.com/daero/daero/driver/sqlite"
	"github.com/daero/daero/level"
)

// captchaFile is lanesFile with a CAPTCHA and a playbook that challenges.
var captchaFile = strings.NewReplacer("reverse_proxy %[2]s", "handle /metrics {\n\t\tmetrics\n\t}\n\thandle {\n\t\treverse_proxy %[2]s\n\t}", "fixed_limit 1", "fixed_limit 100", "\tlanes {", "\tdaero_captcha\n\tlanes {", "\tdaero\n", `	daero {
		secret 0123456789abcdef0123456789abcdef
		captcha {
			pool 8
		}
		playbook {
			ramp 100%% every 100ms
			at attention {
				work 2s
			}
			at alert {
				challenge login new-device 100%%
			}
			at serious {
				challenge login 100%%
			}
		}
	}
`).Replace(lanesFile)

// step is what the protocol answers.
type step struct {
	captcha.Reply
	Code string
}

func (w *world) ask(path string, body any) step {
	w.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := w.do("POST", "/daero/captcha/"+path, string(data), "Content-Type", "application/json")
	var s step
	if err := json.Unmarshal([]byte(r.body), &s); err != nil || r.StatusCode != 200 {
		w.t.Fatalf("%s: %d %s", path, r.StatusCode, r.body)
	}
	return s
}

func (w *world) open(o captcha.Opening) step {
	w.t.Helper()
	o.Session = "session"
	return w.ask("challenge", o)
}

// finish does the work, at the pace of a fast browser, and returns the token: who
// comes with it sooner than a browser can is asked a question.
func (w *world) finish(s step) string {
	w.t.Helper()
	for s.Step == captcha.StepWork {
		began := time.Now()
		y, err := pow.Solve(s.Work.N, s.Work.X, s.Work.T)
		for ms := s.Work.T / pow.Squarings(1); err == nil && time.Since(began) < time.Duration(ms)*time.Millisecond/3; {
			_, err = pow.Solve(s.Work.N, s.Work.X, pow.Squarings(1))
		}
		if err != nil {
			w.t.Fatal(err)
		}
		s = w.ask("challenge/"+s.ID+"/work", map[string]string{"session": "session", "y": y})
	}
	if s.Step != captcha.StepDone || s.Token == "" {
		w.t.Fatalf("%+v", s)
	}
	return s.Token
}

type challenged struct {
	SiteKey string `json:"sitekey"`
	For     string `json:"for"`
	Clear   string `json:"clear_url"`
}

// challenged sends a login as a program does, which is to be challenged.
func (w *world) challenged(user string) (c challenged) {
	w.t.Helper()
	r := w.do("POST", "/v1/login", "id=kim", "X-User-Id", user)
	if err := json.Unmarshal([]byte(r.body), &c); err != nil || r.StatusCode != 403 || r.Header.Get("Content-Type") != "application/problem+json" || c.SiteKey == "" {
		w.t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	return c
}

// clear sends a token, and returns the clearance or the code.
func (w *world) clear(c challenged, token string) (clearance, code string) {
	w.t.Helper()
	r := w.do("POST", c.Clear, fmt.Sprintf(`{"for":%q,"token":%q}`, c.For, token), "Content-Type", "application/json")
	var got struct{ Clearance, Code string }
	if err := json.Unmarshal([]byte(r.body), &got); err != nil {
		w.t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	return got.Clearance, got.Code
}

func (w *world) login(user, clearance string) int {
	w.t.Helper()
	return w.do("POST", "/v1/login", "id=kim", "X-User-Id", user, gate.Header, clearance).StatusCode
}

// TestChallengeByThePlaybook: programs are told the way, pass by the work, and go
// on with the clearance until the level has fallen; nobody else's counts.
func TestChallengeByThePlaybook(t *testing.T) {
	w := newWorld(t, captchaFile)
	if got := w.login("kim", ""); got != 200 {
		t.Fatalf("at normal: %d", got)
	}
	pin(t, level.Alert)
	c := w.challenged("kim")
	if r := w.get("/v1/messages", "X-User-Id", "kim"); r.StatusCode != 200 {
		t.Errorf("another lane: %d", r.StatusCode)
	}
	token := w.finish(w.open(captcha.Opening{SiteKey: c.SiteKey}))
	clearance, code := w.clear(c, token)
	if clearance == "" {
		t.Fatal(code)
	}
	if _, again := w.clear(w.challenged("lee"), token); again != "spent-token" {
		t.Errorf("the token again, for somebody else: %q", again)
	}
	if got := [4]int{w.login("kim", clearance), w.login("kim", clearance), w.login("lee", clearance), w.login("kim", clearance[:len(clearance)-2]+"AA")}; got != [4]int{200, 200, 403, 403} {
		t.Errorf("twice with it, another with it, with a forged one: %v", got)
	}
	served := w.service.served.Load()
	w.challenged("lee")
	if w.service.served.Load() != served {
		t.Error("who was challenged reached the service")
	}
	pin(t, level.Serious)
	if got := [2]int{w.login("kim", clearance), w.login("kim", "")}; got != [2]int{200, 403} {
		t.Errorf("where everyone is challenged: %v", got)
	}
	pin(t, level.Normal) // by ramp, which is one step here
	for deadline := time.Now().Add(60 * time.Second); w.login("lee", "") != 200; control(t).Step(time.Now()) {
		if time.Now().After(deadline) {
			t.Fatal("at normal again: still challenged")
		}
	}
	w.counted()
}

// counted checks that what happened is in the metrics.
func (w *world) counted() {
	w.t.Helper()
	metrics := w.get("/metrics").body
	for _, want := range []string{
		"daero_captcha_up 1", "daero_captcha_issued_total 1", `daero_captcha_steps_total{step="work"} 1`, `daero_captcha_solved_total{kind="work"} 1`,
		`daero_captcha_verified_total{result="valid"} 1`, `daero_captcha_verified_total{result="invalid"} 1`, "daero_captcha_solve_seconds_count 0",
		`daero_captcha_maps_ready{lang="`, "daero_captcha_ledger_errors_total 0", "daero_captcha_store_errors_total 0", "daero_captcha_work_seconds 0",
		`daero_lane_challenged_total{backend="default",intent="foreground",lane="login",tier="sheddable"} `,
	} {
		if !strings.Contains(metrics, want) {
			w.t.Errorf("no %s in\n%s", want, grep(metrics, "daero_captcha"))
		}
	}
}

var formField = regexp.MustCompile(`name="([a-z]+)" value="([^"]*)"`)

// TestChallengeInABrowser: the page, the cookie, and the way back.
func TestChallengeInABrowser(t *testing.T) {
	w := newWorld(t, captchaFile)
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	pin(t, level.Alert)
	page := w.get("/v1/login?next=/cart", "Accept", "text/html", "Accept-Language", "ko")
	if page.StatusCode != 403 || !strings.Contains(page.body, "잠시 확인이 필요합니다") || !strings.Contains(page.Header.Get("Content-Security-Policy"), "script-src 'self'") {
		t.Fatalf("%d %v %s", page.StatusCode, page.Header, page.body)
	}
	if r := w.get(gate.ScriptPath); r.StatusCode != 200 || !strings.Contains(r.body, "daeroGate") {
		t.Errorf("the page's script: %d %s", r.StatusCode, r.body)
	}
	form := url.Values{}
	for _, m := range formField.FindAllStringSubmatch(page.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	key := regexp.MustCompile(`data-sitekey="([^"]+)"`).FindStringSubmatch(page.body)
	if key == nil {
		t.Fatal(page.body)
	}
	host, _, _ := strings.Cut(w.listen, ":")
	form.Set("token", w.finish(w.open(captcha.Opening{SiteKey: key[1], Host: host})))
	done := w.do("POST", gate.ClearPath, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	cookie, _, _ := strings.Cut(done.Header.Get("Set-Cookie"), ";")
	if done.StatusCode != 303 || !strings.HasPrefix(cookie, gate.Cookie+"=") {
		t.Fatalf("%d %v %s", done.StatusCode, done.Header, done.body)
	}
	on := w.get(done.Header.Get("Location"), "Cookie", cookie)
	if on.StatusCode != 303 || on.Header.Get("Location") != "/v1/login?next=/cart" {
		t.Errorf("on: %d %v", on.StatusCode, on.Header)
	}
	if r := w.get("/v1/login?next=/cart", "Accept", "text/html", "Cookie", cookie); r.StatusCode != 200 {
		t.Errorf("with the cookie: %d", r.StatusCode)
	}
	if r := w.get("/v1/login", "Accept", "text/html", "Cookie", cookie, "X-User-Id", "lee"); r.StatusCode != 403 {
		t.Errorf("another caller with it: %d", r.StatusCode)
	}
}

// TestWorkByThePlaybook: while the level asks for it, the work takes longer at
// all sites, and nobody is asked anything.
func TestWorkByThePlaybook(t *testing.T) {
	w := newWorld(t, captchaFile)
	squarings := func() int {
		return w.open(captcha.Opening{SiteKey: siteOf(t, w).key}).Work.T
	}
	calm := squarings()
	pin(t, level.Attention)
	if got, want := squarings(), pow.Squarings(2000); got != want || calm >= want {
		t.Errorf("%d squarings when calm, %d at attention, want %d", calm, got, want)
	}
	pin(t, level.Normal)
	if got := squarings(); got != calm {
		t.Errorf("%d squarings after it", got)
	}
}

type site struct{ key, secret string }

// siteOf adds a site to the file that the gateway reads.
func siteOf(t *testing.T, w *world) site {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(w.storage, sqlite.File))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s, secret := captcha.NewSite("shop", nil, time.Now())
	if err := store.AddSite(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return site{s.Key, secret}
}

// verify asks about a token as a library for reCAPTCHA does.
func (w *world) verify(s site, token string) (body string) {
	w.t.Helper()
	form := url.Values{"secret": {s.secret}, "response": {token}}
	r := w.do("POST", "/recaptcha/api/siteverify", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if r.StatusCode != 200 {
		w.t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	return r.body
}

// TestReloadKeepsTheCaptcha: what was open can be finished after a reload, what
// was redeemed stays so, and a clearance holds.
func TestReloadKeepsTheCaptcha(t *testing.T) {
	w := newWorld(t, captchaFile)
	s := siteOf(t, w)
	first := w.finish(w.open(captcha.Opening{SiteKey: s.key, Contract: captcha.Recaptcha}))
	if got := w.verify(s, first); !strings.Contains(got, `"success":true`) {
		t.Fatal(got)
	}
	pin(t, level.Alert)
	c := w.challenged("kim")
	clearance, code := w.clear(c, w.finish(w.open(captcha.Opening{SiteKey: c.SiteKey})))
	if code != "" {
		t.Fatal(code)
	}
	opened := w.open(captcha.Opening{SiteKey: s.key, Contract: captcha.Recaptcha})

	if err := w.load(strings.ReplaceAll(captchaFile, "pool 8", "pool 8\n\t\t\tclearance 1h")); err != nil {
		t.Fatal(err)
	}
	if got := w.verify(s, w.finish(opened)); !strings.Contains(got, `"success":true`) {
		t.Errorf("a challenge from before: %s", got)
	}
	if got := w.verify(s, first); !strings.Contains(got, "timeout-or-duplicate") {
		t.Errorf("a token from before: %s", got)
	}
	if got := w.login("kim", clearance); got != 200 {
		t.Errorf("a clearance from before: %d", got)
	}
}

// TestChallengeNeedsASite: a playbook that challenges where no site serves what is
// asked is refused, and what was in force stays.
func TestChallengeNeedsASite(t *testing.T) {
	w := newWorld(t, captchaFile)
	err := w.load(strings.ReplaceAll(captchaFile, "\tdaero_captcha\n", ""))
	if err == nil || !strings.Contains(err.Error(), "no site serves what is asked: add daero_captcha to the site of the lane") || !strings.Contains(err.Error(), "Caddyfile:13") {
		t.Errorf("%v", err)
	}
	if r := w.get(gate.ScriptPath); r.StatusCode != 200 {
		t.Errorf("what was in force: %d", r.StatusCode)
	}
	for name, change := range map[string][2]string{
		"without a captcha": {"\t\tcaptcha {\n\t\t\tpool 8\n\t\t}\n", ""},
		"an empty address":  {"pool 8", "postgres {env.NO_SUCH_DATABASE}"},
		"no such streets":   {"pool 8", "osm /nonexistent/city.osm.pbf"},
		"a bad address":     {"pool 8", "valkey valkey://host:port"},
		"a bad database":    {"pool 8", "postgres postgres://host:port/x"},
	} {
		if err := w.load(strings.Replace(captchaFile, change[0], change[1], 1)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
