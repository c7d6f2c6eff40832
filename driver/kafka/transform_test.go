package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
)

func (f *fake) transform(fn func(*relay.Message) ([]*relay.Message, error)) kafka.TransformConfig {
	return kafka.TransformConfig{
		Kafka: kafka.Config{Brokers: f.ListenAddrs(), Dial: f.dial},
		In:    []string{"in"}, Out: "out", Group: "transform", Fn: fn,
	}
}

// The transformation is ended at any moment, and the ends of its transactions
// fail or time out: what comes out is what went in, once each.
func TestF13TransformIsExact(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { exact(t, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func exact(t *testing.T, rng *rand.Rand) {
	f := startFake(t, kfake.SeedTopics(3, "in", "out"))
	l := f.open(t, kafka.Config{})
	const n = 500
	pauses := rand.New(rand.NewPCG(rng.Uint64(), 1))
	go func() { // while it runs
		for i := range n {
			l.Append(keyed("in", fmt.Sprint(i%9), fmt.Sprintf("%d/%d", i%9, i)), func(relay.Position, error) {})
			time.Sleep(time.Duration(pauses.IntN(20)) * time.Millisecond)
		}
	}()
	faults := []kfake.Fault{
		{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: kerr.RequestTimedOut},
		{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: kerr.CoordinatorNotAvailable},
		{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.CoordinatorLoadInProgress},
		{Keys: []kmsg.Key{kmsg.Produce}, Topic: "out", Err: kerr.NotLeaderForPartition},
		{Keys: []kmsg.Key{kmsg.Produce}, Topic: "out", Err: kerr.RequestTimedOut},
		{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.UnknownMemberID},
	}
	for range 15 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rng.IntN(3000))*time.Millisecond)
		fault := f.Fault(faults[rng.IntN(len(faults))])
		if err := kafka.Transform(ctx, f.transform(copies)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		cancel()
		fault.Remove()
	}
	time.Sleep(time.Minute) // transactions that were left open are ended by the brokers
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	_ = kafka.Transform(ctx, f.transform(copies))
	out := map[string]bool{}
	last := map[string]int{}
	for p := range int32(3) {
		err := l.Read(within(t, time.Minute), relay.Partition{Topic: "out", ID: p}, 0, func(m *relay.Message) bool {
			if out[string(m.Value)] {
				t.Errorf("%s came out twice", m.Value)
			}
			out[string(m.Value)] = true
			var key, i int
			fmt.Sscanf(string(m.Value), "%d/%d", &key, &i)
			if before, ok := last[string(m.Key)]; ok && i <= before {
				t.Errorf("%s comes after %d", m.Value, before)
			}
			last[string(m.Key)] = i
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) != n {
		t.Errorf("%d messages went in, %d came out", n, len(out))
	}
}

// An error of Fn ends it, with nothing kept of the transaction.
func TestTransformEndsWithTheErrorOfItsFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "in", "out", "dead"))
		l := f.open(t, kafka.Config{})
		fill(t, l, "in", 0, 5)
		wrong := errors.New("no")
		err := kafka.Transform(within(t, time.Minute), f.transform(func(m *relay.Message) ([]*relay.Message, error) {
			if string(m.Value) == "3" {
				return nil, wrong
			}
			return []*relay.Message{m}, nil
		}))
		if !errors.Is(err, wrong) {
			t.Errorf("it ended with %v", err)
		}
		if got := values(t, l, relay.Partition{Topic: "out"}); len(got) != 0 {
			t.Errorf("of a transaction that came to nothing there is %v", got)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = kafka.Transform(ctx, f.transform(func(m *relay.Message) ([]*relay.Message, error) {
			if string(m.Value) == "3" {
				return []*relay.Message{{Topic: "dead", Key: m.Key, Value: m.Value}}, nil
			}
			return []*relay.Message{m}, nil
		}))
		if got := fmt.Sprint(values(t, l, relay.Partition{Topic: "out"}), values(t, l, relay.Partition{Topic: "dead"})); got != "[0 1 2 4] [3]" {
			t.Errorf("out and dead have %s", got)
		}
	})
}

func TestTransformIsRefusedOnTheEmbeddedBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "in", "out"), kfake.ClusterID(kafka.EmbeddedClusterID))
		err := kafka.Transform(within(t, time.Minute), f.transform(copies))
		if no, ok := errors.AsType[*kafka.NoTransactionsError](err); !ok || !strings.Contains(no.Why, "in the program") {
			t.Errorf("on the broker in the program: %v", err)
		}
	})
}

// A transaction of a process that is gone holds up readers for half a minute at
// most.
func TestF14OpenTransactionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "in", "out"))
		l := f.open(t, kafka.Config{})
		fill(t, l, "in", 0, 5)
		f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: kerr.CoordinatorNotAvailable, Count: -1})
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = kafka.Transform(ctx, f.transform(copies))
		admin := f.admin(t)
		decided := func() bool {
			at, err := admin.ListCommittedOffsets(within(t, time.Minute), "out")
			end, err2 := admin.ListEndOffsets(within(t, time.Minute), "out")
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			return at["out"][0].Offset == end["out"][0].Offset
		}
		start := time.Now()
		for !decided() {
			if time.Since(start) > 40*time.Second {
				t.Fatal("readers are held up for more than 40 s")
			}
			time.Sleep(time.Second)
		}
	})
}

func TestTransformNamesEveryMistake(t *testing.T) {
	err := kafka.TransformConfig{Kafka: kafka.Config{Brokers: []string{"a:1"}}, In: []string{"x"}, Out: "x", Every: time.Hour}.Validate()
	for _, want := range []string{"group", "read and written", "give a Fn", "every"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}
