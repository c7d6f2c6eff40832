package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"time"

	"github.com/daero/daero/driver/poll"
)

// untold says that this system does not tell a figure.
func untold(what string, err error) error {
	text := runtime.GOOS + " does not tell " + what + " here"
	if err == nil {
		return errors.New(text)
	}
	return fmt.Errorf("%s: %w", text, err)
}

// window is how far back the busy share of the processors looks.
const window = time.Second

// sample is what the processors had done at a time.
type sample struct {
	at          time.Time
	busy, total float64
}

// busyShare is the share between two samples; ok is false where nothing passed
// between them, or where the counters went back.
func busyShare(a, b sample) (share float64, ok bool) {
	busy, total := b.busy-a.busy, b.total-a.total
	if !(total > 0) || !(busy >= 0) {
		return 0, false
	}
	return min(busy/total, 1), true
}

// since drops the samples that are older than the window, but for the newest
// of those.
func since(samples []sample, now time.Time) []sample {
	for len(samples) > 1 && now.Sub(samples[1].at) >= window {
		samples = samples[1:]
	}
	return samples
}

func askCPU(sys *system) func(context.Context) (poll.Answer, error) {
	var samples []sample
	return func(ctx context.Context) (poll.Answer, error) {
		busy, total, err := sys.times(ctx)
		if err != nil {
			return poll.Answer{}, err
		}
		now := time.Now()
		samples = append(since(samples, now), sample{now, busy, total})
		share, ok := busyShare(samples[0], samples[len(samples)-1])
		if !ok {
			samples = samples[len(samples)-1:]
			return poll.Answer{}, poll.ErrNothing
		}
		return poll.Answer{Value: share, At: now}, nil
	}
}

func askRunQueue(sys *system) func(context.Context) (poll.Answer, error) {
	return func(ctx context.Context) (poll.Answer, error) {
		// A kernel that was told not to measure has the file and refuses to read it.
		if text, err := fs.ReadFile(sys.root, "proc/pressure/cpu"); err == nil {
			if share, ok := pressure(text); ok {
				return poll.Answer{Value: share}, nil
			}
		}
		load, err := sys.load1(ctx)
		if err != nil {
			return poll.Answer{}, err
		}
		return poll.Answer{Value: load / float64(max(sys.cpus, 1))}, nil
	}
}

// pressure reads the share of time in which something waited, from
//
//	some avg10=12.34 avg60=5.00 avg300=1.00 total=123456
func pressure(text []byte) (share float64, ok bool) {
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) < 2 || string(fields[0]) != "some" {
			continue
		}
		value, found := bytes.CutPrefix(fields[1], []byte("avg10="))
		percent, err := strconv.ParseFloat(string(value), 64)
		return percent / 100, found && err == nil && percent >= 0 && percent <= 100
	}
	return 0, false
}

func askMemory(sys *system) func(context.Context) (poll.Answer, error) {
	return func(ctx context.Context) (poll.Answer, error) {
		total, available, err := sys.memory(ctx)
		if err == nil && (total == 0 || available > total) {
			err = untold("how much memory is in use", nil)
		}
		if err != nil {
			total = 0 // the group's limit may still be known
		}
		if share, ok := groupMemory(sys.root, total); ok {
			return poll.Answer{Value: share}, nil
		}
		if err != nil {
			return poll.Answer{}, err
		}
		return poll.Answer{Value: float64(total-available) / float64(total)}, nil
	}
}
