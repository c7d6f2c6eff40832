package gateway_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/gateway"
)

// controlFile has levels, a playbook, an API on its site and Caddy's admin
// endpoint at ADMIN.
const controlFile = `{
	daero {
		level {
			signal busy lanes.busy 70%% 80%% 90%% 97%%
		}
		playbook {
			at attention {
				flag comments off
			}
			at alert {
				shed login background 10%%..60%%
			}
		}
	}
	admin ADMIN
	persist_config off
	grace_period 1s
	storage file_system %[3]s
	log {
		output file %[3]s/log.json
		level DEBUG
	}
}
http://%[1]s {
	daero_api
	lanes {
		fixed_limit 1
		lane login {
			path /v1/login*
			tier sheddable
		}
	}
	reverse_proxy %[2]s
}
`

// console is a gateway and the commands that talk to it.
type console struct {
	*world
	admin string
}

func newConsole(t *testing.T, change ...string) *console {
	t.Helper()
	admin := freePort(t)
	change = append(change, "ADMIN", admin)
	return &console{world: newWorld(t, strings.NewReplacer(change...).Replace(controlFile)), admin: admin}
}

// reload puts the configuration in force again, with changes.
func (c *console) reload(change ...string) {
	c.t.Helper()
	change = append(change, "ADMIN", c.admin)
	if err := c.load(strings.NewReplacer(change...).Replace(controlFile)); err != nil {
		c.t.Fatal(err)
	}
}

// run runs a command against the gateway.
func (c *console) run(status int, args ...string) (stdout, stderr string) {
	c.t.Helper()
	return c.runAt(status, append(args, "--address", c.admin)...)
}

func (c *console) runAt(status int, args ...string) (stdout, stderr string) {
	c.t.Helper()
	var out, errs bytes.Buffer
	if got := gateway.Run(c.t.Context(), &out, &errs, args...); got != status {
		c.t.Fatalf("daero %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, status, out.String(), errs.String())
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if n := len([]rune(line)); n > 80 && !strings.HasPrefix(line, "{") && !strings.HasPrefix(line, " ") {
			c.t.Errorf("daero %s: a line of %d letters: %s", strings.Join(args, " "), n, line)
		}
	}
	return out.String(), errs.String()
}

// logged waits until the log has a text: it is written behind what happens.
func (c *console) logged(text string) {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); ; {
		log, err := os.ReadFile(filepath.Join(c.storage, "log.json"))
		if err == nil && bytes.Contains(log, []byte(text)) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Fatalf("the log never had %s (%v)", text, err)
		}
	}
}

// eventually runs a command until its output has a text.
func (c *console) eventually(text string, args ...string) string {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); ; {
		out, _ := c.run(0, args...)
		if strings.Contains(out, text) {
			return out
		}
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Fatalf("daero %s never said %q, last:\n%s", strings.Join(args, " "), text, out)
		}
	}
}

