package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
)

const billingPath = "/daero/api/relay/deliveries/billing/"

// billing is the delivery as it is shown.
func (w *world) billing() map[string]any {
	w.t.Helper()
	return w.get("/daero/api/relay")["deliveries"].([]any)[0].(map[string]any)
}

// byEntry undoes what the newest entry of a kind says.
func (w *world) byEntry(role store.Role, what string) *httptest.ResponseRecorder {
	w.t.Helper()
	all := w.entries(what)
	if len(all) == 0 {
		w.t.Fatalf("there is no entry %s", what)
	}
	return w.do(role, "POST", fmt.Sprintf("/daero/api/audit/%d/undo", all[len(all)-1].ID), `{"reason":"by the record"}`)
}

// TestUndoOfAPause: a pause and its end undo each other, with the time and the
// words that were in force before; also from the record.
func TestUndoOfAPause(t *testing.T) {
	w := relayWorld(t, nil)
	paused := w.expect(w.do(store.Acting, "POST", billingPath+"pause", `{"for":"30m","reason":"their deploy"}`), 200)
	e := w.entries(audit.RelayPaused)[0]
	if e.Undo.Revision == 0 || e.Undo.Kind != audit.UndoDeliver || e.Undo.Does != "resumes billing" || paused["what"] != audit.RelayPaused || paused["until"] != "2026-01-01T00:30:01Z" {
		t.Errorf("%+v, answered %v", e, paused)
	}
	longer := w.expect(w.do(store.Admin, "POST", billingPath+"pause", `{"for":"2h","reason":"they need longer"}`), 200)
	w.expect(w.do(store.Viewer, "POST", longer["undo"].(map[string]any)["path"].(string), `{"reason":"r"}`), 403)
	if p := w.expect(w.undoOf(store.Acting, paused, "no"), 409); p["by"] != "the-admin" || p["what"] != audit.RelayPaused || p["target"] != "billing" || p["at"] == nil {
		t.Errorf("an older pause is undone: %v", p)
	}
	w.expect(w.undoOf(store.Acting, longer, "they do not"), 200)
	if is := w.billing()["paused"].(map[string]any); is["by"] != "the-operator" || is["reason"] != "their deploy" || is["until"] != "2026-01-01T00:30:01Z" {
		t.Errorf("brought back %v", is)
	}
	resumed := w.expect(w.do(store.Acting, "POST", billingPath+"resume", `{"reason":"done"}`), 200)
	if e := w.entries(audit.RelayResumed)[0]; e.Undo.Kind != audit.UndoHoldBack || e.Undo.Until.Format(time.RFC3339) != "2026-01-01T00:30:01Z" {
		t.Errorf("%+v", e)
	}
	w.expect(w.byEntry(store.Acting, audit.RelayResumed), 200)
	if is := w.billing()["paused"].(map[string]any); is["reason"] != "their deploy" {
		t.Errorf("brought back %v", is)
	}
	w.expect(w.undoOf(store.Acting, resumed, "again"), 409) // it was undone
	last := w.entries(audit.RelayPaused)
	if e := last[len(last)-1]; e.Undo.Of != w.entries(audit.RelayResumed)[0].Undo.Revision || e.Why != "by the record" || e.Who != "the-operator" {
		t.Errorf("%+v", e)
	}
	w.expect(w.byEntry(store.Acting, audit.RelayPaused), 200)
	if w.billing()["paused"] != nil {
		t.Error("it is paused")
	}
}

