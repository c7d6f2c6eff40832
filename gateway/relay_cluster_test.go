package gateway_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/driver/kafka/embedded"
	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
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

// TestFleetSpeaks: a gateway of a fleet tells the others what it measures, and
// shows whether it hears them.
func TestFleetSpeaks(t *testing.T) {
	t.Setenv("FLEET_SECRET", strings.Repeat("secret", 6))
	secrets := [][]byte{[]byte(strings.Repeat("secret", 6))}
	cluster, s := newCluster(t), newTarget(t).start()
	c := newRelay(t, s.addr, "relay {", playbookBlock, embeddedBlock, "kafka "+cluster.Addr()+"\n\t\t\tfleet gw-1 {\n\t\t\t\tmember gw-1 gw-2\n\t\t\t\tsecret {env.FLEET_SECRET}\n\t\t\t}")
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for heard := false; !heard; {
		if ctx.Err() != nil {
			t.Fatal("nothing was heard")
		}
		_ = cluster.Read(ctx, relay.Partition{Topic: fleetlog.Topic}, 0, func(m *relay.Message) bool {
			r, err := fleetlog.Read(m, secrets)
			if err != nil || r.Node != "gw-1" {
				t.Errorf("%v: %+v", err, r)
			}
			heard = true
			return false
		}) // the topic is made with the first start
	}
	if out, _ := c.run(0, "level"); !strings.Contains(out, "alone: no other gateway is heard") {
		t.Errorf("alone: %s", out)
	}
	var other *fleetlog.Member
	other, err := fleetlog.New(fleetlog.Config{
		Log: cluster, Fleet: fleet.Config{Node: "gw-2"}, Secrets: secrets,
		Measure: func(now time.Time) (float64, []fleet.Height) {
			other.Agree(now, level.Standing{}) // it steps
			return 10, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ran sync.WaitGroup
	ran.Go(func() { _ = other.Run(ctx) })
	t.Cleanup(func() { cancel(); ran.Wait() }) // before the cluster ends
	c.eventually("1 other gateway heard", "level")
	if metrics := c.get("/metrics").body; !strings.Contains(metrics, "daero_fleet_heard 1") || !strings.Contains(metrics, "daero_fleet_level 0") {
		t.Error("the metrics do not say it")
	}
}

// TestRetentionIsLengthened: where the oldest message that is not delivered has
// used half its time, the topic keeps messages longer, and it is recorded; a
// topic that is fixed stays as it is.
func TestRetentionIsLengthened(t *testing.T) {
	cluster, s := newCluster(t), newTarget(t) // which is down
	change := []string{
		embeddedBlock, "kafka " + cluster.Addr() + "\n\t\t\ttopic clicks {\n\t\t\t\twriter shop {env.SHOP_TOKEN}\n\t\t\t\tretention 2s fixed\n\t\t\t}",
		"partitions 3", "partitions 3\n\t\t\t\tretention 2s", "topic orders\n\t\t\t\tto", "topic clicks orders\n\t\t\t\tto",
	}
	c := newRelay(t, s.addr, change...)
	c.write("k", "1")
	if r := c.do("POST", "/daero/relay/clicks", "2", "Authorization", "Bearer "+shopToken, "Daero-Key", "k"); r.StatusCode != 202 {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	<-time.After(1100 * time.Millisecond) // half of the two seconds
	if err := c.load(relayCaddyfile(c.admin, s.addr, append(change, "timeout 5s", "timeout 6s")...)); err != nil {
		t.Fatal(err) // a delivery that begins anew looks at once
	}
	c.eventually("relay.retention_lengthened", "audit", "--what", "relay.*")
	out, _ := c.run(0, "audit", "--what", "relay.retention_*", "--output", "json")
	if !strings.Contains(out, `"before": "2s"`) || strings.Contains(out, "relay.retention_not_lengthened") {
		t.Errorf("recorded %s", out)
	}
	for topic, want := range map[string]func(time.Duration) bool{
		"orders": func(d time.Duration) bool { return d >= 4*time.Second },
		"clicks": func(d time.Duration) bool { return d == 2*time.Second },
	} {
		spans, err := cluster.Log.Spans(t.Context(), topic) // as a cluster says it
		if err != nil || !want(spans[0].Retention) {
			t.Errorf("%s keeps messages for %s, %v", topic, spans[0].Retention, err)
		}
	}
	s.start()
	s.await(2)
}
