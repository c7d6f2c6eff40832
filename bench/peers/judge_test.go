package peers

import (
	"math"
	"slices"
	"testing"

	"github.com/daero/daero/rehearse/virtual"
)

// Who answers few messages must not look fast: the few were.
func TestUnansweredHaveNoP99(t *testing.T) {
	s, err := scenario("storm 10x", 1)
	if err != nil {
		t.Fatal(err)
	}
	rep := make([]virtual.PhaseReport, len(s.Phases))
	for i := range rep {
		rep[i] = virtual.PhaseReport{MessageOK: 1, Messages: 1000, SteadyP99: 0.004, OfCapacity: math.NaN()}
	}
	if c := newCell("", "", rep, s, 1, 0.004); c.P99 == nil || *c.P99 != 1 || c.OK != 1 {
		t.Errorf("all answered: %+v", c)
	}
	rep[2].MessageOK = 0.5
	if c := newCell("", "", rep, s, 1, 0.004); c.P99 != nil || c.Bars()[1] || c.OK != 0.875 {
		t.Errorf("half of a phase unanswered: %+v", c)
	}
}

func TestMedian(t *testing.T) {
	cell := func(ok, p99 float64) Cell { return Cell{OK: ok, P99: finite(p99)} }
	got := median([]Cell{cell(0.3, 2), cell(0.1, math.Inf(1)), cell(0.2, 1)})
	if got.OK != 0.2 || got.P99 == nil || *got.P99 != 2 || got.Logins != nil {
		t.Errorf("%+v", got)
	}
	if got := median([]Cell{cell(1, math.Inf(1)), cell(1, math.Inf(1)), cell(1, 1)}); got.P99 != nil {
		t.Errorf("no p99 in two of three: %v", *got.P99)
	}
}

func TestPercentDoesNotRoundUp(t *testing.T) {
	for x, want := range map[float64]string{0.99996: "99.99 %", 1: "100.00 %", 0.07: "7.00 %", 0.9999: "99.99 %"} {
		if got := percent(x, 2); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}

// A peer that is faster at the price of a bar does not beat anyone.
func TestBeats(t *testing.T) {
	one, better := 1.2, 1.0
	ours := Cell{OK: 1, P99: &one, Degraded: 0.5, Allowed: 1}
	theirs := Cell{OK: 1, P99: &better, Degraded: 0.5, Allowed: 1}
	if got := beats(theirs, ours); !slices.Equal(got, []string{"p99 1.00 × against 1.20 ×"}) {
		t.Errorf("%q", got)
	}
	theirs.OK = 0.5
	if got := beats(theirs, ours); got != nil {
		t.Errorf("half the messages lost: %q", got)
	}
}

func TestBeatsLive(t *testing.T) {
	one, near := 1.5, 1.4
	ours := LiveCell{P99: &one, Degraded: 0.5, Logins: 0.5}
	if got := beatsLive(LiveCell{P99: &near, Degraded: 0.4, Logins: 0.52}, ours); got != nil {
		t.Errorf("within the noise: %q", got)
	}
	want := []string{"degraded 0.1 s against 0.5", "logins 90.0 % against 50.0 %"}
	if got := beatsLive(LiveCell{Degraded: 0.1, Logins: 0.9}, ours); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
