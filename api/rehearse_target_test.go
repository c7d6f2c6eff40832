package api_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/rehearse/against"
	"github.com/daero/daero/rehearse/job"
)

// aimed has a host whose rehearsals keep what they were told, and a target.
func aimed(t *testing.T) (w *world, told chan job.Job, file string) {
	t.Helper()
	dir := t.TempDir()
	program, file := filepath.Join(dir, "daero"), filepath.Join(dir, "told")
	text := "#!/bin/sh\n{ echo \"$@\"; cat; } >'" + file + "'\necho '{\"scenario\":\"goal\",\"ok\":true}'\n"
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil { //nolint:gosec // it is started
		t.Fatal(err)
	}
	told = make(chan job.Job, 100)
	w = newWorld(t, func(cfg *api.Config) {
		h := job.NewHost(job.Config{
			Program: program, Audit: cfg.Audit,
			Scenarios: []job.Scenario{{Name: "goal", Seconds: 2, Arms: []string{"auto"}, Usual: []string{"auto"}}},
			Load: func(r job.Request) job.Load {
				if r.Against == nil {
					return job.Load{Peak: 900, Planned: 5000, Scaled: 1}
				}
				return job.Load{Peak: 400, Planned: r.Duration.Seconds() * 100, Most: float64(r.Against.Most), Scaled: 0.5}
			},
		})
		h.OnProgress(func(j job.Job) { told <- j })
		h.Open(filepath.Join(dir, "kept"))
		t.Cleanup(h.Close)
		cfg.Rehearsals = h
		cfg.RehearsalTargets = []against.Service{against.Service{
			Name: "staging", URL: "https://staging.example.com", Most: 500, Headers: map[string]string{"Authorization": "Bearer hunter2"},
		}.WithDefaults()}
	})
	return w, told, file
}

// TestRehearsalTargets: what can be sent where is known before it is sent, to
// everybody who may look, and no secret with it.
func TestRehearsalTargets(t *testing.T) {
	w, _, _ := aimed(t)
	doc := w.get(rehearsals)
	targets := doc["targets"].([]any)
	if len(targets) != 2 || len(doc["allowed"].([]any)) != 2 || doc["allowed"].([]any)[1] != "staging" {
		t.Fatalf("%v", doc)
	}
	sample, staging := targets[0].(map[string]any), targets[1].(map[string]any)
	if load := sample["scenarios"].([]any)[0].(map[string]any); sample["name"] != "sample" || sample["needs_role"] != "operator" || sample["url"] != nil || load["seconds"] != 2.0 || load["peak_per_s"] != 900.0 {
		t.Errorf("%v", sample)
	}
	load := staging["scenarios"].([]any)[0].(map[string]any)
	if staging["url"] != "https://staging.example.com" || staging["needs_role"] != "admin" || staging["most_per_s"] != 500.0 || staging["arms"].([]any)[0] != "target" ||
		load["name"] != "goal" || load["seconds"] != 60.0 || load["planned"] != 6000.0 || load["scaled"] != 0.5 {
		t.Errorf("%v", staging)
	}
	if r := w.do(store.Viewer, "GET", rehearsals, ""); strings.Contains(r.Body.String(), "hunter2") || strings.Contains(r.Body.String(), "headers") {
		t.Errorf("tells a secret: %s", r.Body)
	}
}

// TestRehearsalAgainstATarget: an admin may, by name; what it is told is not in
// its arguments.
func TestRehearsalAgainstATarget(t *testing.T) {
	w, told, file := aimed(t)
	body := `{"scenario":"goal","target":"staging","duration":"5s","reason":"before the launch"}`
	w.expect(w.do(store.Viewer, "POST", rehearsals, body), http.StatusForbidden)
	doc := w.expect(w.do(store.Acting, "POST", rehearsals, body), http.StatusForbidden)
	if !strings.HasSuffix(doc["type"].(string), ":role") || !strings.Contains(doc["detail"].(string), "an admin") {
		t.Errorf("%v", doc)
	}
	for _, target := range []string{"https://staging.example.com", "production", "http://127.0.0.1:9", "-", "staging "} {
		w.expect(w.do(store.Admin, "POST", rehearsals, `{"scenario":"goal","target":"`+target+`","reason":"x"}`), http.StatusUnprocessableEntity)
	}
	w.expect(w.do(store.Admin, "POST", rehearsals, `{"scenario":"goal","target":"staging","arms":["auto"],"reason":"x"}`), http.StatusUnprocessableEntity)
	w.expect(w.do(store.Acting, "POST", rehearsals, `{"scenario":"goal","arms":["target"],"reason":"x"}`), http.StatusUnprocessableEntity)
	if running, past := w.cfg.Rehearsals.Jobs(); running != nil || len(past) > 0 {
		t.Fatal("one of them was started")
	}
	started := w.expect(w.do(store.Admin, "POST", rehearsals, body), http.StatusAccepted)
	load := started["load"].(map[string]any)
	if started["target"] != "staging" || started["url"] != "https://staging.example.com" || load["planned"] != 500.0 || load["most_per_s"] != 500.0 {
		t.Errorf("%v", started)
	}
	if j := ended(t, told); j.State != job.Passed || j.Load == nil || j.URL == "" {
		t.Errorf("%+v", j)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	args, in, _ := strings.Cut(string(text), "\n")
	if s, err := against.Parse([]byte(in)); err != nil || s.Headers["Authorization"] != "Bearer hunter2" || s.Most != 500 || !strings.HasSuffix(args, "--target -") || !strings.Contains(args, "--arms target --duration 5s") || strings.Contains(args, "hunter2") {
		t.Errorf("started with %q, told %q, %v", args, in, err)
	}
	e := w.entries(audit.RehearsalStarted)
	if len(e) != 1 || e[0].Who != "the-admin" || !strings.Contains(e[0].After, "against staging https://staging.example.com") || strings.Contains(e[0].After, "hunter2") {
		t.Errorf("recorded %+v", e)
	}
	past := w.get(rehearsals)["past"].([]any)[0].(map[string]any)
	if past["target"] != "staging" || past["load"] == nil {
		t.Errorf("kept %v", past)
	}
}
