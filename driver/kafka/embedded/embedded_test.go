package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/driver/kafka/embedded"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/logtest"
)

func open(t *testing.T, cfg embedded.Config) *embedded.Log {
	t.Helper()
	l, err := embedded.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func admin(t *testing.T, l *embedded.Log) *kadm.Client {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(l.Addr()), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return kadm.NewClient(c)
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func topic(t *testing.T, l *embedded.Log, name string, partitions int32) {
	t.Helper()
	if _, err := l.EnsureTopics(within(t), kafka.TopicSpec{Name: name, Partitions: partitions}); err != nil {
		t.Fatal(err)
	}
}

// put appends one message and waits for the answer.
func put(t *testing.T, l relay.Log, m *relay.Message) (relay.Position, error) {
	t.Helper()
	type answer struct {
		at  relay.Position
		err error
	}
	done := make(chan answer, 1)
	m.Partition = -1
	l.Append(m, func(at relay.Position, err error) { done <- answer{at, err} })
	select {
	case a := <-done:
		return a.at, a.err
	case <-time.After(time.Minute):
		t.Fatal("no answer within a minute")
		return relay.Position{}, nil
	}
}

func TestLog(t *testing.T) {
	logtest.Run(t, func(t *testing.T) relay.Log {
		return open(t, embedded.Config{Dir: t.TempDir()})
	}, logtest.Options{
		TooLarge: 2 << 20,
		Topic: func(t *testing.T, l relay.Log, name string, partitions int32) {
			topic(t, l.(*embedded.Log), name, partitions)
		},
		Trim: func(t *testing.T, l relay.Log, p relay.Partition, before int64) {
			var o kadm.Offsets
			o.AddOffset(p.Topic, p.ID, before, -1)
			rs, err := admin(t, l.(*embedded.Log)).DeleteRecords(within(t), o)
			if err != nil || rs.Error() != nil {
				t.Fatal(err, rs.Error())
			}
		},
		Forget: func(t *testing.T, l relay.Log, group string, p relay.Partition) {
			var s kadm.TopicsSet
			s.Add(p.Topic, p.ID)
			rs, err := admin(t, l.(*embedded.Log)).DeleteOffsets(within(t), group, s)
			if err != nil || rs.Error() != nil {
				t.Fatal(err, rs.Error())
			}
		},
	})
}

func TestOneProgramAtATime(t *testing.T) {
	dir := t.TempDir()
	l := open(t, embedded.Config{Dir: dir})
	if _, err := embedded.Open(embedded.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second program: %v", err)
	}
	l.Close()
	open(t, embedded.Config{Dir: dir})
}

func TestListensOnThisMachineOnly(t *testing.T) {
	l := open(t, embedded.Config{Dir: t.TempDir()})
	host, _, err := net.SplitHostPort(l.Addr())
	if err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("it listens on %s, %v", l.Addr(), err)
	}
}

func TestCleanRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	l := open(t, embedded.Config{Dir: dir})
	topic(t, l, "jobs", 2)
	for i := range 20 {
		if _, err := put(t, l, &relay.Message{Topic: "jobs", Key: fmt.Appendf(nil, "%d", i), Value: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	l = open(t, embedded.Config{Dir: dir})
	spans, err := l.Spans(within(t), "jobs")
	if err != nil || len(spans) != 2 || spans[0].Next+spans[1].Next != 20 {
		t.Errorf("after a restart: %+v, %v", spans, err)
	}
}

// At the bound nothing more is taken, and what is finished makes room; what is
// not, does not.
func TestF11FullLogRefusesAndFinishedMessagesMakeRoom(t *testing.T) {
	l := open(t, embedded.Config{Dir: t.TempDir(), MaxBytes: 16 << 20, Client: kafka.Config{Compression: "none"}})
	topic(t, l, "jobs", 1)
	var kept int64
	var err error
	for value := make([]byte, 200_000); err == nil; kept++ {
		if kept > 200 {
			t.Fatal("40 MB were taken into 16 MiB")
		}
		_, err = put(t, l, &relay.Message{Topic: "jobs", Key: []byte("k"), Value: value})
	}
	kept-- // the one that was refused
	if !errors.Is(err, relay.ErrFull) || l.Used() > 18<<20 {
		t.Fatalf("after %d messages and %d bytes: %v", kept, l.Used(), err)
	}
	spans, err := l.Spans(within(t), "jobs")
	if err != nil || spans[0].First != 0 || spans[0].Next != kept {
		t.Fatalf("%d messages were kept and nobody has finished one: %+v, %v", kept, spans, err)
	}

	var finished kadm.Offsets
	finished.AddOffset("jobs", 0, kept, -1)
	if err := admin(t, l).CommitAllOffsets(within(t), "group", finished); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err = put(t, l, &relay.Message{Topic: "jobs", Key: []byte("k"), Value: []byte("more")}); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("all is finished and there is still no room: %v", err)
		}
	}
}

func TestTransactionsAreRefused(t *testing.T) {
	l := open(t, embedded.Config{Dir: t.TempDir()})
	topic(t, l, "out", 1)
	c, err := kgo.NewClient(kgo.SeedBrokers(l.Addr()), kgo.TransactionalID("x"), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.BeginTransaction(); err != nil {
		return // refused already
	}
	if err := c.ProduceSync(within(t), &kgo.Record{Topic: "out"}).FirstErr(); err == nil {
		t.Error("a transaction was begun")
	}
}

func TestDamageIsFoundAtStart(t *testing.T) {
	dir := t.TempDir()
	l := open(t, embedded.Config{Dir: dir})
	topic(t, l, "jobs", 1)
	for i := range 10 {
		if _, err := put(t, l, &relay.Message{Topic: "jobs", Value: fmt.Appendf(nil, "message %d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	file := filepath.Join(dir, "data", "partitions", "jobs-0", "0.dat")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []int{0, len(whole) / 2, len(whole)/2 + 30, len(whole)/2 + 70} {
		flipped := append([]byte(nil), whole...)
		flipped[at] ^= 1
		write(flipped)
		if _, err := embedded.Open(embedded.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "jobs-0: segment 0") {
			t.Errorf("a bit has turned at byte %d of %d: %v", at, len(whole), err)
		}
	}
	write(whole[:len(whole)-3])
	if err := embedded.Scan(filepath.Join(dir, "data")); err != nil {
		t.Errorf("a last write that was cut off counts as damage: %v", err)
	}
	write(whole)
	open(t, embedded.Config{Dir: dir})
}

func TestValidateNamesEveryMistake(t *testing.T) {
	err := embedded.Config{Port: 70000, MaxBytes: 1, Retention: time.Second, Client: kafka.Config{Compression: "rar"}}.Validate()
	for _, want := range []string{"directory", "port 70000", "max bytes 1", "retention 1s", "rar"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

// Whatever age a topic is made to keep, what nobody has finished stays.
func TestRetentionOfATopicDoesNotCount(t *testing.T) {
	l := open(t, embedded.Config{Dir: t.TempDir()})
	spec := kafka.TopicSpec{Name: "jobs", Partitions: 1, Settings: map[string]string{"retention.ms": "60000", "max.message.bytes": "5000"}}
	if n, err := l.EnsureTopics(within(t), spec); err != nil || n["jobs"] != 1 {
		t.Fatal(n, err)
	}
	spans, err := l.Spans(within(t), "jobs")
	if err != nil || spans[0].Retention != 0 {
		t.Errorf("it keeps messages for %v, %v", spans[0].Retention, err)
	}
	if _, err := put(t, l, &relay.Message{Topic: "jobs", Value: make([]byte, 10_000)}); !errors.Is(err, relay.ErrTooLarge) {
		t.Errorf("its other settings count: %v", err)
	}
	if len(spec.Settings) != 2 {
		t.Error("the caller's settings were changed")
	}
}
