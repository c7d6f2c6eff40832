package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/gateway"
)

var undoID = regexp.MustCompile(`daero undo (\d+)`)

// until tries until a request is answered with a status.
func (w *world) until(status int, path string) {
	w.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); ; {
		got := w.get(path).StatusCode
		if got == status {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("%s: still status %d, want %d", path, got, status)
		}
	}
}

// admins asks the API behind Caddy's admin endpoint.
func (c *console) admins(method, path, body string) reply {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, "http://"+c.admin+"/daero/api/"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "http://"+c.admin)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply{resp, string(data)}
}

// TestLaneByHand: a lane is ordered, shown, kept over a reload, released and
// undone from the terminal.
func TestLaneByHand(t *testing.T) {
	c := newConsole(t)
	c.until(200, "/v1/login")
	if out, _ := c.run(0, "lane"); !strings.Contains(out, "nothing is ordered") {
		t.Errorf("at first: %s", out)
	}
	out, _ := c.run(0, "lane", "order", "login", "--close", "--for", "10m", "--reason", "they attack it", "--yes")
	if !strings.Contains(out, "lane login: closed until") {
		t.Errorf("%s", out)
	}
	c.until(429, "/v1/login")
	out, _ = c.run(0, "lane", "show")
	if !strings.Contains(out, "login") || !strings.Contains(out, "closed") || !strings.Contains(out, "by local: they attack it") {
		t.Errorf("%s", out)
	}
	c.reload()
	c.until(429, "/v1/login")
	c.run(0, "lane", "release", "login", "--reason", "it is over")
	c.until(200, "/v1/login")
	if _, errs := c.run(1, "lane", "release", "login", "--reason", "again"); !strings.Contains(errs, "not ordered") {
		t.Errorf("%s", errs)
	}
	out = c.eventually("lane.released", "audit", "--what", "lane.*")
	ids := undoID.FindAllStringSubmatch(out, -1)
	if len(ids) != 2 {
		t.Fatalf("what could be undone:\n%s", out)
	}
	c.run(0, "undo", ids[1][1], "--reason", "it is not over", "--yes")
	c.until(429, "/v1/login")
	if _, errs := c.run(1, "undo", ids[0][1], "--reason", "which?"); !strings.Contains(errs, "changed again since") {
		t.Errorf("%s", errs)
	}
	c.run(0, "lane", "order", "default/login", "--open", "--ramp", "5% every 30s", "--from", "20%", "--ceiling", "3", "--for", "1h", "--reason", "little by little", "--yes", "--output", "json")
	out, _ = c.run(0, "lane", "--output", "json")
	var doc struct {
		Orders []struct {
			Open    bool    `json:"open"`
			Ceiling int     `json:"ceiling"`
			Admits  float64 `json:"admits"`
			Ramp    struct{ From, Add, Every float64 }
		} `json:"orders"`
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Orders) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	if o := doc.Orders[0]; !o.Open || o.Ceiling != 3 || o.Admits != 0.2 || o.Ramp.Every != 30 || o.Ramp.Add != 0.05 {
		t.Errorf("%+v", o)
	}
	if _, errs := c.run(1, "lane", "order", "typo", "--open", "--for", "1m", "--reason", "x"); !strings.Contains(errs, "typo") {
		t.Errorf("%s", errs)
	}
}

// TestLaneByHandWithoutLevels: a gateway that has neither level nor playbook
// can be told to close a lane all the same, and it ends by itself.
func TestLaneByHandWithoutLevels(t *testing.T) {
	c := newConsole(t, strings.TrimSuffix(controlFile[strings.Index(controlFile, "\tdaero {"):strings.Index(controlFile, "\tadmin ADMIN")], "\n"), "\tdaero")
	c.run(0, "lane", "order", "login", "--close", "--for", "2s", "--reason", "x")
	c.until(429, "/v1/login")
	c.until(200, "/v1/login")
	c.run(1, "level", "pin", "1", "--for", "1m", "--reason", "x")
	if _, errs := c.run(1, "lane", "order", "login", "--challenge", "50%", "--for", "2s", "--reason", "x", "--yes"); !strings.Contains(errs, "CAPTCHA") {
		t.Errorf("%s", errs)
	}
}

