package kafka_test

import (
	"errors"
	"fmt"
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

type answer struct {
	at    relay.Position
	err   error
	after time.Duration
}

// put appends messages one after the other and waits for all answers.
func put(t *testing.T, l relay.Log, ms ...*relay.Message) []answer {
	t.Helper()
	answers := make([]answer, len(ms))
	done := make(chan struct{}, len(ms))
	for i, m := range ms {
		m.Partition = -1
		start := time.Now()
		l.Append(m, func(at relay.Position, err error) {
			answers[i] = answer{at, err, time.Since(start)}
			done <- struct{}{}
		})
	}
	deadline := time.After(5 * time.Minute)
	for range ms {
		select {
		case <-done:
		case <-deadline:
			t.Fatal("a message was not answered within five minutes")
		}
	}
	return answers
}

func keyed(topic, key, value string) *relay.Message {
	return &relay.Message{Topic: topic, Key: []byte(key), Value: []byte(value)}
}

func values(t *testing.T, l relay.Reader, p relay.Partition) (vs []string) {
	t.Helper()
	if err := l.Read(within(t, time.Minute), p, 0, func(m *relay.Message) bool {
		vs = append(vs, string(m.Value))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return vs
}

// The broker writes and says that it timed out, again and again: whoever
// waits is told in time that it is unknown, and in the end the message is there
// once.
func TestF6TimedOutIsUnknownAndKeptOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "jobs"))
		l := f.open(t, kafka.Config{AppendWithin: 2 * time.Second})
		put(t, l, keyed("jobs", "k", "before"))
		fault := f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.RequestTimedOut, Count: -1})
		a := put(t, l, keyed("jobs", "k", "unknown"))[0]
		if !errors.Is(a.err, relay.ErrUnknown) || a.after > 4*time.Second {
			t.Errorf("after %v: %v, want %v", a.after, a.err, relay.ErrUnknown)
		}
		if a := put(t, l, keyed("jobs", "k", "refused"))[0]; !errors.Is(a.err, relay.ErrAway) || a.after > time.Second {
			t.Errorf("while one is unknown, another after %v: %v, want %v at once", a.after, a.err, relay.ErrAway)
		}
		fault.Remove()
		time.Sleep(5 * time.Second) // the client finds out
		if a := put(t, l, keyed("jobs", "k", "after"))[0]; a.err != nil {
			t.Fatal(a.err)
		}
		if got := fmt.Sprint(values(t, l, relay.Partition{Topic: "jobs"})); got != "[before unknown after]" {
			t.Errorf("the log has %s", got)
		}
	})
}

// Nobody is there: nothing was sent, and that is certain.
func TestAwayIsCertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "jobs"))
		l := f.open(t, kafka.Config{AppendWithin: 2 * time.Second})
		put(t, l, keyed("jobs", "k", "before"))
		f.Close()
		a := put(t, l, keyed("jobs", "k", "first"))[0]
		if a.err == nil || a.after > 4*time.Second {
			t.Errorf("after %v: %v", a.after, a.err)
		}
		a = put(t, l, keyed("jobs", "k", "second"))[0]
		if !errors.Is(a.err, relay.ErrAway) || a.after > time.Second {
			t.Errorf("after %v: %v, want %v at once", a.after, a.err, relay.ErrAway)
		}
	})
}

func TestNeverReachedIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t)
		l := f.open(t, kafka.Config{AppendWithin: time.Second})
		f.Close()
		if a := put(t, l, keyed("jobs", "k", "x"))[0]; !errors.Is(a.err, relay.ErrAway) || a.after > 3*time.Second {
			t.Errorf("after %v: %v, want %v", a.after, a.err, relay.ErrAway)
		}
	})
}

// A full buffer does not make anybody wait.
func TestFullBufferIsAwayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "jobs"))
		l := f.open(t, kafka.Config{AppendWithin: 10 * time.Second, Buffered: 10})
		f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
		ms := make([]*relay.Message, 15)
		for i := range ms {
			ms[i] = keyed("jobs", "k", "x")
		}
		var full int
		for _, a := range put(t, l, ms...) {
			if errors.Is(a.err, relay.ErrAway) && a.after < time.Second {
				full++
			}
		}
		if full != 5 {
			t.Errorf("%d of 15 messages were answered at once, with room for 10", full)
		}
	})
}

