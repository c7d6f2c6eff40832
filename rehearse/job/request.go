package job

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sample is the target that is always allowed: the sample messenger, which the
// rehearsal starts by itself on this machine's loopback interface.
const Sample = "sample"

// Which bars are judged.
const (
	All         = "all"
	Correctness = "correctness" // only what does not depend on the machine's speed
)

// Request is what somebody wants to be rehearsed.
type Request struct {
	Scenario string
	Arms     []string // default those of the scenario
	// Duration is of one arm. Default that of the scenario, at most MaxDuration.
	Duration time.Duration
	Seed     uint64 // default 1
	Bars     string // default All
	Target   string // default Sample
	By       string
	Reason   string
}

// MaxDuration bounds an arm: a rehearsal is held beside a gateway that people
// depend on.
const MaxDuration = 10 * time.Minute

// maxSeed is the largest that a browser can read.
const maxSeed = 1<<53 - 1

// Scenario says what a scenario is.
type Scenario struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	TitleKo string   `json:"title_ko"`
	What    string   `json:"what"`
	WhatKo  string   `json:"what_ko"`
	Seconds float64  `json:"seconds"` // of one arm, unless told otherwise
	Arms    []string `json:"arms"`
	Usual   []string `json:"default_arms"`
}

// Arm says what an arm is.
type Arm struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	TitleKo string `json:"title_ko"`
}

// withDefaults fills in what was left out.
func (r Request) withDefaults(s Scenario) Request {
	if len(r.Arms) == 0 {
		r.Arms = slices.Clone(s.Usual)
	}
	if r.Duration == 0 {
		r.Duration = time.Duration(s.Seconds * float64(time.Second))
	}
	if r.Seed == 0 {
		r.Seed = 1
	}
	if r.Bars == "" {
		r.Bars = All
	}
	if r.Target == "" {
		r.Target = Sample
	}
	return r
}

// complete fills a request in and says everything that is wrong with it.
func (h *Host) complete(r Request) (Request, error) {
	i := slices.IndexFunc(h.cfg.Scenarios, func(s Scenario) bool { return s.Name == r.Scenario })
	if i < 0 {
		known := make([]string, len(h.cfg.Scenarios))
		for i, s := range h.cfg.Scenarios {
			known[i] = s.Name
		}
		return r, fmt.Errorf("scenario %q: is not known: use %s", clip(r.Scenario, 40), strings.Join(known, ", "))
	}
	s := h.cfg.Scenarios[i]
	r = r.withDefaults(s)
	var errs []error
	for i, arm := range r.Arms {
		if !slices.Contains(s.Arms, arm) {
			errs = append(errs, fmt.Errorf("arm %q: is not one of %s: use %s", clip(arm, 40), s.Name, strings.Join(s.Arms, ", ")))
		} else if slices.Contains(r.Arms[:i], arm) {
			errs = append(errs, fmt.Errorf("arm %s: named twice: name it once", arm))
		}
	}
	if r.Duration < time.Second || r.Duration > MaxDuration {
		errs = append(errs, fmt.Errorf("duration %s: must be at most %s for each arm", r.Duration, MaxDuration))
	}
	if r.Seed > maxSeed {
		errs = append(errs, fmt.Errorf("seed %d: must be at most %d", r.Seed, uint64(maxSeed)))
	}
	if r.Bars != All && r.Bars != Correctness {
		errs = append(errs, fmt.Errorf("bars %q: are not known: use %s or %s", clip(r.Bars, 40), All, Correctness))
	}
	if allowed := h.Allowed(); !slices.Contains(allowed, r.Target) {
		errs = append(errs, fmt.Errorf("target %q: is not allowed: use %s", clip(r.Target, 200), strings.Join(allowed, ", ")))
	}
	if len(errs) == 0 && h.cfg.Check != nil {
		errs = append(errs, h.cfg.Check(r))
	}
	return r, errors.Join(errs...)
}

// arguments are the command line of a job.
func (r Request) arguments(html string) []string {
	return []string{
		"rehearse", r.Scenario, "--arms", strings.Join(r.Arms, ","), "--duration", r.Duration.String(),
		"--seed", strconv.FormatUint(r.Seed, 10), "--bars", r.Bars, "--repeats", "0", "--patience", "3s",
		"--output", "json", "--progress", "json", "--html", html, "--behind",
	}
}

// clip makes what was sent short enough to be said back.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
