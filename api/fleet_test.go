package api_test

import (
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/relay/fleetlog"
)

// TestFleetBesideTheLevel: what the other gateways say, and whether this one
// follows; nothing where there is no fleet.
func TestFleetBesideTheLevel(t *testing.T) {
	w := newWorld(t)
	if doc := w.get("/daero/api/level"); doc["fleet"] != nil {
		t.Errorf("without a fleet: %v", doc["fleet"])
	}
	st := fleetlog.State{State: fleet.State{Raised: level.Caution, Majority: 2.5, Heard: 2, Silent: 1, Differ: 1, Members: []fleet.MemberState{
		{Reading: fleet.Reading{Node: "gw-2", Acting: level.Alert, Weight: 120}, Age: 1500 * time.Millisecond, Fresh: true, Behind: -time.Second},
	}}}
	w = newWorld(t, func(c *api.Config) { c.Fleet = func(time.Time) (fleetlog.State, bool) { return st, true } })
	got := w.get("/daero/api/level")["fleet"].(map[string]any)
	if got["raises"] != true || got["raised"] != "caution" || got["own"] != "normal" || got["alone"] != false || got["heard"] != 2.0 || got["silent"] != 1.0 {
		t.Errorf("%v", got)
	}
	m := got["members"].([]any)[0].(map[string]any)
	if m["node"] != "gw-2" || m["acting"] != "alert" || m["age_seconds"] != 1.5 || m["behind_seconds"] != -1.0 || m["heard"] != true {
		t.Errorf("%v", m)
	}
	st.Heard = 0
	if got := w.get("/daero/api/level")["fleet"].(map[string]any); got["alone"] != true {
		t.Errorf("nobody is heard: %v", got)
	}
	if err := w.daero.Control().Pin(w.clock(), level.Pin{Level: level.Normal, Until: w.clock().Add(time.Hour), By: "kim", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	w.step(time.Second)
	if got := w.get("/daero/api/level")["fleet"].(map[string]any); got["raises"] != false {
		t.Errorf("pinned by a person: %v", got)
	}
}
