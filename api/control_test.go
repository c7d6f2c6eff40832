package api_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
)

const orderPath = "/daero/api/lanes/default/login/order"

// undoOf sends the request that an answer says would undo it.
func (w *world) undoOf(role store.Role, doc map[string]any, reason string) *httptest.ResponseRecorder {
	w.t.Helper()
	undo := doc["undo"].(map[string]any)
	return w.do(role, undo["method"].(string), undo["path"].(string), `{"reason":`+strconv.Quote(reason)+`}`)
}

func revisionOf(doc map[string]any) string { return fmt.Sprintf("%.0f", doc["revision"].(float64)) }

// controls are all that operators do by hand, with bodies that lack the end.
var controls = []struct{ method, path, body string }{
	{"POST", "/daero/api/level/pin", `{"level":"attention","for":"1h","reason":"r"`},
	{"DELETE", "/daero/api/level/pin", `{"reason":"r"`},
	{"POST", "/daero/api/playbook/pause", `{"for":"1h","reason":"r"`},
	{"POST", "/daero/api/playbook/resume", `{"reason":"r"`},
	{"POST", "/daero/api/playbook/actions/shed%20login%20background/stop", `{"for":"1h","reason":"r"`},
	{"POST", "/daero/api/playbook/actions/shed%20login%20background/start", `{"reason":"r"`},
	{"PUT", orderPath, `{"shed":0.2,"for":"1h","reason":"r"`},
	{"DELETE", orderPath, `{"reason":"r"`},
}

// TestRevisionOfControls: whoever saw what is not so any more is told who did
// what, and nothing is done; who says nothing of what they saw is let through.
func TestRevisionOfControls(t *testing.T) {
	for _, ctl := range controls {
		t.Run(ctl.method+" "+ctl.path, func(t *testing.T) {
			w := newWorld(t)
			seen := revisionOf(w.get("/daero/api/level"))
			if r := w.do(store.Viewer, "GET", "/daero/api/playbook", ""); r.Header().Get(api.RevisionHeader) != seen || revisionOf(w.get("/daero/api/lanes")) != seen || revisionOf(w.get("/daero/api/lanes/orders")) != seen {
				t.Error("documents say different revisions")
			}
			for _, other := range controls { // each thing is held, so that each end has something to end
				if other.method != http.MethodDelete && !strings.Contains(other.path, "resume") && !strings.Contains(other.path, "/start") {
					w.expect(w.do(store.Acting, other.method, other.path, other.body+`}`), 200)
				}
			}
			n := len(w.entries("*"))
			p := w.expect(w.do(store.Admin, ctl.method, ctl.path, ctl.body+`,"revision":`+seen+`}`), 409)
			if p["type"] != "urn:problem-type:daero:changed" || p["by"] != "the-operator" || p["what"] != audit.LaneOrdered || p["at"] != "2026-01-01T00:00:01Z" || p["target"] != "default/login" {
				t.Errorf("%v", p)
			}
			if is := revisionOf(w.get("/daero/api/level")); is != revisionOf(p) || len(w.entries("*")) != n {
				t.Error("something was done")
			}
			r := w.do(store.Admin, ctl.method, ctl.path, ctl.body+`,"revision":`+revisionOf(p)+`}`)
			doc := w.expect(r, 200)
			if is := revisionOf(w.get("/daero/api/level")); is == revisionOf(p) || r.Header().Get(api.RevisionHeader) != is || revisionOf(doc) != is {
				t.Errorf("revision %s after %v", is, doc)
			}
			w.expect(w.do(store.Acting, "POST", "/daero/api/controls/"+revisionOf(doc)+"/undo", `{"reason":"r","revision":`+revisionOf(p)+`}`), 409)
			w.expect(w.undoOf(store.Acting, doc, "no"), 200)
		})
	}
}

// TestTwoAtOnce: of two that saw the same, one is let through.
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t)
	w.token(store.Acting)
	w.token(store.Admin)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		seen := revisionOf(w.get("/daero/api/level"))
		var codes [2]int
		var wg sync.WaitGroup
		for i, role := range []store.Role{store.Acting, store.Admin} {
			ctl := controls[2*rng.IntN(4)] // those that set something
			wg.Go(func() { codes[i] = w.do(role, ctl.method, ctl.path, ctl.body+`,"revision":`+seen+`}`).Code })
		}
		wg.Wait()
		if codes != [2]int{200, 409} && codes != [2]int{409, 200} {
			t.Fatalf("%v", codes)
		}
	}
}

