package gateway_test

import (
	"encoding/json"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero"
	"github.com/daero/daero/gateway"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/level/baseline"
)

// playbookFile is lanesFile with room for everyone, and a playbook.
var playbookFile = strings.NewReplacer("fixed_limit 1", "fixed_limit 100", "\tdaero\n", `	daero {
		playbook {
			at caution {
				shed login background 0..60%%
				slow message 30s
			}
			at alert {
				shed login background 100%%
				ceiling login 50%%
				flag comments off
			}
			at serious {
				shed login 100%%
			}
		}
	}
`).Replace(lanesFile)

// control returns the response in force.
func control(t *testing.T) *daero.Control {
	t.Helper()
	app, err := caddy.ActiveContext().AppIfConfigured("daero")
	if err != nil {
		t.Fatal(err)
	}
	return app.(*gateway.App).Control()
}

// pin sets the level and takes the step that acts on it.
func pin(t *testing.T, lv level.Level) {
	t.Helper()
	now := time.Now()
	if err := control(t).Pin(now, level.Pin{Level: lv, Until: now.Add(time.Hour), By: "test", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	control(t).Step(time.Now())
}

// inForce returns the strengths in force by action.
func inForce(t *testing.T) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for _, a := range control(t).State(time.Now()).Actions {
		all[a.ID] = a.Strength
	}
	return all
}

func TestPlaybookActs(t *testing.T) {
	w := newWorld(t, playbookFile)
	background := []string{"X-App-State", "background", "X-User-Id", "kim"}
	if r := w.get("/v1/login", background...); r.StatusCode != 200 {
		t.Errorf("at normal: %d", r.StatusCode)
	}
	pin(t, level.Alert)
	r := w.get("/v1/login", background...)
	if r.StatusCode != 429 || r.Header.Get("Retry-After") == "" || !strings.Contains(r.body, `"reason":"playbook"`) {
		t.Errorf("at alert: %d %s", r.StatusCode, r.body)
	}
	if r := w.get("/v1/login", "X-User-Id", "kim"); r.StatusCode != 200 {
		t.Errorf("a person at alert: %d", r.StatusCode)
	}
	if r := w.get("/v1/messages"); r.StatusCode != 200 || r.Header.Get("Daero-Poll-After") != "30" {
		t.Errorf("message: %d, poll after %q", r.StatusCode, r.Header.Get("Daero-Poll-After"))
	}
	pin(t, level.Normal)
	if r := w.get("/v1/messages"); r.Header.Get("Daero-Poll-After") != "" {
		t.Error("normal again, and still slow")
	}
}

func TestReloadKeepsLevelAndStrengths(t *testing.T) {
	w := newWorld(t, playbookFile)
	pin(t, level.Alert)
	before := inForce(t)
	if before["shed login background"] != 1 || before["ceiling login"] != 0.5 {
		t.Fatalf("in force: %v", before)
	}
	if err := w.load(strings.Replace(playbookFile, "slow message 30s", "slow message 60s", 1)); err != nil {
		t.Fatal(err)
	}
	control(t).Step(time.Now())
	if lv := control(t).Level(); lv != level.Alert {
		t.Errorf("level %s after the reload", lv)
	}
	after := inForce(t)
	for id, strength := range before {
		if after[id] != strength {
			t.Errorf("%s: %v, was %v", id, after[id], strength)
		}
	}
	if r := w.get("/v1/messages"); r.Header.Get("Daero-Poll-After") != "60" {
		t.Errorf("the new playbook is not in force: %v", r.Header)
	}
}

func TestFailedReloadLeavesThePlaybook(t *testing.T) {
	w := newWorld(t, playbookFile)
	pin(t, level.Alert)
	before := inForce(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	other := strings.Replace(playbookFile, "ceiling login 50%%", "ceiling login 20%%", 1)
	for name, caddyfile := range map[string]string{
		"a mistake in the playbook": strings.Replace(other, "slow message", "slow mesage", 1),
		"a port in use":             other + "http://" + busy.Addr().String() + " {\n\tbind 127.0.0.1\n\trespond ok\n}\n",
	} {
		for range 4 { // apps start in an order that changes
			if err := w.load(caddyfile); err == nil {
				t.Fatalf("%s: accepted", name)
			}
			// Until it failed, a step may have acted on it: that comes back by ramp.
			for deadline := time.Now().Add(60 * time.Second); ; {
				control(t).Step(time.Now())
				is := inForce(t)
				if maps.Equal(is, before) {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%s: %v is in force, was %v", name, is, before)
				}
			}
		}
	}
	if n := len(inForce(t)); n != len(before) {
		t.Errorf("%d in force, were %d", n, len(before))
	}
}

// TestRemovingThePlaybookRestoresEveryLane: what is not in the configuration
// any more is not in force.
func TestRemovingThePlaybookRestoresEveryLane(t *testing.T) {
	w := newWorld(t, playbookFile)
	pin(t, level.Serious)
	if o := laneOf(t, "login").Orders; o.Ceiling == 0 || o.Shed[lane.Foreground] != 1 {
		t.Fatalf("orders %+v", o)
	}
	if err := w.load(strings.Replace(lanesFile, "fixed_limit 1", "fixed_limit 100", 1)); err != nil {
		t.Fatal(err)
	}
	for name, b := range snapshot(t).Backends {
		for _, l := range b.Lanes {
			if l.Orders != (lane.Orders{}) {
				t.Errorf("backend %s, lane %s: %+v", name, l.Name, l.Orders)
			}
		}
	}
	if r := w.get("/v1/login"); r.StatusCode != 200 {
		t.Errorf("status %d", r.StatusCode)
	}
}

// TestHabitsAreKept: what is usual outlives the process.
func TestHabitsAreKept(t *testing.T) {
	w := newWorld(t, lanesFile)
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.storage, "daero", "habits.json")
	if _, err := os.Stat(file); err == nil {
		t.Error("habits are kept where nothing looks at them")
	}
	var week baseline.Week
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for i := range 3600 {
		week.Observe(at.Add(time.Duration(i)*time.Second), 40)
	}
	kept, err := json.Marshal(map[string]baseline.State{"default/login": week.State()})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.load(playbookFile); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]baseline.State
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if back["default/login"].Seen < week.State().Seen {
		t.Errorf("seen %v, kept %v", back["default/login"].Seen, week.State().Seen)
	}
}

func TestMetricsOfTheResponse(t *testing.T) {
	w := newWorld(t, strings.Replace(playbookFile, "reverse_proxy %[2]s", "handle /metrics {\n\t\tmetrics\n\t}\n\thandle {\n\t\treverse_proxy %[2]s\n\t}", 1))
	pin(t, level.Alert)
	metrics := w.get("/metrics").body
	for _, want := range []string{
		"daero_level 3",
		`daero_signal_height{signal="busy"} `,
		`daero_signal_fresh{signal="refused"} `,
		`daero_action_strength{action="shed login background",lane="login",shadow="false"} 1`,
		`daero_action_strength{action="flag comments",lane="",shadow="false"} 1`,
		"daero_playbook_paused 0",
		`daero_lane_would_shed_total{backend="default",intent="background",lane="login",tier="sheddable"} 0`,
		"daero_lane_recent_seconds{",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, grep(metrics, "daero_"))
		}
	}
}
