package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
	kafkatest "github.com/daero/daero/test/kafka"
)

// eventually waits for something on a real clock.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(3 * time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("three minutes and not %s", what)
		}
	}
}

func placesOf(t *testing.T, l *kafka.Log, group, topic string) (sum int64) {
	t.Helper()
	places, err := l.Places(within(t, time.Minute), group)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range places {
		if k.Topic == topic {
			sum += k.Offset
		}
	}
	return sum
}

// transform runs a transformation until it has finished n messages of in.
func transform(t *testing.T, l *kafka.Log, cfg kafka.TransformConfig, n int64) time.Duration {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	start := time.Now()
	go func() { ended <- kafka.Transform(ctx, cfg) }()
	eventually(t, "all is transformed", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v", err)
		default:
		}
		return placesOf(t, l, cfg.Group, cfg.In[0]) >= n
	})
	took := time.Since(start)
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return took
}

// plain does the same with the client alone: at least once.
func plain(t *testing.T, c *kafkatest.Cluster, in, out, group string, n int64) time.Duration {
	t.Helper()
	start := time.Now()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Addrs()...), kgo.DisableClientMetrics(), kgo.ConsumerGroup(group), kgo.ConsumeTopics(in),
		kgo.DisableAutoCommit(), kgo.MaxBufferedRecords(50_000), kgo.ProducerLinger(5*time.Millisecond), kgo.ProducerBatchCompression(kgo.SnappyCompression()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx := within(t, 3*time.Minute)
	for done := int64(0); done < n; {
		fs := client.PollRecords(ctx, 50_000)
		if err := fs.Err(); err != nil {
			t.Fatal(err)
		}
		for _, r := range fs.Records() {
			client.Produce(ctx, &kgo.Record{Topic: out, Key: r.Key, Value: r.Value}, func(_ *kgo.Record, err error) {
				if err != nil {
					t.Error(err)
				}
			})
			done++
		}
		if err := client.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if err := client.CommitUncommittedOffsets(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(start)
}

func copies(m *relay.Message) ([]*relay.Message, error) {
	return []*relay.Message{{Key: m.Key, Value: m.Value}}, nil
}

// load writes n messages of 100 bytes.
func load(t *testing.T, c *kafkatest.Cluster, topic string, n int) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Addrs()...), kgo.DisableClientMetrics(), kgo.DefaultProduceTopic(topic),
		kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(50_000))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i := range n {
		client.Produce(t.Context(), &kgo.Record{Key: fmt.Appendf(nil, "%d", i%1000), Value: fmt.Appendf(nil, "%0100d", i)}, nil)
	}
	if err := client.Flush(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
}

// Exactly once costs at most a fifth of the throughput of at least once.
func TestTransformKeepsUp(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{})
	l := openReal(t, c, kafka.Config{})
	const n = 2_000_000 // so many that beginning and end weigh little
	ensure(t, l, kafka.TopicSpec{Name: "in", Partitions: 4}, kafka.TopicSpec{Name: "out", Partitions: 4}, kafka.TopicSpec{Name: "plain", Partitions: 4})
	load(t, c, "in", n)
	best, bestPlain := time.Hour, time.Hour
	// The best of each, as often as a machine with much else to do may need; one
	// that is slow stays slow.
	for round := 0; round < 3 || round < 8 && bestPlain.Seconds() < 0.8*best.Seconds(); round++ {
		bestPlain = min(bestPlain, plain(t, c, "in", "plain", fmt.Sprintf("plain-%d", round), n))
		best = min(best, transform(t, l, kafka.TransformConfig{
			Kafka: kafka.Config{Brokers: c.Addrs()}, In: []string{"in"}, Out: "out", Group: fmt.Sprintf("transform-%d", round), Fn: copies,
		}, n))
	}
	ratio := bestPlain.Seconds() / best.Seconds()
	t.Logf("%d messages: plain %v (%.0f/s), exactly once %v (%.0f/s): ratio %.2f", n,
		bestPlain, n/bestPlain.Seconds(), best, n/best.Seconds(), ratio)
	if ratio < 0.8 {
		t.Errorf("exactly once has %.2f of the throughput of plain, want 0.8", ratio)
	}
}