// TestUndoThroughTheRecord, by whoever may act, and only once.
func TestUndoThroughTheRecord(t *testing.T) {
	w := newWorld(t)
	w.expect(w.do(store.Acting, "PUT", orderPath, `{"close":true,"for":"1h","reason":"they attack"}`), 200)
	w.step(time.Second)
	e := w.entries(audit.LaneOrdered)[0]
	if e.Who != "the-operator" || e.Target != "default/login" || e.After != "closed" || e.Why != "they attack" || e.Undo.Revision == 0 || e.Undo.Does != "releases lane default/login" {
		t.Errorf("recorded as %+v", e)
	}
	path := fmt.Sprintf("/daero/api/audit/%d/undo", e.ID)
	w.expect(w.do(store.Viewer, "POST", path, `{"reason":"x"}`), 403)
	w.expect(w.do(store.Acting, "POST", path, `{}`), 400)
	undone := w.expect(w.do(store.Admin, "POST", path, `{"reason":"it was a test"}`), 200)
	w.step(time.Second)
	if o := w.daero.Lane("default", "login").Orders(); o != (lane.Orders{}) {
		t.Errorf("undone, and told %+v", o)
	}
	p := w.expect(w.do(store.Admin, "POST", path, `{"reason":"again"}`), 409)
	if p["type"] != "urn:problem-type:daero:changed" || p["by"] != "the-admin" || p["what"] != audit.LaneReleased {
		t.Errorf("%v", p)
	}
	w.expect(w.undoOf(store.Acting, undone, "no, it was not"), 200)
	w.step(time.Second)
	if o := w.daero.Lane("default", "login").Orders(); o.Shed != [2]float64{1, 1} {
		t.Errorf("that undone, and told %+v", o)
	}
	if last := w.entries(audit.LaneOrdered); len(last) != 2 || last[1].Undo.Of == 0 || last[1].Why != "no, it was not" {
		t.Errorf("recorded as %+v", last)
	}
	for _, id := range []string{"0", "-1", "x", "999999", "9223372036854775807", "99999999999999999999"} {
		w.expect(w.do(store.Acting, "POST", "/daero/api/audit/"+id+"/undo", `{"reason":"x"}`), 404)
	}
	for _, rev := range []string{"0", "-1", "x", "99999999999999999999"} {
		w.expect(w.do(store.Acting, "POST", "/daero/api/controls/"+rev+"/undo", `{"reason":"x"}`), 404)
	}
	w.expect(w.do(store.Acting, "POST", "/daero/api/controls/1/undo", `{"reason":"x"}`), 409)
	w.load = 0.75
	w.step(time.Second)
	auto := w.entries(audit.LevelChanged)[0]
	if p := w.expect(w.do(store.Acting, "POST", fmt.Sprintf("/daero/api/audit/%d/undo", auto.ID), `{"reason":"x"}`), 409); p["type"] != "urn:problem-type:daero:not-undoable" {
		t.Errorf("%v", p)
	}
}

func TestOrderLane(t *testing.T) {
	w := newWorld(t)
	for body, want := range map[string]lane.Orders{
		`"shed":0.5`:                          {Shed: [2]float64{0.5, 0.5}},
		`"shed":{"background":1},"ceiling":3`: {Shed: [2]float64{lane.Background: 1}, Max: 3},
		`"close":true`:                        {Shed: [2]float64{1, 1}},
		`"open":true,"shed":{"foreground":0.1,"background":0.2}`: {Shed: [2]float64{0.1, 0.2}},
		`"challenge":0.3,"defer":0.2`:                            {Challenge: [2]float64{0.3, 0.3}, Defer: [2]float64{0.2, 0.2}},
		`"ramp":{"from":0.25,"add":0.05,"every":30}`:             {Shed: [2]float64{0.75, 0.75}},
		`"ramp":{"add":0.25,"every":30}`:                         {Shed: [2]float64{0.75, 0.75}},
	} {
		doc := w.expect(w.do(store.Acting, "PUT", orderPath, `{`+body+`,"for":"10m","reason":"r"}`), 200)
		w.step(time.Second)
		if is := w.daero.Lane("default", "login").Orders(); is != want {
			t.Errorf("%s: told %+v", body, is)
		}
		order := doc["order"].(map[string]any)
		if order["by"] != "the-operator" || order["until"] == nil || order["text"] == "" || order["lane"] != "login" || doc["what"] != audit.LaneOrdered || order["revision"] != doc["revision"] {
			t.Errorf("%s: %v", body, doc)
		}
		listed := w.get("/daero/api/lanes/orders")["orders"].([]any)
		if len(listed) != 1 || listed[0].(map[string]any)["text"] != order["text"] {
			t.Errorf("%s: listed as %v", body, listed)
		}
		w.expect(w.do(store.Acting, "DELETE", orderPath, `{"reason":"r"}`), 200)
		w.step(time.Second)
	}
	w.expect(w.do(store.Acting, "PUT", orderPath, `{"shed":0.6,"for":"10m","reason":"r"}`), 200)
	w.step(time.Second)
	doc := w.expect(w.do(store.Acting, "PUT", orderPath, `{"ramp":{"add":0.05,"every":30},"for":"10m","reason":"r"}`), 200)
	if ramp := doc["order"].(map[string]any)["ramp"].(map[string]any); ramp["from"] != 0.4 || ramp["every"] != 30.0 {
		t.Errorf("a ramp goes on from %v, want what got in before", ramp)
	}
	lanes := w.get("/daero/api/lanes")["backends"].(map[string]any)["default"].(map[string]any)["lanes"].([]any)
	for _, l := range lanes {
		o, ordered := l.(map[string]any)["order"].(map[string]any)
		if is := l.(map[string]any)["name"]; ordered != (is == "login") || ordered && o["admits"] != 0.4 {
			t.Errorf("lanes say of %v: %v", is, o)
		}
	}
}

