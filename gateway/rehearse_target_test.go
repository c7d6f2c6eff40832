package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/gateway"
	"github.com/daero/daero/rehearse/against"
	"github.com/daero/daero/rehearse/job"
)

// children counts the processes of this one.
func children(t *testing.T) (n int) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Log("no /proc: whoever is left is not looked for")
		return 0
	}
	for _, task := range tasks {
		b, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		n += len(strings.Fields(string(b)))
	}
	return n
}

// ask asks the API of the site by a token.
func (c *console) ask(method, path, token, body string) (status int, doc map[string]any) {
	c.t.Helper()
	headers := []string{"Authorization", "Bearer " + token}
	if body != "" {
		headers = append(headers, "Content-Type", "application/json")
	}
	r := c.do(method, "/daero/api/"+path, body, headers...)
	if err := json.Unmarshal([]byte(r.body), &doc); err != nil && r.StatusCode < 300 && r.StatusCode != http.StatusNoContent {
		c.t.Fatalf("%s %s: %d %s", method, path, r.StatusCode, r.body)
	}
	return r.StatusCode, doc
}

// TestRehearsalOfATarget: a service of the configuration is sent a storm by an
// admin, with what the environment has to say; cancelled, nothing more comes,
// and nobody of the rehearsal is left.
func TestRehearsalOfATarget(t *testing.T) {
	var came atomic.Int64
	staging := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == against.ConsentPath:
			if r.Header.Get("Authorization") != "" {
				t.Error("who has not agreed yet is told a secret")
			}
			fmt.Fprintf(w, "allow %s\n", r.Host)
		case r.Header.Get("Authorization") != "Bearer hunter2":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			came.Add(1)
		}
	}))
	defer staging.Close()
	t.Setenv("DAERO_TEST_TOKEN", "hunter2")
	c := newConsole(t, "daero_api", "daero_console {\n\t\trehearse {\n\t\t\ttarget staging "+staging.URL+
		" {\n\t\t\t\tmessage POST /api/messages `{\"text\":\"hello\"}`\n\t\t\t\theader Authorization \"Bearer {env.DAERO_TEST_TOKEN}\"\n\t\t\t\tmost 60\n\t\t\t}\n\t\t}\n\t}")
	told := make(chan job.Job, 1000)
	undo := gateway.Rehearsals().OnProgress(func(j job.Job) { told <- j })
	defer undo()
	until := func(wanted func(job.Job) bool) job.Job {
		deadline := time.After(30 * time.Second)
		for {
			select {
			case j := <-told:
				if wanted(j) {
					return j
				}
			case <-deadline:
				t.Fatal("it does not come")
			}
		}
	}
	operator, admin := c.token("operator"), c.token("admin")
	body := `{"scenario":"goal","target":"staging","duration":"%s","bars":"correctness","reason":"before the launch"}`
	if status, _ := c.ask("POST", "rehearsals", operator, fmt.Sprintf(body, "4s")); status != http.StatusForbidden {
		t.Errorf("an operator: %d", status)
	}
	status, started := c.ask("POST", "rehearsals", admin, fmt.Sprintf(body, "4s"))
	if load, ok := started["load"].(map[string]any); status != http.StatusAccepted || !ok || load["peak_per_s"].(float64) > 48.1 || load["most_per_s"] != 60.0 {
		t.Fatalf("%d %v", status, started)
	}
	j := until(func(j job.Job) bool { return j.State.Ended() })
	if j.State != job.Passed || !j.Report || len(j.NotJudged) < 3 || came.Load() < 20 {
		t.Errorf("%d came, ended as %+v", came.Load(), j)
	}
	if _, report := c.ask("GET", "rehearsals/"+j.ID+"/report.json", operator, ""); report["target"].(map[string]any)["name"] != "staging" || len(report["not_judged"].([]any)) < 3 {
		t.Errorf("%v", report["target"])
	}
	if resp, page := c.fetch("/daero/api/rehearsals/"+j.ID+"/report.html", operator); resp.StatusCode != http.StatusOK || !strings.Contains(page, staging.URL) || strings.Contains(page, "hunter2") {
		t.Errorf("the page: %d, %d bytes", resp.StatusCode, len(page))
	}
	_, started = c.ask("POST", "rehearsals", admin, fmt.Sprintf(body, "1m"))
	before := came.Load()
	until(func(j job.Job) bool { return j.State == job.Running && came.Load() > before+10 })
	if n := children(t); n != 1 {
		t.Errorf("%d processes hold it", n)
	}
	// Whoever may start one against the sample may stop this one.
	if status, _ := c.ask("DELETE", "rehearsals/"+started["id"].(string), operator, `{"reason":"enough"}`); status != http.StatusAccepted {
		t.Errorf("cancelled: %d", status)
	}
	if j = until(func(j job.Job) bool { return j.State.Ended() }); j.State != job.Cancelled || !strings.Contains(j.Error, "one-operator: enough") {
		t.Errorf("ended as %+v", j)
	}
	after := came.Load()
	if n := children(t); n != 0 {
		t.Errorf("%d processes outlive it", n)
	}
	if c.do("GET", "/daero/api/health", ""); came.Load() != after { // once around is time enough
		t.Errorf("%d more came", came.Load()-after)
	}
}
