package relay_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
)

// drain is how long it takes, in virtual time, to deliver 4,000 messages of 100
// keys at 5 ms each, 50 at once; bad is a key that fails for ever.
func drain(t *testing.T, bad string) (took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{Delay: 2 * time.Millisecond}).Topic("orders", 4)
		for i := range 4000 {
			put(l, fmt.Sprintf("k%d:%d", i%100, i))
			if bad != "" && i%100 == 0 {
				put(l, fmt.Sprintf("%s:%d", bad, i))
			}
		}
		var mu sync.Mutex
		n := 0
		from := time.Now()
		e := start(t, l, "one", relay.Delivery{InFlight: 50, Fixed: true, Handler: func(_ context.Context, m *relay.Message) relay.Result {
			time.Sleep(5 * time.Millisecond)
			if string(m.Key) == bad {
				return relay.Retry(0)
			}
			mu.Lock()
			defer mu.Unlock()
			if n++; n == 4000 {
				took = time.Since(from)
			}
			return relay.Ack()
		}})
		time.Sleep(time.Minute)
		e.stop()
		if took == 0 {
			t.Errorf("with bad key %q only %d of 4000 were delivered in a minute", bad, n)
		}
	})
	return took
}

// TestOneFailingKeySlowsNoOther.
func TestOneFailingKeySlowsNoOther(t *testing.T) {
	without, with := drain(t, ""), drain(t, "bad")
	t.Logf("without %v, with %v", without, with)
	if float64(with) > 1.05*float64(without) {
		t.Errorf("the others took %v with a failing key, %v without", with, without)
	}
}

// TestFailingKeyInOnePartitionIsParkedInTime: with one partition a message that
// fails at the beginning would fill the window in seconds.
func TestFailingKeyInOnePartitionIsParkedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		put(l, "bad:0")
		numbered(l, 100_000, 1000)
		e := start(t, l, "one", relay.Delivery{InFlight: 500, Fixed: true, Handler: func(_ context.Context, m *relay.Message) relay.Result {
			time.Sleep(5 * time.Millisecond)
			if string(m.Key) == "bad" {
				return relay.Retry(30 * time.Second)
			}
			return relay.Ack()
		}})
		time.Sleep(1200 * time.Millisecond) // 1 s is what they take at 500 at once
		if s := e.snapshot(); s.Delivered != 100_000 || s.Parked != 1 {
			t.Errorf("%d delivered, %d parked", s.Delivered, s.Parked)
		}
		e.stop()
	})
}

// TestDeadTargetSlowsNoOther: two targets of one topic.
func TestDeadTargetSlowsNoOther(t *testing.T) {
	run := func(other relay.Handler) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			l := memlog.New(memlog.Config{}).Topic("orders", 4)
			numbered(l, 4000, 100)
			var n atomic.Int32
			from := time.Now()
			ds := []relay.Delivery{
				{Name: "good", Topics: []string{"orders"}, InFlight: 50, Fixed: true, Handler: func(context.Context, *relay.Message) relay.Result {
					time.Sleep(5 * time.Millisecond)
					if n.Add(1) == 4000 {
						took = time.Since(from)
					}
					return relay.Ack()
				}},
				{Name: "other", Topics: []string{"orders"}, Handler: other},
			}
			r, err := relay.New(relay.Config{Log: l.Node("one"), Deliveries: ds, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			if err := r.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			if took == 0 {
				t.Errorf("only %d of 4000 delivered", n.Load())
			}
		})
		return took
	}
	without := run(ack)
	with := run(func(ctx context.Context, _ *relay.Message) relay.Result {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		return downResult()
	})
	t.Logf("without %v, with %v", without, with)
	if float64(with) > 1.05*float64(without) {
		t.Errorf("the good target took %v beside a dead one, %v beside a good one", with, without)
	}
}
