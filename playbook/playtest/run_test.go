package playtest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/playbook/playtest"
)

func TestEarthquake(t *testing.T) {
	begin := time.Now()
	res := play(t, earthquake)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("eleven virtual minutes took %s", took)
	}
	if !res.Passed() {
		t.Errorf("\n%s", res.Diff())
	}
	if res.Lasted != 11*time.Minute || res.Name != "earthquake" || res.Where != "quake_test.yaml:3" {
		t.Errorf("%+v", res)
	}
	for _, want := range []string{
		"5s  level   normal → attention: quake warns: M5.4 Pohang",
		"5s  action  notify ops at attention begins",
		"10s  level   attention → serious: busy 99% ≥ 97% (serious); refused 70% ≥ 60% (serious)",
		"10s  action  shed login background begins at 100%",
		"shed login background is over",
		"10m5s  action  notify ops at attention is over",
	} {
		if !strings.Contains(res.StoryText(), want) {
			t.Errorf("no %q in\n%s", want, res.StoryText())
		}
	}
}

// TestEveryExpectation: each kind of expectation holds where it should and
// fails, with words, where it should not.
func TestEveryExpectation(t *testing.T) {
	storm := "signals: {busy: [{at: 10s, value: 95%, hold: 60s}], quake: [{at: 5s, warns: Pohang, for: 3m}]}"
	for name, tt := range map[string]struct {
		expect string
		want   string // in the diff, "" passes
	}{
		"level":                  {"{at: 11s, level: alert}", ""},
		"by number":              {"{at: 11s, level: 3}", ""},
		"in Korean":              {"{at: 11s, level: 경계, why: 기준}", ""},
		"another level":          {"{at: 11s, level: serious}", "expected  level serious\n      got       level alert since: busy 95% ≥ 90% (alert)"},
		"a range of levels":      {"{at: 11s, level: caution..serious}", ""},
		"outside the range":      {"{at: 1s, level: caution..serious}", "expected  level caution..serious\n      got       level normal"},
		"why":                    {"{at: 11s, why: BUSY 95%}", ""},
		"another why":            {"{at: 11s, why: wait}", "expected  a reason with \"wait\""},
		"during":                 {"{from: 11s, to: 70s, level: alert}", ""},
		"not during all of it":   {"{from: 9s, to: 70s, level: alert}", "from 9s to 1m10s\n      expected  level alert\n      got       level attention"},
		"until the end":          {"{from: 11s, level: attention..alert}", ""},
		"by":                     {"{by: 3m, level: attention}", ""},
		"not by then":            {"{by: 9s, level: alert}", "by 9s\n      expected  level alert"},
		"never":                  {"{never: serious}", ""},
		"never in a span":        {"{from: 0s, to: 9s, never: alert}", ""},
		"not never":              {"{never: alert}", "never\n      expected  not level alert\n      got       level alert"},
		"in force":               {"{at: 11s, in_force: [notify ops, slow sync, shed login background]}", ""},
		"a row's":                {"{at: 11s, in_force: notify ops at alert}", ""},
		"not in force":           {"{at: 11s, in_force: shed login}", "expected  shed login in force\n      got       in force: notify ops at attention, shed login background at 89%, slow sync"},
		"should not be":          {"{at: 11s, not_in_force: slow sync}", "expected  slow sync not in force\n      got       in force: slow sync"},
		"strength":               {"{at: 11s, action: shed login background, strength: 80..90%}", ""},
		"another strength":       {"{at: 11s, action: shed login background, strength: 60%}", "expected  shed login background at 60%\n      got       in force: shed login background at 89%"},
		"shadow":                 {"{at: 11s, action: slow sync, shadow: true}", "expected  slow sync in shadow in force"},
		"nothing":                {"{at: 1s, nothing_in_force: true}", ""},
		"something":              {"{at: 6s, nothing_in_force: true}", "expected  nothing in force\n      got       in force: notify ops at attention"},
		"told":                   {"{at: 5s, told: ops}", ""},
		"told by kind":           {"{at: 5s, told: notify ops}", ""},
		"told of a row":          {"{at: 10s, told: notify ops at alert}", ""},
		"not told then":          {"{at: 20s, told: ops}", "between 19s and 21s\n      expected  ops told\n      got       nobody told"},
		"told within":            {"{at: 20s, within: 11s, told: ops}", ""},
		"told by":                {"{by: 30s, told: [ops]}", ""},
		"told that it is over":   {"{from: 1m, to: 10m, told_over: ops}", ""},
		"nobody told":            {"{never_told: boss}", ""},
		"somebody told":          {"{never_told: ops}", "expected  not ops told"},
		"several things at once": {"{at: 11s, level: serious, nothing_in_force: true}", "expected  level serious; nothing in force"},
	} {
		t.Run(name, func(t *testing.T) {
			res := play(t, of(storm, "expect: ["+tt.expect+"]"))
			switch {
			case res.Err != nil:
				t.Error(res.Err)
			case tt.want == "" && !res.Passed():
				t.Errorf("\n%s", res.Diff())
			case tt.want != "" && (res.Passed() || !strings.Contains(res.Diff(), tt.want)):
				t.Errorf("no\n%s\nin\n%s", tt.want, res.Diff())
			}
		})
	}
}