func TestOrderLaneMistakes(t *testing.T) {
	w := newWorld(t)
	for body, status := range map[string]int{
		`{}`: 400, `null`: 400, `[]`: 400,
		`{"shed":0.5,"for":"10m"}`:                                                   400,
		`{"shed":0.5,"reason":"r"}`:                                                  400,
		`{"for":"10m","reason":"r"}`:                                                 422,
		`{"shed":2,"for":"10m","reason":"r"}`:                                        422,
		`{"shed":"half","for":"10m","reason":"r"}`:                                   400,
		`{"shed":{"people":1},"for":"10m","reason":"r"}`:                             400,
		`{"shed":[1,1],"for":"10m","reason":"r"}`:                                    400,
		`{"shed":1e999,"for":"10m","reason":"r"}`:                                    400,
		`{"ceiling":0,"for":"10m","reason":"r"}`:                                     400,
		`{"ceiling":1.5,"for":"10m","reason":"r"}`:                                   400,
		`{"ceiling":99999999,"for":"10m","reason":"r"}`:                              422,
		`{"close":true,"open":true,"for":"10m","reason":"r"}`:                        400,
		`{"close":true,"ramp":{"add":0.1,"every":30},"for":"10m","reason":"r"}`:      400,
		`{"ramp":{"add":0.1},"for":"10m","reason":"r"}`:                              400,
		`{"ramp":{"add":0.1,"every":1e30},"for":"10m","reason":"r"}`:                 400,
		`{"ramp":{"add":-1,"every":30},"for":"10m","reason":"r"}`:                    422,
		`{"ramp":{"from":1,"add":0.1,"every":99999},"for":"10m","reason":"r"}`:       422,
		`{"open":true,"for":"200h","reason":"r"}`:                                    422,
		`{"open":true,"for":"10m","reason":"r","by":"root"}`:                         400,
		`{"open":true,"for":"10m","reason":"r","revision":-1}`:                       400,
		`{"shed":0.5,"for":"10m","reason":"` + strings.Repeat("x", 501) + `"}`:       400,
		`{"shed":0.5,"for":"10m","reason":"r","x":"` + strings.Repeat("x", 9) + `"}`: 400,
	} {
		if r := w.do(store.Acting, "PUT", orderPath, body); r.Code != status || r.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%.80s: status %d, want %d: %s", body, r.Code, status, r.Body)
		}
	}
	for _, path := range []string{"default/typo", "typo/login", "%00/%00", "default/login%2F"} {
		w.expect(w.do(store.Acting, "PUT", "/daero/api/lanes/"+path+"/order", `{"open":true,"for":"10m","reason":"r"}`), 404)
		w.expect(w.do(store.Acting, "DELETE", "/daero/api/lanes/"+path+"/order", `{"reason":"r"}`), 409)
	}
	if len(w.entries("lane.*")) != 0 {
		t.Error("one of them is in force")
	}
}

