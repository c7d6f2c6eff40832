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
	"github.com/daero/daero/relay/fleetlog"
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

// playbookBlock stops the orders at alert.
const playbookBlock = "level {\n\t\t\tsignal busy lanes.busy 70%% 80%% 90%% 97%%\n\t\t}\n\t\tplaybook {\n\t\t\tat alert {\n\t\t\t\tdrain topic orders 0/s\n\t\t\t}\n\t\t}\n\t\trelay {"

// TestDrainByLevel: at alert the topic stands still, and goes on when the level
// falls.
func TestDrainByLevel(t *testing.T) {
	s := newTarget(t).start()
	c := newRelay(t, s.addr, "relay {", playbookBlock)
	c.write("k", "1")
	s.await(1)
	c.run(0, "level", "pin", "3", "--for", "10m", "--reason", "a drill")
	c.eventually("relay.delivery_throttled", "audit", "--what", "relay.*")
	c.write("k", "2")
	for deadline := time.Now().Add(60 * time.Second); c.status("billing")["lag"] != 1.0; {
		if time.Now().After(deadline) {
			t.Fatalf("%v", c.status("billing"))
		}
	}
	if d := c.status("billing"); d["delivered"] != 1.0 {
		t.Errorf("delivered while it drains at 0/s: %v", d)
	}
	c.run(0, "level", "unpin", "--reason", "over")
	s.await(2)
}

// TestFleetSpeaks: a gateway of a fleet tells the others what it measures.
func TestFleetSpeaks(t *testing.T) {
	t.Setenv("FLEET_SECRET", strings.Repeat("secret", 6))
	cluster, s := newCluster(t), newTarget(t).start()
	newRelay(t, s.addr, "relay {", playbookBlock, embeddedBlock, "kafka "+cluster.Addr()+"\n\t\t\tfleet gw-1 {\n\t\t\t\tmember gw-1 gw-2\n\t\t\t\tsecret {env.FLEET_SECRET}\n\t\t\t}")
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for heard := false; !heard; {
		if ctx.Err() != nil {
			t.Fatal("nothing was heard")
		}
		_ = cluster.Read(ctx, relay.Partition{Topic: fleetlog.Topic}, 0, func(m *relay.Message) bool {
			r, err := fleetlog.Read(m, [][]byte{[]byte(strings.Repeat("secret", 6))})
			if err != nil || r.Node != "gw-1" {
				t.Errorf("%v: %+v", err, r)
			}
			heard = true
			return false
		}) // the topic is made with the first start
	}
}
