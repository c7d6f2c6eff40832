package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/rehearse/job"
)

// rehearsed has a host whose rehearsals are a shell script's: it makes a report,
// or waits to be ended where the scenario says so.
func rehearsed(t *testing.T) (*world, chan job.Job) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "daero")
	text := `#!/bin/sh
[ "$2" = waits ] && exec sleep 60
for a; do [ "$was" = --html ] && printf '<script>alert(1)</script>' >"$a"; was=$a; done
echo '{"arm":"auto","index":0,"arms":1,"phase":"storm","at":1,"of":2,"lanes":{"login":{"ok":3,"refused":1,"failed":0,"p99_ms":12.5}}}' >&2
echo '{"scenario":"goal","bars":[{"name":"message success","want":">= 0.999","got":1,"ok":true}],"ok":true}'
`
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil { //nolint:gosec // it is started
		t.Fatal(err)
	}
	told := make(chan job.Job, 100)
	w := newWorld(t, func(cfg *api.Config) {
		arms := []string{"none", "auto"}
		h := job.NewHost(job.Config{
			Program: program, Audit: cfg.Audit, Arms: []job.Arm{{Name: "auto", Title: "lanes and levels"}},
			Scenarios: []job.Scenario{{Name: "goal", TitleKo: "골", Seconds: 2, Arms: arms, Usual: arms[1:]}, {Name: "waits", Seconds: 2, Arms: arms, Usual: arms}},
			Check: func(r job.Request) error {
				if r.Duration == 3*time.Second {
					return errors.New("three seconds are unlucky")
				}
				return nil
			},
		})
		h.OnProgress(func(j job.Job) { told <- j })
		h.Open(filepath.Join(dir, "kept"))
		t.Cleanup(h.Close)
		cfg.Rehearsals = h
	})
	return w, told
}

// ended waits until a rehearsal has ended.
func ended(t *testing.T, told chan job.Job) job.Job {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case j := <-told:
			if j.State.Ended() {
				return j
			}
		case <-deadline:
			t.Fatal("it does not end")
		}
	}
}

const rehearsals = "/daero/api/rehearsals"

func TestRehearsal(t *testing.T) {
	w, told := rehearsed(t)
	doc := w.get(rehearsals)
	if doc["running"] != nil || len(doc["past"].([]any)) != 0 || doc["allowed"].([]any)[0] != "sample" || doc["scenarios"].([]any)[0].(map[string]any)["title_ko"] != "골" {
		t.Errorf("%v", doc)
	}
	body := `{"scenario":"goal","duration":"2s","seed":7,"reason":"before the match"}`
	w.expect(w.do(store.Viewer, "POST", rehearsals, body), http.StatusForbidden)
	r := w.do(store.Acting, "POST", rehearsals, body)
	started := w.expect(r, http.StatusAccepted)
	id := started["id"].(string)
	if started["state"] != "queued" || started["by"] != "the-operator" || started["seed"] != 7.0 || r.Header().Get("Location") != rehearsals+"/"+id {
		t.Errorf("%v, %v", r.Header(), started)
	}
	if j := ended(t, told); j.ID != id || j.State != job.Passed {
		t.Fatalf("ended as %+v", j)
	}
	one := w.get(rehearsals + "/" + id)
	curve := one["series"].(map[string]any)["arms"].(map[string]any)["auto"].(map[string]any)["login"].(map[string]any)
	if one["state"] != "passed" || one["report"] != true || curve["ok"].([]any)[0] != 3.0 || curve["p99"].([]any)[0] != 12.5 {
		t.Errorf("%v", one)
	}
	if past := w.get(rehearsals)["past"].([]any); len(past) != 1 || past[0].(map[string]any)["series"] != nil {
		t.Errorf("past %v", past)
	}
	if n := len(w.entries(audit.RehearsalStarted)) + len(w.entries(audit.RehearsalEnded)); n != 2 {
		t.Errorf("%d entries", n)
	}
	w.expect(w.do(store.Acting, "DELETE", rehearsals+"/"+id, `{}`), http.StatusBadRequest)
	w.expect(w.do(store.Viewer, "DELETE", rehearsals+"/"+id, `{"reason":"tidying"}`), http.StatusForbidden)
	w.expect(w.do(store.Acting, "DELETE", rehearsals+"/"+id, `{"reason":"tidying"}`), http.StatusNoContent)
	w.expect(w.do(store.Viewer, "GET", rehearsals+"/"+id, ""), http.StatusNotFound)
	if e := w.entries(audit.RehearsalRemoved); len(e) != 1 || e[0].Who != "the-operator" || e[0].Why != "tidying" {
		t.Errorf("recorded %+v", e)
	}
}

