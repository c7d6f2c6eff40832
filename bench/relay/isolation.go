package main

import (
	"context"
	"fmt"
	"time"
)

// wantIsolation is how much of its throughput the healthy side keeps.
const wantIsolation = 0.95

// isolation measures what trouble on one side does to the other. The healthy
// side has 16 messages in flight to a target of 5 ms: the target bounds it, at
// about 3,000/s, and not the processor, which the trouble would give or take.
func (b *bench) isolation(ctx context.Context) error {
	records, window := 60_000, 3*time.Second
	if b.smoke {
		records, window = 8_000, 500*time.Millisecond
	}
	if err := b.withBroker(ctx); err != nil {
		return err
	}
	topic, err := b.fill(ctx, "isolation", records, 1000, text)
	if err != nil {
		return err
	}
	kept := len(b.procs)
	defer b.stopAll(kept)
	a, err := b.target(ctx, targetDelay)
	if err != nil {
		return err
	}
	other, err := b.target(ctx, targetDelay)
	if err != nil {
		return err
	}
	d := func(name string, t service) deliveryConfig {
		return deliveryConfig{Name: name, Topic: topic, To: t.url, InFlight: 16}
	}
	key := arm{
		b: b, window: window, watched: a, deliveries: []deliveryConfig{d("a", a)},
		trouble: func() error { _, err := a.tell(ctx, "failing=key-7"); return err },
		heal:    func() error { _, err := a.tell(ctx, "failing="); return err },
	}
	if err := key.measure(ctx, "one failing key: the other keys keep", "1 of 1,000 keys is always answered with 500"); err != nil {
		return err
	}
	target := arm{
		b: b, window: window, watched: a, deliveries: []deliveryConfig{d("a", a), d("b", other)},
		trouble: func() error { _, err := other.tell(ctx, "dead=true"); return err },
		heal:    func() error { _, err := other.tell(ctx, "dead=false"); return err },
	}
	if err := target.measure(ctx, "one dead target: the other target keeps", "it takes requests and never answers"); err != nil {
		return err
	}
	return b.deadConsumer(ctx, window)
}

// arm is a comparison of a healthy and a troubled relay.
type arm struct {
	b             *bench
	window        time.Duration
	watched       service // whose throughput counts
	deliveries    []deliveryConfig
	trouble, heal func() error
}

func (a arm) measure(ctx context.Context, name, note string) error {
	var ratios []float64
	for n := range a.b.rounds {
		before, err := a.rate(ctx, a.heal)
		if err != nil {
			return fmt.Errorf("%s: healthy: %w", name, err)
		}
		after, err := a.rate(ctx, a.trouble)
		if err != nil {
			return fmt.Errorf("%s: with trouble: %w", name, err)
		}
		a.b.say("round %d: %.0f/s, and %.0f/s with trouble", n+1, before, after)
		ratios = append(ratios, after/before)
	}
	a.b.report.add(bar{Name: name, Want: wantIsolation, Unit: "of before", Note: note}, ratios...)
	return a.heal()
}

// rate starts a relay with new groups and measures what the watched target
// takes, once it takes something.
func (a arm) rate(ctx context.Context, set func() error) (float64, error) {
	if err := set(); err != nil {
		return 0, err
	}
	kept := len(a.b.procs)
	defer a.b.stopAll(kept)
	for i := range a.deliveries {
		a.deliveries[i].Group = a.b.group()
	}
	if _, err := a.b.relay(ctx, a.deliveries...); err != nil {
		return 0, err
	}
	return measureRate(ctx, a.window, func() (int64, error) { return a.watched.tell(ctx, "") })
}

// measureRate waits until the count has risen by 500 and measures for a window
// from then on.
func measureRate(ctx context.Context, window time.Duration, count func() (int64, error)) (float64, error) {
	first, err := count()
	if err != nil {
		return 0, err
	}
	if err := until(ctx, time.Minute, func() (bool, error) { n, err := count(); return n > first+500, err }); err != nil {
		return 0, fmt.Errorf("%w: the first 500", err)
	}
	begin := time.Now()
	from, err := count()
	if err != nil {
		return 0, err
	}
	if err := until(ctx, window+time.Minute, func() (bool, error) { return time.Since(begin) >= window, nil }); err != nil {
		return 0, err
	}
	to, err := count()
	return float64(to-from) / time.Since(begin).Seconds(), err
}
