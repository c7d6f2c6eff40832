package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/gateway"
	"github.com/daero/daero/level"
	"github.com/daero/daero/relay"
)

// deferFile defers all logins at alert. For that, a relay with nothing said of it
// is enough.
const deferFile = `{
	daero {
		relay
		level {
			signal busy lanes.busy 70%% 80%% 90%% 97%%
		}
		playbook {
			ramp 100%% every 100ms
			at alert {
				defer login 100%%
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
	daero_relay
	lanes {
		lane login {
			path /v1/login*
			tier sheddable
			defer {
				to http://%[2]s
				within 10m
			}
		}
		user header X-User-Id
	}
	reverse_proxy %[2]s
}
`

// TestDeferredThroughGateway: while the lane is deferred a request is taken with
// 202; when the level falls it reaches the service as it was sent, and its
// answer waits for who asks, also after a reload.
func TestDeferredThroughGateway(t *testing.T) {
	admin := freePort(t)
	text := strings.ReplaceAll(deferFile, "ADMIN", admin)
	c := &console{world: newWorld(t, text), admin: admin}
	var mu sync.Mutex
	var served []string
	c.service.handle = func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		served = append(served, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-User-Id"))
		n := len(served)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "served %d", n)
	}
	pin(t, level.Alert)
	var r reply
	for deadline := time.Now().Add(60 * time.Second); ; { // the log starts
		r = c.do("POST", "/v1/login", "hello", "X-User-Id", "kim")
		if r.StatusCode == 202 || time.Now().After(deadline) {
			break
		}
	}
	place := r.Header.Get("Location")
	if r.StatusCode != 202 || !strings.HasPrefix(place, "/daero/deferred/") {
		t.Fatalf("%d %v %s", r.StatusCode, r.Header, r.body)
	}
	before := func() int { mu.Lock(); defer mu.Unlock(); return len(served) }()
	if err := c.load(text); err != nil {
		t.Fatal(err)
	}
	if r := c.get(place, "X-User-Id", "kim"); r.StatusCode >= 400 || strings.Contains(r.body, "served") {
		t.Errorf("while it waits: %d %s", r.StatusCode, r.body)
	}
	c.run(0, "level", "pin", "0", "--for", "10m", "--reason", "over")
	var last reply
	for deadline := time.Now().Add(60 * time.Second); ; {
		last = c.get(place, "X-User-Id", "kim", "Accept", "application/json")
		if strings.Contains(last.body, "done") || strings.Contains(last.body, "served") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no answer: %d %s", last.StatusCode, last.body)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(served) != before+1 || !strings.HasPrefix(served[before], "POST /v1/login") {
		t.Errorf("served %v", served)
	}
	var doc map[string]any
	if json.Unmarshal([]byte(last.body), &doc) != nil && !strings.Contains(last.body, "served") {
		t.Errorf("answer %d %s", last.StatusCode, last.body)
	}
}

