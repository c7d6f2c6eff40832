package job

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/rehearse/against"
)

// Sample is the target that is always allowed: the sample messenger, which the
// rehearsal starts by itself on this machine's loopback interface.
const Sample = against.Sample

// ArmTarget is the only arm against a service of somebody else's.
const ArmTarget = "target"

// TargetDuration is how long that arm takes unless told otherwise: there are
// fewer people in it, and a p99 wants many.
const TargetDuration = time.Minute

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
	// Against is the service to rehearse against, whole and valid, as whoever
	// configured the gateway described it; nil: the sample.
	Against *against.Service
	// Target is its name. Default that of Against, else Sample, and nothing else
	// is allowed.
	Target string
	By     string
	Reason string
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
	if r.Against != nil {
		if len(r.Arms) == 0 {
			r.Arms = []string{ArmTarget}
		}
		if r.Duration == 0 {
			r.Duration = TargetDuration
		}
		if r.Target == "" {
			r.Target = r.Against.Name
		}
	}
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
	arms, allowed := s.Arms, Sample
	if r.Against != nil {
		arms, allowed = []string{ArmTarget}, r.Against.Name
	}
	for i, arm := range r.Arms {
		if !slices.Contains(arms, arm) {
			errs = append(errs, fmt.Errorf("arm %q: is not one of %s against %s: use %s", clip(arm, 40), s.Name, clip(r.Target, 40), strings.Join(arms, ", ")))
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
	if r.Target != allowed {
		errs = append(errs, fmt.Errorf("target %q: is not allowed: use %s", clip(r.Target, 200), allowed))
	}
	if len(errs) == 0 && h.cfg.Check != nil {
		errs = append(errs, h.cfg.Check(r))
	}
	return r, errors.Join(errs...)
}

// arguments are the command line of a job. What a target is, and the secrets of
// its headers, stand in no command line: it is told on standard input.
func (r Request) arguments(html string) []string {
	args := []string{
		"rehearse", r.Scenario, "--arms", strings.Join(r.Arms, ","), "--duration", r.Duration.String(),
		"--seed", strconv.FormatUint(r.Seed, 10), "--bars", r.Bars, "--repeats", "0", "--patience", "3s",
		"--output", "json", "--progress", "json", "--html", html, "--behind",
	}
	if r.Against != nil {
		args = append(args, "--target", "-")
	}
	return args
}

// clip makes what was sent short enough to be said back.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
