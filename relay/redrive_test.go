package relay_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
)

// TestF27Redrive: dead letters go back through their key, once, and not for
// ever.
func TestF27Redrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 2)
		for i := range 20 {
			put(l, fmt.Sprintf("k%d:%d", i%4, i))
		}
		var broken atomic.Bool
		broken.Store(true)
		var got deliveries
		e := start(t, l, "one", relay.Delivery{Handler: func(_ context.Context, m *relay.Message) relay.Result {
			n, _ := strconv.Atoi(string(m.Value))
			if broken.Load() && n%2 == 0 {
				return relay.Reject(fmt.Sprintf("value %d is even", n))
			}
			got.add(m)
			return relay.Ack()
		}})
		defer e.stop()
		e.idle(time.Minute)
		ctx := context.Background()
		found, err := e.relay.Peek(ctx, relay.PeekRequest{Topic: "shop.dead", Filter: relay.Filter{Error: "value 4 "}})
		if err != nil || len(found) != 1 || string(found[0].Value) != "4" {
			t.Fatalf("peek found %d, %v", len(found), err)
		}
		req := relay.RedriveRequest{Delivery: "shop", DryRun: true, Rate: 10}
		res, err := e.relay.Redrive(ctx, req, nil)
		if err != nil || res.Matched != 10 || res.Done != 0 {
			t.Fatalf("dry run: %+v, %v", res, err)
		}
		// One key first, then the rest: none twice.
		req.DryRun, req.Key = false, []byte("k2")
		from, told := time.Now(), 0
		res, err = e.relay.Redrive(ctx, req, func(done, matched int) { told = 100*done + matched })
		if err != nil || res.Done != 5 || told != 505 || res.Forgotten != 0 {
			t.Fatalf("redrive of k2: %+v, %v, told %d", res, err, told)
		}
		if d := time.Since(from); d < 390*time.Millisecond || d > 600*time.Millisecond {
			t.Errorf("5 at 10 per second took %v", d)
		}
		e.idle(time.Minute) // they fail again: k2's dead letters are new ones
		broken.Store(false)
		got.got = nil
		req.Key = nil
		res, err = e.relay.Redrive(ctx, req, nil)
		if err != nil || res.Done != 10 || res.Before != 5 {
			t.Fatalf("redrive of the rest: %+v, %v", res, err)
		}
		e.idle(time.Minute)
		if len(got.got) != 10 {
			t.Errorf("delivered %s", got.String())
		}
		last := map[string]int{}
		for _, g := range got.got {
			n, _ := strconv.Atoi(g[3:])
			if last[g[:2]] > n {
				t.Errorf("%s came after %d of its key", g, last[g[:2]])
			}
			last[g[:2]] = n
		}
		res, err = e.relay.Redrive(ctx, req, nil)
		if err != nil || res.Done != 0 || res.Before != 15 {
			t.Errorf("a redrive of nothing: %+v, %v", res, err)
		}
	})
}

// TestF27RedriveEnds: what always fails is not taken back for ever, and its
// headers do not grow (F26).
func TestF27RedriveEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		put(l, "k:1")
		n := 0
		e := start(t, l, "one", relay.Delivery{Handler: func(context.Context, *relay.Message) relay.Result {
			n++
			return relay.Reject(fmt.Sprintf("error %d", n))
		}})
		defer e.stop()
		var sizes []int
		for i := range 5 {
			e.idle(time.Minute)
			res, err := e.relay.Redrive(context.Background(), relay.RedriveRequest{Delivery: "shop"}, nil)
			if want := i < 3; err != nil || (res.Done == 1) != want || (res.Refused == 1) == want {
				t.Fatalf("redrive %d: %+v, %v", i, res, err)
			}
			dead := l.Messages("shop.dead")
			sizes = append(sizes, dead[len(dead)-1].Size())
		}
		dead := l.Messages("shop.dead")
		last := dead[len(dead)-1]
		if string(last.Header(relay.DeadFirstError)) != "error 1" || string(last.Header(relay.DeadLastError)) != "error 4" || string(last.Header(relay.HeaderRedriven)) != "3" {
			t.Errorf("first %s, last %s, redriven %s", last.Header(relay.DeadFirstError), last.Header(relay.DeadLastError), last.Header(relay.HeaderRedriven))
		}
		if sizes[4]-sizes[1] > 8 {
			t.Errorf("sizes %v: headers grow", sizes)
		}
		if last.ID() != "orders/0/0" {
			t.Errorf("idempotency key %q, want where it first stood", last.ID())
		}
	})
}