func TestByFollowsWhatIsExpectedBefore(t *testing.T) {
	storm := "signals: {busy: [{at: 10s, value: 95%, hold: 10s}]}"
	// Normal it is at the start as well: the line asks for after the storm.
	res := play(t, of(storm, "expect:", "  - {by: 12s, level: alert}", "  - {by: 3m, level: normal}"))
	if !res.Passed() {
		t.Errorf("\n%s", res.Diff())
	}
	res = play(t, of(storm, "expect:", "  - {by: 12s, level: alert}", "  - {by: 40s, level: normal}"))
	if len(res.Failures) != 1 || res.Failures[0].When != "by 40s" || res.Failures[0].At != 40*time.Second {
		t.Errorf("\n%s", res.Diff())
	}
}

func TestSignalsOverTime(t *testing.T) {
	for name, tt := range map[string]struct{ signals, expect string }{
		"one value":      {"busy: 95%", "{from: 1s, to: 30s, level: alert}"},
		"calm by itself": {"{}", "{from: 0s, to: 30s, level: normal}"},
		"a ramp":         {"busy: [{at: 0s, value: 50%}, {at: 10s, ramp: 90%, over: 20s}]", "{from: 0s, to: 19.9s, level: normal}"},
		"passes by":      {"busy: [{at: 0s, value: 50%}, {at: 10s, ramp: 90%, over: 20s}]", "{at: 20.3s, level: attention}"},
		"and ends":       {"busy: [{at: 0s, value: 50%}, {at: 10s, ramp: 90%, over: 20s}]", "{from: 30.2s, to: 90s, level: alert}"},
		"from, to":       {"busy: [{at: 10s, ramp: 95%..50%, over: 20s}]", "{at: 10.2s, level: alert}"},
		"times":          {"wait: [{at: 10s, value: 60ms}]", "{from: 10.2s, to: 60s, level: caution}"},
		"a hold ends":    {"busy: [{at: 0s, value: 75%}, {at: 10s, value: 95%, hold: 1s}]", "{from: 80s, to: 90s, level: attention}"},
		"vanishing holds it": {
			"{busy: [{at: 0s, value: 95%}, {at: 10s, vanish: true}], wait: 1ms}", "{from: 1s, to: 5m, level: alert}",
		},
		"for a while": {
			"{busy: [{at: 0s, value: 95%}, {at: 10s, vanish: true}], wait: 1ms}", "{at: 8m, level: normal, why: nothing heard of busy}",
		},
		"a warning": {"quake: [{at: 1s, warns: M5, for: 60s}]", "{from: 1s, to: 60s, level: attention}"},
		"expires":   {"quake: [{at: 1s, warns: M5, for: 60s}]", "{from: 61s, to: 70s, level: normal}"},
		"cancelled": {"quake: [{at: 1s, warns: M5, for: 60m}, {at: 40s, cancel: true}]", "{from: 40s, to: 70s, level: normal}"},
	} {
		t.Run(name, func(t *testing.T) {
			signals := tt.signals
			if !strings.HasPrefix(signals, "{") {
				signals = "{" + signals + "}"
			}
			if res := play(t, of("signals: "+signals, "expect: ["+tt.expect+"]")); !res.Passed() {
				t.Errorf("\n%s\n%s", res.Diff(), res.StoryText())
			}
		})
	}
}

func TestOperatorsActs(t *testing.T) {
	res := play(t, of(
		"signals: {busy: 95%}",
		"acts:",
		"  - {at: 10s, pin: serious, for: 10s, by: kim, reason: drill}",
		"  - {at: 30s, pin: normal, for: 10m}",
		"  - {at: 40s, unpin: true}",
		"  - {at: 50s, pause: true, for: 10s}",
		"  - {at: 70s, pause: true, for: 10m}",
		"  - {at: 80s, resume: true}",
		"  - {at: 90s, stop: shed login background, for: 10s}",
		"  - {at: 110s, stop: slow sync, for: 10m}",
		"  - {at: 120s, start: slow sync}",
		"expect:",
		"  - {at: 11s, level: serious, why: pinned to serious, told: boss}",
		"  - {from: 20s, to: 29s, level: alert}",
		"  - {at: 31s, level: normal}",
		"  - {at: 41s, level: alert, why: the pin ended}",
		"  - {at: 51s, nothing_in_force: true}",
		"  - {at: 51s, action: slow sync, shadow: true}",
		"  - {at: 61s, in_force: slow sync}",
		"  - {at: 71s, nothing_in_force: true}",
		"  - {at: 81s, in_force: slow sync}",
		"  - {at: 91s, not_in_force: shed login background, in_force: slow sync}",
		"  - {at: 101s, in_force: shed login background}",
		"  - {at: 111s, not_in_force: slow sync}",
		"  - {at: 121s, in_force: slow sync}",
	))
	if !res.Passed() {
		t.Errorf("\n%s\n%s", res.Diff(), res.StoryText())
	}
	if !strings.Contains(res.StoryText(), "10s  person  pin serious for 10s") {
		t.Error(res.StoryText())
	}
}

