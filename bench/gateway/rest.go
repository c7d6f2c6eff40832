package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// rest is what open consoles take of the gateway's core while nobody asks it
// for anything. A full core has that much less for requests, so it is the loss
// of throughput that the two ratios measure, without the noise of the load.
type rest struct {
	Arm    string    `json:"arm"`
	Most   float64   `json:"most"` // the bar, a share of a core
	Got    float64   `json:"got"`  // median of the rounds
	OK     bool      `json:"ok"`
	Rounds []float64 `json:"rounds"`
}

// atRest measures in each round the gateway without a console, with one and
// with fifty.
func (b *bench) atRest(ctx context.Context, stderr io.Writer) ([]rest, error) {
	rests := []rest{{Arm: armOneConsole, Most: 0.01}, {Arm: armConsoles, Most: 0.05}}
	d := 2 * b.o.duration
	pause(ctx, d) // what the load left is swept up
	for n := range b.o.rounds {
		alone, err := b.idle(ctx, armNoConsole, d)
		if err != nil {
			return nil, err
		}
		for i := range rests {
			r := &rests[i]
			share, err := b.idle(ctx, r.Arm, d)
			if err != nil {
				return nil, err
			}
			r.Rounds = append(r.Rounds, share-alone)
			fmt.Fprintf(stderr, "at rest %d/%d: %s %.2f %% of a core, without %.2f %%\n", n+1, b.o.rounds, r.Arm, 100*share, 100*alone)
		}
	}
	for i := range rests {
		r := &rests[i]
		r.Got = median(r.Rounds)
		r.OK = r.Got <= r.Most
	}
	return rests, nil
}

// idle returns what share of a core an arm's process uses in a time in which
// only its streams are read.
func (b *bench) idle(ctx context.Context, arm string, d time.Duration) (float64, error) {
	closed, err := b.consoles.open(ctx, watched[arm])
	if err != nil {
		return 0, err
	}
	before, err := b.threadTime(arm)
	if err == nil {
		pause(ctx, d)
	}
	after, errAfter := b.threadTime(arm)
	used := after - before
	err = errors.Join(err, errAfter, b.consoles.check(closed(), watched[arm], d), ctx.Err())
	return used.Seconds() / d.Seconds(), err
}

// threadTime is the CPU time of an arm's threads: /proc/PID/stat counts in
// hundredths of a second, which is a tenth of what is looked for here. Threads
// that end would take theirs along; those of Go stay.
func (b *bench) threadTime(arm string) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", b.pids[arm]))
	if err != nil {
		return 0, err
	}
	if len(threads) == 0 {
		return 0, fmt.Errorf("%s: /proc does not tell the CPU time of its threads: this is measured on Linux", arm)
	}
	var sum time.Duration
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		var ns, waited, slices int64
		if _, err := fmt.Sscan(string(text), &ns, &waited, &slices); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// pause waits until d has passed or ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
