package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
)

// A group whose offsets have expired altogether cannot be told from a new one
// by Kafka; one that has lost them in one partition can. One that begins at the
// newest does so once: where it began is where it goes on, also if it has
// finished nothing.
func TestF15NewestIsWhereItFirstBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(2, "jobs"))
		l := f.open(t, kafka.Config{})
		fill(t, l, "jobs", 0, 20)
		g := group("jobs")
		g.Latest = true
		m := join(t, l, g)
		m.until("claimed", func() bool { return len(m.held) == 2 })
		m.mu.Lock()
		clear(m.held) // it dies without a commit of its own
		m.mu.Unlock()
		m.leave()
		fill(t, l, "jobs", 20, 10)
		m = join(t, l, g)
		m.untilGot(10)
		m.leave()
		for _, c := range m.claims {
			if c.Fresh || c.Lost != 0 {
				t.Errorf("claim of a group that has begun: %+v", c)
			}
		}
		if got := len(m.all()); got != 10 {
			t.Errorf("%d messages, want the 10 since it first began", got)
		}
	})
}

// Two members of a new group that begins at the newest: no false alarm, and no
// partition that begins elsewhere.
func TestF15NewGroupOfTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(8, "jobs"))
		l := f.open(t, kafka.Config{})
		fill(t, l, "jobs", 0, 80)
		g := group("jobs")
		a, b := join(t, l, g), join(t, l, g)
		a.until("shared", func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(a.held) == 4 && len(b.held) == 4
		})
		for _, m := range []*member{a, b} {
			m.mu.Lock()
			for _, c := range m.claims {
				if c.Lost != 0 {
					t.Errorf("a false alarm: %+v", c)
				}
			}
			m.mu.Unlock()
		}
	})
}

// Partitions that are added are new, not lost: they are read from their
// beginning, whatever the group does elsewhere.
func TestF18AddedPartitionsAreReadFromTheirBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(2, "jobs"))
		l := f.open(t, kafka.Config{})
		g := group("jobs")
		g.Latest = true
		m := join(t, l, g)
		m.until("claimed", func() bool { return len(m.held) == 2 })
		m.leave()
		if _, err := f.admin(t).UpdatePartitions(within(t, time.Minute), 4, "jobs"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		fill(t, l, "jobs", 0, 40)
		m = join(t, l, g)
		m.untilGot(40)
		for _, c := range m.claims {
			if c.Lost != 0 || c.Offset != 0 || c.Fresh != (c.ID >= 2) {
				t.Errorf("claim: %+v", c)
			}
		}
	})
}

// Retention takes messages before a running member has read them: it is told
// how many.
func TestF16RetentionPassesARunningMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "jobs"))
		l := f.open(t, kafka.Config{})
		fill(t, l, "jobs", 0, 5)
		m := join(t, l, group("jobs"))
		m.untilGot(5)
		p := relay.Partition{Topic: "jobs"}
		m.session.Pause(p)
		time.Sleep(5 * time.Second) // fetches under way have come back
		fill(t, l, "jobs", 5, 20)
		if err := f.DeleteRecords("jobs", 0, 15); err != nil {
			t.Fatal(err)
		}
		m.session.Resume(p)
		m.untilGot(15)
		m.until("told", func() bool { return m.claims[len(m.claims)-1].Lost > 0 })
		if c := m.last(); c.Lost != 10 || c.Offset != 15 {
			t.Errorf("messages 5 to 14 were deleted unread: %+v", c)
		}
	})
}

// A topic is deleted and made anew under the member: what is in it is read from
// the beginning, and the loss is told.
func TestF17TopicIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "jobs"))
		l := f.open(t, kafka.Config{})
		fill(t, l, "jobs", 0, 10)
		g := group("jobs")
		g.Latest = true
		m := join(t, l, g)
		m.until("claimed", func() bool { return len(m.held) == 1 })
		fill(t, l, "jobs", 10, 10)
		m.untilGot(10)
		if err := m.commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := f.DeleteTopic("jobs"); err != nil {
			t.Fatal(err)
		}
		if err := f.CreateTopic("jobs", 1, nil); err != nil {
			t.Fatal(err)
		}
		for tries := 0; ; tries++ { // the producer notices in its own time
			if a := put(t, l, keyed("jobs", "k", "new"))[0]; a.err == nil {
				break
			} else if tries > 100 {
				t.Fatal(a.err)
			}
			time.Sleep(time.Second)
		}
		m.untilGot(11)
		m.until("claimed anew", func() bool { return len(m.claims) > 1 })
		if c := m.last(); c.Offset != 0 || c.Lost != -1 || c.Fresh {
			t.Errorf("claim of the new topic: %+v", c)
		}
	})
}

