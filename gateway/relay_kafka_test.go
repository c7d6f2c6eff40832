package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	kafkatest "github.com/daero/daero/test/kafka"
)

// ledger is what writers were told is safe, by idempotency key.
type ledger struct {
	mu   sync.Mutex
	kept map[string]string // the ordering key of each
}

func (l *ledger) note(id, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept[id] = key
}

// writer writes messages until stop is closed. What is refused, or of which
// nobody knows, is sent again with the same key, as the documentation asks for.
func (l *ledger) writer(c *console, name string, stop <-chan struct{}) {
	for n := 0; ; n++ {
		id, key := fmt.Sprint(name, "-", n), fmt.Sprint("customer-", name)
		for kept := false; !kept; {
			select {
			case <-stop:
				return
			default:
			}
			req, err := http.NewRequest("POST", c.url+"/daero/relay/orders", strings.NewReader(fmt.Sprint(n)))
			if err != nil {
				c.t.Error(err)
				return
			}
			for h, v := range map[string]string{"Authorization": "Bearer " + shopToken, "Daero-Key": key, "Idempotency-Key": id} {
				req.Header.Set(h, v)
			}
			res, err := c.client.Do(req)
			if err != nil {
				continue // the gateway is started anew
			}
			_ = res.Body.Close()
			if kept = res.StatusCode == 202; kept {
				l.note(id, key)
			}
		}
	}
}

// grown waits until the ledger has n more than it had.
func (l *ledger) grown(t *testing.T, n int) {
	t.Helper()
	l.mu.Lock()
	want := len(l.kept) + n
	l.mu.Unlock()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); ; {
		l.mu.Lock()
		have := len(l.kept)
		l.mu.Unlock()
		if have >= want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d messages were kept, want %d", have, want)
		}
	}
}

// TestKafkaKilledUnderTheGateway: over a real Apache Kafka, while writers write:
// the gateway is started anew, the broker is killed as kill -9 does, messages go
// to the spool, and the broker comes back. Whatever was acknowledged is
// delivered, with its keys, the first of each in the order of its key.
func TestKafkaKilledUnderTheGateway(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.Options{})
	s := newTarget(t).start()
	change := []string{
		embeddedBlock, "kafka " + cluster.Addrs()[0] + "\n\t\t\taccept_within 1s\n\t\t\tspool " + t.TempDir() + "/spool",
		"partitions 3", "partitions 3\n\t\t\t\toutage spool",
	}
	c := newRelay(t, s.addr, change...)
	l := &ledger{kept: map[string]string{}}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() { l.writer(c, fmt.Sprint(w), stop) })
	}
	end := sync.OnceFunc(func() { close(stop); writers.Wait() })
	defer end()

	l.grown(t, 100)
	s.await(50)
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := c.load(relayCaddyfile(c.admin, s.addr, change...)); err != nil {
		t.Fatal(err)
	}
	l.grown(t, 100)
	cluster.Kill(0)
	l.grown(t, 20) // of those that come from now on, most are in the spool
	c.eventually("relay.spool_used", "audit", "--what", "relay.*")
	l.grown(t, 20)
	cluster.Restart(0)
	c.eventually("relay.spool_drained", "audit", "--what", "relay.*")
	l.grown(t, 100)
	end()
	l.check(t, s)
}

// check waits until all that was acknowledged has come, and holds it against the
// ledger.
func (l *ledger) check(t *testing.T, s *target) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); ; {
		missing := l.missing(s)
		if len(missing) == 0 {
			break
		}
		select {
		case <-tick.C:
			continue
		case <-deadline:
			t.Fatalf("%d of %d acknowledged messages never came: %.10q", len(missing), len(l.kept), missing)
		}
	}
	seen, last, twice := map[string]bool{}, map[string]int{}, 0
	for _, d := range s.await(len(l.kept)) {
		id := strings.Trim(d.id, `"`)
		if key, ok := l.kept[id]; ok && key != d.key {
			t.Errorf("%s came with key %s, was written with %s", id, d.key, key)
		}
		if seen[id] {
			twice++
			continue
		}
		seen[id] = true
		var n int
		if _, err := fmt.Sscan(d.body, &n); err != nil {
			t.Errorf("%s came as %q", id, d.body)
		}
		if before, ok := last[d.key]; ok && n < before {
			t.Errorf("%s: %d came after %d", d.key, n, before)
		}
		last[d.key] = n
	}
	t.Logf("%d acknowledged, none lost, %d came twice", len(l.kept), twice)
}

// missing are those that were acknowledged and have not come.
func (l *ledger) missing(s *target) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	came := map[string]bool{}
	for _, d := range s.came {
		came[strings.Trim(d.id, `"`)] = true
	}
	for id := range l.kept {
		if !came[id] {
			ids = append(ids, id)
		}
	}
	return ids
}
