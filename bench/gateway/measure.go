package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// comparison is two arms of which the ratio counts.
type comparison struct {
	name      string
	arm, base string
	want      float64                // the bar, 0 if the ratio is only told
	rate      func(s sample) float64 // what is compared
}

func comparisons() []comparison {
	served := func(s sample) float64 { return s.OK }
	refused := func(s sample) float64 { return s.Refused }
	return []comparison{
		{"forwarding", armLanes, armPlain, 0.95, served},
		{"refusing", armRefuse, armNginx, 0.80, refused},
		{"refusing, server aside", armRefuse, armRespond, 0, refused},
		{"one console", armOneConsole, armNoConsole, 0.99, served},
		{"50 consoles", armConsoles, armNoConsole, 0.95, served},
	}
}

// measureAll runs every comparison and the memory figures.
func measureAll(ctx context.Context, o options, stderr io.Writer) (*report, error) {
	b, err := newBench(ctx, o)
	defer b.close(stderr)
	if err != nil {
		return nil, err
	}
	r := newReport(b)
	for _, c := range comparisons() {
		res, err := b.compare(ctx, c, stderr)
		if err != nil {
			return nil, err
		}
		r.Comparisons = append(r.Comparisons, res)
	}
	if r.AtRest, err = b.atRest(ctx, stderr); err != nil {
		return nil, err
	}
	if r.Memory, err = measureMemory(ctx); err != nil {
		return nil, err
	}
	r.judge()
	return r, nil
}

// compare measures both arms once in every round, the order turning from
// round to round, so that a machine that gets slower hurts both alike. The
// first round's order is arm, base; a warm-up of a second goes before all.
func (b *bench) compare(ctx context.Context, c comparison, stderr io.Writer) (comparisonResult, error) {
	res := comparisonResult{Name: c.name, Arm: c.arm, Base: c.base, Want: c.want}
	for _, arm := range []string{c.arm, c.base} {
		if _, err := b.load(ctx, arm, time.Second); err != nil {
			return res, err
		}
	}
	for n := range b.o.rounds {
		var rd round
		order := []string{c.arm, c.base}
		if n%2 == 1 {
			slices.Reverse(order)
		}
		for _, arm := range order {
			s, err := b.load(ctx, arm, b.o.duration)
			if err != nil {
				return res, err
			}
			if arm == c.arm {
				rd.Arm = s
			} else {
				rd.Base = s
			}
		}
		rd.Ratio, rd.CPURatio = over(c.rate(rd.Arm), c.rate(rd.Base)), over(rd.Base.CPU, rd.Arm.CPU)
		fmt.Fprintf(stderr, "%s %d/%d: %s %.0f/s, %s %.0f/s, ratio %.3f, by CPU time %.3f\n", c.name, n+1, b.o.rounds,
			c.arm, c.rate(rd.Arm), c.base, c.rate(rd.Base), rd.Ratio, rd.CPURatio)
		res.Rounds = append(res.Rounds, rd)
	}
	res.summarise(c.rate)
	return res, nil
}

// over is a/b, 0 where there is nothing to divide by: JSON knows no infinity.
func over(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// load drives an arm, with its consoles open if it has any.
func (b *bench) load(ctx context.Context, arm string, d time.Duration) (sample, error) {
	if watched[arm] > 0 {
		return b.watchedLoad(ctx, arm, d)
	}
	return b.drive(ctx, arm, d)
}

// drive sends requests to an arm and asks its process what that took.
func (b *bench) drive(ctx context.Context, arm string, d time.Duration) (sample, error) {
	before := b.cpuTime(arm)
	s, err := b.wrk(ctx, b.url[arm], d)
	if n := (s.OK + s.Refused) * d.Seconds(); n > 0 {
		s.CPU = (b.cpuTime(arm) - before).Seconds() * 1e6 / n
	}
	return s, err
}

// summarise takes the medians.
func (r *comparisonResult) summarise(rate func(sample) float64) {
	var ratios, cpus, arms, bases []float64
	for _, rd := range r.Rounds {
		ratios = append(ratios, rd.Ratio)
		cpus = append(cpus, rd.CPURatio)
		arms = append(arms, rate(rd.Arm))
		bases = append(bases, rate(rd.Base))
		r.WrongAnswers += rd.Arm.OK + rd.Arm.Refused - rate(rd.Arm) + rd.Base.OK + rd.Base.Refused - rate(rd.Base)
		r.SocketErrors += rd.Arm.Errors + rd.Base.Errors
	}
	r.WrongAnswers /= float64(len(r.Rounds))
	r.Got, r.GotCPU, r.ArmPerS, r.BasePerS = median(ratios), median(cpus), median(arms), median(bases)
	r.Least, r.Most = slices.Min(ratios), slices.Max(ratios)
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}
