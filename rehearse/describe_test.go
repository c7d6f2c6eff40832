package rehearse_test

import (
	"slices"
	"testing"
	"time"

	"github.com/daero/daero/rehearse"
)

// TestDescriptions: whatever can be chosen has a name in both languages, and
// can be rehearsed as it is offered.
func TestDescriptions(t *testing.T) {
	arms := rehearse.ArmDescriptions()
	for _, d := range arms {
		if d.Name == "" || d.Title[0] == "" || d.Title[1] == "" {
			t.Errorf("arm %+v", d)
		}
	}
	var names []string
	for _, d := range rehearse.Descriptions() {
		names = append(names, d.Name)
		for _, text := range [][2]string{d.Title, d.What} {
			if text[0] == "" || text[1] == "" {
				t.Errorf("%s: nothing is said in one of the languages: %q", d.Name, text)
			}
		}
		for _, arms := range [][]string{d.Arms, d.Usual} {
			s := rehearse.Settings{Scenario: d.Name, Arms: arms, Duration: time.Duration(d.Lasts * float64(time.Second))}.WithDefaults()
			if err := s.Validate(); err != nil || len(arms) == 0 {
				t.Errorf("%s with %v: %v", d.Name, arms, err)
			}
		}
		for _, arm := range d.Arms {
			if !slices.ContainsFunc(arms, func(a rehearse.Description) bool { return a.Name == arm }) {
				t.Errorf("%s: arm %s is not described", d.Name, arm)
			}
		}
	}
	if !slices.Equal(names, rehearse.Scenarios()) {
		t.Errorf("described are %v", names)
	}
}
