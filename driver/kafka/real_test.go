package kafka_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/logtest"
	kafkatest "github.com/daero/daero/test/kafka"
)

func openReal(t *testing.T, c *kafkatest.Cluster, cfg kafka.Config) *kafka.Log {
	t.Helper()
	cfg.Brokers = c.Addrs()
	l, err := kafka.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func realAdmin(t *testing.T, c *kafkatest.Cluster) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Addrs()...), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

func ensure(t *testing.T, l *kafka.Log, specs ...kafka.TopicSpec) {
	t.Helper()
	if _, err := l.EnsureTopics(within(t, time.Minute), specs...); err != nil {
		t.Fatal(err)
	}
}

// realOptions is what the suite needs of a real cluster.
func realOptions(admin *kadm.Client, prefix string) logtest.Options {
	return logtest.Options{
		TooLarge: 2 << 20, Prefix: prefix, Within: time.Minute,
		Topic: func(t *testing.T, l relay.Log, name string, partitions int32) {
			ensure(t, l.(*kafka.Log), kafka.TopicSpec{Name: name, Partitions: partitions})
		},
		Trim: func(t *testing.T, _ relay.Log, p relay.Partition, before int64) {
			var o kadm.Offsets
			o.AddOffset(p.Topic, p.ID, before, -1)
			rs, err := admin.DeleteRecords(within(t, time.Minute), o)
			if err != nil || rs.Error() != nil {
				t.Fatal(err, rs.Error())
			}
		},
		Forget: func(t *testing.T, _ relay.Log, group string, p relay.Partition) {
			var s kadm.TopicsSet
			s.Add(p.Topic, p.ID)
			rs, err := admin.DeleteOffsets(within(t, time.Minute), group, s)
			if err != nil || rs.Error() != nil {
				t.Fatal(err, rs.Error())
			}
		},
	}
}

func TestRealKafka(t *testing.T) {
	for _, version := range []string{kafkatest.Newest, kafkatest.Old} {
		t.Run(version, func(t *testing.T) {
			c := kafkatest.Start(t, kafkatest.Options{Version: version})
			logtest.Run(t, func(t *testing.T) relay.Log {
				return openReal(t, c, kafka.Config{})
			}, realOptions(realAdmin(t, c), "suite"))
			if version == kafkatest.Newest {
				t.Run("F40", func(t *testing.T) { byBrokers(t, c) })
			}
		})
	}
}

// The suite once more, with partitions that the brokers assign.
func byBrokers(t *testing.T, c *kafkatest.Cluster) {
	admin := realAdmin(t, c)
	logtest.Run(t, func(t *testing.T) relay.Log {
		return openReal(t, c, kafka.Config{NewProtocol: true})
	}, realOptions(admin, "new"))
	groups, err := admin.ListGroupsByType(within(t, time.Minute), []string{"consumer"})
	if err != nil || len(groups) < 10 {
		t.Errorf("groups of the new protocol: %v, %v", groups.Groups(), err)
	}
}
