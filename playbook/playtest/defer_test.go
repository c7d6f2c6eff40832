package playtest_test

import (
	"strings"
	"testing"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/playbook/playtest"
)

// deferring keeps the logins of a storm and delivers them slowly.
func deferring() playbook.Config {
	drain := func(at level.Level, lane, topic string, rate float64) playbook.Action {
		return playbook.Action{At: at, Kind: playbook.Drain, Lane: lane, Target: topic, Rate: rate, From: 1, To: 1}
	}
	return playbook.Config{
		Lanes:  []playbook.Lane{{Backend: "default", Name: "login", Defers: true}},
		Topics: []string{"orders"},
		Actions: []playbook.Action{
			drain(level.Caution, "", "orders", 100),
			{At: level.Alert, Kind: playbook.Defer, Lane: "login", From: 0.5, To: 1},
			drain(level.Alert, "login", "", 20),
			drain(level.Serious, "login", "", 50), // faster than the row below: that one counts
			drain(level.Serious, "", "orders", 0),
		},
	}
}

func TestDeferAndDrain(t *testing.T) {
	for name, tt := range map[string]struct{ expect, want string }{
		"deferred and drained": {"{at: 11s, action: defer login, strength: 100%}", ""},
		"at the slowest rate":  {"{at: 11s, action: drain login, rate: 20/s}", ""},
		"a topic stops":        {"{at: 11s, action: drain topic orders, rate: 0/s}", ""},
		"at another rate":      {"{at: 11s, action: drain login, rate: 50/s}", "expected  drain login at 50/s\n      got       in force: drain login at 20/s"},
		"not a topic yet":      {"{at: 9s, action: drain topic orders, rate: 100/s}", "got       nothing in force"},
		"over":                 {"{by: 9m, nothing_in_force: true}", ""},
		"the drain ends at once, the deferral by ramp": {"{at: 2m15s, in_force: defer login, not_in_force: drain login}", ""},
		"of no topic": {"{at: 11s, in_force: drain topic order}", `no action "drain topic order" in the playbook: did you mean "drain topic orders"?`},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := playtest.Parse("x.yaml", []byte(of("signals: {busy: [{at: 10s, value: 99%, hold: 60s}], refused: [{at: 10s, value: 70%, hold: 60s}]}", "expect: ["+tt.expect+"]")))
			if err != nil {
				t.Fatal(err)
			}
			res := playtest.Run(levels(), deferring(), f.Tests[0])
			said := res.Diff()
			if tt.want == "" && !res.Passed() || tt.want != "" && !strings.Contains(said, tt.want) {
				t.Errorf("want %q in\n%s\n%s", tt.want, said, res.StoryText())
			}
		})
	}
}

func TestStoryOfDrains(t *testing.T) {
	f, err := playtest.Parse("x.yaml", []byte(of("signals: {busy: [{at: 5s, value: 82%}, {at: 20s, value: 99%, hold: 20s}], refused: [{at: 20s, value: 70%, hold: 20s}]}", "expect: [{at: 10m, level: caution}]")))
	if err != nil {
		t.Fatal(err)
	}
	res := playtest.Run(levels(), deferring(), f.Tests[0])
	for _, want := range []string{
		"drain topic orders begins at 100/s", "drain topic orders changes to 0/s", "drain topic orders changes to 100/s",
		"drain login begins at 20/s", "drain login is over", "defer login begins at",
	} {
		if !strings.Contains(res.StoryText(), want) {
			t.Errorf("no %q in\n%s", want, res.StoryText())
		}
	}
}
