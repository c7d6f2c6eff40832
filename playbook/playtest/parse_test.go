package playtest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/playbook/playtest"
)

func TestMistakesHaveLines(t *testing.T) {
	ok := "expect: [{at: 1s, level: normal}]"
	many := "expect:" + strings.Repeat("\n      - {at: 1s, level: normal}", playtest.MaxEntries+1)
	for name, tt := range map[string]struct{ text, want string }{
		"empty":              {"", "x.yaml:1: nothing in it: begin with \"tests:\""},
		"no YAML":            {"tests: [", "x.yaml: line 1: did not find expected node content"},
		"a tab":              {"tests:\n\t- name: it", "x.yaml: line 2"},
		"a word":             {"tests", "x.yaml:1: file: expected keys and values (playbook, tests), got \"tests\""},
		"two documents":      {of(ok) + "---\n" + of(ok), "more than one document"},
		"unknown key":        {"test:\n- name: it", `x.yaml:1: file: unknown key "test": did you mean "tests"?`},
		"no tests":           {"playbook: Caddyfile", "no tests: write at least one"},
		"tests are no list":  {"tests: it", "x.yaml:1: tests: expected a list, got \"it\""},
		"empty list":         {"tests: []", "no tests: write at least one"},
		"no name":            {"tests:\n- " + ok, "x.yaml:2: a test without a name: name it"},
		"twice":              {of(ok) + "  - name: it\n    " + ok, "x.yaml:4: test it: there is another of that name"},
		"nothing expected":   {of("lasts: 3s"), "expects nothing, so it cannot fail"},
		"key twice":          {of(ok, ok), "x.yaml:4: test: expect stands twice: keep one"},
		"alias":              {"tests: &a [*a]", "x.yaml"},
		"alias of a value":   {of("lasts: &d 3s", "expect: [{at: *d, level: normal}]"), "got an alias, which is not understood: write it out"},
		"lasts too short":    {of("lasts: 1s", "expect: [{at: 2s, level: normal}]"), "lasts 1s, and something is expected at 2s"},
		"too long":           {of("expect: [{at: 25h, level: normal}]"), "25h: must be 0s to 24h0m0s"},
		"negative":           {of("expect: [{at: -1s, level: normal}]"), "-1s: must be 0s to"},
		"no unit":            {of("expect: [{at: 10, level: normal}]"), `x.yaml:3: expected a time like 10s, 1m30s or 100ms, got "10"`},
		"unknown signal key": {of("signals: {busy: [{at: 1s, valeu: 5%}]}", ok), `x.yaml:3: signal busy: unknown key "valeu": did you mean "value"?`},
		"no value":           {of("signals: {busy: [{at: 1s}]}", ok), "signal busy: says nothing: add one of cancel, ramp, value, vanish, warns"},
		"two values":         {of("signals: {busy: [{at: 1s, value: 5%, vanish: true}]}", ok), "value and vanish together: write two lines"},
		"over of a value":    {of("signals: {busy: [{at: 1s, value: 5%, over: 3s}]}", ok), "over belongs to ramp"},
		"ramp without over":  {of("signals: {busy: [{at: 1s, ramp: 5%}]}", ok), "ramp needs over, like \"over: 30s\""},
		"warns without for":  {of("signals: {quake: [{at: 1s, warns: M5}]}", ok), "warns needs for, like \"for: 30s\""},
		"hold of a ramp":     {of("signals: {busy: [{at: 1s, ramp: 5%, over: 1s, hold: 3s}]}", ok), "hold belongs to a value"},
		"order":              {of("signals: {busy: [{at: 2s, value: 5%}, {at: 1s, value: 5%}]}", ok), "1s comes after 2s: write points in the order of time"},
		"no number":          {of("signals: {busy: [{at: 2s, value: much}]}", ok), `expected a value like 70%, 20ms, 4x or 12.5, got "much"`},
		"not finite":         {of("signals: {busy: [{at: 2s, value: inf}]}", ok), "expected a value like"},
		"negative value":     {of("signals: {busy: -5%}", ok), "expected a value like"},
		"units of a ramp":    {of("signals: {busy: [{at: 1s, ramp: 5..10%, over: 1s}]}", ok), "its ends are of different units"},
		"vanish: false":      {of("signals: {busy: [{at: 1s, vanish: false}]}", ok), "expected true, got \"false\": leave the line out"},
		"signals no mapping": {of("signals: [busy]", ok), "signals: expected keys and values (), got a list"},
		"signal twice":       {of("signals: {busy: 1%, busy: 2%}", ok), "signals: busy stands twice"},
		"act of nothing":     {of("acts: [{at: 1s}]", ok), "acts: says nothing: add one of pin, unpin"},
		"pin for ever":       {of("acts: [{at: 1s, pin: alert}]", ok), "pin: ends by itself: say when, like \"for: 10m\""},
		"unpin for":          {of("acts: [{at: 1s, unpin: true, for: 3s}]", ok), "unpin: takes no for"},
		"unknown level":      {of("expect: [{at: 1s, level: seriuos}]"), `x.yaml:3: unknown level "seriuos": did you mean "serious"?`},
		"levels upside down": {of("expect: [{at: 1s, level: alert..caution}]"), "levels alert..caution: upside down"},
		"no time":            {of("expect: [{level: alert}]"), "expect: when? add at, by, or from and to"},
		"two times":          {of("expect: [{at: 1s, by: 2s, level: alert}]"), "say when in one way"},
		"never at":           {of("expect: [{at: 1s, never: alert}]"), "say when in one way"},
		"span upside down":   {of("expect: [{from: 3s, to: 1s, level: alert}]"), "from 3s to 1s is upside down"},
		"says only when":     {of("expect: [{at: 1s}]"), "says when, and not what"},
		"lone strength":      {of("expect: [{at: 1s, level: alert, strength: 5%}]"), "strength, rate, takes and shadow belong to an action"},
		"lone rate":          {of("expect: [{at: 1s, level: alert, rate: 5/s}]"), "strength, rate, takes and shadow belong to an action"},
		"no rate":            {of("expect: [{at: 1s, action: drain login, rate: 5}]"), `rate "5": expected a number per second, like 20/s`},
		"endless rate":       {of("expect: [{at: 1s, action: drain login, rate: inf/s}]"), "expected a number per second"},
		"lone within":        {of("expect: [{at: 1s, level: alert, within: 5s}]"), "within belongs to told at a moment"},
		"too strong":         {of("expect: [{at: 1s, action: shed login, strength: 60..120%}]"), "strength 60..120%: expected 0% to 100%"},
		"no percent":         {of("expect: [{at: 1s, action: shed login, strength: 60}]"), "strength 60: expected 0% to 100%"},
		"too many":           {of(many), "more than 4096 entries in one test"},
		"too large":          {"#" + strings.Repeat("x", playtest.MaxFile), "1048577 bytes: at most 1048576"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := playtest.Parse("x.yaml", []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) || f != nil {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestEveryMistakeAtOnce(t *testing.T) {
	_, err := playtest.Parse("x.yaml", []byte(of("signals: {busy: much}", "acts: [{at: 1}]", "expect: [{at: 1s, level: seriuos}]")))
	for _, line := range []string{"x.yaml:3:", "x.yaml:4:", "x.yaml:5:"} {
		if err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("no %s in %v", line, err)
		}
	}
}

func TestManyTests(t *testing.T) {
	text := "tests:\n"
	for i := range playtest.MaxTests + 1 {
		text += fmt.Sprintf("  - {name: t%d, expect: [{at: 0s, level: normal}]}\n", i)
	}
	if _, err := playtest.Parse("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "more than 256 tests") {
		t.Errorf("%v", err)
	}
}

func TestLasts(t *testing.T) {
	for text, want := range map[string]time.Duration{
		of("expect: [{at: 5s, level: normal}]"):                                                                             5 * time.Second,
		of("lasts: 1h", "expect: [{at: 5s, level: normal}]"):                                                                time.Hour,
		of("lasts: 5s", "expect: [{at: 5s, told: ops}]"):                                                                    5 * time.Second,
		of("signals: {busy: [{at: 9s, ramp: 5%, over: 20s}]}", "expect: [{never: alert}]"):                                  29 * time.Second,
		of("signals: {busy: [{at: 9s, value: 5%, hold: 2s}]}", "acts: [{at: 1m, unpin: true}]", "expect: [{never: alert}]"): time.Minute,
	} {
		f, err := playtest.Parse("x.yaml", []byte(text))
		if err != nil || f.Tests[0].Lasts != want {
			t.Errorf("%v, want %s of\n%s", err, want, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(earthquake))
	f.Add([]byte(of("lasts: 1m", "signals: {busy: [{at: 1s, ramp: 5..10, over: 1s}, {at: 2s, vanish: true}], wait: 5ms}",
		"acts: [{at: 1s, pin: 3, for: 1s}, {at: 1s, stop: shed login, for: 1m}]",
		"expect: [{by: 1s, never: alert, told: [a, b]}, {from: 1s, level: 0..4, told_over: ops}, {never_told: x}]")))
	f.Add([]byte("a: &a [*a, *a]\ntests: *a"))
	f.Add([]byte("tests: [{<<: {name: x}}]"))
	f.Add([]byte("{? [a] : b}"))
	f.Add([]byte("--- !!binary |\n  R0lGODlhDAAMAIQAAP"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := playtest.Parse("x.yaml", data)
		if (file == nil) == (err == nil) {
			t.Fatalf("%v and %v", file, err)
		}
		if err != nil {
			return
		}
		for _, test := range file.Tests {
			if test.Lasts > playtest.MaxTime {
				t.Fatalf("lasts %s", test.Lasts)
			}
			if test.Lasts > 10*time.Minute || len(file.Tests) > 10 {
				continue // it would only take long
			}
			res := playtest.Run(levels(), rules(), test)
			if (res.Diff() == "") != res.Passed() {
				t.Fatalf("passed %t, yet %q", res.Passed(), res.Diff())
			}
		}
	})
}
