package verify_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/internal/child"
	"github.com/daero/daero/relay"
	kafkatest "github.com/daero/daero/test/kafka"
)

// transformChild copies in to out exactly once, until it is killed.
func transformChild(brokers string) error {
	return kafka.Transform(context.Background(), kafka.TransformConfig{
		Kafka: kafka.Config{Brokers: strings.Split(brokers, ",")}, In: []string{"in"}, Out: "out", Group: "copy", Instance: "one",
		// Few at a time, so that kills meet open transactions.
		Most: 500, Every: 50 * time.Millisecond,
		Fn: func(m *relay.Message) ([]*relay.Message, error) { return []*relay.Message{m}, nil },
	})
}

// committed returns how often each value is in a topic, for who reads committed
// messages only, and how many came before an earlier one of their key.
func committed(t *testing.T, l *kafka.Log, topic string) (count map[string]int, disorder int) {
	t.Helper()
	spans, err := l.Spans(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	count = map[string]int{}
	newest := map[string]int{}
	for _, s := range spans {
		if err := l.Read(t.Context(), s.Partition, s.First, func(m *relay.Message) bool {
			var n int
			if _, err := fmt.Sscan(string(m.Value[strings.LastIndexByte(string(m.Value), ' ')+1:]), &n); err != nil {
				t.Fatal(err)
			}
			if n < newest[string(m.Key)] {
				disorder++
			}
			newest[string(m.Key)] = n
			count[string(m.Value)]++
			return true
		}); err != nil {
			t.Fatal(err)
		}
	}
	return count, disorder
}

// TestKillsOfATransform kills the process that copies from topic to topic, with
// kill -9 in the middle of its transactions, and starts it anew under the same
// name: the brokers fence what the dead one has begun (F12), what it has not
// ended holds up nobody for long (F14), and whoever reads committed messages
// finds each exactly once, in the order of its key.
func TestKillsOfATransform(t *testing.T) {
	const seed, records, keys = 6, 40_000, 100
	c := kafkatest.Start(t, kafkatest.Options{})
	l, err := kafka.Open(kafka.Config{Brokers: c.Addrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.EnsureTopics(t.Context(), kafka.TopicSpec{Name: "in", Partitions: 4}, kafka.TopicSpec{Name: "out", Partitions: 4}); err != nil {
		t.Fatal(err)
	}
	var written sync.WaitGroup
	room := make(chan struct{}, 5000)
	for i := range records {
		room <- struct{}{}
		key := fmt.Sprintf("key-%d", i%keys)
		written.Add(1)
		l.Append(&relay.Message{Topic: "in", Key: []byte(key), Value: fmt.Appendf(nil, "%s %d", key, i), Partition: -1}, func(_ relay.Position, err error) {
			if err != nil {
				t.Errorf("record %d: %v", i, err)
			}
			<-room
			written.Done()
		})
	}
	written.Wait()
	random := rand.New(rand.NewPCG(seed, 0))
	finished := func() (n int64) {
		marks, err := l.Places(t.Context(), "copy")
		if err != nil && !errors.Is(err, context.Canceled) {
			return 0
		}
		for _, m := range marks {
			n += m.Offset
		}
		return n
	}
	say := func() string { return fmt.Sprintf("seed %d: %d of %d copied", seed, finished(), records) }
	kills := 0
	for {
		p, err := child.Start("transform", os.Args[0], "transform-child", strings.Join(c.Addrs(), ","))
		if err != nil {
			t.Fatal(err)
		}
		from := finished()
		more := from + int64(500+random.IntN(3000))
		waitFor(t, time.Minute, say, func() bool { return finished() >= min(more, records) })
		if finished() >= records {
			p.Kill()
			break
		}
		p.Kill()
		kills++
	}
	var count map[string]int
	waitFor(t, time.Minute, func() string { return fmt.Sprintf("%d of %d messages can be read", len(count), records) }, func() bool {
		count, _ = committed(t, l, "out")
		return len(count) >= records
	})
	count, disorder := committed(t, l, "out")
	for value, n := range count {
		if n != 1 {
			t.Errorf("seed %d: %q is there %d times", seed, value, n)
		}
	}
	if len(count) != records || disorder != 0 || kills < 5 {
		t.Errorf("seed %d: %d of %d messages, %d out of order, %d kills", seed, len(count), records, disorder, kills)
	}
	t.Logf("%d kills, %d messages exactly once", kills, len(count))
}
