package gateway_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestRelayDelivers: who may write gets 202, and the target gets the message
// with the same keys; others write nothing.
func TestRelayDelivers(t *testing.T) {
	s := newTarget(t).start()
	c := newRelay(t, s.addr)
	for name, headers := range map[string][]string{
		"nobody":       {"Daero-Key", "k"},
		"somebody":     {"Daero-Key", "k", "Authorization", "Bearer somebody-elses-token"},
		"not a bearer": {"Daero-Key", "k", "Authorization", "Basic " + shopToken},
	} {
		if r := c.do("POST", "/daero/relay/orders", "x", headers...); r.StatusCode != 401 {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
	doc := c.write("customer-1", `{"n":1}`, "Idempotency-Key", "order-1", "Content-Type", "application/json")
	if doc["id"] != "order-1" || doc["topic"] != "orders" || doc["spooled"] != false || doc["repeated"] != false {
		t.Errorf("receipt %v", doc)
	}
	if doc := c.write("customer-1", `{"n":1}`, "Idempotency-Key", "order-1"); doc["repeated"] != true {
		t.Errorf("the second receipt %v", doc)
	}
	c.write("customer-2", `{"n":2}`, "Idempotency-Key", "order-2")
	came := s.await(2)
	if len(came) != 2 {
		t.Errorf("%d came: %v", len(came), came)
	}
	for _, want := range []delivered{{"order-1", "customer-1", `{"n":1}`}, {"order-2", "customer-2", `{"n":2}`}} {
		found := false
		for _, got := range came {
			got.id = strings.Trim(got.id, `"`)
			found = found || got == want
		}
		if !found {
			t.Errorf("no %v in %v", want, came)
		}
	}
	metrics := c.get("/metrics").body
	for _, want := range []string{
		`daero_relay_accepted_total{result="kept",topic="orders"} 2`, `daero_relay_accepted_total{result="repeated",topic="orders"} 1`,
		"daero_relay_up 1", `daero_relay_circuit_state{delivery="billing"} 0`, "daero_relay_log_max_bytes 6.7108864e+07", `daero_relay_lag{delivery="billing",partition="0",topic="orders"}`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	if strings.Contains(metrics, "customer-1") || strings.Contains(metrics, "order-1") {
		t.Error("users' data in the metrics")
	}
	c.logged("one machine, one copy")
}

// TestRelayTargetDown: what is written while the target is away, and while the
// gateway is started anew, comes once it is back, in order of key.
func TestRelayTargetDown(t *testing.T) {
	s := newTarget(t)
	c := newRelay(t, s.addr)
	const keys, each = 3, 5
	for i := range keys * each {
		c.write(fmt.Sprint("customer-", i%keys), fmt.Sprint(i), "Idempotency-Key", fmt.Sprint("order-", i))
	}
	c.eventually("down", "relay", "status")
	c.eventually("relay.circuit_opened", "audit", "--what", "relay.*")
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := c.load(relayCaddyfile(c.admin, s.addr)); err != nil {
		t.Fatal(err)
	}
	s.start()
	last := map[string]int{}
	seen := map[string]bool{}
	for _, d := range s.await(keys * each) {
		var n int
		fmt.Sscan(d.body, &n)
		if before, ok := last[d.key]; ok && n < before && !seen[d.id] {
			t.Errorf("%s: %d came after %d", d.key, n, before)
		}
		last[d.key], seen[d.id] = n, true
	}
	if len(seen) != keys*each {
		t.Errorf("%d of %d came", len(seen), keys*each)
	}
	for deadline := time.Now().Add(60 * time.Second); c.status("billing")["lag"] != 0.0; {
		if time.Now().After(deadline) {
			t.Fatal("the lag never ended")
		}
	}
	out, _ := c.run(0, "relay", "lag")
	if !strings.Contains(out, "billing") || !strings.Contains(out, "daero.billing") {
		t.Errorf("lag\n%s", out)
	}
}

// TestReloadKeepsDeliveries: those that a reload leaves as they were go on, those
// that it changes are begun anew, and one that fails changes nothing.
func TestReloadKeepsDeliveries(t *testing.T) {
	s := newTarget(t).start()
	mail := newTarget(t).start()
	second := "deliver mail {\n\t\t\t\ttopic orders\n\t\t\t\tto http://" + mail.addr + "/events\n\t\t\t}\n\t\t\tdeliver billing {"
	c := newRelay(t, s.addr, "deliver billing {", second)
	c.write("k", "1")
	s.await(1)
	mail.await(1)
	for _, change := range [][]string{
		{"reverse_proxy", "header X-New 1\n\t\treverse_proxy"}, // nothing of the relay
		{"timeout 5s", "timeout 6s"},                           // of billing alone
	} {
		if err := c.load(relayCaddyfile(c.admin, s.addr, append(change, "deliver billing {", second)...)); err != nil {
			t.Fatal(err)
		}
		if d := c.status("mail"); d["delivered"] != 1.0 || d["attempts"] != 1.0 {
			t.Errorf("after %q: mail began anew: %v", change, d)
		}
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for range 3 {
		if err := c.load(relayCaddyfile(c.admin, s.addr, "timeout 5s", "timeout 7s") + "http://" + busy.Addr().String() + " {\n\tbind 127.0.0.1\n\trespond ok\n}\n"); err == nil {
			t.Fatal("accepted")
		}
	}
	c.write("k", "2")
	s.await(2)
	mail.await(2)
}

// TestRelayByCommand: a delivery is paused and resumed, and a dead letter is seen
// and taken back.
func TestRelayByCommand(t *testing.T) {
	s := newTarget(t).start()
	c := newRelay(t, s.addr)
	c.write("k", "before")
	s.await(1)
	out, _ := c.run(0, "relay", "pause", "billing", "--for", "10m", "--reason", "their deploy")
	if !strings.Contains(out, "billing is paused") {
		t.Errorf("says %q", out)
	}
	c.write("k", "meanwhile")
	out = c.eventually("paused", "relay")
	if !strings.Contains(out, "by local: their deploy") {
		t.Errorf("says\n%s", out)
	}
	// A delivery that is changed stays paused.
	if err := c.load(relayCaddyfile(c.admin, s.addr, "timeout 5s", "timeout 6s")); err != nil {
		t.Fatal(err)
	}
	if out := c.eventually("paused", "relay"); !strings.Contains(out, "their deploy") {
		t.Errorf("after a reload:\n%s", out)
	}
	c.run(0, "relay", "resume", "billing", "--reason", "done")
	c.run(1, "relay", "resume", "billing", "--reason", "again")
	s.await(2)

	s.answer(func(*http.Request) int { return 422 })
	c.write("k", `{"card":"4111-1111"}`, "Idempotency-Key", "bad-one")
	for deadline := time.Now().Add(60 * time.Second); c.status("billing")["dead_letters"] != 1.0; {
		if time.Now().After(deadline) {
			t.Fatalf("no dead letter: %v", c.status("billing"))
		}
	}
	out, _ = c.run(0, "relay", "peek", "billing.dead", "--error", "422")
	if !strings.Contains(out, "billing.dead/") || strings.Contains(out, "4111") || !strings.Contains(out, "dead     1 attempt, status 422, was orders/") || strings.Contains(out, "kafka_dlt") {
		t.Errorf("peeked\n%s", out)
	}
	out, _ = c.run(0, "relay", "peek", "billing.dead", "--show", "--reason", "ticket 7")
	if !strings.Contains(out, "4111") {
		t.Errorf("shown\n%s", out)
	}
	out, _ = c.run(0, "relay", "redrive", "billing", "--dry-run")
	if !strings.Contains(out, "1 dead letter would be taken back") {
		t.Errorf("says %q", out)
	}
	s.answer(nil)
	out, _ = c.run(0, "relay", "redrive", "billing", "--reason", "they fixed it", "--rate", "100")
	if !strings.Contains(out, "taken back: 1 dead letter") {
		t.Errorf("says %q", out)
	}
	came := s.await(3)
	if last := came[2]; strings.Trim(last.id, `"`) != "bad-one" || last.key != "k" {
		t.Errorf("redriven %v", last)
	}
	record := c.eventually("relay.redriven", "audit", "--what", "relay.*")
	for _, want := range []string{"relay.paused", "relay.resumed", "relay.peeked", "ticket 7", "they fixed it", "relay.dead_lettered"} {
		if !strings.Contains(record, want) {
			t.Errorf("no %s in the record\n%s", want, record)
		}
	}
}

// TestValidateRelayTouchesNothing: no file is made, and nobody is asked.
func TestValidateRelayTouchesNothing(t *testing.T) {
	t.Setenv("SHOP_TOKEN", shopToken)
	storage := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan struct{}, 1)
	go func() {
		if conn, err := l.Accept(); err == nil {
			conn.Close()
			asked <- struct{}{}
		}
	}()
	for name, change := range map[string][]string{
		"embedded": nil,
		"kafka":    {"embedded {\n\t\t\t\tsize 64MiB\n\t\t\t}", "kafka " + l.Addr().String() + "\n\t\t\tspool " + storage + "/spool"},
	} {
		text := strings.NewReplacer("%[1]s", "127.0.0.1:0", "%[2]s", "127.0.0.1:1", "%[3]s", storage).Replace(relayCaddyfile("off", l.Addr().String(), change...))
		raw, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(strings.Replace(text, "output file "+storage+"/log.json", "output discard", 1)), nil)
		if err != nil {
			t.Fatal(name, err)
		}
		cfg := new(caddy.Config)
		if err := caddy.StrictUnmarshalJSON(raw, cfg); err != nil {
			t.Fatal(name, err)
		}
		if err := caddy.Validate(cfg); err != nil {
			t.Fatal(name, err)
		}
	}
	if entries := filesIn(t, storage); len(entries) != 0 {
		t.Errorf("validate wrote %v", entries)
	}
	select {
	case <-asked:
		t.Error("validate asked somebody")
	default:
	}
}

// TestKafkaAway: a cluster that does not answer stops neither the gateway nor a
// reload. What comes is refused with a time to come back, or spooled.
func TestKafkaAway(t *testing.T) {
	s := newTarget(t)
	away := "kafka " + freePort(t) + "\n\t\t\taccept_within 100ms"
	c := newRelay(t, s.addr, "embedded {\n\t\t\t\tsize 64MiB\n\t\t\t}", away)
	shop := []string{"Authorization", "Bearer " + shopToken, "Daero-Key", "k"}
	r := c.do("POST", "/daero/relay/orders", "x", shop...)
	if r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v %s", r.StatusCode, r.Header, r.body)
	}
	if r := c.get("/"); r.StatusCode != 200 {
		t.Errorf("the rest of the gateway: %d", r.StatusCode)
	}
	spool := away + "\n\t\t\tspool " + t.TempDir()
	if err := c.load(relayCaddyfile(c.admin, s.addr, "embedded {\n\t\t\t\tsize 64MiB\n\t\t\t}", spool, "partitions 3", "outage spool")); err != nil {
		t.Fatal(err)
	}
	if doc := c.write("k", "x"); doc["spooled"] != true {
		t.Errorf("receipt %v", doc)
	}
	out := c.eventually("1 wait", "relay")
	if !strings.Contains(out, "does NOT work") {
		t.Errorf("says\n%s", out)
	}
	c.run(1, "relay", "peek", "orders")
}