// TestHeldRequestsExpire: the time of a request runs out while its lane is held,
// and its client is told that it was not done.
func TestHeldRequestsExpire(t *testing.T) {
	admin := freePort(t)
	text := strings.NewReplacer("ADMIN", admin, "within 10m", "within 1s").Replace(deferFile)
	w := newWorld(t, text)
	pin(t, level.Alert)
	post := func() reply { return w.do("POST", "/v1/login", "hello", "X-User-Id", "kim") }
	r := post()
	for deadline := time.Now().Add(60 * time.Second); r.StatusCode != 202; r = post() { // the log starts
		if time.Now().After(deadline) {
			t.Fatalf("%d %s", r.StatusCode, r.body)
		}
	}
	place := r.Header.Get("Location")
	for deadline := time.Now().Add(60 * time.Second); r.Header.Get("Daero-Deferred") != "expired"; {
		if time.Now().After(deadline) {
			t.Fatalf("it never expires: %d %s", r.StatusCode, r.body)
		}
		r = w.get(place, "X-User-Id", "kim", "Prefer", "wait=5", "Accept", "application/json", "Accept-Language", "en")
	}
	if r.StatusCode != 504 || !strings.Contains(r.body, "nothing was done") {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
}

// TestLanesDeferApart: requests of a lane that is held stand in the way of no
// other lane's.
func TestLanesDeferApart(t *testing.T) {
	admin := freePort(t)
	lane := "lane signup {\n\t\t\tpath /v1/signup*\n\t\t\ttier sheddable\n\t\t\tdefer {\n\t\t\t\tto http://%[2]s\n\t\t\t}\n\t\t}\n\t\tuser header"
	text := strings.NewReplacer(
		"ADMIN", admin, "user header", lane, "lanes {", "handle /metrics {\n\t\tmetrics\n\t}\n\tlanes {",
		"defer login 100%%", "defer login 100%%\n\t\t\t\tdefer signup 100%%\n\t\t\t\tdrain signup 50/s",
	).Replace(deferFile)
	c := &console{world: newWorld(t, text), admin: admin}
	came := make(chan string, 100)
	c.service.handle = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Daero-Deferred") != "" {
			came <- r.URL.Path
		}
	}
	pin(t, level.Alert)
	const each = 20
	for _, path := range []string{"/v1/login", "/v1/signup"} {
		for n := 0; n < each; {
			deadline := time.Now().Add(60 * time.Second)
			r := c.do("POST", path, "hello", "X-User-Id", fmt.Sprint("user-", n))
			switch {
			case r.StatusCode == 202:
				n++
			case time.Now().After(deadline):
				t.Fatalf("%s: %d %s", path, r.StatusCode, r.body)
			}
		}
	}
	for range each {
		select {
		case path := <-came:
			if path != "/v1/signup" {
				t.Fatalf("%s came, of a lane that is held", path)
			}
		case <-time.After(60 * time.Second):
			t.Fatal("the lane that drains does not")
		}
	}
	if d := c.status("deferred-login"); d["delivered"] != 0.0 || d["circuit"] != "closed" || d["rate"] != 0.0 {
		t.Errorf("of the lane that is held: %v", d)
	}
	if out, _ := c.run(0, "relay"); !strings.Contains(out, "held") {
		t.Errorf("nothing says that it is held: %s", out)
	}
	for _, command := range []string{"playbook", "level"} {
		if out, _ := c.run(0, command); !strings.Contains(out, "50/s") {
			t.Errorf("daero %s does not say how fast signup drains: %s", command, out)
		}
	}
	if d := c.status("deferred-signup"); d["delivered"] != float64(each) || d["rate"] != 50.0 {
		t.Errorf("of the lane that drains: %v", d)
	}
	metrics := c.get("/metrics").body
	for _, want := range []string{
		fmt.Sprintf(`daero_lane_deferred_total{backend="default",intent="foreground",lane="login",tier="sheddable"} %d`, each),
		fmt.Sprintf(`daero_deferred_waiting{lane="login"} %d`, each), `daero_deferred_waiting{lane="signup"} 0`, `daero_deferred_delivering{lane="login"} 0`,
		fmt.Sprintf(`daero_deferred_taken_total{result="kept"} %d`, 2*each), fmt.Sprintf(`daero_deferred_ended_total{result="delivered"} %d`, each),
		`daero_relay_rate{delivery="deferred-login"} 0`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	c.run(0, "level", "pin", "0", "--for", "10m", "--reason", "over")
	for range each {
		select {
		case <-came:
		case <-time.After(60 * time.Second):
			t.Fatal("what was held does not come")
		}
	}
}

// TestTopicsOfLanes: each lane has its own, whatever its name is.
func TestTopicsOfLanes(t *testing.T) {
	seen := map[string]string{}
	for _, id := range []string{"login", "api/login", "로그인", "회원가", "a b", "a_b"} {
		topic := gateway.DeferTopic(id)
		if err := relay.TopicName(topic); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if other, taken := seen[topic]; taken {
			t.Errorf("%s and %s share %s", id, other, topic)
		}
		seen[topic] = id
	}
	if got := gateway.DeferTopic("api/login"); got != "daero.deferred.api.login" {
		t.Error(got)
	}
}
