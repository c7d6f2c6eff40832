package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// TestUndoOfARun: what daero did by itself is undone by stopping the action, with
// a reason and for a while; after that it goes on. The record says the same.
func TestUndoOfARun(t *testing.T) {
	w := newWorld(t)
	w.load = 0.75
	w.step(2 * time.Second)
	const action = "shed login background"
	newest := func() map[string]any {
		t.Helper()
		for _, one := range w.get("/daero/api/playbook/runs")["runs"].([]any) {
			if run := one.(map[string]any); run["action"] == action {
				return run
			}
		}
		t.Fatal("it did not run")
		return nil
	}
	undo, is := newest()["undo"].(map[string]any)
	if !is || undo["path"] != "/daero/api/playbook/actions/shed%20login%20background/stop" {
		t.Fatalf("undone by %v", undo)
	}
	length := undo["body"].(map[string]any)["for"].(string)
	w.expect(w.do(store.Acting, undo["method"].(string), undo["path"].(string), `{"for":"`+length+`"}`), 400) // without a reason
	for _, e := range w.entries(audit.ActionEntered) {
		if e.Target != action {
			continue
		}
		p := w.expect(w.do(store.Acting, "POST", fmt.Sprintf("/daero/api/audit/%d/undo", e.ID), `{"reason":"r"}`), 409)
		if p["type"] != "urn:problem-type:daero:not-undoable" || p["undo"].(map[string]any)["path"] != undo["path"] {
			t.Errorf("the record says %v", p)
		}
	}
	doc := w.expect(w.do(store.Acting, undo["method"].(string), undo["path"].(string), `{"for":"`+length+`","reason":"that is our own test"}`), 200)
	w.step(time.Second)
	if s := doc["stopped"].(map[string]any); s["until"] != "2026-01-01T00:30:03Z" || s["reason"] != "that is our own test" || newest()["undo"] != nil {
		t.Errorf("%v, and then %v", doc, newest())
	}
	if e := w.entries(audit.ActionStopped); len(e) != 1 || e[0].Until.IsZero() || !strings.Contains(e[0].Undo.Does, action) {
		t.Errorf("%+v", e)
	}
	w.jump(30 * time.Minute)
	w.step(time.Second)
	if run := newest(); run["undo"] == nil || run["ended"] != nil {
		t.Errorf("after its time: %v", run)
	}
}
