package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

const operatorsPath = "/daero/api/operators"

// bearing sends a request with a token that was given out.
func (w *world) bearing(token, method, path, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.do("", method, path, body, "Authorization", "Bearer "+token)
}

// TestOperatorsHaveReasons: they are recorded; programs may leave them away.
func TestOperatorsHaveReasons(t *testing.T) {
	w := newWorld(t)
	w.expect(w.do(store.Admin, "POST", operatorsPath, `{"name":"kim","role":"operator","reason":"on call from today"}`), http.StatusCreated)
	w.expect(w.do(store.Admin, "POST", operatorsPath, `{"name":"lee","role":"viewer"}`), http.StatusCreated)
	w.expect(w.do(store.Admin, "DELETE", operatorsPath+"/kim", `{"reason":"two\nlines"}`), 400)
	w.expect(w.do(store.Admin, "DELETE", operatorsPath+"/kim", `{"reason":"left us"}`), 204)
	w.expect(w.do(store.Admin, "DELETE", operatorsPath+"/lee", ""), 204)
	added, removed := w.entries(audit.OperatorAdded), w.entries(audit.OperatorRemoved)
	if len(added) != 2 || added[0].Why != "on call from today" || len(removed) != 2 || removed[0].Why != "left us" || removed[0].Who != "the-admin" || removed[1].Why != "" {
		t.Errorf("%+v %+v", added, removed)
	}
	if p := w.expect(w.byEntry(store.Admin, audit.OperatorRemoved), 409); p["type"] != "urn:problem-type:daero:not-undoable" {
		t.Errorf("%v", p)
	}
}

// TestRemoveWhomOneSaw: a name that was given to somebody else meanwhile is not
// the one that was seen.
func TestRemoveWhomOneSaw(t *testing.T) {
	w := newWorld(t)
	first := w.expect(w.do(store.Admin, "POST", operatorsPath, `{"name":"kim","role":"viewer"}`), http.StatusCreated)
	w.expect(w.do(store.Admin, "DELETE", operatorsPath+"/kim", ""), 204)
	w.jump(time.Minute)
	second := w.expect(w.do(store.Admin, "POST", operatorsPath, `{"name":"kim","role":"operator"}`), http.StatusCreated)
	body := func(doc map[string]any) string { return `{"reason":"r","created":"` + doc["created"].(string) + `"}` }
	if p := w.expect(w.do(store.Admin, "DELETE", operatorsPath+"/kim", body(first)), 409); p["type"] != "urn:problem-type:daero:changed" || p["target"] != "kim" || p["at"] != second["created"] {
		t.Errorf("%v", p)
	}
	w.expect(w.do(store.Admin, "DELETE", operatorsPath+"/kim", body(second)), 204)
}

// TestTwoAdmins who remove each other at once: one of them stays.
func TestTwoAdmins(t *testing.T) {
	for range 10 {
		w := newWorld(t)
		var wg sync.WaitGroup
		for token, whom := range map[string]string{w.add("kim", store.Admin): "lee", w.add("lee", store.Admin): "kim"} {
			wg.Go(func() { w.bearing(token, "DELETE", operatorsPath+"/"+whom, `{"reason":"r"}`) })
		}
		wg.Wait()
		all, err := w.store.Operators(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%d admins are left: %+v %v", len(all), all, err)
		}
	}
}

// TestSaidByKind: what the record says in English it says by kind too, and what
// undoing does.
func TestSaidByKind(t *testing.T) {
	w := newWorld(t)
	w.expect(w.do(store.Acting, "PUT", orderPath, `{"shed":{"background":0.5},"ceiling":7,"ramp":{"from":0.25,"add":0.05,"every":30},"for":"10m","reason":"r"}`), 200)
	w.expect(w.do(store.Acting, "PUT", orderPath, `{"open":true,"for":"10m","reason":"r"}`), 200)
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"attention","for":"1h","reason":"r"}`), 200)
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"caution","for":"1h","reason":"r"}`), 200)
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/pause", `{"for":"1h","reason":"r"}`), 200)
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/actions/shed%20login/stop", `{"for":"1h","reason":"r"}`), 200)
	var kinds []string
	for _, one := range w.get("/daero/api/audit?limit=100")["entries"].([]any) {
		e := one.(map[string]any)
		undo, is := e["undo"].(map[string]any)
		if !is {
			continue
		}
		kinds = append(kinds, undo["kind"].(string))
		switch said, _ := e["said"].(map[string]any); len(kinds) {
		case 1:
			after := said["after"].([]any)
			shed, ceiling, ramp := after[0].(map[string]any), after[1].(map[string]any), after[2].(map[string]any)
			if shed["kind"] != "shed" || shed["who"] != "background" || shed["share"] != 0.5 || ceiling["permits"] != 7.0 || ramp["add"] != 0.05 || ramp["every_seconds"] != 30.0 {
				t.Errorf("%v says %v", e["after"], after)
			}
		case 2:
			if len(said["before"].([]any)) != 3 || said["after"].([]any)[0].(map[string]any)["kind"] != "open" || undo["to"] != e["before"] || undo["until"] == nil {
				t.Errorf("%v", e)
			}
		case 4:
			if undo["to"] != "attention" || said != nil {
				t.Errorf("%v", e)
			}
		}
	}
	if got := strings.Join(kinds, " "); got != "release-lane order-lane unpin pin resume-playbook start-action" {
		t.Errorf("undoing does %s", got)
	}
	for _, one := range w.get("/daero/api/now")["feed"].([]any) {
		e := one.(map[string]any)
		if what := e["entry"].(map[string]any)["what"]; (what == audit.LaneOrdered) != (e["said"] != nil) {
			t.Errorf("the feed says of %v: %v", what, e["said"])
		}
	}
}
