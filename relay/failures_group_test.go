package relay_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
)

const group = "daero.shop"

// numbered puts n messages, "kI:N" over so many keys.
func numbered(l *memlog.Log, n, keys int) {
	for i := range n {
		put(l, fmt.Sprintf("k%d:%d", i%keys, i))
	}
}

// TestF01KillLosesNothing: what was with the handler when the process died is
// delivered again.
func TestF01KillLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 2)
		numbered(l, 100, 10)
		var got deliveries
		slow := func(ctx context.Context, m *relay.Message) relay.Result {
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return relay.Retry(0)
			}
			got.add(m)
			return relay.Ack()
		}
		e := start(t, l, "one", relay.Delivery{Handler: slow, InFlight: 4, Fixed: true})
		time.Sleep(350 * time.Millisecond)
		e.node.Kill()
		e.stop()
		two := start(t, l, "two", relay.Delivery{Handler: slow, InFlight: 4, Fixed: true})
		two.idle(time.Minute)
		two.stop()
		seen := map[string]int{}
		again := 0
		for _, g := range got.got {
			if seen[g]++; seen[g] > 1 {
				again++
			}
		}
		if len(seen) != 100 || again > 16 {
			t.Errorf("%d of 100 delivered, %d again: want no more than had been delivered before the first commit", len(seen), again)
		}
	})
}

// TestF02RebalanceIsClean: messages under way end before a partition goes, what
// they finished is committed, and nobody commits what it does not hold, with
// commits that take long.
func TestF02RebalanceIsClean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{CommitDelay: 400 * time.Millisecond}).Topic("orders", 4)
		numbered(l, 2000, 50)
		var got deliveries
		h := func(_ context.Context, m *relay.Message) relay.Result {
			time.Sleep(20 * time.Millisecond)
			got.add(m)
			return relay.Ack()
		}
		one := start(t, l, "one", relay.Delivery{Handler: h, InFlight: 8, Fixed: true})
		two := start(t, l, "two", relay.Delivery{Handler: h, InFlight: 8, Fixed: true})
		for range 6 {
			time.Sleep(333 * time.Millisecond)
			l.Rebalance(group)
		}
		for l.Lag(group, "orders") > 0 {
			time.Sleep(time.Second)
		}
		one.stop()
		two.stop()
		if len(got.got) != 2000 || l.Fenced() != 0 {
			t.Errorf("%d deliveries of 2000 messages, %d commits of what was not held", len(got.got), l.Fenced())
		}
	})
}

// TestF03LostPartitionsAreLetGo: a member that was thrown out learns it late;
// then its handlers' contexts end and it commits nothing. Who has taken over
// delivers with a higher epoch.
func TestF03LostPartitionsAreLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		put(l, "k:1")
		var cancelled atomic.Bool
		epoch := make(chan int64, 2)
		one := start(t, l, "one", relay.Delivery{Handler: func(ctx context.Context, m *relay.Message) relay.Result {
			epoch <- m.Epoch
			<-ctx.Done()
			cancelled.Store(true)
			return relay.Ack() // does not count any more
		}})
		synctest.Wait()
		two := start(t, l, "two", relay.Delivery{Handler: func(_ context.Context, m *relay.Message) relay.Result {
			epoch <- m.Epoch
			return relay.Ack()
		}})
		l.Lose(group, one.node, 2*time.Second)
		time.Sleep(time.Second)
		if a, b := <-epoch, <-epoch; b <= a {
			t.Errorf("epoch %d after %d: the target cannot tell who was replaced", b, a)
		}
		time.Sleep(1500 * time.Millisecond)
		if !cancelled.Load() {
			t.Error("the handler's context did not end with the partition")
		}
		if n := one.snapshot().Delivered; n != 0 {
			t.Errorf("the one that was thrown out counts %d deliveries", n)
		}
		one.stop()
		two.stop()
	})
}