// TestWhatRefusesMuch is asked about, whatever does it.
func TestWhatRefusesMuch(t *testing.T) {
	w := newWorld(t)
	w.traffic("login", lane.Foreground, 60)
	w.traffic("message", lane.Foreground, 40)
	w.step(2 * time.Second)
	asked := func(r *httptest.ResponseRecorder, share float64) {
		t.Helper()
		p := w.expect(r, 409)
		predicted, _ := p["predicted"].(map[string]any)
		if p["type"] != "urn:problem-type:daero:confirm" || predicted == nil {
			t.Fatalf("%v", p)
		}
		if s := predicted["share"].(float64); s < share-0.01 || s > share+0.01 || predicted["per_second"].(float64) <= 0 {
			t.Errorf("predicts %v, want %v", predicted, share)
		}
	}
	half := `{"shed":0.5,"for":"10m","reason":"r"`
	w.expect(w.do(store.Acting, "PUT", orderPath, half+`}`), 200) // 30 %
	message := "/daero/api/lanes/default/message/order"
	asked(w.do(store.Acting, "PUT", message, half+`}`), 0.5) // together
	doc := w.expect(w.do(store.Acting, "PUT", message, half+`,"confirm":true}`), 200)
	w.expect(w.undoOf(store.Acting, doc, "no"), 200)
	asked(w.do(store.Acting, "PUT", message, `{"close":true,"for":"10m","reason":"r"}`), 0.7)
	w.expect(w.do(store.Acting, "DELETE", orderPath, `{"reason":"r"}`), 200)
	asked(w.do(store.Acting, "PUT", orderPath, `{"close":true,"for":"10m","reason":"r"}`), 0.6)
	closed := w.expect(w.do(store.Acting, "PUT", orderPath, `{"close":true,"for":"10m","reason":"r","confirm":true}`), 200)
	released := w.expect(w.undoOf(store.Acting, closed, "no"), 200)
	asked(w.undoOf(store.Acting, released, "it was right"), 0.6) // brings it back
	undo := released["undo"].(map[string]any)["path"].(string)
	w.expect(w.do(store.Acting, "POST", undo, `{"reason":"r","confirm":true}`), 200)
	w.expect(w.do(store.Acting, "DELETE", orderPath, `{"reason":"r"}`), 200)

	// What was paused, stopped, set aside or held down begins anew.
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/pause", `{"for":"10m","reason":"r"}`), 200)
	w.load = 0.95
	w.step(2 * time.Second)
	asked(w.do(store.Acting, "POST", "/daero/api/playbook/resume", `{"reason":"r"}`), 0.54)
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/resume", `{"reason":"r","confirm":true}`), 200)
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/actions/shed%20login/stop", `{"for":"10m","reason":"r"}`), 200)
	asked(w.do(store.Acting, "POST", "/daero/api/playbook/actions/shed%20login/start", `{"reason":"r"}`), 0.54)
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/actions/shed%20login/start", `{"reason":"r","confirm":true}`), 200)
	w.expect(w.do(store.Acting, "PUT", orderPath, `{"open":true,"for":"10m","reason":"r"}`), 200)
	asked(w.do(store.Acting, "DELETE", orderPath, `{"reason":"r"}`), 0.54)
	w.expect(w.do(store.Acting, "DELETE", orderPath, `{"reason":"r","confirm":true}`), 200)
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"normal","for":"10m","reason":"r"}`), 200)
	w.step(time.Second)
	asked(w.do(store.Acting, "DELETE", "/daero/api/level/pin", `{"reason":"r"}`), 0.54)
	w.expect(w.do(store.Acting, "DELETE", "/daero/api/level/pin", `{"reason":"r","confirm":true}`), 200)
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"serious","for":"10m","reason":"r","confirm":true}`), 200)
	w.step(time.Second)
	w.expect(w.do(store.Acting, "DELETE", "/daero/api/level/pin", `{"reason":"r"}`), 200) // refuses no more than now
}

// TestClosingACriticalLane is asked about however little travels in it.
func TestClosingACriticalLane(t *testing.T) {
	w := newWorld(t)
	w.traffic("login", lane.Foreground, 99)
	w.traffic("message", lane.Foreground, 1)
	w.step(2 * time.Second)
	const path = "/daero/api/lanes/default/message/order"
	p := w.expect(w.do(store.Acting, "PUT", path, `{"close":true,"for":"10m","reason":"r"}`), 409)
	if p["type"] != "urn:problem-type:daero:confirm" || !strings.Contains(p["detail"].(string), "critical lane default/message") {
		t.Errorf("%v", p)
	}
	w.expect(w.do(store.Acting, "PUT", path, `{"close":true,"for":"10m","reason":"r","confirm":true}`), 200)
}

func FuzzLaneOrderBody(f *testing.F) {
	for _, body := range []string{
		`{"shed":0.5,"for":"10m","reason":"r"}`, `{"shed":{"foreground":1},"defer":1,"challenge":0,"ceiling":7,"open":true,"for":"10m","reason":"r"}`,
		`{"ramp":{"from":0,"add":1e-9,"every":0.5},"for":"10m","reason":"r"}`, `{"close":true,"until":"2026-01-01T00:10:00Z","reason":"r"}`,
	} {
		f.Add([]byte(body))
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := api.LaneOrderOf(strings.NewReader(string(body)), now, "kim")
		if err != nil {
			return
		}
		if err := o.Validate(now); err != nil || o.By != "kim" || o.Lane != "login" || o.String() == "" || strings.ContainsAny(o.Reason, "\n\x1b") {
			t.Errorf("%q became %+v: %v", body, o, err)
		}
		if _, err := json.Marshal(o); err != nil {
			t.Errorf("%q became %+v: %v", body, o, err)
		}
	})
}
