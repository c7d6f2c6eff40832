package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
)

func TestRecord(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Local = true })
	for i := range 20 {
		e := audit.Entry{At: w.clock().Add(time.Duration(i-20) * time.Minute), Who: fmt.Sprintf("who%d", i%2), What: []string{"level.changed", "action.left"}[i%2], Target: "x"}
		if err := w.store.Append(t.Context(), []audit.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string][]float64{
		"limit=2":                    {19, 20},
		"after=3&limit=2":            {4, 5},
		"since=3m10s":                {18, 19, 20},
		"who=who1&limit=1":           {20},
		"what=level.*&limit=1":       {19},
		"target=y":                   {},
		"until=2025-12-31T23:40:30Z": {1},
		"since=2026-01-01T00:00:00.5%2B09:00&limit=1": {20},
	} {
		doc := w.expect(w.do("", "GET", "/daero/api/audit?"+query, ""), 200)
		got := []float64{}
		for _, e := range doc["entries"].([]any) {
			got = append(got, e.(map[string]any)["id"].(float64))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
		if n := len(want); n > 0 && doc["last"] != want[n-1] {
			t.Errorf("%s: last %v", query, doc["last"])
		}
	}
	if doc := w.expect(w.do("", "GET", "/daero/api/audit?after=99", ""), 200); doc["last"] != 99.0 {
		t.Errorf("nothing new: last %v", doc["last"])
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "after=-1", "after=x", "since=x", "since=-1h", "since=9999-01-01T00:00:00Z", "nothing=1", "who=a&who=b", "since=1h&until=2h"} {
		w.expect(w.do("", "GET", "/daero/api/audit?"+query, ""), 400)
	}
	r := w.do("", "GET", "/daero/api/audit?limit=3", "", "Accept", "application/x-ndjson")
	lines := strings.Split(strings.TrimSpace(r.Body.String()), "\n")
	var e audit.Entry
	if len(lines) != 3 || json.Unmarshal([]byte(lines[2]), &e) != nil || e.ID != 20 || r.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%v %q", r.Header(), lines)
	}
}

func TestLanes(t *testing.T) {
	w := newWorld(t)
	w.traffic("login", lane.Background, 3)
	doc := w.get("/daero/api/lanes")
	b := doc["backends"].(map[string]any)["default"].(map[string]any)
	for _, l := range b["lanes"].([]any) {
		l := l.(map[string]any)
		if l["name"] == "login" {
			if l["tier"] != "sheddable" || l["served"] != 3.0 || l["passed"].(map[string]any)["background"] != 3.0 || l["turn"] != 1.0 {
				t.Errorf("%v", l)
			}
			return
		}
	}
	t.Errorf("no lane login: %v", doc)
}

func TestScaling(t *testing.T) {
	w := newWorld(t)
	const path = "/daero/api/scaling/login"
	if doc := w.get(path); doc["value"] != 1.0 || doc["over_seconds"] != 0.0 || doc["limit"] != 10.0 {
		t.Errorf("at first: %v", doc)
	}
	w.traffic("login", lane.Foreground, 100)
	w.step(10 * time.Second)
	doc := w.get(path)
	if doc["value"] != 1.0 || doc["demand_per_second"] != 10.0 || doc["served_per_second"] != 10.0 || doc["over_seconds"] != 10.0 {
		t.Errorf("all served: %v", doc)
	}
	// At alert, filled up, half is refused.
	w.load = 0.8999
	w.step(3 * time.Minute)
	w.get(path)
	w.traffic("login", lane.Foreground, 100)
	w.step(10 * time.Second)
	doc = w.get(path)
	value, served := doc["value"].(float64), doc["served_per_second"].(float64)
	if served >= 10 || served <= 0 || value < 1.2 || value > 5 || doc["wanted"].(float64) < 0 || doc["use"].(float64) < 0 {
		t.Errorf("half is refused: %v", doc)
	}
	w.step(5 * time.Minute)
	w.get(path)
	w.step(10 * time.Second)
	if doc := w.get(path); doc["value"] != 0.0 || doc["use"] != 0.0 {
		t.Errorf("nothing comes: %v", doc)
	}
	w.expect(w.do(store.Viewer, "GET", "/daero/api/scaling/nothing", ""), 404)
	w.expect(w.do(store.Viewer, "GET", path+"?backend=other", ""), 404)
	w.expect(w.do(store.Viewer, "GET", path+"?backend=default", ""), 200)
}

