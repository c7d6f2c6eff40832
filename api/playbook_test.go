package api_test

import (
	"testing"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/playbook"
)

func daeroResponse(actions ...playbook.Action) daero.Response {
	return daero.Response{Playbook: playbook.Config{Actions: actions}}
}

func TestPlaybook(t *testing.T) {
	w := newWorld(t)
	w.traffic("login", lane.Background, 50)
	w.traffic("message", lane.Foreground, 50)
	w.load = 0.75 // halfway through caution
	w.step(2 * time.Second)
	doc := w.get("/daero/api/playbook")
	rows := doc["rows"].([]any)
	if len(rows) != 4 || doc["level"] != "caution" || doc["shadow"] != false || doc["paused"] != nil {
		t.Fatalf("%v", doc)
	}
	caution := rows[1].(map[string]any)
	line := caution["actions"].([]any)[0].(map[string]any)
	if caution["word_ko"] != "주의" || line["id"] != "shed login background" || line["to"] != 0.6 || line["predicted_share"] != 0.3 {
		t.Errorf("row %v", caution)
	}
	if doc["flags"].(map[string]any)["comments"] != "off" {
		t.Errorf("flags %v", doc["flags"])
	}
	found := false
	for _, f := range doc["in_force"].([]any) {
		f := f.(map[string]any)
		if f["id"] == "shed login background" {
			found = true
			if s := f["strength"].(float64); s < 0.29 || s > 0.31 || f["row"] != "caution" || f["since"] == nil {
				t.Errorf("in force %v", f)
			}
		}
	}
	if !found {
		t.Errorf("not in force: %v", doc["in_force"])
	}
}

func TestPauseAndResume(t *testing.T) {
	w := newWorld(t)
	w.load = 0.75
	w.step(time.Second)
	shed := func() float64 { return w.daero.Lane("default", "login").Orders().Shed[lane.Background] }
	if shed() == 0 {
		t.Fatal("nothing is in force")
	}
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/pause", `{"for":"10m","reason":"it hurts"}`), 200)
	w.step(time.Second)
	if shed() != 0 {
		t.Error("paused, and still in force")
	}
	if doc := w.get("/daero/api/playbook"); doc["paused"].(map[string]any)["reason"] != "it hurts" {
		t.Errorf("%v", doc["paused"])
	}
	if doc := w.get("/daero/api/level"); doc["paused"] == nil {
		t.Error("the level does not say that the playbook is paused")
	}
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/resume", `{"reason":"better"}`), 200)
	w.step(time.Second)
	if shed() == 0 {
		t.Error("resumed, and nothing is in force")
	}
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/resume", `{"reason":"better"}`), 409)
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/resume", `{}`), 400)
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/pause", `{"for":"200h","reason":"x"}`), 422)
	if all := w.entries("playbook.*"); len(all) != 2 || all[0].Who != "the-operator" || all[0].Why != "it hurts" || all[1].What != audit.PlaybookResumed {
		t.Errorf("recorded as %+v", all)
	}
}

func TestStopAndStartOneAction(t *testing.T) {
	w := newWorld(t)
	w.load = 0.75
	w.step(time.Second)
	const path = "/daero/api/playbook/actions/shed%20login%20background/"
	w.expect(w.do(store.Acting, "POST", path+"stop", `{"for":"10m","reason":"x"}`), 200)
	w.step(time.Second)
	if s := w.daero.Lane("default", "login").Orders().Shed[lane.Background]; s != 0 {
		t.Errorf("stopped, in force with %v", s)
	}
	if doc := w.get("/daero/api/playbook"); doc["flags"].(map[string]any)["comments"] != "off" {
		t.Error("another action stopped as well")
	}
	w.expect(w.do(store.Acting, "POST", path+"start", `{"reason":"x"}`), 200)
	w.expect(w.do(store.Acting, "POST", path+"start", `{"reason":"x"}`), 409)
	w.step(time.Second)
	if s := w.daero.Lane("default", "login").Orders().Shed[lane.Background]; s == 0 {
		t.Error("started, and not in force")
	}
	for _, id := range []string{"nothing", "shed%20other%2Flogin", "%00", "..%2F.."} {
		for _, verb := range []string{"stop", "start"} {
			w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/actions/"+id+"/"+verb, `{"for":"10m","reason":"x"}`), 404)
		}
	}
	if all := w.entries("action.st*"); len(all) != 2 || all[0].Target != "shed login background" {
		t.Errorf("recorded as %+v", all)
	}
}
