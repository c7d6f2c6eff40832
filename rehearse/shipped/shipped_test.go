package shipped_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/rehearse/shipped"
)

func TestResponseIsAccepted(t *testing.T) {
	d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{daero.DefaultBackend: {Lanes: shipped.Lanes()}}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := shipped.Response(d.Control())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range shipped.Lanes() {
		r.Playbook.Lanes = append(r.Playbook.Lanes, playbook.Lane{Backend: daero.DefaultBackend, Name: l.Name, Critical: l.Tier == lane.Critical})
	}
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
}

// The text must name what the value has. That both mean the same is tested
// where the text can be read.
func TestTextNamesTheSame(t *testing.T) {
	d, err := daero.New(daero.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := shipped.Response(d.Control())
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(shipped.Caddyfile), " ")
	for _, s := range r.Signals {
		line := "signal " + s.Name + " "
		var at []string
		for _, v := range s.At {
			at = append(at, s.Show(v))
		}
		if !strings.Contains(words, line) || !strings.Contains(words, strings.Join(at, " ")) {
			t.Errorf("the text has no %q with %v", line, at)
		}
	}
	if got, want := strings.Count(words, "slow ")+strings.Count(words, "ceiling ")+strings.Count(words, "shed "), len(shipped.Actions()); got != want {
		t.Errorf("the text has %d actions, the value %d", got, want)
	}
	for _, a := range shipped.Actions() {
		if !strings.Contains(words, "at "+a.At.String()+" {") || !strings.Contains(words, a.Slot()+" ") {
			t.Errorf("the text has no %q at %s", a.Slot(), a.At)
		}
		if a.Kind == playbook.Shed && !strings.Contains(words, fmt.Sprintf("%s %.0f..%.0f%%", a.Slot(), a.From*100, a.To*100)) {
			t.Errorf("the text has another range for %s", a.Slot())
		}
	}
}