func TestLaneByHandWrongUse(t *testing.T) {
	for says, args := range map[string][]string{
		"lane order LANE":  {"lane", "order", "--close", "--for", "1m", "--reason", "x"},
		"say what":         {"lane", "order", "login", "--for", "1m", "--reason", "x"},
		"--for":            {"lane", "order", "login", "--close", "--reason", "x"},
		"--reason":         {"lane", "order", "login", "--close", "--for", "1m"},
		"--shed":           {"lane", "order", "login", "--shed", "half", "--for", "1m", "--reason", "x"},
		`"bakcground"`:     {"lane", "order", "login", "--shed", "bakcground 50%", "--for", "1m", "--reason", "x"},
		"--defer \"101%\"": {"lane", "order", "login", "--defer", "101%", "--for", "1m", "--reason", "x"},
		"--ceiling":        {"lane", "order", "login", "--ceiling", "0", "--for", "1m", "--reason", "x"},
		"--ramp":           {"lane", "order", "login", "--ramp", "5%", "--for", "1m", "--reason", "x"},
		"of a --ramp":      {"lane", "order", "login", "--from", "5%", "--for", "1m", "--reason", "x"},
		"did you mean":     {"lane", "releas"},
		"ID of an entry":   {"undo", "last", "--reason", "x"},
		"undo ID":          {"undo", "--reason", "x"},
	} {
		var out, errs bytes.Buffer
		if status := gateway.Run(t.Context(), &out, &errs, append(args, "--address", "127.0.0.1:1")...); status != 2 || !strings.Contains(errs.String(), says) || out.Len() > 0 {
			t.Errorf("%q: status %d, stdout %q, stderr %q", args, status, out.String(), errs.String())
		}
	}
}

// TestLaneOfRunning: the running configuration is asked, and the one that a
// reload brings.
func TestLaneOfRunning(t *testing.T) {
	c := newConsole(t)
	ask := func(body string, status int) (doc map[string]any) {
		t.Helper()
		r := c.admins("POST", "lanes/of", body)
		if r.StatusCode != status {
			t.Fatalf("%s: status %d: %s", body, r.StatusCode, r.body)
		}
		if err := json.Unmarshal([]byte(r.body), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	got := ask(`{"method":"POST","url":"/v1/login","headers":[["X-User-Id","kim"]]}`, 200)
	if got["lane"] != "login" || got["rule"] != 1.0 || got["match"] != "path /v1/login*" || got["verdict"] != "pass" || got["user"] != false ||
		got["intent"] != "foreground" || !strings.HasSuffix(c.url, fmt.Sprint(got["site"])) || !strings.HasPrefix(got["where"].(string), "Caddyfile:") {
		t.Errorf("%v", got)
	}
	if got := ask(`{"url":"/elsewhere"}`, 200); got["lane"] != "rest" || got["rule"] != nil || got["where"] != nil {
		t.Errorf("%v", got)
	}
	c.run(0, "lane", "order", "login", "--close", "--for", "10m", "--reason", "x")
	c.until(429, "/v1/login")
	if got := ask(`{"url":"/v1/login"}`, 200); got["verdict"] != "shed" {
		t.Errorf("closed: %v", got)
	}
	c.reload("lane login {", "lane signin {", "shed login", "shed signin")
	if got := ask(`{"url":"/v1/login"}`, 200); got["lane"] != "signin" || got["verdict"] != "pass" {
		t.Errorf("after a reload: %v", got)
	}
	for body, status := range map[string]int{
		`{}`: 400, `{"url":"x"}`: 400, `{"url":"/%zz"}`: 400, `{"url":"/","method":"G T"}`: 400, `{"url":"/","ip":"home"}`: 400,
		`{"url":"/","headers":[["",""]]}`: 400, `{"url":"/","headers":[["a"]]}`: 200, `{"url":"http://x:1/"}`: 404,
		`{"url":"/` + strings.Repeat("x", 9000) + `"}`: 400, `{"url":"/","headers":[` + strings.Repeat(`["a","b"],`, 100) + `["a","b"]]}`: 400,
	} {
		if r := c.admins("POST", "lanes/of", body); r.StatusCode != status {
			t.Errorf("%.60s: status %d, want %d: %s", body, r.StatusCode, status, r.body)
		}
	}
}
