package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/level"
)

// deferFile defers all logins at alert.
const deferFile = `{
	daero {
		relay {
			embedded {
				size 64MiB
			}
			topic orders {
				writer shop {env.SHOP_TOKEN}
			}
		}
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
	t.Setenv("SHOP_TOKEN", shopToken)
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
