package gateway_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api"
)

// fetched is an answer whose body was read.
type fetched struct {
	StatusCode int
	Header     http.Header
}

// fetch asks the site itself, not the admin endpoint.
func (c *console) fetch(path, bearer string) (fetched, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return fetched{resp.StatusCode, resp.Header}, string(body)
}

// The console stands in front of the lanes, brings the API along, and passes
// everything else.
func TestConsoleOnASite(t *testing.T) {
	c := newConsole(t, "daero_api", "daero_console")
	if resp, _ := c.fetch("/daero/console/", ""); resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusServiceUnavailable || !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("the page: %d %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := c.fetch("/daero", ""); resp.Header.Get("Location") != "/daero/console/" {
		t.Errorf("/daero: %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	if resp, body := c.fetch("/daero/api/now", ""); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("now without a token: %d %s", resp.StatusCode, body)
	}
	token := c.token("viewer")
	resp, body := c.fetch("/daero/api/now", token)
	var doc api.NowDoc
	if err := json.Unmarshal([]byte(body), &doc); err != nil || resp.StatusCode != http.StatusOK || doc.Node == "" || len(doc.Lanes) == 0 {
		t.Errorf("now: %d %v %s", resp.StatusCode, err, body)
	}
	if resp, body := c.fetch("/elsewhere", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("what is the service's: %d %s", resp.StatusCode, body)
	}
}

// token adds an operator and returns the token.
func (c *console) token(role string) string {
	c.t.Helper()
	out, _ := c.run(0, "operator", "add", "one-"+role, "--role", role, "--output", "json")
	var added struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal([]byte(out), &added); err != nil || added.Token == "" {
		c.t.Fatalf("%v: %s", err, out)
	}
	return added.Token
}

// A stream ends with its configuration, says why, and does not hold the reload
// up; what was measured goes on.
func TestStreamEndsWithAReload(t *testing.T) {
	c := newConsole(t, "daero_api", "daero_console", "grace_period 1s", "grace_period 30s")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/daero/api/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token("viewer"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if kind := resp.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("%d %s", resp.StatusCode, kind)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	events := func(wanted string) string {
		event := ""
		for lines.Scan() {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				event = name
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && event == wanted {
				return data
			}
		}
		t.Fatalf("the stream ended without %s: %v", wanted, lines.Err())
		return ""
	}
	events("now")
	reloading := time.Now()
	c.reload("daero_api", "daero_console", "grace_period 1s", "grace_period 30s", "fixed_limit 1", "fixed_limit 2")
	if took := time.Since(reloading); took > 15*time.Second {
		t.Errorf("the reload waited %s for the stream", took)
	}
	if bye := events("bye"); !strings.Contains(bye, `"shutdown"`) || !strings.Contains(bye, "retry_ms") {
		t.Errorf("bye: %s", bye)
	}
	if resp, body := c.fetch("/daero/api/history?since=1m", c.token("operator")); resp.StatusCode != http.StatusOK || !strings.Contains(body, `"totals"`) {
		t.Errorf("history: %d %s", resp.StatusCode, body)
	}
}

func TestTopByCommand(t *testing.T) {
	c := newConsole(t)
	c.eventually("LANE", "top", "--once", "--lang", "en")
	out, _ := c.run(0, "top", "--once", "--lang", "ko", "--utc")
	if !strings.Contains(out, "도로") || !strings.Contains(out, "login") || !strings.Contains(out, "UTC") {
		t.Errorf("in Korean:\n%s", out)
	}
	out, _ = c.run(0, "top", "--output", "json")
	var doc api.NowDoc
	if err := json.Unmarshal([]byte(out), &doc); err != nil || doc.Level.Word != "normal" {
		t.Errorf("%v: %s", err, out)
	}
	if _, stderr := c.run(2, "top", "--lang", "kr"); !strings.Contains(stderr, "ko") {
		t.Errorf("a wrong language: %s", stderr)
	}
}
