package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/storetest"
)

const sitesPath = "/daero/api/captcha/sites"

// captchaWorld has a captcha whose sites are in memory.
func captchaWorld(t *testing.T) (*world, *storetest.Memory) {
	t.Helper()
	sites := storetest.NewSites()
	return newWorld(t, func(c *api.Config) {
		c.Captcha = func() *api.Captcha { return &api.Captcha{Sites: sites, Base: "https://captcha.example.com"} }
	}), sites
}

// added is what an answer with a secret in it says.
func added(t *testing.T, body string) api.SecretOnceDoc {
	t.Helper()
	var doc api.SecretOnceDoc
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return doc
}

// owns reports whether the store takes a secret for a site's.
func owns(t *testing.T, sites captcha.Sites, secret, key string) bool {
	t.Helper()
	s, err := sites.SiteBySecret(t.Context(), captcha.HashSecret(secret))
	return err == nil && s.Key == key
}

func TestAddSite(t *testing.T) {
	w, sites := captchaWorld(t)
	r := w.do(store.Admin, "POST", sitesPath, `{"name":" 한의원 ","hosts":["shop.example.com","*.example.com"],"langs":["ko"],
		"policy":{"ask":"always","level":0,"work":"800ms","prefix_tokens":5},"reason":"new customer"}`)
	w.expect(r, http.StatusCreated)
	doc := added(t, r.Body.String())
	if len(doc.Key) != 40 || doc.Name != "한의원" || doc.Base != "https://captcha.example.com" || !owns(t, sites, doc.Secret, doc.Key) {
		t.Errorf("%+v", doc)
	}
	s, err := sites.Site(t.Context(), doc.Key)
	if err != nil || s.Policy.Ask != captcha.AskAlways || *s.Policy.Level != 0 || s.Policy.Work != 800*time.Millisecond || s.Policy.PrefixTokens != 5 ||
		s.Policy.PrefixMost != 0 || len(s.Hosts) != 2 {
		t.Errorf("%+v %v", s, err)
	}
	// Nothing shows the secret again, nor its hash.
	hash := captcha.HashSecret(doc.Secret)
	for _, path := range []string{sitesPath, sitesPath + "/" + doc.Key, sitesPath + "/" + doc.Key + "/statistics", "/daero/api/audit"} {
		body := w.do(store.Viewer, "GET", path, "").Body.String()
		for _, secret := range []string{doc.Secret, fmt.Sprintf("%x", hash), "hash"} {
			if strings.Contains(strings.ToLower(body), strings.ToLower(secret)) {
				t.Errorf("%s tells %s: %s", path, secret, body)
			}
		}
	}
	shown := w.get(sitesPath + "/" + doc.Key)
	policy := shown["policy"].(map[string]any)
	if policy["ask"] != "always" || policy["level"] != 0.0 || policy["work"] != "800ms" || policy["prefix_challenges"] != 60.0 {
		t.Errorf("%v", policy)
	}
	if e := w.entries(audit.SiteAdded); len(e) != 1 || e[0].Who != "the-admin" || e[0].Target != doc.Key || e[0].Why != "new customer" ||
		!strings.Contains(e[0].After, "name: 한의원; hosts: shop.example.com *.example.com; langs: ko; ask: always; level: 0; work: 800ms") {
		t.Errorf("%+v", e)
	}
}

func TestSiteMistakes(t *testing.T) {
	w, sites := captchaWorld(t)
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{`{}`, 422, "its name is empty"},
		{`{"name":"a","hosts":["https://a.com/"]}`, 422, "without scheme and path"},
		{`{"name":"a","langs":["fr"]}`, 422, "choose among ko, en"},
		{`{"name":"a","policy":{"level":5}}`, 422, "0 to 4"},
		{`{"name":"a","policy":{"ask":"sometimes"}}`, 400, "write risk, never or always"},
		{`{"name":"a","policy":{"ask":""}}`, 400, "write risk, never or always"},
		{`{"name":"a","policy":{"work":"fast"}}`, 400, "write it like 400ms"},
		{`{"name":"a","policy":{"prefix_tokens":-1}}`, 422, "not between"},
		{`{"name":"a","secret":"mine"}`, 400, "unknown field"},
		{`{"name":"a","key":"mine"}`, 400, "unknown field"},
		{`{"name":"a\u202eb"}`, 422, "control characters"},
		{`{"name":"a","reason":"two\nlines"}`, 400, "one line"},
		{`{"name":"` + strings.Repeat("a", 70_000) + `"}`, 413, "at most"},
		{`[]`, 400, "the body"},
	} {
		r := w.do(store.Admin, "POST", sitesPath, c.body)
		if r.Code != c.status || !strings.Contains(r.Body.String(), c.says) {
			t.Errorf("%.60s: %d %s, want %d %q", c.body, r.Code, r.Body, c.status, c.says)
		}
	}
	if all, err := sites.AllSites(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("%v %v", all, err)
	}
	for _, key := range []string{"none", "%00", "..%2F..", strings.Repeat("a", 5000)} {
		for _, c := range []struct{ method, rest, body string }{
			{"GET", "", ""}, {"PATCH", "", "{}"}, {"DELETE", "", ""}, {"POST", "/rotate", "{}"}, {"GET", "/statistics", ""},
		} {
			if r := w.do(store.Admin, c.method, sitesPath+"/"+key+c.rest, c.body); r.Code != http.StatusNotFound {
				t.Errorf("%s %.20s%s: %d %s", c.method, key, c.rest, r.Code, r.Body)
			}
		}
	}
}

