package playtest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/playbook/playtest"
)

func levels() level.Config {
	return level.Config{Signals: []level.Signal{
		{Name: "busy", Unit: level.Percent, At: [4]float64{0.7, 0.8, 0.9, 0.97}},
		{Name: "refused", Unit: level.Percent, At: [4]float64{0.02, 0.1, 0.3, 0.6}},
		{Name: "wait", Unit: level.Seconds, At: [4]float64{0.02, 0.05, 0.15, 0.5}},
		{Name: "quake", Arms: level.Attention},
	}}
}

func rules() playbook.Config {
	background := func(at level.Level, from, to float64) playbook.Action {
		return playbook.Action{At: at, Kind: playbook.Shed, Lane: "login", Who: playbook.Background, From: from, To: to}
	}
	one := func(at level.Level, kind playbook.Kind, target string) playbook.Action {
		return playbook.Action{At: at, Kind: kind, Target: target, Value: "off", From: 1, To: 1}
	}
	return playbook.Config{Actions: []playbook.Action{
		one(level.Attention, playbook.Notify, "ops"),
		background(level.Caution, 0, 0.6),
		background(level.Alert, 0.6, 1),
		{At: level.Alert, Kind: playbook.Slow, Lane: "sync", For: 30 * time.Second, From: 1, To: 1},
		one(level.Alert, playbook.Notify, "ops"),
		{At: level.Serious, Kind: playbook.Shed, Lane: "login", To: 0.5},
		one(level.Serious, playbook.Webhook, "boss"),
		one(level.Serious, playbook.Flag, "comments"),
	}}
}

// earthquake is a test as a user writes it.
const earthquake = `playbook: levels.caddyfile
tests:
  - name: earthquake
    signals:
      refused: [ {at: 0s, value: 0%}, {at: 10s, value: 70%}, {at: 70s, value: 0%} ]
      busy:    [ {at: 0s, value: 40%}, {at: 10s, value: 99%}, {at: 70s, value: 40%} ]
      quake:   [ {at: 5s, warns: "M5.4 Pohang", for: 10m} ]
    expect:
      - {at: 6s, level: attention, why: Pohang, in_force: [notify ops]}
      - {at: 10.2s, level: serious}
      - {at: 11s, action: shed login background, strength: 100%}
      - {by: 4m, level: attention}
      - {at: 5m, level: attention, not_in_force: shed login background}
      - {at: 11m, nothing_in_force: true}
`

// play runs the tests of a file and returns the first's result.
func play(t *testing.T, text string) playtest.Result {
	t.Helper()
	f, err := playtest.Parse("quake_test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return playtest.Run(levels(), rules(), f.Tests[0])
}

// of is a test of these lines, each indented as in a file.
func of(lines ...string) string {
	return "tests:\n  - name: it\n    " + strings.Join(lines, "\n    ") + "\n"
}
