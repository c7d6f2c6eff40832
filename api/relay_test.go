package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
)

// deliveries stand for a relay that runs one delivery.
type deliveries struct {
	mu     sync.Mutex
	paused *relay.Pause
}

func (d *deliveries) Snapshot(now time.Time) relay.Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	return relay.Snapshot{
		At:     now,
		Topics: []relay.TopicSnapshot{{Topic: "orders", Accepted: 5, Invalid: 1}},
		Deliveries: []relay.DeliverySnapshot{{
			Name: "billing", Group: "daero.billing", Paused: d.paused, Circuit: "open", Delivered: 3, DeadLettered: 2,
			Partitions: []relay.PartitionSnapshot{
				{Partition: relay.Partition{Topic: "orders"}, Finished: 3, End: 10, Oldest: now.Add(-time.Minute)},
				{Partition: relay.Partition{Topic: "orders", ID: 1}, Finished: 3, End: 4, Oldest: now.Add(-time.Hour)},
			},
		}},
		Spool: &relay.SpoolSnapshot{Depth: 7, Bytes: 100, MaxBytes: 1000, Poisoned: "input/output error"},
	}
}

func (d *deliveries) Pause(_ string, p relay.Pause) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paused = &p
	return nil
}

func (d *deliveries) Resume(string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.paused != nil
	d.paused = nil
	return was, nil
}

const secretText = "card 4111-1111"

// relayWorld has a relay with two dead letters and ten messages.
func relayWorld(t *testing.T, change func(*api.Relay)) *world {
	t.Helper()
	log := memlog.New(memlog.Config{Retention: time.Hour})
	t.Cleanup(log.Close)
	log.Topic("orders", 2)
	log.Topic("billing.dead", 1)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 10 {
		log.Put(relay.Message{
			Topic: "orders", Partition: int32(i % 2), Pin: true, Key: fmt.Appendf(nil, "customer-%d", i%3), Value: []byte(secretText), Time: now.Add(time.Duration(i) * time.Second),
			Headers: []relay.Header{{Name: "x-card", Value: []byte(secretText)}, {Name: relay.HeaderWriter, Value: []byte("shop")}},
		})
	}
	for i, why := range []string{"422 no such customer", "500 boom"} {
		log.Put(relay.Message{Topic: "billing.dead", Pin: true, Key: fmt.Appendf(nil, "customer-%d", i), Value: []byte{0xff, 0xfe}, Headers: []relay.Header{{Name: relay.DeadLastError, Value: []byte(why)}}, Time: now})
	}
	r := &api.Relay{
		Deliveries: &deliveries{},
		State:      func() (bool, error) { return false, errors.New("the log is away") },
		Log:        func() api.RelayLogDoc { return api.RelayLogDoc{Kind: "embedded", Bytes: 1, MaxBytes: 2} },
		Reader:     func() (relay.Reader, error) { return log.Node("api"), nil },
		Targets:    []api.RelayTarget{{Name: "billing", Group: "daero.billing", Topics: []string{"orders"}, DeadLetters: "billing.dead"}, {Name: "mail", Group: "daero.mail", Topics: []string{"orders"}}},
	}
	if change != nil {
		change(r)
	}
	return newWorld(t, func(c *api.Config) { c.Relay = func() *api.Relay { return r } })
}

func TestRelayStatus(t *testing.T) {
	doc := relayWorld(t, nil).get("/daero/api/relay")
	if doc["up"] != false || doc["error"] != "the log is away" {
		t.Errorf("state %v", doc)
	}
	all := doc["deliveries"].([]any)
	billing, mail := all[0].(map[string]any), all[1].(map[string]any)
	if billing["lag"] != 8.0 || billing["oldest_seconds"] != 3600.0 || billing["circuit"] != "open" || billing["running"] != true {
		t.Errorf("billing %v", billing)
	}
	if mail["running"] != false || mail["name"] != "mail" {
		t.Errorf("mail %v", mail)
	}
	if spool := doc["spool"].(map[string]any); spool["poisoned"] != "input/output error" || spool["depth"] != 7.0 {
		t.Errorf("spool %v", spool)
	}
}

// TestNoRelay says so, at each address.
func TestNoRelay(t *testing.T) {
	w := newWorld(t)
	for _, rt := range api.Routes() {
		if !strings.Contains(rt.Path, "/relay") {
			continue
		}
		r := w.do(store.Acting, rt.Method, strings.ReplaceAll(rt.Path, "{name}", "billing"), `{}`)
		if r.Code != 404 || !strings.Contains(r.Body.String(), "no relay is configured: add a relay block") {
			t.Errorf("%s %s: %d %s", rt.Method, rt.Path, r.Code, r.Body)
		}
	}
}