// bomb is a gzip batch that decompresses to much more than it is.
func bomb(t *testing.T, f *fake, topic string) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(f.ListenAddrs()...), kgo.Dialer(f.dial), kgo.DisableClientMetrics(),
		kgo.ProducerBatchCompression(kgo.GzipCompression()), kgo.ProducerBatchMaxBytes(64<<20), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := &kgo.Record{Topic: topic, Key: []byte("bomb"), Value: []byte(strings.Repeat("0", 600<<10))}
	if err := c.ProduceSync(within(t, time.Minute), r).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func TestF20BombsAreSkippedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "jobs"))
		var told events
		l := f.open(t, kafka.Config{Unpacked: 256 << 10, Listener: told.listen})
		fill(t, l, "jobs", 0, 3)
		bomb(t, f, "jobs")
		fill(t, l, "jobs", 3, 3)
		m := join(t, l, group("jobs"))
		m.untilGot(6)
		if got := fmt.Sprint(m.all()); got != "[0 1 2 3 4 5]" {
			t.Errorf("messages beside a bomb: %s", got)
		}
		if lost := told.of(relay.MessagesLost); len(lost) == 0 || !strings.Contains(lost[0].Why, "offsets 3 to 3") || lost[0].Partition != "jobs/0" {
			t.Errorf("what was told: %+v", lost)
		}
		if got := fmt.Sprint(values(t, l, relay.Partition{Topic: "jobs"})); got != "[0 1 2 3 4 5]" {
			t.Errorf("Read beside a bomb: %s", got)
		}
	})
}

// A second process with the same instance name takes over, and the first ends:
// they do not take it from each other for ever.
func TestF34ReplacedMemberEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(2, "jobs"))
		l := f.open(t, kafka.Config{})
		fill(t, l, "jobs", 0, 10)
		g := group("jobs")
		g.Instance = "one"
		first := join(t, l, g)
		first.untilGot(10)
		before := first.last().Epoch
		second := join(t, l, g)
		second.until("claimed", func() bool { return len(second.held) == 2 })
		if err := <-first.ended; !errors.Is(err, relay.ErrFenced) {
			t.Errorf("the first ended with %v, want %v", err, relay.ErrFenced)
		}
		first.ended <- nil
		if first.lost != 1 {
			t.Errorf("the first was told %d times that its partitions are lost", first.lost)
		}
		if err := first.commit(t.Context()); err != nil && !errors.Is(err, relay.ErrFenced) {
			t.Errorf("a commit of the first: %v", err)
		}
		if c := second.last(); c.Epoch <= before {
			t.Errorf("the epoch goes from %d to %d", before, c.Epoch)
		}
		time.Sleep(5 * time.Minute)
		select {
		case err := <-second.ended:
			t.Errorf("the second ended: %v", err)
		default:
		}
	})
}

// A static member that restarts moves no partition, and its epoch rises.
func TestStaticMemberRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(4, "jobs"))
		l := f.open(t, kafka.Config{})
		one, two := group("jobs"), group("jobs")
		one.Instance, two.Instance = "one", "two"
		a, b := join(t, l, one), join(t, l, two)
		a.until("shared", func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(a.held) == 2 && len(b.held) == 2
		})
		time.Sleep(10 * time.Second)
		claims, before := len(a.claims), b.last()
		b.leave()
		b = join(t, l, two)
		b.until("claimed", func() bool { return len(b.held) == 2 })
		if after := b.last(); after.Epoch <= before.Epoch {
			t.Errorf("epoch %d after %d", after.Epoch, before.Epoch)
		}
		time.Sleep(10 * time.Second)
		if len(a.claims) != claims {
			t.Error("partitions moved")
		}
	})
}

