package main

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseWrk(t *testing.T) {
	const report = `Running 3s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.20ms  300.00us   9.00ms   90.00%
    Req/Sec    50.00k     1.00k   60.00k    80.00%
  150000 requests in 3.00s, 20.00MB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 30000
Requests/sec:  50000.00
Transfer/sec:      6.67MB
`
	got, err := parseWrk(report)
	if err != nil {
		t.Fatal(err)
	}
	if want := (sample{OK: 40000, Refused: 10000, Errors: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for name, bad := range map[string]string{
		"no report":   "unable to connect to 127.0.0.1:8080 Connection refused\n",
		"no requests": "  0 requests in 3.00s, 0.00B read\n",
	} {
		if _, err := parseWrk(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestJudge(t *testing.T) {
	rounds := func(ratios ...float64) *report {
		c := comparisonResult{Want: 0.95}
		for _, r := range ratios {
			c.Rounds = append(c.Rounds, round{Arm: sample{OK: 1000 * r}, Base: sample{OK: 1000}, Ratio: r})
		}
		c.summarise(func(s sample) float64 { return s.OK })
		r := &report{Comparisons: []comparisonResult{c}}
		r.judge()
		return r
	}
	for name, c := range map[string]struct {
		r    *report
		want int
	}{
		"held":          {rounds(0.94, 0.97, 0.99), 0},
		"missed":        {rounds(0.90, 0.91, 0.99), 1},
		"too noisy":     {rounds(0.50, 0.91, 0.99), 3},
		"luck is noise": {rounds(0.50, 1.20, 3.00), 3},
		"all held":      {rounds(0.96, 1.20, 3.00), 0},
		"all missed":    {rounds(0.20, 0.50, 0.94), 1},
	} {
		if got := c.r.status(); got != c.want {
			t.Errorf("%s: exit status %d, want %d", name, got, c.want)
		}
	}
}

// A console that takes too much at rest is a bar missed, whatever the ratios say.
func TestJudgeAtRest(t *testing.T) {
	r := &report{AtRest: []rest{{Arm: armOneConsole, Most: 0.01, Got: 0.02}}}
	if r.judge(); r.status() != 1 {
		t.Errorf("exit status %d, want 1", r.status())
	}
}

func TestThreadTime(t *testing.T) {
	b := &bench{pids: map[string]int{"self": os.Getpid()}}
	before, err := b.threadTime("self")
	if err != nil {
		t.Fatal(err)
	}
	for n, from := 0, time.Now(); time.Since(from) < 20*time.Millisecond; n++ {
	}
	if after, err := b.threadTime("self"); err != nil || after <= before {
		t.Errorf("%s after %s of work, %v", after, before, err)
	}
}

func TestParseCPUTime(t *testing.T) {
	const stat = "4242 (a (b) c) S 1 4242 4242 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 5 0 1000 0 0"
	if got := parseCPUTime(stat); got != 2*time.Second {
		t.Errorf("got %v, want 2s", got)
	}
	for _, bad := range []string{"", "1 (x) S 1", strings.Replace(stat, "150", "many", 1)} {
		if got := parseCPUTime(bad); got != 0 {
			t.Errorf("%q: got %v, want 0", bad, got)
		}
	}
}

func TestMedian(t *testing.T) {
	if m := median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("median of three = %v", m)
	}
	if m := median([]float64{4, 1, 3, 2}); math.Abs(m-2.5) > 1e-9 {
		t.Errorf("median of four = %v", m)
	}
}

// A refusal's text goes into nginx's configuration: nothing in it may end the
// string or name a variable.
func TestNginxQuote(t *testing.T) {
	got := nginxQuote("{\"detail\":\"don't; $host \\ \n\"}")
	if inner := strings.Trim(got, "'"); strings.ContainsAny(inner, "'$\\\n") || len(got) != len("{\"detail\":\"don't; $host \\ \n\"}")+2 {
		t.Errorf("nginxQuote = %s", got)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, args := range [][]string{
		{"-rounds", "0"},
		{"-duration", "500ms"},
		{"-duration", "1500ms"},
		{"-output", "xml"},
		{"extra"},
		{"-nosuch"},
		{"-wrk", "/nosuch"},
	} {
		var stderr strings.Builder
		if code := run(t.Context(), args, &stderr, &stderr); code != 2 {
			t.Errorf("%v: exit status %d, want 2", args, code)
		}
		if stderr.Len() == 0 {
			t.Errorf("%v: nothing said", args)
		}
	}
}
