package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

func TestLevel(t *testing.T) {
	w := newWorld(t)
	doc := w.get("/daero/api/level")
	if doc["number"] != 0.0 || doc["word"] != "normal" || doc["word_ko"] != "정상" || doc["shape"] != "○" || doc["audit"] != true {
		t.Errorf("at normal: %v", doc)
	}
	w.load = 0.75
	w.step(time.Second)
	doc = w.get("/daero/api/level")
	because := doc["because"].(map[string]any)
	if doc["number"] != 2.0 || doc["level"] != "caution" || !strings.Contains(because["why"].(string), "busy 75% ≥ 70%") ||
		because["down"] == "" || because["why_ko"] == "" {
		t.Errorf("at caution: %v", doc)
	}
	signal := doc["signals"].([]any)[0].(map[string]any)
	if signal["name"] != "busy" || signal["shown"] != "75%" || signal["fresh"] != true || len(signal["at"].([]any)) != 4 {
		t.Errorf("signal %v", signal)
	}
}

// TestAuditThatIsNotKept shows.
func TestAuditThatIsNotKept(t *testing.T) {
	for name, health := range map[string]func() (store.Health, bool){
		"none":   nil,
		"closed": func() (store.Health, bool) { return store.Health{Error: "disk full"}, false },
		"broken": func() (store.Health, bool) { return store.Health{Error: "disk full", Lost: 7}, true },
	} {
		w := newWorld(t, func(c *api.Config) { c.Health = health })
		doc := w.get("/daero/api/level")
		if doc["audit"] != false || name != "none" && doc["audit_error"] != "disk full" || name == "broken" && doc["audit_lost"] != 7.0 {
			t.Errorf("%s: %v", name, doc)
		}
	}
}

func TestPinAndUnpin(t *testing.T) {
	w := newWorld(t)
	doc := w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"경계","for":"3m","reason":" concert at 8 "}`), 200)
	pin := doc["pin"].(map[string]any)
	if pin["level"] != "alert" || pin["by"] != "the-operator" || pin["reason"] != "concert at 8" || pin["until"] != "2026-01-01T00:03:01Z" {
		t.Errorf("pin %v", pin)
	}
	w.step(time.Second)
	if doc := w.get("/daero/api/level"); doc["number"] != 3.0 || doc["pinned"] != true || doc["pin"] == nil {
		t.Errorf("after the pin: %v", doc)
	}
	w.step(3 * time.Minute)
	if doc := w.get("/daero/api/level"); doc["number"] != 0.0 {
		t.Errorf("the pin did not end: %v", doc)
	}
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":1,"until":"2026-01-01T03:00:00Z","reason":"x"}`), 200)
	w.step(time.Second)
	w.expect(w.do(store.Acting, "DELETE", "/daero/api/level/pin", `{"reason":"over"}`), 200)
	w.step(time.Second)
	if doc := w.get("/daero/api/level"); doc["number"] != 0.0 {
		t.Errorf("after unpin: %v", doc)
	}
	if p := w.expect(w.do(store.Acting, "DELETE", "/daero/api/level/pin", `{"reason":"again"}`), 409); p["type"] != "urn:problem-type:daero:not-pinned" {
		t.Errorf("%v", p)
	}
	for what, n := range map[string]int{audit.LevelPinned: 2, audit.LevelUnpinned: 1} {
		all := w.entries(what)
		if len(all) != n || all[0].Who != "the-operator" || all[0].Why == "" {
			t.Errorf("%s recorded as %+v", what, all)
		}
	}
}

// TestPinThatRefusesMuch: what turns away more than three in ten is asked about.
func TestPinThatRefusesMuch(t *testing.T) {
	w := newWorld(t)
	w.traffic("login", lane.Foreground, 60)
	w.traffic("message", lane.Foreground, 40)
	w.step(2 * time.Second)
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"alert","for":"1m","reason":"x"}`), 200) // 30 %
	w.expect(w.do(store.Acting, "DELETE", "/daero/api/level/pin", `{"reason":"x"}`), 200)
	p := w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"serious","for":"1m","reason":"x"}`), 409)
	predicted := p["predicted"].(map[string]any)
	if share := predicted["share"].(float64); share < 0.53 || share > 0.55 {
		t.Errorf("predicts %v, want 0.54", predicted)
	}
	if p["type"] != "urn:problem-type:daero:confirm" || !strings.Contains(p["detail"].(string), "54%") {
		t.Errorf("%v", p)
	}
	w.step(time.Second)
	if doc := w.get("/daero/api/level"); doc["number"] != 0.0 {
		t.Error("it was pinned all the same")
	}
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"serious","for":"1m","reason":"x","confirm":true}`), 200)
	w.step(time.Second)
	if doc := w.get("/daero/api/level"); doc["number"] != 4.0 {
		t.Errorf("confirmed: %v", doc)
	}
}

// TestPredictionCountsEachRequestOnce, where several actions are about it, and
// what is in shadow not at all.
func TestPredictionCountsEachRequestOnce(t *testing.T) {
	w := newWorld(t)
	undo, _, err := w.daero.Control().Load(daeroResponse(
		playbook.Action{At: level.Alert, Kind: playbook.Shed, Lane: "login", From: 0.4, To: 0.4},
		playbook.Action{At: level.Alert, Kind: playbook.Shed, Lane: "login", Who: playbook.Background, From: 1, To: 1},
		playbook.Action{At: level.Alert, Kind: playbook.Respond, Lane: "login", Who: playbook.Background, From: 0.5, To: 0.5},
		playbook.Action{At: level.Alert, Kind: playbook.Shed, Lane: "message", From: 0.9, To: 0.9, Shadow: true},
	))
	if err != nil {
		t.Fatal(err)
	}
	defer undo()
	w.traffic("login", lane.Background, 25)
	w.traffic("login", lane.Foreground, 25)
	w.traffic("message", lane.Foreground, 50)
	w.step(2 * time.Second)
	p := w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"alert","for":"1m","reason":"x"}`), 409)
	predicted := p["predicted"].(map[string]any)
	if share := predicted["share"].(float64); share < 0.349 || share > 0.351 || len(predicted["actions"].([]any)) != 3 {
		t.Errorf("predicts %v, want 0.25 + 0.4 × 0.25", predicted)
	}
}