// The coordinator and leaders move all the time: everything is received, and
// places are kept.
func TestF35CoordinatorMovesWhileReading(t *testing.T) {
	f := startLoopback(t, kfake.SeedTopics(4, "jobs"))
	l := f.open(t, kafka.Config{AppendWithin: time.Minute})
	m := join(t, l, group("jobs"))
	m.until("claimed", func() bool { return len(m.held) == 4 })
	for r := range 20 {
		f.ShufflePartitionLeaders()
		f.RehashCoordinators()
		fill(t, l, "jobs", r*20, 20)
		if err := m.commit(t.Context()); err != nil {
			t.Fatalf("round %d: %v", r, err)
		}
	}
	m.untilGot(400)
	if err := m.leave(); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if m.lost != 0 || len(m.all()) != 400 {
		t.Errorf("%d messages of 400, partitions lost %d times", len(m.all()), m.lost)
	}
	places, err := l.Places(within(t, time.Minute), "group")
	var sum int64
	for _, k := range places {
		sum += k.Offset
	}
	if err != nil || sum != 400 {
		t.Errorf("places: %v, %v", places, err)
	}
}

// The right to read is taken away and given back: it is told, and goes on.
func TestF39ReadingWithoutTheRight(t *testing.T) {
	for _, key := range []kmsg.Key{kmsg.Fetch, kmsg.OffsetFetch, kmsg.JoinGroup} {
		t.Run(key.Name(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := startFake(t, kfake.SeedTopics(1, "jobs"))
				var told events
				l := f.open(t, kafka.Config{Listener: told.listen})
				fill(t, l, "jobs", 0, 5)
				fault := kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.TopicAuthorizationFailed, Count: -1}
				if key == kmsg.JoinGroup {
					fault.Err, fault.TopLevel = kerr.GroupAuthorizationFailed, true
				}
				denied := f.Fault(fault)
				m := join(t, l, group("jobs"))
				time.Sleep(time.Minute)
				if got := m.all(); len(got) != 0 {
					t.Errorf("without the right %d messages came", len(got))
				}
				if len(told.of(relay.ConsumeFailed)) == 0 {
					t.Error("nobody was told")
				}
				denied.Remove()
				m.untilGot(5)
			})
		})
	}
}

// The brokers assign partitions only where that was asked for and is safe.
func TestF40NewProtocolOnlyWhereItIsSafe(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  kafka.Config
		want bool
	}{
		{"by default", kafka.Config{}, false},
		{"asked for, on brokers that do not say they are 4.3", kafka.Config{NewProtocol: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := startFake(t, kfake.SeedTopics(1, "jobs"))
				seen := f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ConsumerGroupHeartbeat}, TopLevel: true, Observe: true, Count: -1})
				l := f.open(t, c.cfg)
				fill(t, l, "jobs", 0, 5)
				m := join(t, l, group("jobs"))
				m.untilGot(5)
				if got := seen.Hits() > 0; got != c.want {
					t.Errorf("the new protocol was used: %v, want %v", got, c.want)
				}
			})
		})
	}
}

// A member that the brokers have given up loses its partitions, commits nothing
// more under its old claims, and joins again.
func TestF3LostPartitionsAreNotCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, kfake.SeedTopics(1, "jobs"))
		l := f.open(t, kafka.Config{})
		fill(t, l, "jobs", 0, 5)
		m := join(t, l, group("jobs"))
		m.untilGot(5)
		gone := f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.UnknownMemberID, Count: 1})
		if err := gone.Wait(within(t, time.Minute), 1); err != nil {
			t.Fatal(err)
		}
		m.until("lost", func() bool { return m.lost > 0 })
		m.until("claimed anew", func() bool { return len(m.claims) > 1 })
		if a, b := m.claims[0], m.claims[1]; b.Epoch <= a.Epoch || b.Offset != 0 {
			t.Errorf("claims %+v, then %+v", a, b)
		}
		m.untilGot(10)
	})
}
