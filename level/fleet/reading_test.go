package fleet_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
)

var update = flag.Bool("update", false, "rewrite golden files")

func full() fleet.Reading {
	return fleet.Reading{
		Node: "gw-1.example", Run: 1764064800000, Seq: 42, At: start, Acting: level.Alert, Pressure: 0.25, Weight: 812.5,
		Signals: []fleet.Height{{"lanes.pressure", 3.25}, {"지연", 2}}, Build: "v1.4.0", Config: "9f86d081884c7d65",
	}
}

// TestGolden: gateways of different builds read each other.
func TestGolden(t *testing.T) {
	r := full()
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, b, "", "\t"); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	const golden = "testdata/reading.json"
	if *update {
		if err := os.WriteFile(golden, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pretty.Bytes(), want) {
		t.Errorf("%s\nwant (-update rewrites it)\n%s", pretty.Bytes(), want)
	}
	got, err := fleet.Parse(want)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%v\n%+v, want\n%+v", err, got, r)
	}
}

func TestParseRefuses(t *testing.T) {
	good, _ := os.ReadFile("testdata/reading.json")
	text := string(good)
	swap := func(old, by string) string {
		s := strings.Replace(text, old, by, 1)
		if s == text {
			t.Fatalf("%q is not in the golden file", old)
		}
		return s
	}
	for name, c := range map[string]struct{ doc, says string }{
		"nothing":          {"", "not understood"},
		"another version":  {swap(`"v": 1`, `"v": 2`), "version 2"},
		"no version":       {swap(`"v": 1,`, ``), "version 0"},
		"more after it":    {text + "{}", "followed"},
		"an array":         {"[" + text + "]", "not understood"},
		"too long":         {text + strings.Repeat(" ", fleet.MaxBytes), "at most"},
		"not UTF-8":        {swap("v1.4.0", "\xff"), "UTF-8"},
		"no node":          {swap("gw-1.example", ""), "no name"},
		"a long node":      {swap("gw-1.example", strings.Repeat("x", 65)), "at most 64"},
		"control":          {swap("gw-1.example", `a\nb`), "printed"},
		"unknown level":    {swap(`"alert"`, `"panic"`), "unknown level"},
		"a level too high": {swap(`"alert"`, `"5"`), "unknown level"},
		"pressure":         {swap("0.25", "1.25"), "pressure"},
		"below 0":          {swap("0.25", "-0.25"), "pressure"},
		"heavy":            {swap("812.5", "1e10"), "weight"},
		"endless":          {swap("812.5", "1e999"), "not understood"},
		"not a number":     {swap("812.5", "NaN"), "not understood"},
		"weight of minus":  {swap("812.5", "-1"), "weight"},
		"height":           {swap("3.25", "5.1"), "height"},
		"no signal's name": {swap("lanes.pressure", ""), "signal: no name"},
		"run below 0":      {swap("1764064800000", "-1"), "not understood"},
		"seq too long":     {swap(`"seq": 42`, `"seq": 18446744073709551616`), "not understood"},
		"many signals":     {swap(`"signals": [`, `"signals": [`+strings.Repeat(`{"name":"a","height":1},`, 64)), "at most 64"},
	} {
		if _, err := fleet.Parse([]byte(c.doc)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want something with %q", name, err, c.says)
		}
	}
	if _, err := fleet.Parse([]byte(swap(`"v": 1,`, `"v": 1, "new": {"a": [1]},`))); err != nil {
		t.Errorf("a field of a later build: %v", err)
	}
	bad := full()
	bad.Weight = math.NaN()
	if _, err := bad.Encode(); err == nil {
		t.Error("encodes what nobody reads")
	}
}

func FuzzParse(f *testing.F) {
	good, _ := os.ReadFile("testdata/reading.json")
	f.Add(good)
	f.Add([]byte(`{"v":1,"node":"a"}`))
	f.Add([]byte(`{"v":1,"node":"a","acting":"심각","pressure":1,"weight":1e9,"at":"9999-12-31T23:59:59.999999999+23:59"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := fleet.Parse(b)
		if err != nil {
			return
		}
		if len(r.Signals) > level.MaxSignals || len(r.Node) > fleet.MaxName || !(r.Weight >= 0 && r.Weight <= fleet.MaxWeight) {
			t.Fatalf("out of bounds: %+v", r)
		}
		again, err := r.Encode()
		if err != nil {
			if len(b) < fleet.MaxBytes/8 { // names may grow when they are escaped
				t.Fatalf("parsed and not written: %v", err)
			}
			return
		}
		back, err := fleet.Parse(again)
		if err != nil || !back.At.Equal(r.At) {
			t.Fatalf("%v: %s", err, again)
		}
		back.At = r.At
		if !reflect.DeepEqual(back, r) && len(r.Signals) > 0 {
			t.Fatalf("%+v became %+v", r, back)
		}
		l := listen(t, fleet.Config{})
		l.f.Hear(l.now, r)
		if got := l.step(); got != (level.Standing{}) {
			t.Fatalf("one reading raised to %+v", got)
		}
	})
}

// TestTheExampleInTheDocumentation is a reading.
func TestTheExampleInTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	doc, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("no example")
	}
	got, err := fleet.Parse([]byte(doc))
	want := full()
	want.Signals = []fleet.Height{{Name: "lanes.busy", Height: 3.25}}
	want.Node = "gw-1"
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v, want\n%+v", err, got, want)
	}
}