// What a topic takes is its own: many small messages at once do not make one
// batch that it refuses.
func TestF20BatchesKeepToTheTopicsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t)
		bound := "20000"
		if err := f.CreateTopic("jobs", 1, map[string]string{"max.message.bytes": bound}); err != nil {
			t.Fatal(err)
		}
		l := f.open(t, kafka.Config{Compression: "none", MaxBytes: 8 << 20, Linger: 10 * time.Millisecond})
		ms := make([]*relay.Message, 200)
		for i := range ms {
			ms[i] = keyed("jobs", "k", strings.Repeat("x", 1000))
		}
		for i, a := range put(t, l, ms...) {
			if a.err != nil {
				t.Fatalf("message %d of 1 kB, the topic takes %s: %v", i, bound, a.err)
			}
		}
		if a := put(t, l, keyed("jobs", "k", strings.Repeat("x", 30_000)))[0]; !errors.Is(a.err, relay.ErrTooLarge) {
			t.Errorf("30 kB: %v, want %v", a.err, relay.ErrTooLarge)
		}
	})
}

// Keys go where Java's clients send them: partitions as its murmur2 says.
func TestF19PartitionsAreThoseOfJava(t *testing.T) {
	// From org.apache.kafka.common.utils.UtilsTest: the hashes of its test of
	// murmur2; the partition is the hash without its sign, modulo the number.
	vectors := map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	}
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t)
		for _, n := range []int32{1, 3, 12, 50} {
			topic := fmt.Sprintf("jobs-%d", n)
			if err := f.CreateTopic(topic, n, nil); err != nil {
				t.Fatal(err)
			}
			l := f.open(t, kafka.Config{})
			for key, hash := range vectors {
				a := put(t, l, keyed(topic, key, "x"))[0]
				if want := (hash & 0x7fffffff) % n; a.err != nil || a.at.Partition != want {
					t.Errorf("key %q of %d partitions: partition %d, %v; Java's is %d", key, n, a.at.Partition, a.err, want)
				}
			}
		}
	})
}

// With another number of partitions than recorded, keys would move.
func TestF18ChangedPartitionsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(4, "jobs"))
		l := f.open(t, kafka.Config{Partitions: map[string]int32{"jobs": 4}})
		if a := put(t, l, keyed("jobs", "k", "x"))[0]; a.err != nil {
			t.Fatal(a.err)
		}
		if _, err := f.admin(t).UpdatePartitions(within(t, time.Minute), 6, "jobs"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // metadata is asked for anew
		a := put(t, l, keyed("jobs", "k", "y"))[0]
		changed, ok := errors.AsType[*kafka.PartitionsChangedError](a.err)
		if !ok || changed.Recorded != 4 || changed.Now != 6 || !errors.Is(a.err, relay.ErrDenied) {
			t.Fatalf("after partitions were added: %v", a.err)
		}
		if !strings.Contains(a.err.Error(), "record 6") {
			t.Errorf("the error does not name the cure: %v", a.err)
		}
		if a := put(t, l, &relay.Message{Topic: "jobs", Value: []byte("no key")})[0]; a.err != nil {
			t.Errorf("a message without a key has no order to lose: %v", a.err)
		}
	})
}

// The right to write is taken away and given back while the program runs.
func TestF39WritingWithoutTheRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "jobs"))
		l := f.open(t, kafka.Config{})
		put(t, l, keyed("jobs", "k", "before"))
		fault := f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "jobs", Err: kerr.TopicAuthorizationFailed, Count: -1})
		if a := put(t, l, keyed("jobs", "k", "denied"))[0]; !errors.Is(a.err, relay.ErrDenied) {
			t.Errorf("without the right: %v, want %v", a.err, relay.ErrDenied)
		}
		fault.Remove()
		if a := put(t, l, keyed("jobs", "k", "after"))[0]; a.err != nil {
			t.Errorf("with the right again: %v", a.err)
		}
		if got := fmt.Sprint(values(t, l, relay.Partition{Topic: "jobs"})); got != "[before after]" {
			t.Errorf("the log has %s", got)
		}
	})
}

