package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
	kafkatest "github.com/daero/daero/test/kafka"
)

// ledger is what writers were told is safe.
type ledger struct {
	mu    sync.Mutex
	acked map[string]relay.Position
}

// write appends for one key, one after the other, until ctx ends.
func (b *ledger) write(ctx context.Context, l relay.Log, topic string, key int) {
	for n := 0; ctx.Err() == nil; n++ {
		done := make(chan struct{})
		value := fmt.Sprintf("%d/%d", key, n)
		l.Append(keyed(topic, fmt.Sprint(key), value), func(at relay.Position, err error) {
			if err == nil {
				b.mu.Lock()
				b.acked[value] = at
				b.mu.Unlock()
			}
			close(done)
		})
		<-done
	}
}

func (b *ledger) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.acked)
}

// kept reads a topic, and fails if a value is there twice or a key's order is
// broken.
func kept(t *testing.T, l *kafka.Log, topic string) map[string]relay.Position {
	t.Helper()
	spans, err := l.Spans(within(t, time.Minute), topic)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]relay.Position{}
	last := map[int]int{}
	for _, span := range spans {
		err := l.Read(within(t, time.Minute), span.Partition, 0, func(m *relay.Message) bool {
			if at, ok := there[string(m.Value)]; ok {
				t.Errorf("%s is there twice: %v and %v", m.Value, at, m.Position())
			}
			there[string(m.Value)] = m.Position()
			var key, n int
			if _, err := fmt.Sscanf(string(m.Value), "%d/%d", &key, &n); err != nil {
				t.Fatal(err)
			}
			if before, ok := last[key]; ok && n <= before {
				t.Errorf("%s: %s comes after %d", m.Position(), m.Value, before)
			}
			last[key] = n
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return there
}

// tally is a consumer of a group that counts what it got, and finishes it.
type tally struct {
	mu   *sync.Mutex
	seen map[string]int
	next map[relay.Partition]int64
	s    relay.Session
}

func (c *tally) Claimed(s relay.Session, claims []relay.Claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s = s
	for _, x := range claims {
		c.next[x.Partition] = x.Offset
	}
}

func (c *tally) Received(ms []*relay.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range ms {
		c.seen[string(m.Value)]++
		c.next[m.Of()] = m.Offset + 1
	}
}

func (c *tally) Revoked(ctx context.Context, parts []relay.Partition, lost bool) {
	c.mu.Lock()
	var marks []relay.Mark
	for _, p := range parts {
		marks = append(marks, relay.Mark{Partition: p, Offset: c.next[p]})
		delete(c.next, p)
	}
	c.mu.Unlock()
	if !lost {
		_ = c.s.Commit(ctx, marks) // what is not committed comes again
	}
}

const realKills = 6

// Brokers are killed one after the other while messages are written, read by a
// group and transformed. Nothing acknowledged is lost or moved, keys keep their
// order, and what comes out of the transformation is exactly what went in.
func TestF8BrokersAreKilled(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
	l := openReal(t, c, kafka.Config{})
	ensure(t, l, kafka.TopicSpec{Name: "jobs", Partitions: 3}, kafka.TopicSpec{Name: "out", Partitions: 3})
	t.Run("F7", func(t *testing.T) { durability(t, l) })

	ctx, stop := context.WithCancel(context.Background())
	var writers, readers sync.WaitGroup
	book := &ledger{acked: map[string]relay.Position{}}
	for key := range 16 {
		writers.Go(func() { book.write(ctx, l, "jobs", key) })
	}
	reading, stopReading := context.WithCancel(context.Background())
	var mu sync.Mutex
	seen := map[string]int{}
	for range 2 {
		readers.Go(func() {
			_ = l.Consume(reading, group("jobs"), &tally{mu: &mu, seen: seen, next: map[relay.Partition]int64{}})
		})
	}
	cfg := kafka.TransformConfig{
		Kafka: kafka.Config{Brokers: c.Addrs()}, In: []string{"jobs"}, Out: "out", Group: "transform", Fn: copies,
	}
	readers.Go(func() { restarting(reading, cfg, rng.Uint64()) })

	for range realKills {
		before := book.size()
		eventually(t, "messages flow", func() bool { return book.size() > before+100 })
		i := rng.IntN(3)
		c.Kill(i)
		before = book.size()
		eventually(t, "messages flow with a broker less", func() bool { return book.size() > before+100 })
		c.Restart(i)
	}
	stop()
	writers.Wait()
	there := kept(t, l, "jobs")
	for value, at := range book.acked {
		if there[value] != at {
			t.Errorf("%s was acknowledged at %v and is at %v", value, at, there[value])
		}
	}
	eventually(t, "all is transformed", func() bool { return placesOf(t, l, "transform", "jobs") >= int64(len(there)) })
	eventually(t, "all is received", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(seen) == len(there)
	})
	stopReading()
	readers.Wait()
	admin := realAdmin(t, c)
	eventually(t, "every transaction is decided", func() bool {
		decided, err := admin.ListCommittedOffsets(within(t, time.Minute), "out")
		ends, err2 := admin.ListEndOffsets(within(t, time.Minute), "out")
		if err != nil || err2 != nil {
			return false
		}
		for id, end := range ends["out"] {
			if decided["out"][id].Offset != end.Offset {
				return false
			}
		}
		return true
	})
	out := kept(t, l, "out")
	for value := range there {
		if _, ok := out[value]; !ok {
			t.Errorf("%s went in and did not come out", value)
		}
	}
	if len(out) != len(there) {
		t.Errorf("%d messages went in, %d came out", len(there), len(out))
	}
	again := 0
	for _, n := range seen {
		again += n - 1
	}
	t.Logf("%d kills, %d acknowledged, %d there, %d came out, %d received again", realKills, len(book.acked), len(there), len(out), again)
}

// restarting transforms, and is thrown out in the middle of it now and then.
func restarting(ctx context.Context, cfg kafka.TransformConfig, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for ctx.Err() == nil {
		some, cancel := context.WithTimeout(ctx, time.Second+time.Duration(rng.Int64N(4e9)))
		_ = kafka.Transform(some, cfg)
		cancel()
	}
}

// durability is what Check says of a cluster of three.
func durability(t *testing.T, l *kafka.Log) {
	want := kafka.Durability{Durable: true}
	r, err := l.Check(within(t, time.Minute), []string{"jobs"}, want)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Err(); err != nil || r.Brokers != 3 || r.Embedded {
		t.Errorf("three replicas, two in sync: %v, %+v", err, r)
	}
	t.Logf("version %s, warnings %q", r.Version, r.Warnings())
	ensure(t, l, kafka.TopicSpec{Name: "weak", Partitions: 1, Replicas: 2, Settings: map[string]string{
		"min.insync.replicas": "1", "unclean.leader.election.enable": "true", "retention.ms": "60000", "cleanup.policy": "compact",
	}})
	r, err = l.Check(within(t, time.Minute), []string{"jobs", "weak", "nowhere"}, want)
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{
		"topic weak: it has 2 replicas", "topic weak: min.insync.replicas is 1", "topic weak: unclean.leader.election.enable is on",
		"topic weak: cleanup.policy is compact", "topic nowhere: it is not there",
	} {
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q is not in: %v", said, err)
		}
	}
	if strings.Contains(fmt.Sprint(r.Err()), "topic jobs") {
		t.Errorf("there is nothing wrong with jobs: %v", r.Err())
	}
	raised, err := l.Retain(within(t, time.Minute), "jobs", 30*24*time.Hour)
	if err != nil || !raised {
		t.Errorf("retention was not raised: %v", err)
	}
	if raised, err = l.Retain(within(t, time.Minute), "jobs", time.Hour); err != nil || raised {
		t.Errorf("retention was lowered: %v, %v", raised, err)
	}
	spans, err := l.Spans(within(t, time.Minute), "jobs")
	if err != nil || spans[0].Retention != 30*24*time.Hour {
		t.Errorf("retention: %+v, %v", spans, err)
	}
}

// Before 4.0 a dead process's transaction may leak into the next: no exactly
// once there.
func TestTransformIsRefusedOnOldBrokers(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Version: kafkatest.Old})
	err := kafka.Transform(within(t, time.Minute), kafka.TransformConfig{
		Kafka: kafka.Config{Brokers: c.Addrs()}, In: []string{"in"}, Out: "out", Group: "g", Fn: copies,
	})
	if no, ok := errors.AsType[*kafka.NoTransactionsError](err); !ok || !strings.Contains(no.Why, "v3.9") {
		t.Errorf("on 3.9: %v", err)
	}
}