// TestUndoOfWhatIsOver says so, and pauses nothing.
func TestUndoOfWhatIsOver(t *testing.T) {
	w := relayWorld(t, nil)
	paused := w.expect(w.do(store.Acting, "POST", billingPath+"pause", `{"for":"30m","reason":"r"}`), 200)
	w.jump(time.Hour)
	if p := w.expect(w.undoOf(store.Acting, paused, "no"), 409); p["by"] != audit.By || !strings.Contains(p["detail"].(string), "ended by itself") {
		t.Errorf("%v", p)
	}
	w.expect(w.do(store.Acting, "POST", billingPath+"pause", `{"for":"30m","reason":"r"}`), 200)
	resumed := w.expect(w.do(store.Acting, "POST", billingPath+"resume", `{"reason":"r"}`), 200)
	w.jump(time.Hour)
	w.expect(w.undoOf(store.Acting, resumed, "no"), 409)
	if w.billing()["paused"] != nil {
		t.Error("it is paused")
	}
	// What the relay itself had held back is nobody's to bring back.
	held := relayWorld(t, func(r *api.Relay) {
		r.Deliveries = &deliveries{paused: &relay.Pause{By: "relay", Reason: "too many dead letters"}}
	})
	doc := held.expect(held.do(store.Acting, "POST", billingPath+"resume", `{"reason":"they are fine"}`), 200)
	if doc["undo"] != nil {
		t.Errorf("%v", doc)
	}
	if p := held.expect(held.byEntry(store.Acting, audit.RelayResumed), 409); p["type"] != "urn:problem-type:daero:not-undoable" {
		t.Errorf("%v", p)
	}
	// After a restart nothing is known of what was done before.
	if p := held.expect(held.do(store.Acting, "POST", "/daero/api/controls/4503599627370497/undo", `{"reason":"r"}`), 409); p["by"] != nil || !strings.Contains(p["detail"].(string), "before this gateway was started") {
		t.Errorf("%v", p)
	}
}

