package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
)

// The bars, for two cores.
const (
	barP99      = 5.0     // ms, of a question from the pool with its picture
	barVerified = 10000.0 // per second
	// noisy is the p99 of static answers, in ms, from which the machine is too
	// busy with other things for the others' to say anything.
	noisy = 3.0
)

// report is the result of a run.
type report struct {
	Cores  int          `json:"cores"`
	Rate   int          `json:"per_second"`
	Steps  []stepResult `json:"steps"`
	Verify verifyResult `json:"siteverify"`
}

func newReport(o options) *report { return &report{Cores: runtime.NumCPU(), Rate: o.rate} }

// status is the exit status.
func (r *report) status() int {
	held := r.Verify.Verified >= barVerified && r.Verify.Wrong == 0
	static := 0.0
	for _, s := range r.Steps {
		switch s.Name {
		case "question with its picture":
			held = held && s.P99 <= barP99 && s.Results[ok] == s.N
		case "static answer":
			static = max(static, s.P99)
		}
	}
	switch {
	case held:
		return 0
	case static > noisy:
		return 3
	}
	return 1
}

func (r *report) write(w io.Writer, output string) error {
	if output == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d cores, %d/s\n\n%-28s %9s %9s %9s  %s\n", r.Cores, r.Rate, "", "p50 ms", "p99 ms", "most ms", "answers")
	for _, s := range r.Steps {
		var all []string
		for what, n := range s.Results {
			all = append(all, fmt.Sprintf("%s %d", what, n))
		}
		slices.Sort(all)
		fmt.Fprintf(&b, "%-28s %9.2f %9.2f %9.2f  %s\n", s.Name, s.P50, s.P99, s.Max, strings.Join(all, ", "))
	}
	fmt.Fprintf(&b, "\nsiteverify %.0f/s, static answers %.0f/s: ratio %.2f; %d wrong\n", r.Verify.Verified, r.Verify.Static, r.Verify.Verified/max(r.Verify.Static, 1), r.Verify.Wrong)
	_, err := io.WriteString(w, b.String())
	return err
}
