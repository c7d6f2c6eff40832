package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
)

// maxSpread is how far the rounds' ratios may lie apart, against their median,
// if they do not all say the same about the bar.
const maxSpread = 0.25

// round is one measurement of both arms.
type round struct {
	Arm   sample  `json:"arm"`
	Base  sample  `json:"base"`
	Ratio float64 `json:"ratio"`
	// CPURatio is the ratio of the CPU time for a request, the base's to the
	// arm's. It is near Ratio when nothing else runs, and suffers less when
	// something does.
	CPURatio float64 `json:"cpu_ratio"`
}

// comparisonResult is a comparison with its figures.
type comparisonResult struct {
	Name     string  `json:"name"`
	Arm      string  `json:"arm"`
	Base     string  `json:"base"`
	Want     float64 `json:"want"`
	Got      float64 `json:"got"`             // median of the rounds' ratios
	GotCPU   float64 `json:"got_by_cpu_time"` // median of the rounds' CPU ratios
	Least    float64 `json:"least"`           // of the ratios
	Most     float64 `json:"most"`
	OK       bool    `json:"ok"`
	Noisy    bool    `json:"noisy"`      // the rounds contradict each other
	ArmPerS  float64 `json:"arm_per_s"`  // median
	BasePerS float64 `json:"base_per_s"` // median
	// WrongAnswers per second: refusals where an answer was due or the other
	// way round, both arms together, mean of the rounds.
	WrongAnswers float64 `json:"wrong_answers_per_s"`
	SocketErrors int     `json:"socket_errors"`
	Rounds       []round `json:"rounds"`
}

// report is what the program prints.
type report struct {
	Connections int                `json:"connections"`
	Seconds     float64            `json:"seconds_per_arm_and_round"`
	Cores       int                `json:"cores"`
	Pinned      bool               `json:"pinned"`
	RefusalBody int                `json:"refusal_body_bytes"`
	Comparisons []comparisonResult `json:"bars"`
	AtRest      []rest             `json:"at_rest"`
	Memory      memory             `json:"memory"`
	Noisy       bool               `json:"noisy"`
	OK          bool               `json:"ok"`
}

func newReport(b *bench) *report {
	return &report{
		Connections: b.o.connections,
		Seconds:     b.o.duration.Seconds(),
		Cores:       runtime.NumCPU(),
		Pinned:      b.cpus.pinned,
		RefusalBody: len(b.refusal.body),
	}
}

// judge decides on every bar. Rounds that lie far apart are judged only if all
// of them are on the same side of the bar: noise makes ratios too good as
// often as too bad.
func (r *report) judge() {
	r.OK = true
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		c.OK = c.Got >= c.Want
		agree := c.Least >= c.Want || c.Most < c.Want
		c.Noisy = c.Want > 0 && !agree && (c.Most-c.Least)/c.Got > maxSpread
		r.OK = r.OK && c.OK
		r.Noisy = r.Noisy || c.Noisy
	}
	for _, rest := range r.AtRest {
		r.OK = r.OK && rest.OK
	}
}

func (r *report) status() int {
	switch {
	case r.Noisy:
		return 3
	case r.OK:
		return 0
	default:
		return 1
	}
}

func (r *report) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

func (r *report) text(w io.Writer) error {
	pinned := "load on core 0, what is measured on core 1"
	if !r.Pinned {
		pinned = "nothing pinned"
	}
	fmt.Fprintf(w, "%d connections, %.0f s for each arm and round, %d cores, %s; refusal body %d bytes\n\n",
		r.Connections, r.Seconds, r.Cores, pinned, r.RefusalBody)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\trequests/s\tagainst\trequests/s\tratio\tof the rounds\tby CPU time\tbar\twrong/s\tverdict\t")
	for _, c := range r.Comparisons {
		verdict, bar := "ok", fmt.Sprintf(">= %.2f", c.Want)
		switch {
		case c.Want == 0:
			verdict, bar = "-", "-"
		case c.Noisy:
			verdict = "too noisy"
		case !c.OK:
			verdict = "missed"
		}
		fmt.Fprintf(t, "%s\t%.0f\t%s\t%.0f\t%.3f\t%.2f-%.2f\t%.3f\t%s\t%.0f\t%s\t\n", c.Arm, c.ArmPerS, c.Base, c.BasePerS,
			c.Got, c.Least, c.Most, c.GotCPU, bar, c.WrongAnswers, verdict)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, rest := range r.AtRest {
		verdict := "ok"
		if !rest.OK {
			verdict = "missed"
		}
		fmt.Fprintf(w, "%s, nobody asking: %.2f %% of a core, bar <= %.0f %%: %s\n", rest.Arm, 100*rest.Got, 100*rest.Most, verdict)
	}
	_, err := fmt.Fprintf(w, "\nmemory: %.0f bytes for an idle lane, %.0f KiB for 1,000 waiting requests (%.0f KiB of it the callers' stacks)\n",
		r.Memory.IdleLane, r.Memory.Waiting/1024, r.Memory.WaitingStacks/1024)
	return err
}
