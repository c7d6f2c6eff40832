package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
)

// bar is one promise and what was measured of it.
type bar struct {
	Name string `json:"name"`
	// Value is judged against Want: at most, or at least.
	Value  float64 `json:"value"`
	Want   float64 `json:"want"`
	AtMost bool    `json:"at_most"`
	Unit   string  `json:"unit"`
	OK     bool    `json:"ok"`
	// Rounds are the values whose median Value is.
	Rounds []float64 `json:"rounds,omitempty"`
	// Note says how it was measured, or why it was not.
	Note    string `json:"note,omitempty"`
	Skipped bool   `json:"skipped,omitempty"`
}

// report is the outcome of a run.
type report struct {
	Cores  int    `json:"cores"`
	Go     string `json:"go"`
	Broker string `json:"broker"`
	Smoke  bool   `json:"smoke"`
	Bars   []bar  `json:"bars"`
}

func newReport(o options) *report {
	r := &report{Cores: runtime.NumCPU(), Go: runtime.Version(), Broker: "embedded", Smoke: o.smoke}
	if len(o.brokers) > 0 {
		r.Broker = "kafka"
	}
	return r
}

// add judges rounds by their median.
func (r *report) add(b bar, rounds ...float64) {
	b.Rounds, b.Value = rounds, median(rounds)
	if b.AtMost {
		b.OK = b.Value <= b.Want
	} else {
		b.OK = b.Value >= b.Want
	}
	r.Bars = append(r.Bars, b)
}

func (r *report) skip(name, why string) {
	r.Bars = append(r.Bars, bar{Name: name, Skipped: true, Note: why})
}

// status is 1 if a bar was missed.
func (r *report) status() int {
	for _, b := range r.Bars {
		if !b.OK && !b.Skipped {
			return 1
		}
	}
	return 0
}

func (r *report) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *report) text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%d cores, %s, broker: %s\n\n", r.Cores, r.Go, r.Broker)
	fmt.Fprintln(t, "bar\tmeasured\twanted\t\tnote")
	for _, b := range r.Bars {
		sign, word := "≥", "ok"
		if b.AtMost {
			sign = "≤"
		}
		if !b.OK {
			word = "MISSED"
		}
		if b.Skipped {
			fmt.Fprintf(t, "%s\t-\t-\tnot measured\t%s\n", b.Name, b.Note)
			continue
		}
		fmt.Fprintf(t, "%s\t%s %s\t%s %s\t%s\t%s\n", b.Name, number(b.Value), b.Unit, sign, number(b.Want), word, b.Note)
	}
	return t.Flush()
}

func number(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// quantile returns the value below which a share q of v lies. v is sorted by it.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[min(len(v)-1, int(q*float64(len(v))))]
}
