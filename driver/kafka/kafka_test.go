package kafka_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/logtest"
)

// fake is a broker in this process, over a network of its own.
type fake struct {
	*kfake.Cluster
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func startFake(t *testing.T, opts ...kfake.Opt) *fake {
	t.Helper()
	var wire kfake.VirtualNetwork
	c, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(3), kfake.Ports(9092, 9093, 9094), kfake.ListenFn(wire.Listen),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &fake{Cluster: c, dial: wire.DialContext}
}

// startLoopback starts one on the real network, for what a client asks again and
// again at once, or while it holds a lock: in virtual time that would take no
// time, and end never.
func startLoopback(t *testing.T, opts ...kfake.Opt) *fake {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(3)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &fake{Cluster: c, dial: (&net.Dialer{}).DialContext}
}

func (f *fake) open(t *testing.T, cfg kafka.Config) *kafka.Log {
	t.Helper()
	cfg.Brokers, cfg.Dial = f.ListenAddrs(), f.dial
	l, err := kafka.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func (f *fake) admin(t *testing.T) *kadm.Client {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(f.ListenAddrs()...), kgo.Dialer(f.dial), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return kadm.NewClient(c)
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestLogInVirtualTime(t *testing.T) {
	var f *fake
	logtest.Run(t, func(t *testing.T) relay.Log {
		f = startFake(t)
		return f.open(t, kafka.Config{})
	}, logtest.Options{
		Bubble: true, TooLarge: 2 << 20, Within: 2 * time.Minute,
		Topic: func(t *testing.T, _ relay.Log, name string, partitions int32) {
			if err := f.CreateTopic(name, partitions, nil); err != nil {
				t.Fatal(err)
			}
		},
		Trim: func(t *testing.T, _ relay.Log, p relay.Partition, before int64) {
			if err := f.DeleteRecords(p.Topic, p.ID, before); err != nil {
				t.Fatal(err)
			}
		},
		Forget: func(t *testing.T, _ relay.Log, group string, p relay.Partition) {
			var s kadm.TopicsSet
			s.Add(p.Topic, p.ID)
			rs, err := f.admin(t).DeleteOffsets(within(t, time.Minute), group, s)
			if err != nil || rs.Error() != nil {
				t.Fatal(err, rs.Error())
			}
		},
	})
}
