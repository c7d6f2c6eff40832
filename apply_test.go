package daero_test

import (
	"strings"
	"testing"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

func plan(limit int, names ...string) daero.Plan {
	cfg := lane.Config{FixedLimit: limit}
	for _, name := range names {
		cfg.Lanes = append(cfg.Lanes, lane.LaneConfig{Name: name, Tier: lane.Normal, Floor: 0.6})
	}
	return daero.Plan{Backends: map[string]lane.Config{"default": cfg}}
}

func limitOf(d *daero.Daero) int { return d.Snapshot().Backends["default"].Limit }

func TestApplyAndUndo(t *testing.T) {
	var told []string
	d, err := daero.New(daero.Config{Listener: daero.Tee(daero.Listener{}, daero.Listener{
		PlanApplied:   func(daero.Plan) { told = append(told, "applied") },
		PlanWithdrawn: func(daero.Plan) { told = append(told, "withdrawn") },
	})})
	if err != nil {
		t.Fatal(err)
	}
	undoFirst, err := d.Apply(plan(10, "a"))
	if err != nil {
		t.Fatal(err)
	}
	a := d.Lane("default", "a")
	undoSecond, err := d.Apply(plan(20, "b"))
	if err != nil {
		t.Fatal(err)
	}
	if limitOf(d) != 20 || d.Lane("default", "a") != a {
		t.Errorf("limit %d; lane a of the plan below must stand", limitOf(d))
	}
	// As a reload does: the older plan goes, the newer stays.
	undoFirst()
	undoFirst()
	if limitOf(d) != 20 || laneOf(d, "a").Name != "" || laneOf(d, "b").Name != "b" {
		t.Errorf("%+v", d.Snapshot())
	}
	if _, err := a.Enter(t.Context(), lane.Request{}); err == nil {
		t.Error("a lane that nobody names lets requests in")
	}
	// As a failed reload does: the newer plan goes, the older is in force.
	if _, err := d.Apply(plan(30, "b", "rest")); err == nil {
		t.Fatal("floors of 120% accepted")
	}
	undoThird, err := d.Apply(plan(30, "b"))
	if err != nil || limitOf(d) != 30 {
		t.Fatalf("limit %d, %v", limitOf(d), err)
	}
	if undoThird(); limitOf(d) != 20 {
		t.Errorf("limit %d after undo", limitOf(d))
	}
	undoSecond()
	if len(d.Snapshot().Backends) != 0 {
		t.Errorf("%+v", d.Snapshot())
	}
	if got := strings.Join(told, " "); got != "applied applied withdrawn applied withdrawn withdrawn" {
		t.Errorf("listener was told %s", got)
	}
}

func TestRefusedPlanChangesNothing(t *testing.T) {
	d := newDaero(t, lanesOf(7))
	bad := plan(50, "a", "b")
	bad.Backends["default"].Lanes[0].Tier = 0
	bad.Secrets = [][]byte{[]byte("short")}
	_, err := d.Apply(bad)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"backend default", "floors add up to 120%", "lane a: no tier", "secret 1 has 5 bytes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if limitOf(d) != 7 || laneOf(d, "a").Name != "" {
		t.Errorf("%+v", d.Snapshot())
	}
}

func TestLearnedIsRestored(t *testing.T) {
	d := newDaero(t, lane.Config{InitialLimit: 33, Lanes: lanesOf(0).Lanes})
	learned := d.Learned()
	if learned["default"].Limit != 33 {
		t.Fatalf("learned %+v", learned)
	}
	again, err := daero.New(daero.Config{Plan: daero.Plan{
		Backends: map[string]lane.Config{"default": {Lanes: lanesOf(0).Lanes}}, Learned: learned,
	}})
	if err != nil || limitOf(again) != 33 {
		t.Errorf("limit %d, %v", limitOf(again), err)
	}
}