func TestRelayLag(t *testing.T) {
	doc := relayWorld(t, nil).get("/daero/api/relay/lag")
	billing := doc["deliveries"].([]any)[0].(map[string]any)
	if billing["lag"] != 10.0 || billing["dead_letters"] != 2.0 {
		t.Errorf("billing %v", billing)
	}
	first := billing["partitions"].([]any)[0].(map[string]any)
	if first["place"] != -1.0 || first["next"] != 5.0 || first["retention_seconds"] != 3600.0 {
		t.Errorf("partition %v", first)
	}
}

func TestPauseAndResumeDelivery(t *testing.T) {
	w := relayWorld(t, nil)
	const path = "/daero/api/relay/deliveries/billing/"
	w.expect(w.do(store.Viewer, "POST", path+"pause", `{"for":"30m","reason":"x"}`), 403)
	w.expect(w.do(store.Acting, "POST", path+"pause", `{"reason":"x"}`), 400)
	w.expect(w.do(store.Acting, "POST", path+"pause", `{"for":"30m"}`), 400)
	w.expect(w.do(store.Acting, "POST", path+"pause", `{"for":"999h","reason":"x"}`), 422)
	if p := w.expect(w.do(store.Acting, "POST", strings.Replace(path, "billing", "biling", 1)+"pause", `{"for":"30m","reason":"x"}`), 404); !strings.Contains(p["detail"].(string), "billing, mail") {
		t.Errorf("%v", p)
	}
	w.expect(w.do(store.Acting, "POST", path+"resume", `{"reason":"x"}`), 409)
	w.expect(w.do(store.Acting, "POST", path+"pause", `{"for":"30m","reason":"their deploy"}`), 200)
	paused := w.get("/daero/api/relay")["deliveries"].([]any)[0].(map[string]any)["paused"].(map[string]any)
	if paused["by"] != "the-operator" || paused["reason"] != "their deploy" {
		t.Errorf("paused %v", paused)
	}
	w.expect(w.do(store.Acting, "POST", path+"resume", `{"reason":"done"}`), 200)
	for what, why := range map[string]string{audit.RelayPaused: "their deploy", audit.RelayResumed: "done"} {
		if all := w.entries(what); len(all) != 1 || all[0].Target != "billing" || all[0].Who != "the-operator" || all[0].Why != why {
			t.Errorf("%s: %+v", what, all)
		}
	}
}

// TestPeekMasks: a viewer sees where messages stand and whether their keys are
// the same, and nothing of what is in them; who sees more is recorded.
func TestPeekMasks(t *testing.T) {
	w := relayWorld(t, nil)
	r := w.do(store.Viewer, "GET", "/daero/api/relay/peek?topic=orders", "")
	doc := w.expect(r, 200)
	if strings.Contains(r.Body.String(), "4111") || strings.Contains(r.Body.String(), "customer") {
		t.Errorf("contents are shown: %s", r.Body)
	}
	all := doc["messages"].([]any)
	first, fourth := all[0].(map[string]any), all[3].(map[string]any)
	if len(all) != 10 || doc["masked"] != true || first["key"] != fourth["key"] || first["value_bytes"] != float64(len(secretText)) {
		t.Errorf("%v", doc)
	}
	headers := fmt.Sprint(first["headers"])
	if !strings.Contains(headers, "value:shop") || !strings.Contains(headers, "x-card") {
		t.Errorf("headers %s", headers)
	}
	w.expect(w.do(store.Viewer, "GET", "/daero/api/relay/peek?topic=orders&show=true&reason=x", ""), 403)
	w.expect(w.do(store.Acting, "GET", "/daero/api/relay/peek?topic=orders&show=true", ""), 400)
	if all := w.entries(audit.RelayPeeked); len(all) != 0 {
		t.Errorf("recorded what was not shown: %+v", all)
	}
	shown := w.do(store.Acting, "GET", "/daero/api/relay/peek?topic=orders&key=customer-1&show=true&reason=ticket+7", "")
	if !strings.Contains(shown.Body.String(), secretText) {
		t.Errorf("%s", shown.Body)
	}
	if all := w.entries(audit.RelayPeeked); len(all) != 1 || all[0].Why != "ticket 7" || strings.Contains(fmt.Sprint(all), "customer") {
		t.Errorf("recorded %+v", all)
	}
}

