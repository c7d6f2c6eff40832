package gateway_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/kafka/embedded"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/events"
)

// newCluster is a broker that stands for a cluster.
func newCluster(t *testing.T) *embedded.Log {
	t.Helper()
	_, port, _ := net.SplitHostPort(freePort(t))
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	log, err := embedded.Open(embedded.Config{Dir: t.TempDir(), Port: n, MaxBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

const embeddedBlock = "embedded {\n\t\t\t\tsize 64MiB\n\t\t\t}"

// TestDurableIsRefused: a log that could lose what was accepted is refused where
// durable is asked for, with the reason, and what was in force stays.
func TestDurableIsRefused(t *testing.T) {
	cluster, s := newCluster(t), newTarget(t).start()
	c := newRelay(t, s.addr)
	c.write("k", "1")
	err := c.load(relayCaddyfile(c.admin, s.addr, embeddedBlock, "kafka "+cluster.Addr()+" {\n\t\t\t\tdurable\n\t\t\t}"))
	if err == nil || !strings.Contains(err.Error(), "durable is asked for and cannot be promised") {
		t.Fatalf("%v", err)
	}
	c.write("k", "2")
	s.await(2)
	if spans, err := cluster.Spans(t.Context(), "orders"); err == nil && spans[0].Next > 0 {
		t.Error("messages went to the log that was refused")
	}
}

// TestRecordInTheLog: with a cluster the record goes to daero.audit as well.
func TestRecordInTheLog(t *testing.T) {
	cluster, s := newCluster(t), newTarget(t).start()
	c := newRelay(t, s.addr, embeddedBlock, "kafka "+cluster.Addr())
	c.write("k", "1")
	s.await(1)
	c.run(0, "relay", "pause", "billing", "--for", "10m", "--reason", "their deploy")
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var types []string
	for !strings.Contains(strings.Join(types, " "), "dev.daero.relay.paused") {
		if ctx.Err() != nil {
			t.Fatalf("it has %v", types)
		}
		types = types[:0]
		err := cluster.Read(ctx, relay.Partition{Topic: events.Topic}, 0, func(m *relay.Message) bool {
			types = append(types, string(m.Header("ce_type")))
			return true
		})
		if err != nil && ctx.Err() == nil {
			continue // it is made with the first start
		}
	}
}
