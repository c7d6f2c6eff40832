package api_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// ids are the actions of a list.
func ids(list any) (all []string) {
	for _, one := range list.([]any) {
		all = append(all, one.(map[string]any)["id"].(string))
	}
	return all
}

// TestPreviewNow: what a changed playbook would end, start and change at once,
// where the level stands.
func TestPreviewNow(t *testing.T) {
	var draft api.PlaybookDraft
	w := newWorld(t, func(c *api.Config) {
		c.Preview = func(context.Context, string) (api.PlaybookDraft, error) { return draft, nil }
	})
	preview := func() map[string]any {
		t.Helper()
		doc := w.expect(w.do(store.Viewer, "POST", "/daero/api/playbook/preview", `{"playbook":"x"}`), 200)
		now, _ := doc["in_force"].(map[string]any)
		return now
	}
	w.traffic("login", lane.Foreground, 50)
	w.traffic("message", lane.Foreground, 50)
	w.step(2 * time.Second)
	draft.Book.Actions = slices.Clone(actions)
	if now := preview(); now["level"] != "normal" || fmt.Sprint(now["ends"], now["starts"], now["changes"], now["stays"]) != "[] [] [] []" {
		t.Errorf("at normal: %v", now)
	}
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"serious","for":"1h","reason":"r","confirm":true}`), 200)
	w.step(time.Second)
	w.traffic("login", lane.Foreground, 50)
	if now := preview(); len(now["stays"].([]any)) != 5 || len(now["changes"].([]any)) != 0 {
		t.Errorf("the same playbook changes something: %v", now)
	}
	draft.Book.Actions = []playbook.Action{
		{At: level.Attention, Kind: playbook.Flag, Target: "comments", Value: "on", To: 1, From: 1},
		{At: level.Attention, Kind: playbook.Flag, Target: "page.size", Value: "20", To: 1, From: 1},
		{At: level.Attention, Kind: playbook.Flag, Target: "theme", Value: "plain", To: 1, From: 1, Shadow: true},
		{At: level.Caution, Kind: playbook.Shed, Lane: "message", Who: playbook.Foreground, From: 0, To: 0.5},
		{At: level.Alert, Kind: playbook.Shed, Lane: "login", From: 0.1, To: 0.2},
	}
	now := preview()
	if got := fmt.Sprint(ids(now["ends"]), ids(now["starts"]), ids(now["changes"]), now["stays"]); got != "[flag theme shed login background] [shed message foreground] [flag comments shed login] [flag page.size]" {
		t.Errorf("ends, starts, changes, stays: %s", got)
	}
	theme, login, comments := now["ends"].([]any)[0].(map[string]any), now["changes"].([]any)[1].(map[string]any), now["changes"].([]any)[0].(map[string]any)
	if theme["shadow"] != true || login["to"] != 0.2 || login["row"] != "alert" || login["from"].(float64) < 0.5 || comments["from"] != comments["to"] {
		t.Errorf("%v", now)
	}
	then := now["then"].(map[string]any)["share"].(float64)
	if before := now["now"].(map[string]any)["share"].(float64); before < 0.2 || then < 0.2 || then == before || now["paused"] != nil {
		t.Errorf("refuses %v, then %v", before, then)
	}
	// What somebody has stopped does nothing either way; a pause holds both.
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/actions/shed%20login/stop", `{"for":"10m","reason":"r"}`), 200)
	w.expect(w.do(store.Acting, "POST", "/daero/api/playbook/pause", `{"for":"10m","reason":"r"}`), 200)
	now = preview()
	if login := now["changes"].([]any)[1].(map[string]any); login["stopped"] != true || now["paused"] != true || now["now"].(map[string]any)["share"] != 0.0 || now["then"].(map[string]any)["share"].(float64) >= then {
		t.Errorf("%v", now)
	}
	draft = api.PlaybookDraft{Mistakes: []api.PlaybookMistake{{Line: 1, What: "x"}}}
	if now := preview(); now != nil {
		t.Errorf("with mistakes: %v", now)
	}
}
