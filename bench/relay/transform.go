package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
)

const wantTransform = 0.8

// transform compares the exactly-once transform from topic to topic with a
// plain client that consumes and produces the same, and may do either twice.
func (b *bench) transform(ctx context.Context) error {
	const name = "transform beside a plain client"
	if len(b.options.brokers) == 0 {
		b.report.skip(name, "it needs a cluster: -brokers")
		return nil
	}
	records := 1_000_000
	if b.smoke {
		records = 20_000
	}
	in, err := b.fill(ctx, "transform", records, 10_000, text)
	if err != nil {
		return err
	}
	var ratios []float64
	for n := range b.rounds {
		plain, err := b.copies(ctx, "plain", in, n, records)
		if err != nil {
			return err
		}
		exactly, err := b.copies(ctx, "transform", in, n, records)
		if err != nil {
			return err
		}
		b.say("round %d: %.0f/s exactly once, %.0f/s plain", n+1, exactly, plain)
		ratios = append(ratios, exactly/plain)
	}
	b.report.add(bar{Name: name, Want: wantTransform, Unit: "x", Note: fmt.Sprintf("%d messages of 200 bytes from topic to topic", records)}, ratios...)
	return nil
}

// copies has a process copy a topic, and measures between a tenth and nine
// tenths of it.
func (b *bench) copies(ctx context.Context, role, in string, round, records int) (float64, error) {
	l, err := b.openLog()
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }() // it has written nothing
	out, err := b.makeTopic(ctx, l, fmt.Sprintf("%s-out-%d", role, round))
	if err != nil {
		return 0, err
	}
	at, err := addresses(1)
	if err != nil {
		return 0, err
	}
	kept := len(b.procs)
	defer b.stopAll(kept)
	if _, err := b.start(ctx, role, childConfig{Control: at[0], Brokers: b.brokers, Topic: in, Out: out, Group: b.group()}); err != nil {
		return 0, err
	}
	written := func() (n int64, err error) {
		spans, err := l.Spans(ctx, out)
		for _, s := range spans {
			n += s.Next
		}
		return n, err
	}
	reach := func(share int64) (time.Time, int64, error) {
		var n int64
		err := until(ctx, 3*time.Minute, func() (ok bool, err error) {
			n, err = written()
			return n >= share*int64(records)/10, err
		})
		return time.Now(), n, err
	}
	begin, from, err := reach(1)
	if err != nil {
		return 0, err
	}
	end, to, err := reach(9)
	return float64(to-from) / end.Sub(begin).Seconds(), err
}

func runTransform(ctx context.Context, cfg childConfig) error {
	return beside(ctx, func(ctx context.Context) error {
		return kafka.Transform(ctx, kafka.TransformConfig{
			Kafka: kafka.Config{Brokers: cfg.Brokers}, In: []string{cfg.Topic}, Group: cfg.Group, Out: cfg.Out,
			Fn: func(m *relay.Message) ([]*relay.Message, error) { return []*relay.Message{m}, nil },
		})
	}, func(ctx context.Context) error { return serve(ctx, cfg.Control, http.NotFoundHandler()) })
}

// runPlain is what one writes with the client alone: consume, produce, and let
// it commit by itself.
func runPlain(ctx context.Context, cfg childConfig) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(cfg.Brokers...), kgo.ConsumerGroup(cfg.Group), kgo.ConsumeTopics(cfg.Topic),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(50_000), kgo.DisableClientMetrics(),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	return beside(ctx, func(ctx context.Context) error {
		var failed error
		for ctx.Err() == nil {
			fetches := client.PollFetches(ctx)
			fetches.EachRecord(func(r *kgo.Record) {
				out := &kgo.Record{Topic: cfg.Out, Key: r.Key, Value: r.Value, Headers: r.Headers}
				client.Produce(ctx, out, func(_ *kgo.Record, err error) {
					if err != nil && !errors.Is(err, context.Canceled) {
						failed = err
					}
				})
			})
		}
		if err := client.Flush(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		return failed // every promise was kept before Flush returned
	}, func(ctx context.Context) error { return serve(ctx, cfg.Control, http.NotFoundHandler()) })
}