// bodies are what hostile or careless clients send, with the status they get.
var bodies = map[string]int{
	``:  415, // without a body there is no media type either
	` `: 400, `null`: 400, `{}`: 400, `[]`: 400, `"x"`: 400, `{`: 400, `{"level":"alert"`: 400,
	`{"level":"alert","for":"30m"}`:                                                     400,
	`{"level":"alert","reason":"x"}`:                                                    400,
	`{"for":"30m","reason":"x"}`:                                                        400,
	`{"level":null,"for":"30m","reason":"x"}`:                                           400,
	`{"level":"panic","for":"30m","reason":"x"}`:                                        400,
	`{"level":5,"for":"30m","reason":"x"}`:                                              400,
	`{"level":-1,"for":"30m","reason":"x"}`:                                             400,
	`{"level":1.5,"for":"30m","reason":"x"}`:                                            400,
	`{"level":{},"for":"30m","reason":"x"}`:                                             400,
	`{"level":"alert","for":"30","reason":"x"}`:                                         400,
	`{"level":"alert","for":"-30m","reason":"x"}`:                                       400,
	`{"level":"alert","for":30,"reason":"x"}`:                                           400,
	`{"level":"alert","for":"30m","until":"2026-01-01T01:00:00Z","reason":"x"}`:         400,
	`{"level":"alert","until":"tomorrow","reason":"x"}`:                                 400,
	`{"level":"alert","until":"2020-01-01T01:00:00Z","reason":"x"}`:                     422,
	`{"level":"alert","for":"169h","reason":"x"}`:                                       422,
	`{"level":"alert","for":"30m","reason":"  "}`:                                       400,
	`{"level":"alert","for":"30m","reason":"a\nb"}`:                                     400,
	`{"level":"alert","for":"30m","reason":"\u001b[2J"}`:                                400,
	`{"level":"alert","for":"30m","reason":"` + strings.Repeat("가", 501) + `"}`:         400,
	`{"level":"alert","for":"30m","reason":"x","by":"root"}`:                            400,
	`{"level":"alert","for":"30m","reason":"x"} {}`:                                     400,
	`{"level":"alert","for":"30m","reason":"x","x":` + strings.Repeat("[", 20000) + `}`: 400,
	`{"level":"alert","for":"30m","reason":"` + strings.Repeat("x", 70<<10) + `"}`:      413,
	`{"level":"alert","for":"30m","reason":"x"}` + strings.Repeat(" ", 70<<10):          413,
}

func TestHostileBodies(t *testing.T) {
	w := newWorld(t)
	for body, status := range bodies {
		r := w.do(store.Acting, "POST", "/daero/api/level/pin", body)
		if r.Code != status {
			t.Errorf("%.80s: status %d, want %d: %s", body, r.Code, status, r.Body)
		}
		if r.Header().Get("Content-Type") != "application/problem+json" || r.Body.Len() > 2000 {
			t.Errorf("%.80s: %v, %d bytes", body, r.Header(), r.Body.Len())
		}
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""} {
		if r := w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":1,"for":"1m","reason":"x"}`, "Content-Type", kind); r.Code != 415 {
			t.Errorf("%q: status %d", kind, r.Code)
		}
	}
	w.step(time.Second)
	if doc := w.get("/daero/api/level"); doc["number"] != 0.0 {
		t.Error("one of them pinned the level")
	}
	if n := len(w.entries(audit.LevelPinned)); n != 0 {
		t.Errorf("%d were recorded", n)
	}
}

func TestWrongMethodsAndAddresses(t *testing.T) {
	w := newWorld(t)
	r := w.do(store.Admin, "PUT", "/daero/api/level/pin", "{}")
	if r.Code != http.StatusMethodNotAllowed || !strings.Contains(r.Header().Get("Allow"), "DELETE") {
		t.Errorf("%d %v", r.Code, r.Header())
	}
	for _, path := range []string{"/daero/api/", "/daero/api/levels", "/ofrep/v1/", "/", "/daero/api/level/"} {
		if p := w.expect(w.do(store.Admin, "GET", path, ""), 404); p["type"] != "urn:problem-type:daero:not-found" {
			t.Errorf("%s: %v", path, p)
		}
	}
}

func FuzzPinBody(f *testing.F) {
	for body := range bodies {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"level":"alert","for":"30m","reason":"x"}`))
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := api.PinOf(bytes.NewReader(body), now, "kim")
		if err == nil {
			if err := p.Validate(now); err != nil || p.By != "kim" || strings.ContainsAny(p.Reason, "\n\x1b") || len(p.Reason) > 4*500 {
				t.Errorf("%q became %+v: %v", body, p, err)
			}
		} else if len(fmt.Sprint(err)) > 4000 {
			t.Errorf("an error of %d bytes", len(fmt.Sprint(err)))
		}
	})
}

func FuzzPauseBody(f *testing.F) {
	for body := range bodies {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"for":"30m","reason":"x"}`))
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := api.PauseOf(bytes.NewReader(body), now, "kim"); err == nil {
			if err := p.Validate(now); err != nil || p.By != "kim" || strings.ContainsAny(p.Reason, "\n\x1b") {
				t.Errorf("%q became %+v: %v", body, p, err)
			}
		}
	})
}