// TestF04SlowHandlerHoldsUpNoRebalance: half of Drain is the most that a handler
// can hold partitions back.
func TestF04SlowHandlerHoldsUpNoRebalance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 2)
		numbered(l, 10, 10)
		one := start(t, l, "one", relay.Delivery{Timeout: time.Hour, Drain: 8 * time.Second, Handler: func(ctx context.Context, _ *relay.Message) relay.Result {
			<-ctx.Done()
			return relay.Retry(0)
		}})
		synctest.Wait()
		two := start(t, l, "two", relay.Delivery{Handler: func(context.Context, *relay.Message) relay.Result { return relay.Ack() }})
		time.Sleep(4100 * time.Millisecond)
		if n := two.snapshot().Delivered; n == 0 {
			t.Errorf("four seconds on, the second member has delivered nothing: %v", l.Holders(group))
		}
		one.stop()
		two.stop()
	})
}

// TestF05OneMessageDoesNotBounceForEver: a message that fails wherever it comes
// is a dead letter after as many attempts in all, however often it moves.
func TestF05OneMessageDoesNotBounceForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		put(l, "bad:1", "good:2")
		var attempts []int
		h := func(_ context.Context, m *relay.Message) relay.Result {
			if string(m.Key) == "good" {
				return relay.Ack()
			}
			attempts = append(attempts, m.Attempt)
			return relay.Retry(700 * time.Millisecond)
		}
		for i := 0; len(l.Messages("shop.dead")) == 0 && i < 30; i++ {
			e := start(t, l, fmt.Sprint("m", i), relay.Delivery{Handler: h, Retry: relay.RetryPolicy{Attempts: 9}})
			time.Sleep(2500 * time.Millisecond)
			if i%2 == 0 {
				e.node.Kill()
			}
			e.stop()
		}
		// A kill forgets what was not committed: one second, so one attempt or two.
		if len(attempts) < 9 || len(attempts) > 16 || attempts[len(attempts)-1] != 9 {
			t.Errorf("attempts %v, want up to 9, with few made twice", attempts)
		}
	})
}

// TestF15LostPlaceIsTold: a group that has lost its place starts at the oldest
// message, never at the newest, and says so.
func TestF15LostPlaceIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		numbered(l, 5, 5)
		h := func(context.Context, *relay.Message) relay.Result { return relay.Ack() }
		e := start(t, l, "one", relay.Delivery{Handler: h})
		e.idle(time.Minute)
		e.stop()
		l.Forget(group)
		e = start(t, l, "two", relay.Delivery{Handler: h, Latest: true})
		e.idle(time.Minute)
		if e.snapshot().Delivered != 5 || e.told(relay.PlaceLost) != 1 {
			t.Errorf("%d delivered again, told %d times", e.snapshot().Delivered, e.told(relay.PlaceLost))
		}
		e.stop()
	})
}

// TestF16RetentionIsWatched before it takes anything, and what it took is told.
func TestF16RetentionIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{Retention: time.Hour}).Topic("orders", 1)
		numbered(l, 10, 10)
		d := relay.Delivery{Handler: func(context.Context, *relay.Message) relay.Result {
			r := relay.Retry(0)
			r.Down = true
			return r
		}}
		e := start(t, l, "one", d)
		time.Sleep(29 * time.Minute)
		if n := e.told(relay.RetentionNear); n != 0 {
			t.Errorf("told %d times before half of the time is over", n)
		}
		time.Sleep(2 * time.Minute)
		if n := e.told(relay.RetentionNear); n != 1 {
			t.Errorf("told %d times after half of the time", n)
		}
		e.stop()
		l.Trim(relay.Partition{Topic: "orders"}, 4)
		e = start(t, l, "two", d)
		time.Sleep(time.Second)
		if n := e.told(relay.MessagesLost); n != 1 || !strings.Contains(e.heard()[0].Why, "4 messages") {
			t.Errorf("told %d times that messages are lost: %+v", n, e.heard())
		}
		e.stop()
	})
}

