package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

const wantMemory = 300.0 // MB

// backlog drains a million records into a target that answers at once, and
// looks at the most memory the relay ever had: with values that hardly
// compress, and with values of which a fetch brings very many.
func (b *bench) backlog(ctx context.Context) error {
	if err := b.withBroker(ctx); err != nil {
		return err
	}
	if err := b.drainBacklog(ctx, "text", text); err != nil {
		return err
	}
	return b.drainBacklog(ctx, "spaces", spaces)
}

func (b *bench) drainBacklog(ctx context.Context, name string, value func(*rand.Rand) []byte) error {
	records := 1_000_000
	if b.smoke {
		records = 20_000
	}
	topic, err := b.fill(ctx, "backlog-"+name, records, 50_000, value)
	if err != nil {
		return err
	}
	kept := len(b.procs)
	defer b.stopAll(kept)
	t, err := b.target(ctx, 0)
	if err != nil {
		return err
	}
	r, err := b.relay(ctx, deliveryConfig{Name: "bench", Topic: topic, Group: b.group(), To: t.url, InFlight: manyInFlight})
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := until(ctx, 20*time.Minute, func() (bool, error) {
		n, err := t.tell(ctx, "")
		return n >= int64(records), err
	}); err != nil {
		return err
	}
	took := time.Since(begin)
	title := "memory while draining a backlog of " + name
	peak, err := peakMemory(r.process.PID())
	if err != nil {
		b.report.skip(title, err.Error())
		return nil
	}
	b.say("%d records of %s in %s, at most %.0f MB", records, name, took.Round(time.Second), peak)
	b.report.add(bar{
		Name: title, Want: wantMemory, AtMost: true, Unit: "MB",
		Note: fmt.Sprintf("%d records, VmHWM of the relay; %.0f/s", records, float64(records)/took.Seconds()),
	}, peak)
	return nil
}

// peakMemory is the most that a process has had in memory, in MB.
func peakMemory(pid int) (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "kB")), 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("the system does not tell the peak of memory")
}