func TestChangeSite(t *testing.T) {
	w, sites := captchaWorld(t)
	s, secret := captcha.NewSite("shop", []string{"shop.example.com"}, w.clock())
	if err := sites.AddSite(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	path := sitesPath + "/" + s.Key
	first := w.expect(w.do(store.Acting, "PATCH", path, `{"policy":{"ask":"never"},"reason":"an earthquake"}`), http.StatusOK)
	if first["hosts"].([]any)[0] != "shop.example.com" || first["policy"].(map[string]any)["ask"] != "never" {
		t.Errorf("%v", first)
	}
	// Though the clock stands still, each change is a later one.
	stale := first["changed"].(string)
	second := w.expect(w.do(store.Acting, "PATCH", path, `{"disabled":true,"changed":"`+stale+`"}`), http.StatusOK)
	if second["changed"] == stale || second["disabled"] != true || second["policy"].(map[string]any)["ask"] != "never" {
		t.Errorf("%v", second)
	}
	if r := w.do(store.Acting, "PATCH", path, `{"name":"mine","changed":"`+stale+`"}`); r.Code != http.StatusConflict || !strings.Contains(r.Body.String(), "read it again") {
		t.Errorf("a change of what is not there any more: %d %s", r.Code, r.Body)
	}
	if r := w.do(store.Acting, "PATCH", path, `{"hosts":["*"]}`); r.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	w.expect(w.do(store.Acting, "PATCH", path, `{"hosts":[],"policy":{"ask":"risk"}}`), http.StatusOK)
	got, err := sites.Site(t.Context(), s.Key)
	if err != nil || len(got.Hosts) != 0 || got.Policy.Ask != captcha.AskRisk || !got.Disabled || !owns(t, sites, secret, s.Key) {
		t.Errorf("%+v %v", got, err)
	}
	e := w.entries(audit.SiteChanged)
	if len(e) != 3 || e[0].Before != "ask: risk" || e[0].After != "ask: never" || e[0].Why != "an earthquake" || e[1].After != "state: off" {
		t.Errorf("%+v", e)
	}
}

// TestRotate: the old secret is good for the overlap, and the new one at once.
func TestRotate(t *testing.T) {
	w, sites := captchaWorld(t)
	s, old := captcha.NewSite("shop", nil, w.clock())
	if err := sites.AddSite(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	path := sitesPath + "/" + s.Key + "/rotate"
	r := w.do(store.Acting, "POST", path, `{"overlap":"2h","reason":"leaked"}`)
	w.expect(r, http.StatusOK)
	doc := added(t, r.Body.String())
	if doc.Secret == old || !owns(t, sites, doc.Secret, s.Key) || !owns(t, sites, old, s.Key) || len(doc.Secrets) != 2 ||
		!doc.Secrets[0].Expires.IsZero() || !doc.Secrets[1].Expires.Equal(w.clock().Add(2*time.Hour).Add(time.Microsecond)) {
		t.Errorf("%+v", doc)
	}
	if e := w.entries(audit.SiteRotated); len(e) != 1 || e[0].Why != "leaked" || e[0].Until.Sub(w.clock()).Round(time.Second) != 2*time.Hour || strings.Contains(fmt.Sprint(e), doc.Secret) {
		t.Errorf("%+v", e)
	}
	r = w.do(store.Acting, "POST", path, `{"overlap":"0s"}`)
	w.expect(r, http.StatusOK)
	if last := added(t, r.Body.String()); len(last.Secrets) != 1 || owns(t, sites, doc.Secret, s.Key) || owns(t, sites, old, s.Key) {
		t.Errorf("without an overlap the old ones are good: %+v", last)
	}
	for _, bad := range []string{`{"overlap":"-1s"}`, `{"overlap":"forever"}`, `{"overlap":"99999h"}`} {
		if r := w.do(store.Acting, "POST", path, bad); r.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", bad, r.Code, r.Body)
		}
	}
	// By default for a day.
	r = w.do(store.Acting, "POST", path, `{}`)
	if day := added(t, r.Body.String()); len(day.Secrets) != 2 || day.Secrets[1].Expires.Sub(w.clock()).Round(time.Second) != 24*time.Hour {
		t.Errorf("%+v", day)
	}
}

func TestListAndRemoveSites(t *testing.T) {
	w, sites := captchaWorld(t)
	if doc := w.get(sitesPath); len(doc["sites"].([]any)) != 0 {
		t.Errorf("%v", doc)
	}
	for _, name := range []string{"b", "a", "a"} {
		s, _ := captcha.NewSite(name, nil, w.clock())
		if err := sites.AddSite(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	all := w.get(sitesPath)["sites"].([]any)
	if len(all) != 3 || all[0].(map[string]any)["name"] != "a" || all[2].(map[string]any)["name"] != "b" {
		t.Errorf("%v", all)
	}
	if of := w.get(sitesPath + "?name=a")["sites"].([]any); len(of) != 2 {
		t.Errorf("%v", of)
	}
	if r := w.do(store.Viewer, "GET", sitesPath+"?nam=a", ""); r.Code != http.StatusBadRequest {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	key := all[2].(map[string]any)["key"].(string)
	w.expect(w.do(store.Admin, "DELETE", sitesPath+"/"+key, ""), http.StatusOK)
	if r := w.do(store.Admin, "DELETE", sitesPath+"/"+key, ""); r.Code != http.StatusNotFound {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	if e := w.entries(audit.SiteRemoved); len(e) != 1 || e[0].Target != key || !strings.Contains(e[0].Before, "name: b") {
		t.Errorf("%+v", e)
	}
}

func TestSiteStatistics(t *testing.T) {
	w, sites := captchaWorld(t)
	s, _ := captcha.NewSite("shop", nil, w.clock())
	if err := sites.AddSite(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	now := w.clock() // midnight
	of := func(hoursAgo int, name string, n int64) captcha.Count {
		return captcha.Count{Site: s.Key, Hour: now.Add(-time.Duration(hoursAgo) * time.Hour), Name: name, N: n}
	}
	if err := sites.AddCounts(t.Context(), []captcha.Count{
		of(1, "issued", 100), of(1, "solved.work", 60), of(1, "solved.order", 20), of(1, "shown.click", 30), of(1, "shown.audio", 10), of(1, "took.10s", 20),
		of(1, "took-ms", 160_000), of(3, "issued", 7), of(24, "issued", 1), of(25, "issued", 1000),
	}); err != nil {
		t.Fatal(err)
	}
	path := sitesPath + "/" + s.Key + "/statistics"
	doc := w.get(path)
	if doc["issued"] != 108.0 || doc["passed"] != 80.0 || doc["unsolved"] != 20.0 || doc["audio_share"] != 0.25 || doc["asked_share"] != 0.25 ||
		doc["solve_seconds"] != 8.0 || doc["solve_most_seconds"] != 10.0 || doc["name"] != "shop" {
		t.Errorf("%v", doc)
	}
	if warnings := fmt.Sprint(doc["warnings"]); !strings.Contains(warnings, "no token was ever verified") {
		t.Errorf("%v", warnings)
	}
	if one := doc["warned"].([]any)[0].(map[string]any); one["kind"] != captcha.WarnNeverVerified || one["n"] != 0.0 || one["of"] != 80.0 || one["text"] != doc["warnings"].([]any)[0] {
		t.Errorf("%v", one)
	}
	hours := doc["hours"].([]any)
	if len(hours) != 3 || hours[2].(map[string]any)["passed"] != 80.0 || hours[0].(map[string]any)["issued"] != 1.0 {
		t.Errorf("%v", hours)
	}
	if doc := w.get(path + "?since=48h&until=20h"); doc["issued"] != 1001.0 {
		t.Errorf("%v", doc)
	}
	if doc := w.get(path + "?since=30m"); doc["issued"] != 100.0 { // whole hours
		t.Errorf("%v", doc)
	}
	for _, q := range []string{"since=0s&until=1h", "since=99999h", "since=x", "from=1h", "since=1h&since=2h"} {
		if r := w.do(store.Viewer, "GET", path+"?"+q, ""); r.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", q, r.Code, r.Body)
		}
	}
}

// TestNoCaptcha: without one the answer says how to get one; with a store that
// is away it says so.
func TestNoCaptcha(t *testing.T) {
	for _, f := range []func() *api.Captcha{nil, func() *api.Captcha { return nil }} {
		w := newWorld(t, func(c *api.Config) { c.Captcha = f })
		for _, c := range []struct{ method, rest, body string }{
			{"GET", "", ""}, {"POST", "", "{}"}, {"GET", "/a", ""}, {"PATCH", "/a", "{}"}, {"DELETE", "/a", ""}, {"POST", "/a/rotate", "{}"}, {"GET", "/a/statistics", ""},
		} {
			r := w.do(store.Admin, c.method, sitesPath+c.rest, c.body)
			if r.Code != http.StatusNotFound || !strings.Contains(r.Body.String(), "add a captcha block") {
				t.Errorf("%s %s: %d %s", c.method, c.rest, r.Code, r.Body)
			}
		}
	}
}
