package rehearse_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/against"
	"github.com/daero/daero/surge"
)

// TestLoad: what is said to be sent is what is sent, and against a target its
// busiest second leaves room for who tries again.
func TestLoad(t *testing.T) {
	for _, scenario := range rehearse.Scenarios() {
		sample := rehearse.Settings{Scenario: scenario, Arms: []string{rehearse.ArmNone}}
		whole := sample.Load()
		drawn := 0
		for i, src := range sample.WithDefaults().Plan(rehearse.ArmNone).Sources {
			arrivals := surge.NewArrivals(src.Curve, 0, rand.New(rand.NewPCG(1, uint64(i))))
			for at, ok := arrivals.Next(); ok && at < 17*time.Second; at, ok = arrivals.Next() {
				drawn++
			}
		}
		cut := map[string]float64{rehearse.NewYear: 1000, rehearse.Recovery: 340 + 1000}[scenario]
		if got := float64(drawn) + cut; whole.Planned < 0.97*got || whole.Planned > 1.03*got || whole.Peak < whole.Planned/17 || whole.Scaled != 1 {
			t.Errorf("%s: %+v, drawn were %.0f", scenario, whole, got)
		}
		service := against.Service{Name: "staging", URL: "https://staging.example.com", Most: 100}.WithDefaults()
		aimed := rehearse.Settings{Scenario: scenario, Target: &service}
		load := aimed.Load()
		if load.Peak > 80.001 || load.Peak < 60 || load.Scaled <= 0 || load.Scaled >= 0.5 || load.Most != 100 {
			t.Errorf("%s: %+v", scenario, load)
		}
		if err := aimed.WithDefaults().Validate(); err != nil || aimed.WithDefaults().Duration != time.Minute {
			t.Errorf("%s: %v", scenario, err)
		}
		aimed.Target.Most = 20_000 // more than the scenario has
		if load := aimed.Load(); load.Scaled != 1 {
			t.Errorf("%s: %+v", scenario, load)
		}
	}
}

func TestTargetHasOneArm(t *testing.T) {
	service := against.Service{Name: "staging", URL: "https://staging.example.com", Most: 7}.WithDefaults()
	if again := (rehearse.Settings{Target: &service, Repeats: 3}).WithDefaults().Repeats; again != 0 {
		t.Errorf("stormed %d times more where the machine is noisy", again)
	}
	s := rehearse.Settings{Target: &service, Arms: []string{rehearse.ArmNone}}.WithDefaults()
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "use target") || !strings.Contains(err.Error(), "most 7") {
		t.Errorf("%v", err)
	}
	if err := (rehearse.Settings{Arms: []string{rehearse.ArmTarget}}).WithDefaults().Validate(); err == nil {
		t.Error("the sample is somebody else's")
	}
}