func TestDiffShowsWhatHappenedAround(t *testing.T) {
	res := play(t, of("signals: {busy: [{at: 10s, value: 95%, hold: 30s}]}", "expect:", "  - {at: 12s, level: serious}"))
	const want = `    quake_test.yaml:5: at 12s
      expected  level serious
      got       level alert since: busy 95% ≥ 90% (alert)
           10.1s  level   normal → alert: busy 95% ≥ 90% (alert)
           10.1s  action  notify ops at attention begins
           10.1s  action  shed login background begins at 89%
           10.1s  action  slow sync begins
           10.1s  action  notify ops at alert begins
      >      12s  here
`
	if got := res.Diff(); got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
}

func TestDiffShowsTheLevel(t *testing.T) {
	res := play(t, of("signals: {busy: 99%, wait: 600ms}", "expect:", "  - {at: 12s, level: alert}"))
	if got := res.Diff(); strings.Count(got, "→") != 1 || strings.Count(got, "begins") != 5 {
		t.Errorf("want the change of level and five actions:\n%s", got)
	}
}

// TestTheConfigurationMatters: a test that passes fails when a threshold or a
// strength is another.
func TestTheConfigurationMatters(t *testing.T) {
	f, err := playtest.Parse("quake_test.yaml", []byte(earthquake))
	if err != nil {
		t.Fatal(err)
	}
	l, p := levels(), rules()
	l.Signals[0].At[3], l.Signals[1].At[3] = 0.995, 0.9
	if res := playtest.Run(l, p, f.Tests[0]); res.Passed() {
		t.Error("other thresholds, and it passes")
	}
	l = levels()
	p.Actions[2].To = 0.8
	if res := playtest.Run(l, p, f.Tests[0]); res.Passed() {
		t.Error("another strength, and it passes")
	}
}

func TestWhatTheConfigurationDoesNotHave(t *testing.T) {
	for test, want := range map[string]string{
		of("signals: {bsy: 5%}", "expect: [{at: 1s, level: normal}]"):                             `quake_test.yaml:3: signal bsy: there is none: did you mean "busy"?`,
		of("signals: {busy: 5ms}", "expect: [{at: 1s, level: normal}]"):                           `signal busy: its values are written in percent, like 40%`,
		of("signals: {quake: 5}", "expect: [{at: 1s, level: normal}]"):                            `signal quake: it warns and reads no values`,
		of("signals: {busy: [{at: 1s, warns: x, for: 1s}]}", "expect: [{at: 1s, level: normal}]"): `signal busy: it measures and does not warn`,
		of("acts: [{at: 1s, stop: shed logn, for: 1m}]", "expect: [{at: 1s, level: normal}]"):     `stop: no action "shed logn" in the playbook: did you mean "shed login"?`,
		of("expect: [{at: 1s, in_force: shed logn}]"):                                             `quake_test.yaml:3: no action "shed logn" in the playbook: did you mean "shed login"?`,
		of("expect: [{at: 1s, told: opps}]"):                                                      `the playbook tells no "opps": did you mean "ops"?`,
	} {
		res := play(t, test)
		if res.Passed() || res.Err == nil || !strings.Contains(res.Diff(), want) {
			t.Errorf("got %s, want %s", res.Diff(), want)
		}
	}
	f, _ := playtest.Parse("x", []byte(earthquake))
	if res := playtest.Run(level.Config{Below: 7}, playbook.Config{Ramp: playbook.Ramp{Step: 7}}, f.Tests[0]); res.Err == nil {
		t.Error("bad configurations played")
	}
}

func TestLinesAreJSON(t *testing.T) {
	data, err := json.Marshal(play(t, earthquake).Story[0])
	if err != nil || !strings.Contains(string(data), `"at_s":5`) {
		t.Errorf("%s %v", data, err)
	}
}

func BenchmarkTenMinutes(b *testing.B) {
	f, err := playtest.Parse("quake_test.yaml", []byte(earthquake))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		playtest.Run(levels(), rules(), f.Tests[0])
	}
}
