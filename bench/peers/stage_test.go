package peers

import (
	"slices"
	"testing"
	"time"
)

func TestScenariosExist(t *testing.T) {
	for _, n := range scenarioNames {
		if _, err := scenario(n, 1); err != nil {
			t.Error(err)
		}
	}
}

func TestPeersAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Peers() {
		if seen[p.Name] {
			t.Errorf("%s is there twice", p.Name)
		}
		seen[p.Name] = true
		if p.Setting == "" || p.Build == nil {
			t.Errorf("%s does not tell its settings, or cannot be built", p.Name)
		}
	}
}

// The oracle must know what is coming, and in time.
func TestOracleForesees(t *testing.T) {
	type step struct {
		phase  int // the one at whose start it comes
		ahead  time.Duration
		logins int
	}
	const ahead = 250 * time.Millisecond
	for name, want := range map[string][]step{
		"calm":                         {{0, 0, 124}}, // 500 × 2 ms = 1 worker, and 3 σ
		"storm 10x, half the workers":  {{0, 0, 124}, {2, ahead, 60}},
		"storm 10x, half more workers": {{0, 0, 124}, {2, 0, 188}},
		"messages x20 and storm 10x":   {{0, 0, 124}, {2, ahead, 94}, {3, 0, 124}},
	} {
		s, err := scenario(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		var wanted []handSetting
		for _, w := range want {
			wanted = append(wanted, handSetting{s.Phases[w.phase].From - w.ahead, w.logins})
		}
		if got := plan(NewStage(s)); !slices.Equal(got, wanted) {
			t.Errorf("%s: %v, want %v", name, got, wanted)
		}
	}
}

// What is told of the backend must be true: a peer fed with anything else
// would be compared unfairly.
func TestBusy(t *testing.T) {
	s, err := scenario("storm 10x, half the workers", 1)
	if err != nil {
		t.Fatal(err)
	}
	st := NewStage(s)
	b := s.Backend().(*metered)
	if st.Busy() != 0 {
		t.Errorf("an empty backend is busy: %v", st.Busy())
	}
	b.st.inside = 32
	if st.Busy() != 0.25 {
		t.Errorf("32 of 128: %v, want 0.25", st.Busy())
	}
	b.st.inside = 1000
	if st.Busy() != 1 {
		t.Errorf("1000 of 128: %v, want 1", st.Busy())
	}
}
