package daero_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// BenchmarkControlStep is one step of the loop with 4 backends of 8 lanes, 20
// signals and 20 actions: what happens ten times a second.
func BenchmarkControlStep(b *testing.B) {
	plan := daero.Plan{Backends: map[string]lane.Config{}}
	var r daero.Response
	for i := range 4 {
		var cfg lane.Config
		for k := range 8 {
			name := fmt.Sprintf("lane%d", k)
			cfg.Lanes = append(cfg.Lanes, lane.LaneConfig{Name: name, Tier: lane.Normal})
			if len(r.Playbook.Actions) < 20 {
				r.Playbook.Actions = append(r.Playbook.Actions, playbook.Action{
					At: level.Caution, Kind: playbook.Shed, Backend: fmt.Sprint("b", i), Lane: name, To: 0.5,
				})
			}
		}
		plan.Backends[fmt.Sprint("b", i)] = cfg
	}
	d, err := daero.New(daero.Config{Plan: plan})
	if err != nil {
		b.Fatal(err)
	}
	names := daero.LaneSignalNames()
	for i := range 20 {
		source, unit, err := d.Control().LaneSignal(names[i%len(names)], "")
		if err != nil {
			b.Fatal(err)
		}
		r.Signals = append(r.Signals, daero.Signal{
			Signal: level.Signal{Name: fmt.Sprint("s", i), Unit: unit, At: [4]float64{1, 2, 3, 4}}, Source: source,
		})
	}
	undo, _, err := d.Control().Load(r)
	if err != nil {
		b.Fatal(err)
	}
	defer undo()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(level.Interval)
		d.Control().Step(now)
	}
}
