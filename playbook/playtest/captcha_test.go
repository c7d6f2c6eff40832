package playtest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/playbook/playtest"
)

// asking slows people down while a warning stands, and asks new devices in a
// storm.
func asking() playbook.Config {
	return playbook.Config{
		Lanes: []playbook.Lane{{Backend: "default", Name: "login"}},
		Actions: []playbook.Action{
			{At: level.Attention, Kind: playbook.Work, For: 2 * time.Second, From: 0.5, To: 1},
			{At: level.Serious, Kind: playbook.Work, For: 4 * time.Second, From: 1, To: 1},
			{At: level.Serious, Kind: playbook.Challenge, Lane: "login", NewDevice: true, From: 1, To: 1},
		},
	}
}

func TestChallengeAndWork(t *testing.T) {
	for name, tt := range map[string]struct{ expect, want string }{
		"a warning presses":          {"{at: 6s, action: work, takes: 1s}", ""},
		"by strength":                {"{at: 6s, action: work, strength: 50%}", ""},
		"a storm presses more":       {"{at: 11s, action: work, takes: 3s..4s}", ""},
		"for another time":           {"{at: 11s, action: work, takes: 3s}", "expected  work takes 3s\n      got       in force: work takes 4s"},
		"for a range of others":      {"{at: 11s, action: work, takes: 1s..2s}", "expected  work takes 1s..2s"},
		"challenge has no time":      {"{at: 11s, action: challenge login new-device, takes: 4s}", "got       in force: challenge login new-device at 100%"},
		"new devices are asked":      {"{at: 11s, action: challenge login new-device, strength: 100%}", ""},
		"not by a warning":           {"{at: 6s, not_in_force: challenge login new-device}", ""},
		"everyone is another action": {"{at: 11s, in_force: challenge login}", `no action "challenge login" in the playbook (known: work, challenge login new-device)`},
		"over":                       {"{by: 9m, nothing_in_force: true}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := playtest.Parse("x.yaml", []byte(of("signals: {quake: [{at: 5s, warns: Pohang, for: 3m}], busy: [{at: 10s, value: 99%, hold: 60s}], refused: [{at: 10s, value: 70%, hold: 60s}]}", "expect: ["+tt.expect+"]")))
			if err != nil {
				t.Fatal(err)
			}
			res := playtest.Run(levels(), asking(), f.Tests[0])
			said := res.Diff()
			if tt.want == "" && !res.Passed() || tt.want != "" && !strings.Contains(said, tt.want) {
				t.Errorf("want %q in\n%s\n%s", tt.want, said, res.StoryText())
			}
			if name != "over" {
				return
			}
			for _, want := range []string{"5s  action  work takes 1s", "10s  action  work takes 4s", "challenge login new-device begins at 100%", "action  work is over"} {
				if !strings.Contains(res.StoryText(), want) {
					t.Errorf("no %q in\n%s", want, res.StoryText())
				}
			}
		})
	}
	for _, bad := range []string{"4", "-1s", "2s..1s", "[1s]", "1s..x"} {
		_, err := playtest.Parse("x.yaml", []byte(of("expect: [{at: 1s, action: work, takes: "+bad+"}]")))
		if err == nil || !strings.Contains(err.Error(), "expected how long the work takes, like 2s or 1s..4s") {
			t.Errorf("takes %s: %v", bad, err)
		}
	}
	if _, err := playtest.Parse("x.yaml", []byte(of("expect: [{at: 1s, level: alert, takes: 1s}]"))); err == nil {
		t.Error("takes without an action")
	}
}
