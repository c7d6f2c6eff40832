package kafkalag_test

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/driver/kafkalag"
	"github.com/daero/daero/level"
)

// fill writes records, and commits offsets for a group.
func fill(t *testing.T, opts []kgo.Opt, records map[int32]int, commits map[int32]int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := kgo.NewClient(append(opts, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DisableClientMetrics())...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for p, n := range records {
		for range n {
			if err := c.ProduceSync(ctx, &kgo.Record{Topic: "jobs", Partition: p, Value: []byte("x")}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var offsets kadm.Offsets
	for p, at := range commits {
		offsets.AddOffset("jobs", p, at, -1)
	}
	if len(commits) > 0 {
		if err := kadm.NewClient(c).CommitAllOffsets(ctx, "workers", offsets); err != nil {
			t.Fatal(err)
		}
	}
}

// until runs a signal until a reading is as wanted.
func until(t *testing.T, s *kafkalag.Signal, want func(level.Reading) bool) level.Reading {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		r := s.Read(time.Now())
		if want(r) {
			return r
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("last reading %+v", r)
		}
	}
}

func run(t *testing.T, cfg kafkalag.Config) *kafkalag.Signal {
	t.Helper()
	cfg.Every = 100 * time.Millisecond
	s, err := kafkalag.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return s
}

func TestLagIsWhatIsLeftToConsume(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "jobs"))
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			cluster.Close()
		}
	}()
	opts := []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...)}
	fill(t, opts, map[int32]int{0: 10, 1: 20, 2: 3}, map[int32]int64{0: 4, 1: 20})
	cfg := kafkalag.Config{Brokers: cluster.ListenAddrs(), Group: "workers"}
	sum := run(t, cfg)
	cfg.Max, cfg.Topic = true, "jobs"
	greatest := run(t, cfg)
	has := func(v float64) func(level.Reading) bool {
		return func(r level.Reading) bool { return !r.At.IsZero() && r.Note == "" && r.Value == v }
	}
	until(t, sum, has(9)) // 6 of the first, none of the second, 3 that were never committed
	until(t, greatest, has(6))
	cfg.Topic = "other"
	until(t, run(t, cfg), func(r level.Reading) bool {
		return r.At.IsZero() && strings.Contains(r.Note, "committed no offset of topic other")
	})

	fill(t, opts, map[int32]int{1: 2}, map[int32]int64{0: 10, 2: 3})
	until(t, sum, has(2))

	cluster.Close()
	closed = true
	r := until(t, sum, func(r level.Reading) bool { return r.Note != "" })
	if r.Value != 2 || r.At.IsZero() {
		t.Errorf("without the broker: %+v, want the last lag and when it was found", r)
	}
	time1 := r.At
	if r := sum.Read(time.Now()); !r.At.Equal(time1) {
		t.Errorf("the time moved to %s without an answer", r.At)
	}
}

func TestSASL(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "jobs"), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "daero", "hunter2hunter2"), kfake.Superuser("SCRAM-SHA-256", "daero", "hunter2hunter2"),
		kfake.Superuser("SCRAM-SHA-512", "daero", "hunter2hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		cfg := kafkalag.Config{Brokers: cluster.ListenAddrs(), Group: "workers", SASL: kafkalag.SASL{Mechanism: mechanism, User: "daero", Password: "hunter2hunter2"}}
		until(t, run(t, cfg), func(r level.Reading) bool { return strings.Contains(r.Note, "committed no offset") })
		cfg.SASL.Password = "wrong-password"
		r := until(t, run(t, cfg), func(r level.Reading) bool { return r.Note != "not asked yet" })
		if !r.At.IsZero() || strings.Contains(r.Note, "committed") || strings.Contains(r.Note, "wrong-password") {
			t.Errorf("%s with a wrong password: %+v", mechanism, r)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	s := run(t, kafkalag.Config{Brokers: []string{"127.0.0.1:1"}, Group: "workers"})
	r := until(t, s, func(r level.Reading) bool { return r.Note != "not asked yet" })
	if !r.At.IsZero() || r.Note == "" {
		t.Errorf("reading %+v", r)
	}
}

func TestMistakesAreAllNamed(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  kafkalag.Config
		want []string
	}{
		"nothing":      {kafkalag.Config{}, []string{"0 brokers", "no consumer group"}},
		"bad broker":   {kafkalag.Config{Brokers: []string{"kafka1", "k:0", "user:pw@k:1"}, Group: "g", Every: 2 * time.Hour}, []string{`"kafka1"`, `"k:0"`, "host:port", "every 2h"}},
		"readable":     {kafkalag.Config{Brokers: []string{"k:1"}, Group: "g", SASL: kafkalag.SASL{Mechanism: "plain", User: "u", Password: "hunter2"}}, []string{"turn TLS on"}},
		"who":          {kafkalag.Config{Brokers: []string{"k:1"}, Group: "g", TLS: &tls.Config{}, SASL: kafkalag.SASL{Mechanism: "plain", User: "u"}}, []string{"give both"}},
		"mechanism":    {kafkalag.Config{Brokers: []string{"k:1"}, Group: "g", SASL: kafkalag.SASL{Mechanism: "gssapi"}}, []string{"scram-sha-512"}},
		"no mechanism": {kafkalag.Config{Brokers: []string{"k:1"}, Group: "g", SASL: kafkalag.SASL{Password: "hunter2"}}, []string{"without a mechanism"}},
		"too many":     {kafkalag.Config{Brokers: make([]string, 65), Group: "g"}, []string{"65 brokers"}},
	} {
		_, err := kafkalag.New(c.cfg)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error lacks %q: %v", name, want, err)
			}
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error shows the password", name)
		}
	}
}