// TestRevisionOfADelivery: whoever saw what is not so any more is told who did
// what, and nothing is done; other deliveries and controls do not matter.
func TestRevisionOfADelivery(t *testing.T) {
	calls := 0
	w := relayWorld(t, func(r *api.Relay) {
		r.Redrive = func(context.Context, relay.RedriveRequest, func(done, matched int)) (relay.RedriveResult, error) {
			calls++
			return relay.RedriveResult{}, nil
		}
	})
	revision := func() string { return fmt.Sprintf("%.0f", w.billing()["revision"]) }
	seen := revision()
	w.expect(w.do(store.Acting, "POST", "/daero/api/relay/deliveries/mail/pause", `{"for":"1h","reason":"r"}`), 200)
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"attention","for":"1h","reason":"r"}`), 200)
	w.expect(w.do(store.Acting, "POST", billingPath+"pause", `{"for":"1h","reason":"first","revision":`+seen+`}`), 200)
	for path, body := range map[string]string{
		billingPath + "pause":      `{"for":"2h","reason":"second","revision":` + seen + `}`,
		billingPath + "resume":     `{"reason":"second","revision":` + seen + `}`,
		"/daero/api/relay/redrive": `{"delivery":"billing","reason":"second","revision":` + seen + `}`,
	} {
		p := w.expect(w.do(store.Admin, "POST", path, body), 409)
		if p["type"] != "urn:problem-type:daero:changed" || p["by"] != "the-operator" || p["what"] != audit.RelayPaused || p["target"] != "billing" || p["at"] != "2026-01-01T00:00:01Z" || revisionOf(p) != revision() {
			t.Errorf("%s: %v", path, p)
		}
	}
	if is := w.billing()["paused"].(map[string]any); is["reason"] != "first" || calls != 0 {
		t.Errorf("something was done: %v, %d redrives", is, calls)
	}
	now := revision()
	w.expect(w.do(store.Acting, "POST", "/daero/api/relay/redrive", `{"delivery":"billing","dry_run":true,"revision":`+seen+`}`), 200) // it changes nothing
	w.expect(w.do(store.Acting, "POST", "/daero/api/relay/redrive", `{"delivery":"billing","reason":"r","revision":`+now+`}`), 200)
	if revision() == now || calls != 2 {
		t.Errorf("a redrive is not seen: %d", calls)
	}
	// It is not in the way of undoing the pause before it.
	w.expect(w.byEntry(store.Acting, audit.RelayPaused), 200)
	var codes [2]int
	var wg sync.WaitGroup
	seen = revision()
	for i, role := range []store.Role{store.Acting, store.Admin} {
		wg.Go(func() {
			codes[i] = w.do(role, "POST", billingPath+"pause", `{"for":"1h","reason":"r","revision":`+seen+`}`).Code
		})
	}
	if wg.Wait(); codes != [2]int{200, 409} && codes != [2]int{409, 200} {
		t.Errorf("two at once: %v", codes)
	}
}

// slowRedrive goes on until it is stopped, and says when it has begun.
func slowRedrive(began chan<- struct{}) api.Redriver {
	return func(ctx context.Context, _ relay.RedriveRequest, progress func(done, matched int)) (relay.RedriveResult, error) {
		progress(1, 5)
		began <- struct{}{}
		<-ctx.Done()
		return relay.RedriveResult{Matched: 5, Done: 1}, ctx.Err()
	}
}

// TestStopARedrive: everybody sees a redrive that goes on, and may stop it; the
// one who began it is told by whom.
func TestStopARedrive(t *testing.T) {
	began := make(chan struct{})
	w := relayWorld(t, func(r *api.Relay) { r.Redrive = slowRedrive(began) })
	w.token(store.Acting)
	w.token(store.Admin)
	for name, stop := range map[string]func() *httptest.ResponseRecorder{
		"by its delivery": func() *httptest.ResponseRecorder {
			return w.do(store.Admin, "DELETE", "/daero/api/relay/redrive/billing", `{"reason":"too early"}`)
		},
		"by the record": func() *httptest.ResponseRecorder { return w.byEntry(store.Admin, audit.RelayRedriving) },
	} {
		t.Run(name, func(t *testing.T) {
			answer := make(chan *httptest.ResponseRecorder, 1)
			go func() {
				answer <- w.do(store.Acting, "POST", "/daero/api/relay/redrive", `{"delivery":"billing","reason":"fixed"}`, "Accept", "application/x-ndjson")
			}()
			<-began
			if is := w.billing()["redriving"].(map[string]any); is["by"] != "the-operator" || is["reason"] != "fixed" || is["redriven"] != 1.0 || is["matched"] != 5.0 {
				t.Errorf("%v", is)
			}
			if p := w.expect(w.do(store.Admin, "POST", "/daero/api/relay/redrive", `{"delivery":"billing","reason":"me too"}`), 409); p["type"] != "urn:problem-type:daero:redriving" || p["by"] != "the-operator" {
				t.Errorf("%v", p)
			}
			w.expect(w.do(store.Viewer, "DELETE", "/daero/api/relay/redrive/billing", `{"reason":"r"}`), 403)
			w.expect(w.do(store.Acting, "DELETE", "/daero/api/relay/redrive/billing", `{}`), 400)
			if doc := w.expect(stop(), 200); doc["what"] != audit.RelayStopped || doc["target"] != "billing" || doc["undo"] != nil {
				t.Errorf("%v", doc)
			}
			lines := strings.Split(strings.TrimSpace((<-answer).Body.String()), "\n")
			var first, last api.RedriveDoc
			if json.Unmarshal([]byte(lines[0]), &first) != nil || json.Unmarshal([]byte(lines[len(lines)-1]), &last) != nil {
				t.Fatal(lines)
			}
			if first.Undo == nil || last.Undo != nil || last.Done || !strings.HasPrefix(last.Error, "stopped by the-admin: ") {
				t.Errorf("%+v, at last %+v", first, last)
			}
			if w.billing()["redriving"] != nil {
				t.Error("it is shown as going on")
			}
			if p := w.expect(w.byEntry(store.Acting, audit.RelayRedriving), 409); p["type"] != "urn:problem-type:daero:not-redriving" {
				t.Errorf("%v", p)
			}
		})
	}
	if all := w.entries(audit.RelayStopped); len(all) != 2 || all[0].Who != "the-admin" || all[0].After != "1 of 5" {
		t.Errorf("%+v", all)
	}
	w.expect(w.do(store.Acting, "DELETE", "/daero/api/relay/redrive/nobody", `{"reason":"r"}`), 404)
}

// TestRedriveEndsInTime: it takes no longer than was asked for.
func TestRedriveEndsInTime(t *testing.T) {
	w := relayWorld(t, func(r *api.Relay) { r.Redrive = slowRedrive(make(chan struct{}, 1)) })
	p := w.expect(w.do(store.Acting, "POST", "/daero/api/relay/redrive", `{"delivery":"billing","reason":"fixed","for":"1ms"}`), 409)
	if p["type"] != "urn:problem-type:daero:stopped" || !strings.Contains(p["detail"].(string), "its 1ms are over") {
		t.Errorf("%v", p)
	}
	for _, long := range []string{"x", "-1s", "0s"} {
		w.expect(w.do(store.Acting, "POST", "/daero/api/relay/redrive", `{"delivery":"billing","reason":"fixed","for":"`+long+`"}`), 400)
	}
	if w.billing()["redriving"] != nil {
		t.Error("it is shown as going on")
	}
}
