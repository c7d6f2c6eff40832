package gateway_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/daero/daero/gateway"
	"github.com/daero/daero/rehearse/job"
)

// TestRehearsalsBesideTheGateway: a reload changes nothing, and what the
// rehearsal would refuse is refused before it is started.
func TestRehearsalsBesideTheGateway(t *testing.T) {
	w := newWorld(t, strings.Replace(lanesFile, "lane message {", "lane message { # another one", 1))
	held := gateway.Rehearsals()
	if _, past := held.Jobs(); len(past) != 0 {
		t.Fatalf("held before: %+v", past)
	}
	if err := w.load(lanesFile); err != nil {
		t.Fatal(err)
	}
	if gateway.Rehearsals() != held {
		t.Error("a reload brings another host: what it holds would be nobody's")
	}
	if n := len(held.Scenarios()); n != 5 || len(held.Arms()) != 7 {
		t.Errorf("%d scenarios, arms %+v", n, held.Arms())
	}
	for want, r := range map[string]job.Request{
		`arm "static"`:     {Scenario: "goal", Arms: []string{"static"}},
		"must be 4s":       {Scenario: "goal", Duration: 3e9},
		"is not allowed":   {Scenario: "goal", Target: "http://127.0.0.1:9"},
		`scenario "flood"`: {Scenario: "flood"},
	} {
		_, err := held.Start(r)
		if _, ok := errors.AsType[*job.InvalidError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", r, err, want)
		}
	}
}