// TestF29DamagedMetadataOnlyRepeats.
func TestF29DamagedMetadataOnlyRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		numbered(l, 10, 10)
		p := relay.Partition{Topic: "orders"}
		for _, md := range []string{"v1|deadbeef|AAAA", "someone else's", strings.Repeat("x", relay.MaxMetadata)} {
			l.Forget(group)
			if err := l.Node("x").SetPlaces(t.Context(), group, []relay.Mark{{Partition: p, Offset: 4, Metadata: md}}); err != nil {
				t.Fatal(err)
			}
			e := start(t, l, "one", relay.Delivery{Handler: func(context.Context, *relay.Message) relay.Result { return relay.Ack() }})
			e.idle(time.Minute)
			if n := e.snapshot().Delivered; n != 6 {
				t.Errorf("metadata %.20q: %d delivered, want the 6 past the place", md, n)
			}
			e.stop()
		}
	})
}

// TestF33ShutdownFinishes what is under way and commits it.
func TestF33ShutdownFinishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{CommitDelay: time.Second}).Topic("orders", 2)
		numbered(l, 500, 100)
		var got deliveries
		h := func(_ context.Context, m *relay.Message) relay.Result {
			time.Sleep(300 * time.Millisecond)
			got.add(m)
			return relay.Ack()
		}
		for range 2 {
			e := start(t, l, "one", relay.Delivery{Handler: h, InFlight: 50, Fixed: true})
			time.Sleep(1100 * time.Millisecond)
			e.stop()
		}
		e := start(t, l, "one", relay.Delivery{Handler: h})
		e.idle(time.Minute)
		e.stop()
		if len(got.got) != 500 {
			t.Errorf("%d deliveries of 500 messages, with two restarts", len(got.got))
		}
	})
}

// refusing is a log whose Consume fails.
type refusing struct {
	relay.Log
	err   error
	calls atomic.Int32
}

func (r *refusing) Consume(context.Context, relay.Group, relay.Consumer) error {
	r.calls.Add(1)
	return r.err
}

// TestF34ReplacedInstanceStops: a named member that was replaced does not come
// back; one without a name does.
func TestF34ReplacedInstanceStops(t *testing.T) {
	for instance, want := range map[string]bool{"gateway-1": true, "": false} {
		synctest.Test(t, func(t *testing.T) {
			log := &refusing{Log: memlog.New(memlog.Config{}).Node("one"), err: fmt.Errorf("join: %w", relay.ErrFenced)}
			fenced := 0
			r, err := relay.New(relay.Config{Log: log, Instance: instance, Seed: 1, Deliveries: []relay.Delivery{{
				Name: "shop", Topics: []string{"orders"}, Handler: func(context.Context, *relay.Message) relay.Result { return relay.Ack() },
			}}, Listener: func(e relay.Event) {
				if e.What == relay.Fenced {
					fenced++
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			defer cancel()
			if err := r.Run(ctx); !errors.Is(err, context.DeadlineExceeded) && !want {
				t.Errorf("Run: %v", err)
			}
			if n := log.calls.Load(); (n == 1) != want || (fenced == 1) != want || n > 40 {
				t.Errorf("instance %q: joined %d times, told %d times", instance, n, fenced)
			}
		})
	}
}

// TestF35CommitsThatFailAreMadeGood once the coordinator is back.
func TestF35CommitsThatFailAreMadeGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 2)
		l.OnCommit(func(string, string, []relay.Mark) (bool, error) { return false, relay.ErrAway })
		numbered(l, 50, 10)
		e := start(t, l, "one", relay.Delivery{Handler: func(context.Context, *relay.Message) relay.Result { return relay.Ack() }})
		e.idle(time.Minute)
		time.Sleep(10 * time.Second)
		if l.Lag(group, "orders") != 50 || e.told(relay.ConsumeFailed) != 1 {
			t.Errorf("lag %d, told %d times", l.Lag(group, "orders"), e.told(relay.ConsumeFailed))
		}
		l.OnCommit(nil)
		time.Sleep(1100 * time.Millisecond)
		if n := l.Lag(group, "orders"); n != 0 {
			t.Errorf("%d are not committed a second after the coordinator is back", n)
		}
		e.stop()
	})
}
