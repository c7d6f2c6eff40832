package relay_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
)

// BenchmarkEngine delivers b.N messages of 1,000 keys to a handler that does
// nothing. cpu-us/record is the whole process's, the log in memory included.
func BenchmarkEngine(b *testing.B) {
	for _, fixed := range []bool{true, false} {
		b.Run(fmt.Sprintf("fixed=%v", fixed), func(b *testing.B) {
			l := memlog.New(memlog.Config{}).Topic("orders", 8).Topic("shop.dead", 1)
			value := make([]byte, 200)
			for i := range b.N {
				l.Put(relay.Message{Topic: "orders", Key: fmt.Appendf(nil, "customer-%d", i%1000), Value: value, Headers: []relay.Header{
					{Name: relay.HeaderID, Value: fmt.Appendf(nil, "id-%d", i)}, {Name: relay.HeaderWriter, Value: []byte("shop")}, {Name: relay.HeaderContentType, Value: []byte("application/json")},
				}})
			}
			var n atomic.Int64
			done := make(chan struct{})
			r, err := relay.New(relay.Config{Log: l.Node("one"), Deliveries: []relay.Delivery{{
				Name: "shop", Topics: []string{"orders"}, Fixed: fixed,
				Handler: func(context.Context, *relay.Message) relay.Result {
					if n.Add(1) == int64(b.N) {
						close(done)
					}
					return relay.Ack()
				},
			}}})
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan struct{})
			b.ReportAllocs()
			b.ResetTimer()
			from, cpu := time.Now(), usage()
			go func() {
				defer close(ended)
				_ = r.Run(ctx)
			}()
			<-done
			b.StopTimer()
			b.ReportMetric(float64(b.N)/time.Since(from).Seconds(), "records/s")
			b.ReportMetric(float64((usage()-cpu).Microseconds())/float64(b.N), "cpu-us/record")
			cancel()
			<-ended
		})
	}
}

// usage is the CPU time of the process.
func usage() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
