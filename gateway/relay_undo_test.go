package gateway_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/daero/daero/audit"
)

// entry is the newest of a kind in the record, which is written behind what
// happens.
func (c *console) entry(what string) (found audit.Entry) {
	c.t.Helper()
	c.eventually(what, "audit", "--what", what)
	out, _ := c.run(0, "audit", "--what", what, "--output", "json")
	var doc struct {
		Entries []audit.Entry `json:"entries"`
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Entries) == 0 {
		c.t.Fatalf("%v: %s", err, out)
	}
	return doc.Entries[len(doc.Entries)-1]
}

// TestUndoOfADelivery: what was done on the machine is undone by somebody at the
// site, also after a reload, and the other way round: there is one memory of it.
func TestUndoOfADelivery(t *testing.T) {
	s := newTarget(t).start()
	c := newRelay(t, s.addr)
	out, _ := c.run(0, "operator", "add", "kim", "--role", "operator")
	bearer := "Bearer " + strings.TrimSpace(out)
	c.write("k", "before")
	s.await(1)
	c.run(0, "relay", "pause", "billing", "--for", "10m", "--reason", "their deploy")
	c.write("k", "meanwhile")
	paused := c.entry(audit.RelayPaused)
	if paused.Undo.Kind != audit.UndoDeliver || paused.Who != "local" {
		t.Errorf("%+v", paused)
	}
	if err := c.load(relayCaddyfile(c.admin, s.addr, "timeout 5s", "timeout 6s")); err != nil {
		t.Fatal(err)
	}
	c.eventually("paused", "relay")
	r := c.do("POST", fmt.Sprintf("/daero/api/audit/%d/undo", paused.ID), `{"reason":"they are done"}`, "Content-Type", "application/json", "Authorization", bearer)
	if r.StatusCode != 200 {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	s.await(2)
	resumed := c.entry(audit.RelayResumed)
	if resumed.Who != "kim" || resumed.Why != "they are done" || resumed.Undo.Of != paused.Undo.Revision || !resumed.Undo.Until.Equal(paused.Until) {
		t.Errorf("%+v", resumed)
	}
	if out, _ := c.run(0, "undo", fmt.Sprint(resumed.ID), "--reason", "they are not"); !strings.Contains(out, "undone: relay.paused billing") {
		t.Errorf("says %q", out)
	}
	if out := c.eventually("paused", "relay"); !strings.Contains(out, "their deploy") {
		t.Errorf("says\n%s", out)
	}
	c.run(1, "undo", fmt.Sprint(paused.ID), "--reason", "once more")
}
