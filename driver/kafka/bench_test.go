package kafka_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
)

func benchLog(b *testing.B, partitions int32) *kafka.Log {
	b.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, "jobs"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	l, err := kafka.Open(kafka.Config{Brokers: c.ListenAddrs()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return l
}

// 64 writers, each of which waits until its message is safe.
func BenchmarkAppend(b *testing.B) {
	l := benchLog(b, 8)
	value := make([]byte, 200)
	b.ReportAllocs()
	b.SetParallelism(64)
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		m := &relay.Message{Topic: "jobs", Key: fmt.Appendf(nil, "%d", n.Add(1)), Value: value, Headers: []relay.Header{{Name: "idempotency-key", Value: []byte("k")}}}
		done := make(chan error, 1)
		for pb.Next() {
			l.Append(m, func(_ relay.Position, err error) { done <- err })
			if err := <-done; err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// sink counts.
type sink struct {
	n, want int
	all     chan struct{}
}

func (s *sink) Claimed(relay.Session, []relay.Claim)             {}
func (s *sink) Revoked(context.Context, []relay.Partition, bool) {}
func (s *sink) Received(ms []*relay.Message) {
	if s.n += len(ms); s.n == s.want {
		close(s.all)
	}
}

func BenchmarkConsume(b *testing.B) {
	l := benchLog(b, 8)
	value := make([]byte, 200)
	done := make(chan error, 10_000)
	for i, under := 0, 0; i < b.N || under > 0; {
		if i < b.N && under < 10_000 {
			l.Append(&relay.Message{Topic: "jobs", Key: fmt.Appendf(nil, "%d", i%1000), Value: value}, func(_ relay.Position, err error) { done <- err })
			i, under = i+1, under+1
			continue
		}
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		under--
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &sink{want: b.N, all: make(chan struct{})}
	ended := make(chan error, 1)
	b.ReportAllocs()
	b.ResetTimer()
	go func() { ended <- l.Consume(ctx, group("jobs"), s) }()
	<-s.all
	b.StopTimer()
	stop()
	<-ended
}