func TestPeekFilters(t *testing.T) {
	w := relayWorld(t, nil)
	for name, tt := range map[string]struct {
		query string
		want  int
		whole bool
	}{
		"the newest":       {"topic=orders&limit=3", 3, true},
		"a partition":      {"topic=orders&partition=1", 5, true},
		"from an offset":   {"topic=orders&partition=1&from=3", 2, true},
		"up to an offset":  {"topic=orders&partition=1&to=3", 3, true},
		"between":          {"topic=orders&partition=1&from=1&to=3", 2, true},
		"since":            {"topic=orders&since=2199-01-01T00:00:00Z", 0, true},
		"until":            {"topic=orders&until=1971-01-01T00:00:00Z", 0, true},
		"a key":            {"topic=orders&key=customer-0", 4, true},
		"an error":         {"topic=billing.dead&error=no+such", 1, true},
		"nothing fits":     {"topic=billing.dead&error=never", 0, true},
		"more than wanted": {"topic=orders&partition=0&from=0&limit=2", 2, false},
	} {
		doc := w.get("/daero/api/relay/peek?" + tt.query)
		if n := len(doc["messages"].([]any)); n != tt.want || doc["whole"] != tt.whole {
			t.Errorf("%s: %d messages, want %d, whole %v", name, n, tt.want, doc["whole"])
		}
	}
	for _, query := range []string{
		"", "topic=orders&topic=x", "topic=orders&from=1", "topic=orders&partition=x", "topic=orders&partition=-1", "topic=orders&partition=0&from=3&to=3",
		"topic=orders&limit=0", "topic=orders&limit=1001", "topic=orders&since=yesterday", "topic=orders&show=perhaps", "topic=orders&colour=red",
		"topic=orders&since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "topic=orders&key=" + strings.Repeat("k", 2000),
	} {
		w.expect(w.do(store.Viewer, "GET", "/daero/api/relay/peek?"+query, ""), 400)
	}
	w.expect(w.do(store.Viewer, "GET", "/daero/api/relay/peek?topic=nothing", ""), 404)
}

// TestRedrive passes on what is meant, tells how far it is, and is recorded with
// its outcome.
func TestRedrive(t *testing.T) {
	var got relay.RedriveRequest
	fails := error(nil)
	w := relayWorld(t, func(r *api.Relay) {
		r.Redrive = func(_ context.Context, req relay.RedriveRequest, progress func(done, matched int)) (relay.RedriveResult, error) {
			got = req
			progress(1, 2)
			return relay.RedriveResult{Matched: 2, Done: 1}, fails
		}
	})
	const path = "/daero/api/relay/redrive"
	w.expect(w.do(store.Viewer, "POST", path, `{"delivery":"billing","dry_run":true}`), 403)
	w.expect(w.do(store.Acting, "POST", path, `{"delivery":"nobody","dry_run":true}`), 404)
	w.expect(w.do(store.Acting, "POST", path, `{"delivery":"billing"}`), 400)
	w.expect(w.do(store.Acting, "POST", path, `{"delivery":"billing","rate":-1,"dry_run":true}`), 400)
	w.expect(w.do(store.Acting, "POST", path, `{"delivery":"billing","dry_run":true}`), 200)
	if all := w.entries("relay.*"); len(all) != 0 {
		t.Errorf("a dry run is recorded: %+v", all)
	}
	r := w.do(store.Acting, "POST", path, `{"delivery":"billing","error":"boom","limit":5,"rate":10,"reason":"fixed"}`, "Accept", "application/x-ndjson")
	lines := strings.Split(strings.TrimSpace(r.Body.String()), "\n")
	var last api.RedriveDoc
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || len(lines) != 2 || !last.Done || last.Redriven != 1 {
		t.Errorf("%v: %s", err, r.Body)
	}
	if got.Max != 5 || got.Rate != 10 || got.Delivery != "billing" || got.Error != "boom" || got.DryRun {
		t.Errorf("ordered %+v", got)
	}
	if all := w.entries(audit.RelayRedriven); len(all) != 1 || all[0].After != "1 of 2" || all[0].Why != "fixed" {
		t.Errorf("recorded %+v", all)
	}
	fails = api.ErrRedriving
	w.expect(w.do(store.Acting, "POST", path, `{"delivery":"billing","reason":"fixed"}`), 409)
	fails = relay.ErrAway
	if r := w.do(store.Acting, "POST", path, `{"delivery":"billing","reason":"fixed"}`); r.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	r = w.do(store.Acting, "POST", path, `{"delivery":"billing","reason":"fixed"}`, "Accept", "application/x-ndjson")
	if !strings.Contains(r.Body.String(), `"error":"the log is away"`) || strings.Contains(r.Body.String(), `"done":true`) {
		t.Errorf("%s", r.Body)
	}
}