// Brokers that have forgotten a producer, or fence it, cost it what was under
// way at most.
func TestProducerRecovers(t *testing.T) {
	for _, e := range []*kerr.Error{
		kerr.UnknownProducerID, kerr.InvalidProducerEpoch, kerr.OutOfOrderSequenceNumber, kerr.InvalidProducerIDMapping, kerr.ProducerFenced,
	} {
		t.Run(e.Message, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := startFake(t, kfake.SeedTopics(1, "jobs"))
				l := f.open(t, kafka.Config{})
				put(t, l, keyed("jobs", "k", "0"))
				f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: e, Count: 1})
				first := put(t, l, keyed("jobs", "k", "1"))[0]
				if first.err != nil && !errors.Is(first.err, relay.ErrUnknown) {
					t.Errorf("the message under way: %v", first.err)
				}
				for i := range 3 {
					if a := put(t, l, keyed("jobs", "k", fmt.Sprint(i+2)))[0]; a.err != nil {
						t.Fatalf("after %s: %v", e.Message, a.err)
					}
				}
				want := "[0 1 2 3 4]"
				if first.err != nil {
					want = "[0 2 3 4]"
				}
				if got := fmt.Sprint(values(t, l, relay.Partition{Topic: "jobs"})); got != want {
					t.Errorf("the log has %s, want %s", got, want)
				}
			})
		})
	}
}

// Leaders move while messages are written: none is lost, none comes twice, and
// keys keep their order.
func TestF35LeadersMoveWhileWriting(t *testing.T) {
	f := startLoopback(t, kfake.SeedTopics(4, "jobs"))
	l := f.open(t, kafka.Config{AppendWithin: time.Minute})
	const rounds, each = 20, 50
	for r := range rounds {
		var ms []*relay.Message
		for i := range each {
			ms = append(ms, keyed("jobs", fmt.Sprint(i%10), fmt.Sprint(r*each+i)))
		}
		f.ShufflePartitionLeaders()
		for _, a := range put(t, l, ms...) {
			if a.err != nil {
				t.Fatal(a.err)
			}
		}
	}
	last := map[string]int{}
	n := 0
	for p := range int32(4) {
		err := l.Read(within(t, time.Minute), relay.Partition{Topic: "jobs", ID: p}, 0, func(m *relay.Message) bool {
			var v int
			fmt.Sscan(string(m.Value), &v)
			if before, ok := last[string(m.Key)]; ok && v <= before {
				t.Errorf("key %s: %d after %d", m.Key, v, before)
			}
			last[string(m.Key)] = v
			n++
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n != rounds*each {
		t.Errorf("%d messages of %d", n, rounds*each)
	}
}

func TestCloseAnswersEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "jobs"))
		l := f.open(t, kafka.Config{AppendWithin: time.Second})
		f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
		done := make(chan error, 10)
		for range 10 {
			l.Append(keyed("jobs", "k", "x"), func(_ relay.Position, err error) { done <- err })
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l.Append(keyed("jobs", "k", "late"), func(_ relay.Position, err error) { done <- err })
		for range 11 {
			if err := <-done; err == nil {
				t.Error("a message was acknowledged that nobody has")
			}
		}
	})
}

func TestValidateNamesEveryMistake(t *testing.T) {
	cfg := kafka.Config{
		Brokers: []string{"nowhere"}, AppendWithin: time.Hour, Linger: time.Second, Compression: "rar", MaxBytes: 1, Session: time.Second,
		Partitions: map[string]int32{"jobs": 0}, SASL: kafka.SASL{Mechanism: "plain", User: "u", Password: "hush"},
	}
	err := cfg.Validate()
	for _, want := range []string{"nowhere", "append within", "linger", "rar", "max bytes", "session", "jobs", "without TLS"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if strings.Contains(fmt.Sprint(err), "hush") {
		t.Error("the password is in the error")
	}
}
