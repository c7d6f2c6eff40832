package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// TestPlaybookPreview: what differs, what it would refuse, and what to put into the
// file; mistakes with their lines and cures; and nothing is changed.
func TestPlaybookPreview(t *testing.T) {
	var read string
	draft := api.PlaybookDraft{
		Book:    playbook.Config{Actions: []playbook.Action{{At: level.Alert, Kind: playbook.Shed, Lane: "login", From: 0.2, To: 1}}},
		InForce: "playbook {\n\tat alert {\n\t\tshed login 20..50%\n\t}\n}\n", Text: "playbook {\n\tat alert {\n\t\tshed login 20..100%\n\t}\n}\n",
	}
	w := newWorld(t, func(c *api.Config) {
		c.Preview = func(_ context.Context, text string) (api.PlaybookDraft, error) { read = text; return draft, nil }
	})
	w.traffic("login", lane.Foreground, 50)
	w.traffic("message", lane.Foreground, 50)
	w.step(2 * time.Second)
	revision := revisionOf(w.get("/daero/api/level"))
	const path = "/daero/api/playbook/preview"
	doc := w.expect(w.do(store.Viewer, "POST", path, `{"playbook":"playbook { … }"}`), 200)
	if doc["ok"] != true || doc["export"] != draft.Text || read != "playbook { … }" {
		t.Errorf("%v of %q", doc, read)
	}
	want := "--- in force\n+++ proposed\n@@ -1,5 +1,5 @@\n playbook {\n \tat alert {\n-\t\tshed login 20..50%\n+\t\tshed login 20..100%\n \t}\n }\n"
	if doc["diff"] != want {
		t.Errorf("diff\n%s", doc["diff"])
	}
	predicted := doc["predicted"].([]any)
	alert := predicted[2].(map[string]any)
	if len(predicted) != 4 || alert["level"] != "alert" || alert["share"] != 0.5 || alert["share_in_force"] != 0.25 {
		t.Errorf("predicts %v", predicted)
	}
	w.expect(w.do(store.Viewer, "POST", path, `{"rows":[{"level":"경계","actions":["shed login 20..100%"]},{"level":4,"actions":[]}],"shadow":true}`), 200)
	if read != "playbook {\n\tshadow\n\tat alert {\n\t\tshed login 20..100%\n\t}\n\tat serious {\n\t}\n}\n" {
		t.Errorf("rows were read as\n%s", read)
	}
	draft = api.PlaybookDraft{Mistakes: []api.PlaybookMistake{{Line: 7, What: "shed: upside down: swap its ends"}, {Line: 2, What: `at: unknown level "x": did you mean "alert"?`}}}
	doc = w.expect(w.do(store.Viewer, "POST", path, `{"playbook":"x"}`), 200)
	mistakes := doc["mistakes"].([]any)
	first, second := mistakes[0].(map[string]any), mistakes[1].(map[string]any)
	if doc["ok"] != false || doc["export"] != "" || doc["diff"] != "" || first["line"] != 2.0 || first["cure"] != `did you mean "alert"?` || second["what"] != "shed: upside down" || second["cure"] != "swap its ends" {
		t.Errorf("%v", doc)
	}
	for _, body := range []string{`{}`, `{"rows":[]}`, `{"playbook":"x","rows":[{"level":1,"actions":[]}]}`, `{"rows":[{"level":"x","actions":[]}]}`, `{"rows":[{"level":1,"actions":["a\nb"]}]}`, `{"rows":[{"level":1,"actions":[""]}]}`, `{"playbook":7}`} {
		w.expect(w.do(store.Viewer, "POST", path, body), 400)
	}
	if revisionOf(w.get("/daero/api/level")) != revision {
		t.Error("a preview changed something")
	}
	w.expect(newWorld(t).do(store.Viewer, "POST", path, `{"playbook":"x"}`), 501)
}

func TestUnified(t *testing.T) {
	lines := func(from, to int) string {
		var b strings.Builder
		for i := from; i <= to; i++ {
			b.WriteString(strings.Repeat("x", i) + "\n")
		}
		return b.String()
	}
	for name, tt := range map[string]struct{ a, b, want string }{
		"the same":    {"a\n", "a\n", ""},
		"new":         {"", "a\n", "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+a\n"},
		"gone":        {"a\nb\n", "", "--- a\n+++ b\n@@ -1,2 +0,0 @@\n-a\n-b\n"},
		"far apart":   {"q\n" + lines(1, 9) + "r\n", lines(1, 9), "--- a\n+++ b\n@@ -1,4 +1,3 @@\n-q\n x\n xx\n xxx\n@@ -8,4 +7,3 @@\n xxxxxxx\n xxxxxxxx\n xxxxxxxxx\n-r\n"},
		"near by":     {"q\n" + lines(1, 4) + "r\n", lines(1, 4), "--- a\n+++ b\n@@ -1,6 +1,4 @@\n-q\n x\n xx\n xxx\n xxxx\n-r\n"},
		"in exchange": {"a\nb\nc\n", "a\nB\nc\n", "--- a\n+++ b\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
	} {
		if got := api.Unified("a", "b", tt.a, tt.b); got != tt.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, tt.want)
		}
	}
	if huge := api.Unified("a", "b", strings.Repeat("a\n", 3000), strings.Repeat("b\n", 3000)); strings.Count(huge, "\n") != 6003 {
		t.Errorf("much at once: %d lines", strings.Count(huge, "\n"))
	}
}

func TestRunsAndComing(t *testing.T) {
	w := newWorld(t)
	if doc := w.get("/daero/api/playbook/runs"); len(doc["runs"].([]any)) != 0 {
		t.Errorf("%v", doc)
	}
	w.load = 0.75
	w.step(2 * time.Second)
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/pause", `{"for":"5s","reason":"x"}`), 200)
	w.step(7 * time.Second)
	runs := w.get("/daero/api/playbook/runs?limit=100")["runs"].([]any)
	times := 0
	for _, r := range runs {
		r := r.(map[string]any)
		if r["action"] == "shed login background" {
			times++
			if r["row"] != "caution" || r["kind"] != "shed" || r["began"] == nil || r["ok"] != true || r["strength"].(float64) < 0.29 || (r["ended"] == nil) != (times == 1) || r["shadow"] != (times == 2) {
				t.Errorf("%d: %v", times, r)
			}
		}
	}
	if times != 3 {
		t.Errorf("%d runs of it in %v", times, runs)
	}
	caution := w.get("/daero/api/playbook")["rows"].([]any)[1].(map[string]any)["actions"].([]any)[0].(map[string]any)
	if would := caution["would"].(map[string]any); would["times"] != 1.0 {
		t.Errorf("would %v", would)
	}
	if n := len(w.get("/daero/api/playbook/runs?limit=1")["runs"].([]any)); n != 1 {
		t.Errorf("%d runs, want 1", n)
	}
	if doc := w.get("/daero/api/playbook/coming"); len(doc["events"].([]any)) != 0 {
		t.Errorf("%v", doc)
	}
	for _, path := range []string{"runs?limit=0", "runs?limit=x", "runs?limit=1001", "coming?limit=-1"} {
		w.expect(w.do(store.Viewer, "GET", "/daero/api/playbook/"+path, ""), 400)
	}
}
