package gateway_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const shopToken = "shop-token-of-the-tests"

// relayFile has a relay with the log in the program, and what the tests vary:
// ADMIN is Caddy's admin endpoint, TARGET where billing is.
const relayFile = `{
	daero {
		relay {
			embedded {
				size 64MiB
			}
			topic orders {
				writer shop {env.SHOP_TOKEN}
				partitions 3
			}
			deliver billing {
				topic orders
				to http://TARGET/events
				timeout 5s
				retry {
					first 10ms
					max 100ms
				}
				circuit {
					probe 100ms
				}
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
	handle /metrics {
		metrics
	}
	handle {
		reverse_proxy %[2]s
	}
}
`

// target is a service that messages are delivered to.
type target struct {
	t      *testing.T
	addr   string
	server *httptest.Server
	status func(r *http.Request) int // default 200

	mu   sync.Mutex
	came []delivered
	wake chan struct{}
}

type delivered struct{ id, key, body string }

func newTarget(t *testing.T) *target {
	t.Helper()
	s := &target{t: t, addr: freePort(t), wake: make(chan struct{}, 1)}
	t.Cleanup(s.stop)
	return s
}

func (s *target) start() *target {
	s.t.Helper()
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(s.take)}}
	s.server.Start()
	return s
}

func (s *target) stop() {
	if s.server != nil {
		s.server.CloseClientConnections()
		s.server.Close()
		s.server = nil
	}
}

func (s *target) take(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	status := 200
	if s.status != nil {
		status = s.status(r)
	}
	if status < 300 {
		s.came = append(s.came, delivered{r.Header.Get("Idempotency-Key"), r.Header.Get("Daero-Key"), string(body)})
	}
	s.mu.Unlock()
	w.WriteHeader(status)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// answer makes the target answer so.
func (s *target) answer(status func(r *http.Request) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// await waits until n messages came, and returns them.
func (s *target) await(n int) []delivered {
	s.t.Helper()
	for deadline := time.After(60 * time.Second); ; {
		s.mu.Lock()
		came := append([]delivered(nil), s.came...)
		s.mu.Unlock()
		if len(came) >= n {
			return came
		}
		select {
		case <-s.wake:
		case <-deadline:
			s.t.Fatalf("%d of %d messages came", len(came), n)
		}
	}
}

// newRelay is a gateway with a relay, and the commands that talk to it.
func newRelay(t *testing.T, target string, change ...string) *console {
	t.Helper()
	t.Setenv("SHOP_TOKEN", shopToken)
	admin := freePort(t)
	return &console{world: newWorld(t, relayCaddyfile(admin, target, change...)), admin: admin}
}

func relayCaddyfile(admin, target string, change ...string) string {
	return strings.NewReplacer(append(change, "ADMIN", admin, "TARGET", target)...).Replace(relayFile)
}

// write sends a message as the shop, until it is kept.
func (c *console) write(key, body string, headers ...string) map[string]any {
	c.t.Helper()
	headers = append(headers, "Authorization", "Bearer "+shopToken, "Daero-Key", key)
	for deadline := time.Now().Add(60 * time.Second); ; {
		r := c.do("POST", "/daero/relay/orders", body, headers...)
		if r.StatusCode == 503 && time.Now().Before(deadline) {
			continue // the log starts, or does not answer in time
		}
		var doc map[string]any
		if r.StatusCode != 202 || json.Unmarshal([]byte(r.body), &doc) != nil {
			c.t.Fatalf("%d %s", r.StatusCode, r.body)
		}
		return doc
	}
}

// status is a delivery as the API shows it.
func (c *console) status(name string) map[string]any {
	c.t.Helper()
	out, _ := c.run(0, "relay", "status", "--output", "json")
	var doc struct {
		Deliveries []map[string]any `json:"deliveries"`
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		c.t.Fatal(err)
	}
	for _, d := range doc.Deliveries {
		if d["name"] == name {
			return d
		}
	}
	c.t.Fatalf("no delivery %s in %s", name, out)
	return nil
}