func TestReceivers(t *testing.T) {
	taken := ""
	w := newWorld(t, func(c *api.Config) {
		c.Receiver = func(name string) http.Handler {
			if name != "prod" {
				return nil
			}
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				data, err := io.ReadAll(r.Body)
				if err != nil {
					rw.WriteHeader(http.StatusRequestEntityTooLarge)
					return
				}
				taken = string(data)
			})
		}
	})
	if r := w.do("", "POST", "/daero/api/alerts/prod", "alerts"); r.Code != 200 || taken != "alerts" {
		t.Errorf("%d %q", r.Code, taken)
	}
	if r := w.do("", "POST", "/daero/api/alerts/prod", strings.Repeat("x", 1<<20+1)); r.Code != 413 {
		t.Errorf("too large: %d", r.Code)
	}
	w.expect(w.do("", "POST", "/daero/api/alerts/other", "alerts"), 404)
}

func TestFlags(t *testing.T) {
	w := newWorld(t)
	const flags = "/ofrep/v1/evaluate/flags"
	one := func(key string, status int) map[string]any {
		t.Helper()
		return w.expect(w.do(store.Viewer, "POST", flags+"/"+key, `{"context":{"targetingKey":"u1"}}`), status)
	}
	if f := one("daero.level", 200); f["value"] != "normal" || f["key"] != "daero.level" || f["reason"] == "" {
		t.Errorf("%v", f)
	}
	if f := one("daero.level.number", 200); f["value"] != 0.0 {
		t.Errorf("%v", f)
	}
	if f := one("comments", 404); f["errorCode"] != "FLAG_NOT_FOUND" || f["key"] != "comments" {
		t.Errorf("at normal: %v", f)
	}
	w.load = 0.65
	w.step(time.Second)
	for key, want := range map[string]any{"daero.level": "attention", "daero.level.number": 1.0, "comments": false, "page.size": 20.0, "theme": "plain"} {
		if f := one(key, 200); f["value"] != want {
			t.Errorf("%s: %v", key, f)
		}
	}
	w.load = 0
	w.step(5 * time.Minute)
	one("comments", 404)
}

func TestAllFlags(t *testing.T) {
	w := newWorld(t)
	const path = "/ofrep/v1/evaluate/flags"
	all := func(status int, headers ...string) (map[string]any, string) {
		t.Helper()
		r := w.do(store.Viewer, "POST", path, `{"context":{}}`, headers...)
		return w.expect(r, status), r.Header().Get("ETag")
	}
	doc, tag := all(200)
	if len(doc["flags"].([]any)) != 2 || tag == "" {
		t.Errorf("%v %q", doc, tag)
	}
	for _, match := range []string{tag, `"x", W/` + tag, "*"} {
		if _, again := all(304, "If-None-Match", match); again != tag {
			t.Errorf("tag %q", again)
		}
	}
	w.load = 0.65
	w.step(time.Second)
	doc, changed := all(200, "If-None-Match", tag)
	if len(doc["flags"].([]any)) != 5 || changed == tag {
		t.Errorf("%v %q", doc, changed)
	}
	for body, status := range map[string]int{"{": 400, `{"context":3}`: 400, "[]": 400, `{} {}`: 400, strings.Repeat(" ", 70<<10) + "{}": 400, "": 200, `{"context":{"a":[1]},"more":1}`: 200} {
		if r := w.do(store.Viewer, "POST", path, body); r.Code != status || status == 400 && !strings.Contains(r.Body.String(), "PARSE_ERROR") {
			t.Errorf("%.20q: %d %s", body, r.Code, r.Body)
		}
	}
}

func TestPublicFlags(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.PublicFlags = true })
	w.expect(w.do("", "POST", "/ofrep/v1/evaluate/flags/daero.level", "{}"), 200)
	w.expect(w.do("", "POST", "/ofrep/v1/evaluate/flags", "{}"), 200)
	w.expect(w.do("", "GET", "/daero/api/level", ""), 401)
}
