package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	partitions   = 6
	targetDelay  = 5 * time.Millisecond
	wantRatio    = 3.0
	wantRate     = 8000.0
	wantCPU      = 30.0 // µs per record
	manyInFlight = 512
)

// throughput drains a backlog into a target of 5 ms: 512 messages at once, each
// key waiting for itself, and beside it one at once for each partition.
func (b *bench) throughput(ctx context.Context) error {
	records, slow := 80_000, 4*time.Second
	if b.smoke {
		records, slow = 5_000, time.Second
	}
	if err := b.withBroker(ctx); err != nil {
		return err
	}
	topic, err := b.fill(ctx, "throughput", records, 10_000, text)
	if err != nil {
		return err
	}
	kept := len(b.procs)
	defer b.stopAll(kept)
	t, err := b.target(ctx, targetDelay)
	if err != nil {
		return err
	}
	var ratios, rates, cpus []float64
	for n := range b.rounds {
		many, err := b.drain(ctx, t, deliveryConfig{Topic: topic, InFlight: manyInFlight}, records, 2*time.Minute, n == 0)
		if err != nil {
			return err
		}
		one, err := b.drain(ctx, t, deliveryConfig{Topic: topic, InFlight: partitions, ByPartition: true}, records, slow, false)
		if err != nil {
			return err
		}
		b.say("round %d: %.0f/s at 512 in flight with %.1f µs each, %.0f/s at one per partition", n+1, many.rate, many.cpu, one.rate)
		ratios, rates, cpus = append(ratios, many.rate/one.rate), append(rates, many.rate), append(cpus, many.cpu)
	}
	b.report.add(bar{Name: "512 in flight beside one per partition", Want: wantRatio, Unit: "x", Note: "HTTP target of 5 ms, 6 partitions, 10,000 keys"}, ratios...)
	b.report.add(bar{Name: "throughput", Want: wantRate, Unit: "/s", Note: "broker, relay and target share the cores"}, rates...)
	b.report.add(bar{Name: "relay's processor time per record", Want: wantCPU, AtMost: true, Unit: "µs", Note: "user and system, getrusage"}, cpus...)
	return nil
}

// drained is how a drain went.
type drained struct {
	rate float64 // per second
	cpu  float64 // µs per record
}

// drain has a relay deliver a topic with a group of its own, and measures
// between a tenth and nine tenths of it, or as long as it may take.
func (b *bench) drain(ctx context.Context, t service, d deliveryConfig, records int, atMost time.Duration, profile bool) (drained, error) {
	d.Name, d.Group, d.To = "bench", b.group(), t.url
	before, err := t.tell(ctx, "")
	if err != nil {
		return drained{}, err
	}
	kept := len(b.procs)
	defer b.stopAll(kept)
	r, err := b.relay(ctx, d)
	if err != nil {
		return drained{}, err
	}
	taken := func() (int64, error) {
		n, err := t.tell(ctx, "")
		return n - before, err
	}
	tenth := int64(records / 10)
	if atMost < time.Minute { // it will not get that far
		tenth = 20
	}
	if err := until(ctx, time.Minute, func() (bool, error) { n, err := taken(); return n >= tenth, err }); err != nil {
		return drained{}, fmt.Errorf("%w: the first tenth", err)
	}
	var profiling sync.WaitGroup
	if profile && b.profile != "" {
		profiling.Go(func() { b.takeProfile(ctx, r) })
	}
	defer profiling.Wait()
	from, err := b.reading(ctx, r, taken)
	if err != nil {
		return drained{}, err
	}
	end := time.Now().Add(atMost)
	if err := until(ctx, atMost+time.Minute, func() (bool, error) {
		n, err := taken()
		return n >= 9*int64(records)/10 || time.Now().After(end), err
	}); err != nil {
		return drained{}, err
	}
	to, err := b.reading(ctx, r, taken)
	if err != nil {
		return drained{}, err
	}
	n := float64(to.taken - from.taken)
	return drained{n / to.at.Sub(from.at).Seconds(), float64((to.cpu - from.cpu).Microseconds()) / n}, nil
}

type reading struct {
	at    time.Time
	taken int64
	cpu   time.Duration
}

func (b *bench) reading(ctx context.Context, r deliverer, taken func() (int64, error)) (reading, error) {
	u, err := r.usage(ctx)
	if err != nil {
		return reading{}, err
	}
	at := time.Now()
	n, err := taken()
	return reading{at, n, u.CPU}, err
}

// takeProfile writes three seconds of the relay's CPU profile.
func (b *bench) takeProfile(ctx context.Context, r deliverer) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.control+"/profile?seconds=3", nil)
	if err != nil {
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.say("no profile: %v", err)
		return
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil {
		err = os.WriteFile(b.profile, data, 0o644)
	}
	if err != nil {
		b.say("no profile: %v", err)
	}
}