func TestPinByCommand(t *testing.T) {
	c := newConsole(t)
	out := c.eventually("○ 0 normal 정상", "level")
	if !strings.Contains(out, "busy") || !strings.Contains(out, "nothing is in force") || strings.Contains(out, "NOT being recorded") {
		t.Errorf("at normal:\n%s", out)
	}
	out, _ = c.run(0, "level", "pin", "경계", "--for", "30m", "--reason", "concert at 8")
	if !strings.Contains(out, "pinned to 3 alert 경계 until ") {
		t.Errorf("says %q", out)
	}
	out = c.eventually("◕ 3 alert 경계", "level", "show")
	for _, want := range []string{"by local: concert at 8", "shed login background", "flag comments", "down by  the end of the pin"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out, _ = c.run(0, "level", "--output", "json")
	var doc map[string]any
	if err := json.Unmarshal([]byte(out), &doc); err != nil || doc["number"] != 3.0 || doc["audit"] != true {
		t.Errorf("%v: %s", err, out)
	}
	c.run(0, "level", "unpin", "--reason", "over")
	c.eventually("normal", "level")
	c.run(1, "level", "unpin", "--reason", "again")
	out = c.eventually("level.unpinned", "audit", "--what", "level.*", "--since", "1h")
	for _, want := range []string{"level.pinned", "local  normal → alert", "concert at 8", "level.changed"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	c.logged(`"msg":"level.pinned"`)
	c.logged(`"msg":"level.changed"`)
}

func TestPlaybookByCommand(t *testing.T) {
	c := newConsole(t)
	c.run(0, "level", "pin", "3", "--for", "30m", "--reason", "test")
	c.eventually("shed login background", "level")
	out, _ := c.run(0, "playbook")
	for _, want := range []string{"3 alert 경계", "10%..60%", "= off", "Caddyfile:"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	c.run(0, "playbook", "pause", "--for", "1d", "--reason", "it hurts")
	c.eventually("paused", "playbook", "show")
	c.run(0, "playbook", "resume", "--reason", "better")
	c.run(0, "playbook", "stop", "shed login background", "--for", "5m", "--reason", "only this")
	c.eventually("stopped by local: only this", "playbook")
	c.run(0, "playbook", "start", "shed login background", "--reason", "again")
	_, errs := c.run(1, "playbook", "stop", "shed nothing", "--for", "5m", "--reason", "x")
	if !strings.Contains(errs, "shed login background") {
		t.Errorf("does not say which actions there are: %s", errs)
	}
	out, _ = c.run(0, "playbook", "stop", "flag comments", "--for", "5m", "--reason", "x", "--output", "json")
	if !json.Valid([]byte(out)) {
		t.Errorf("not JSON: %s", out)
	}
}

// TestOperatorByCommand: the token works on the site, by its role, until the
// operator is removed.
func TestOperatorByCommand(t *testing.T) {
	c := newConsole(t)
	out, errs := c.run(0, "operator", "add", "kim", "--role", "viewer")
	token := strings.TrimSpace(out)
	if !regexp.MustCompile(`^daero_\S+$`).MatchString(token) || strings.Contains(errs, token) {
		t.Fatalf("%q %q", out, errs)
	}
	bearer := []string{"Authorization", "Bearer " + token}
	if r := c.get("/daero/api/level", bearer...); r.StatusCode != 200 || !strings.Contains(r.body, `"word":"normal"`) {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	if r := c.get("/daero/api/level"); r.StatusCode != 401 {
		t.Errorf("without a token: %d", r.StatusCode)
	}
	if r := c.do("POST", "/daero/api/level/pin", `{"level":1,"for":"1m","reason":"x"}`, append(bearer, "Content-Type", "application/json")...); r.StatusCode != 403 {
		t.Errorf("a viewer pins: %d", r.StatusCode)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := c.runAt(0, "level", "--address", c.url, "--token-file", file); !strings.Contains(out, "normal") {
		t.Errorf("over the site: %s", out)
	}
	_, errs = c.runAt(1, "operator", "list", "--address", c.url, "--token-file", file)
	if !strings.Contains(errs, "viewer") || strings.Contains(errs, token) {
		t.Errorf("says %q", errs)
	}
	if out, _ := c.run(0, "operator", "list"); !strings.Contains(out, "kim") || strings.Contains(out, token) {
		t.Errorf("lists %s", out)
	}
	c.run(0, "operator", "remove", "kim")
	if r := c.get("/daero/api/level", bearer...); r.StatusCode != 401 {
		t.Errorf("removed: %d", r.StatusCode)
	}
	c.run(1, "operator", "remove", "kim")
	log, err := os.ReadFile(filepath.Join(c.storage, "log.json"))
	if err != nil || bytes.Contains(log, []byte(token)) {
		t.Errorf("%v: the token is in the log", err)
	}
}

// TestFirstAdmin: the link of the log, opened and used, makes an admin.
func TestFirstAdmin(t *testing.T) {
	c := newConsole(t)
	link := regexp.MustCompile(`/daero/api/login\?token=([\w-]+)`)
	log, err := os.ReadFile(filepath.Join(c.storage, "log.json"))
	if err != nil {
		t.Fatal(err)
	}
	found := link.FindAllSubmatch(log, -1)
	if len(found) != 1 {
		t.Fatalf("%d links in the log", len(found))
	}
	if page := c.get(string(found[0][0])); page.StatusCode != 200 || !strings.Contains(page.body, "<form") {
		t.Errorf("%d %s", page.StatusCode, page.body)
	}
	r := c.do("POST", "/daero/api/login", "name=kim&token="+string(found[0][1]), "Content-Type", "application/x-www-form-urlencoded")
	token := regexp.MustCompile(`daero_[\w-]+\.[\w-]+`).FindString(r.body)
	if r := c.get("/daero/api/operators", "Authorization", "Bearer "+token); r.StatusCode != 200 || !strings.Contains(r.body, `"kim"`) {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
}

// TestRestOfSitePasses: the directive takes its own paths only, and stands in
// front of the lanes.
func TestRestOfSitePasses(t *testing.T) {
	c := newConsole(t, "daero_api", "daero_api {\n\t\tpublic_flags\n\t}")
	if r := c.get("/daero/other"); r.StatusCode != 200 || r.body != "served" {
		t.Errorf("%d %q", r.StatusCode, r.body)
	}
	release := c.fill()
	if r := c.do("POST", "/ofrep/v1/evaluate/flags/daero.level", "{}"); r.StatusCode != 200 || !strings.Contains(r.body, `"value":"`) {
		t.Errorf("while the lanes are full: %d %s", r.StatusCode, r.body)
	}
	if r := c.get("/daero/api/level"); r.StatusCode != 401 {
		t.Errorf("public flags opened the rest: %d", r.StatusCode)
	}
	release()
	noneOut(t)
}

// TestAdminEndpoint: pages of other sites are kept out, by Caddy and by what
// the API takes.
func TestAdminEndpoint(t *testing.T) {
	c := newConsole(t)
	ask := func(headers ...string) int {
		t.Helper()
		r, err := http.NewRequest("POST", "http://"+c.admin+"/daero/api/level/pin", strings.NewReader(`{"level":1,"for":"1m","reason":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		if host := r.Header.Get("Host"); host != "" {
			r.Host = host
		}
		resp, err := c.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	for name, tt := range map[string]struct {
		status  int
		headers []string
	}{
		"local":       {200, []string{"Content-Type", "application/json"}},
		"a form":      {415, []string{"Content-Type", "text/plain"}},
		"other site":  {403, []string{"Content-Type", "application/json", "Origin", "https://evil.example"}},
		"other name":  {403, []string{"Content-Type", "application/json", "Host", "evil.example"}},
		"a browser's": {403, []string{"Content-Type", "application/json", "Sec-Fetch-Mode", "cors"}},
	} {
		if got := ask(tt.headers...); got != tt.status {
			t.Errorf("%s: status %d, want %d", name, got, tt.status)
		}
	}
}

// TestLevelOutlivesReload: a pin, the record and tokens do as well.
func TestLevelOutlivesReload(t *testing.T) {
	c := newConsole(t)
	out, _ := c.run(0, "operator", "add", "kim", "--role", "viewer")
	c.run(0, "level", "pin", "2", "--for", "30m", "--reason", "x")
	c.eventually("caution", "level")
	c.reload("70%%", "60%%")
	if r := c.get("/daero/api/level", "Authorization", "Bearer "+strings.TrimSpace(out)); r.StatusCode != 200 || !strings.Contains(r.body, `"word":"caution"`) {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
}

func TestDamagedRecordDoesNotStopTheGateway(t *testing.T) {
	c := newConsole(t)
	c.run(0, "level")
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.storage, "daero.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(path + suffix)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("not a database. "), 512), 0o600); err != nil {
		t.Fatal(err)
	}
	c.reload()
	if r := c.get("/v1/login"); r.StatusCode != 200 {
		t.Errorf("status %d", r.StatusCode)
	}
	if out := c.eventually("NOT being recorded", "level"); !strings.Contains(out, "daero.db") {
		t.Errorf("does not say which file:\n%s", out)
	}
	if _, errs := c.run(1, "audit"); !strings.Contains(errs, "daero.db") {
		t.Errorf("says %s", errs)
	}
}
