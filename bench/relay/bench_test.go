package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	kafkatest "github.com/daero/daero/test/kafka"
)

// TestMain makes this binary the program whose processes are measured.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		main()
	}
	os.Exit(m.Run())
}

// smoke runs the command and returns its report.
func smoke(t *testing.T, args ...string) report {
	t.Helper()
	var out, progress bytes.Buffer
	if code := run(t.Context(), append([]string{"-smoke", "-output", "json"}, args...), &out, &progress); code != 0 {
		t.Fatalf("status %d:\n%s", code, progress.String())
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	for _, b := range r.Bars {
		if !b.Skipped && b.Value <= 0 {
			t.Errorf("%s: %g", b.Name, b.Value)
		}
	}
	t.Logf("%s%s", progress.String(), out.String())
	return r
}

func TestEveryPartMeasures(t *testing.T) {
	r := smoke(t)
	if len(r.Bars) != 11 || !r.Bars[len(r.Bars)-1].Skipped {
		t.Errorf("%d bars, want 11, the last not without a cluster", len(r.Bars))
	}
}

func TestTransformMeasures(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{})
	r := smoke(t, "-only", "transform", "-brokers", strings.Join(c.Addrs(), ","))
	if len(r.Bars) != 1 || r.Bars[0].Skipped {
		t.Errorf("%+v: want one bar", r.Bars)
	}
}

func TestMisuse(t *testing.T) {
	for _, args := range [][]string{{"-only", "nothing"}, {"-rounds", "0"}, {"-output", "xml"}, {"more"}} {
		var said bytes.Buffer
		if code := run(t.Context(), args, &said, &said); code != 2 || said.Len() == 0 {
			t.Errorf("%v: status %d, %q", args, code, said.String())
		}
	}
}

func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		bar    bar
		rounds []float64
		ok     bool
	}{
		"held":             {bar{Want: 3}, []float64{2, 4, 5}, true},
		"missed":           {bar{Want: 3}, []float64{2, 2.9, 5}, false},
		"at most, held":    {bar{Want: 3, AtMost: true}, []float64{2, 2.9, 5}, true},
		"median of two":    {bar{Want: 3, AtMost: true}, []float64{2, 3.1}, true},
		"between the two":  {bar{Want: 3, AtMost: true}, []float64{2, 4.1}, false},
		"nothing measured": {bar{Want: 3}, nil, false},
	} {
		r := &report{}
		r.add(c.bar, c.rounds...)
		if r.Bars[0].OK != c.ok || (r.status() == 0) != c.ok {
			t.Errorf("%s: ok %t, status %d", name, r.Bars[0].OK, r.status())
		}
		var text bytes.Buffer
		if err := r.text(&text); err != nil || strings.Contains(text.String(), "MISSED") == c.ok {
			t.Errorf("%s: %v\n%s", name, err, text.String())
		}
	}
	r := &report{}
	r.skip("x", "no cluster")
	if r.status() != 0 {
		t.Error("what was not measured is no miss")
	}
}
