package events_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/events"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestGolden: what readers of the topic rely on.
func TestGolden(t *testing.T) {
	for name, e := range map[string]audit.Entry{
		"level_changed": {
			ID: 17, At: noon, Who: audit.By, What: audit.LevelChanged, Target: "alert", Before: "caution", After: "alert",
			Why: "lanes.pressure 93% ≥ 90% (alert)", Node: "gw-1",
		},
		"pinned": {
			At: noon, Who: "kim", What: audit.LevelPinned, Target: "normal", Before: "alert", After: "normal",
			Why: "false alarm", Until: noon.Add(time.Hour), Node: "gw 2/서울",
		},
		"shadow":  {At: noon, Who: audit.By, What: audit.ActionEntered, Target: "shed login", Before: "0%", After: "40%", Shadow: true, Share: 0.125, Node: "gw-1"},
		"raised":  {At: noon, Who: audit.By, What: audit.FleetRaised, Target: "alert", Before: "attention", After: "alert", Why: "a majority of 7 gateways measures alert", Node: "gw-1"},
		"no_node": {At: noon, Who: "local", What: audit.PlanApplied},
		"relay": events.Entry(relay.Event{
			At: noon, What: relay.HeadOfLine, Target: "billing", Partition: "orders/3", Why: "one message has been with the target for 40s",
		}),
	} {
		t.Run(name, func(t *testing.T) {
			got := show(events.Message(events.Topic, e))
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s\nwant (-update rewrites it)\n%s", got, want)
			}
		})
	}
}

// show writes a message as people read it.
func show(m *relay.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "topic: %s\nkey: %s\n", m.Topic, m.Key)
	for _, h := range m.Headers {
		fmt.Fprintf(&b, "%s: %s\n", h.Name, h.Value)
	}
	var data bytes.Buffer
	if err := json.Indent(&data, m.Value, "", "\t"); err != nil {
		return err.Error()
	}
	return b.String() + "\n" + data.String() + "\n"
}

// TestIdentity: an entry has one id, another entry another; that of a store is
// not part of it.
func TestIdentity(t *testing.T) {
	e := audit.Entry{At: noon, Who: "kim", What: audit.LevelPinned, Why: "drill", Node: "a"}
	id := func(e audit.Entry) string { return header(t, events.Message("t", e), "ce_id") }
	again, later, other := e, e, e
	again.ID = 99
	later.At = noon.Add(1)
	other.Node = "b"
	if id(again) != id(e) || id(later) == id(e) || id(other) == id(e) || len(id(e)) != 32 {
		t.Errorf("%s %s %s %s", id(e), id(again), id(later), id(other))
	}
	if m := events.Message("t", e); m.ID() != id(e) {
		t.Errorf("idempotency key %s, id %s", m.ID(), id(e))
	}
}

// TestNoSecretLeaves: entries should hold none, and if one does it is masked.
func TestNoSecretLeaves(t *testing.T) {
	for text, want := range map[string]string{
		"post https://kim:hunter2@example.com/x?a=1: 500":           "post https://***@example.com/x?a=1: 500",
		"get https://example.com/hook?token=hunter2&b=2: timed out": "get https://example.com/hook?token=***&b=2: timed out",
		"Authorization: Bearer hunter2 was refused":                 "Authorization: Bearer *** was refused",
		"sent bearer hunter2; then":                                 "sent bearer ***; then",
		"api_key=hunter2":                                           "api_key=***",
		"client-secret: hunter2, scope: x":                          "client-secret: ***, scope: x",
		"PASSWORD = hunter2":                                        "PASSWORD = ***",
		"signal tokens 12 ≥ 10":                                     "signal tokens 12 ≥ 10",
		"lanes.pressure 93% ≥ 90% (alert)":                          "lanes.pressure 93% ≥ 90% (alert)",
	} {
		e := audit.Entry{At: noon, Why: text, Target: text, Before: text, After: text, Who: text, Node: text}
		m := events.Message("t", e)
		if all := show(m); strings.Contains(all, "hunter2") {
			t.Errorf("%q left as\n%s", text, all)
		}
		var got audit.Entry
		if err := json.Unmarshal(m.Value, &got); err != nil || got.Why != want {
			t.Errorf("%q became %q, want %q (%v)", text, got.Why, want, err)
		}
	}
}

// FuzzMessage: whatever an entry says, the message is bounded, and JSON and
// UTF-8 throughout.
func FuzzMessage(f *testing.F) {
	f.Add("daero", "level.changed", "alert", "because", "gw", int64(0), 0.5)
	f.Add(strings.Repeat("\x00", 500), "a\nb", "\xff\xfe", strings.Repeat("secret=", 2000), "://a@", int64(math.MaxInt64), math.NaN())
	f.Fuzz(func(t *testing.T, who, what, target, why, node string, at int64, share float64) {
		e := audit.Entry{At: time.Unix(at, 0), Until: time.Unix(at, 1), Who: who, What: what, Target: target, Before: why, After: target, Why: why, Node: node, Share: share}
		m := events.Message(events.Topic, e)
		if m.Size() > 32<<10 {
			t.Fatalf("%d bytes", m.Size())
		}
		if !json.Valid(m.Value) || !utf8.Valid(m.Key) {
			t.Fatalf("%q: %q", m.Key, m.Value)
		}
		for _, h := range m.Headers {
			if !utf8.Valid(h.Value) {
				t.Errorf("%s: %q", h.Name, h.Value)
			}
		}
	})
}
