package events_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay/events"
)

// TestOverKafka: what any client of Kafka reads is a CloudEvent in the Kafka
// binding, in order, also across a moment without brokers.
func TestOverKafka(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network kfake.VirtualNetwork
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(network.Listen))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		log, err := kafka.Open(kafka.Config{Brokers: cluster.ListenAddrs(), Dial: network.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		s := events.NewSink(log, "", "gw-1")
		end := run(s)
		for i := range 300 {
			s.Record(entry(i))
		}
		time.Sleep(time.Minute) // there is no topic
		if h := s.Health(); h.Error == "" || h.Written != 0 {
			t.Errorf("without a topic: %+v", h)
		}
		if err := cluster.CreateTopic(events.Topic, 3, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		for i := range 100 {
			s.Record(entry(300 + i))
		}
		time.Sleep(5 * time.Second)
		end()
		if h := s.Health(); h.Written != 400 || h.Lost != 0 {
			t.Errorf("%+v", h)
		}
		got := read(t, cluster, &network, 400)
		ids := want(400)
		for i, r := range got {
			h := map[string]string{}
			for _, x := range r.Headers {
				h[x.Key] = string(x.Value)
			}
			if h["ce_id"] != ids[i] || h["ce_specversion"] != "1.0" || h["ce_source"] != "daero/gw-1" || h["ce_type"] != "dev.daero."+audit.ActionMoved ||
				h["content-type"] != "application/json" || string(r.Key) != "gw-1" || r.Partition != got[0].Partition {
				t.Fatalf("event %d: key %s, %v", i, r.Key, h)
			}
		}
	})
}

// read reads n records with a client of its own.
func read(t *testing.T, cluster *kfake.Cluster, network *kfake.VirtualNetwork, n int) (rs []*kgo.Record) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.Dialer(network.DialContext), kgo.DisableClientMetrics(),
		kgo.ConsumeTopics(events.Topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(rs) < n && ctx.Err() == nil {
		rs = append(rs, c.PollFetches(ctx).Records()...)
	}
	if len(rs) != n {
		t.Fatalf("%d events, want %d", len(rs), n)
	}
	return rs
}