// TestRehearsalReport: a report is a file to keep, and does nothing where a
// browser shows it all the same.
func TestRehearsalReport(t *testing.T) {
	w, told := rehearsed(t)
	id := w.expect(w.do(store.Acting, "POST", rehearsals, `{"scenario":"goal","reason":"x"}`), http.StatusAccepted)["id"].(string)
	ended(t, told)
	for ending, kind := range map[string]string{"html": "text/html; charset=utf-8", "json": "application/json"} {
		r := w.do(store.Viewer, "GET", rehearsals+"/"+id+"/report."+ending, "")
		h := r.Header()
		if r.Code != http.StatusOK || h.Get("Content-Type") != kind || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=daero-goal-"+id) ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox; default-src 'none'") || strings.Contains(h.Get("Content-Security-Policy"), "script-src") {
			t.Errorf("%s: %d %v", ending, r.Code, h)
		}
		if want := map[string]string{"html": "<script>alert(1)</script>", "json": `{"scenario":"goal"`}[ending]; !strings.HasPrefix(r.Body.String(), want) {
			t.Errorf("%s: %q", ending, r.Body)
		}
		w.expect(w.do("", "GET", rehearsals+"/"+id+"/report."+ending, ""), http.StatusUnauthorized)
	}
	for _, path := range []string{"/..%2f..%2fkept/report.html", "/20260101t000000-00000000/report.html", "/" + id + "/report.pdf", "/" + id + "%00/report.json"} {
		if r := w.do(store.Viewer, "GET", rehearsals+path, ""); r.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, r.Code, r.Body)
		}
	}
}

func TestOneRehearsalAtATime(t *testing.T) {
	w, told := rehearsed(t)
	id := w.expect(w.do(store.Acting, "POST", rehearsals, `{"scenario":"waits","reason":"x"}`), http.StatusAccepted)["id"].(string)
	doc := w.expect(w.do(store.Acting, "POST", rehearsals, `{"scenario":"goal","reason":"x"}`), http.StatusConflict)
	if !strings.HasSuffix(doc["type"].(string), ":rehearsing") || doc["running"].(map[string]any)["id"] != id {
		t.Errorf("%v", doc)
	}
	if running := w.get(rehearsals)["running"].(map[string]any); running["id"] != id {
		t.Errorf("running %v", running)
	}
	w.expect(w.do(store.Acting, "DELETE", rehearsals+"/"+id, `{"reason":"enough"}`), http.StatusAccepted)
	if j := ended(t, told); j.State != job.Cancelled || !strings.Contains(j.Error, "the-operator: enough") {
		t.Errorf("ended as %+v", j)
	}
	w.cfg.Rehearsals.Close()
	w.expect(w.do(store.Acting, "POST", rehearsals, `{"scenario":"goal","reason":"x"}`), http.StatusServiceUnavailable)
}

func TestRehearsalRefuses(t *testing.T) {
	w, _ := rehearsed(t)
	for body, want := range map[string]int{
		`{"scenario":"goal"}`:                  http.StatusBadRequest, // no reason
		`{"scenario":"goal","reason":"a\nb"}`:  http.StatusBadRequest,
		`{"scenario":"flood","reason":"x"}`:    http.StatusUnprocessableEntity,
		`{"reason":"x"}`:                       http.StatusUnprocessableEntity,
		`{"scenario":"goal","who":"me"}`:       http.StatusBadRequest,
		`{"scenario":"goal","seed":-1}`:        http.StatusBadRequest,
		``:                                     http.StatusUnsupportedMediaType,
		rehearsalWith(`"duration":"soon"`):     http.StatusBadRequest,
		rehearsalWith(`"duration":"-2s"`):      http.StatusBadRequest,
		rehearsalWith(`"duration":"1h"`):       http.StatusUnprocessableEntity,
		rehearsalWith(`"duration":"3s"`):       http.StatusUnprocessableEntity,
		rehearsalWith(`"arms":["static"]`):     http.StatusUnprocessableEntity,
		rehearsalWith(`"target":"http://x"`):   http.StatusUnprocessableEntity,
		rehearsalWith(`"bars":"--html=/etc"`):  http.StatusUnprocessableEntity,
		rehearsalWith(`"seed":90071992547410`): http.StatusAccepted,
	} {
		r := w.do(store.Acting, "POST", rehearsals, body)
		if r.Code != want {
			t.Errorf("%s: %d, want %d: %s", body, r.Code, want, r.Body)
		}
	}
	if none := newWorld(t); none.do(store.Viewer, "GET", rehearsals, "").Code != http.StatusNotFound {
		t.Error("an API without a host")
	}
}

func rehearsalWith(more string) string {
	return fmt.Sprintf(`{"scenario":"goal","reason":"x",%s}`, more)
}
