package relay_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
	"github.com/daero/daero/relay/track"
)

const companion = "orders.parked.daero.shop"

// TestParkedKeyKeepsItsOrder over a kill right after messages were moved and
// before that was committed, and goes on in its topic when nothing of it is
// parked any more.
func TestParkedKeyKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		for i := range 20 {
			put(l, fmt.Sprintf("bad:%d", i), fmt.Sprintf("good:%d", i))
		}
		var mended atomic.Bool
		var got deliveries
		d := relay.Delivery{Retry: relay.RetryPolicy{InPlace: 500 * time.Millisecond}, Handler: func(_ context.Context, m *relay.Message) relay.Result {
			if m.Topic != "orders" || m.Header(relay.HeaderOrigin) != nil {
				t.Errorf("the handler sees %v, not what it was before it moved", m.Position())
			}
			if string(m.Key) == "bad" && !mended.Load() {
				return relay.Retry(0)
			}
			got.add(m)
			return relay.Ack()
		}}
		l.OnCommit(func(string, string, []relay.Mark) (bool, error) { return false, relay.ErrAway })
		e := start(t, l, "one", d)
		time.Sleep(10 * time.Second)
		if n := len(l.Messages(companion)); n != 1+20 || e.snapshot().Parked != 1 {
			t.Errorf("%d messages are parked, %d keys", n, e.snapshot().Parked)
		}
		e.node.Kill()
		e.stop()
		l.OnCommit(nil)
		put(l, "bad:20")
		got.got = nil
		e = start(t, l, "two", d)
		time.Sleep(10 * time.Second)
		if n := len(l.Messages(companion)); n != 1+20+1+21 {
			t.Errorf("%d messages are in the companion: want a mark and what was moved, once more as nothing was committed, with the new one", n)
		}
		mended.Store(true)
		e.idle(10 * time.Minute)
		put(l, "bad:21")
		e.idle(time.Minute)
		if n := len(l.Messages(companion)); n != 1+20+1+21 || e.snapshot().Parked != 0 {
			t.Errorf("the key is still parked: %d messages, %d keys", n, e.snapshot().Parked)
		}
		e.stop()
		var bad []string
		for _, g := range got.got {
			if strings.HasPrefix(g, "bad:") {
				bad = append(bad, g[4:])
			}
		}
		if want := "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"; strings.Join(bad, " ") != want {
			t.Errorf("delivered %v", bad)
		}
	})
}

// TestCopiesInTheCompanionAreDropped: those of appends whose outcome was unknown,
// and those that a member that was replaced appends late.
func TestCopiesInTheCompanionAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		for i := range 6 {
			put(l, fmt.Sprintf("bad:%d", i), fmt.Sprintf("good:%d", i))
		}
		unknown := 3
		l.OnAppend(func(_ string, m *relay.Message) (bool, error) {
			if m.Topic == companion && unknown > 0 {
				unknown--
				return true, relay.ErrUnknown
			}
			return true, nil
		})
		var mended atomic.Bool
		var got deliveries
		e := start(t, l, "one", relay.Delivery{Retry: relay.RetryPolicy{InPlace: 500 * time.Millisecond}, Handler: func(_ context.Context, m *relay.Message) relay.Result {
			if string(m.Key) != "good" && !mended.Load() {
				return relay.Retry(10 * time.Second)
			}
			got.add(m)
			return relay.Ack()
		}})
		synctest.Wait()
		// It has the message in the topic, so what comes late is a copy.
		put(l, "slow:12")
		synctest.Wait()
		l.Put(relay.Message{Topic: companion, Key: []byte("slow"), Value: []byte("12"), Pin: true, Headers: []relay.Header{{Name: relay.HeaderOrigin, Value: []byte("orders/0/12")}}})
		time.Sleep(15 * time.Second)
		if n := len(l.Messages(companion)); n < 6+3+1 {
			t.Errorf("%d messages in the companion, want copies among them", n)
		}
		mended.Store(true)
		e.idle(10 * time.Minute)
		e.stop()
		seen := map[string]int{}
		for _, g := range got.got {
			seen[g]++
		}
		for g, n := range seen {
			if n != 1 {
				t.Errorf("%s was delivered %d times", g, n)
			}
		}
		if len(seen) != 13 {
			t.Errorf("%d of 13 messages were delivered", len(seen))
		}
	})
}

// TestRepeatedKeysAreNotSent within what is remembered; those of another writer
// or with another key of order are others.
func TestRepeatedKeysAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		add := func(key, id, writer string) {
			l.Put(relay.Message{Topic: "orders", Key: []byte(key), Value: []byte(id + writer), Headers: []relay.Header{{Name: relay.HeaderID, Value: []byte(id)}, {Name: relay.HeaderWriter, Value: []byte(writer)}}})
		}
		for range 3 {
			add("k", "1", "a")
		}
		add("k", "1", "b")
		add("l", "1", "a")
		add("k", "2", "a")
		add("k", "1", "a")
		l.Put(relay.Message{Topic: "orders", Key: []byte("k"), Value: []byte("not ours"), Headers: []relay.Header{{Name: relay.HeaderFor, Value: []byte("another group")}}})
		var got deliveries
		e := start(t, l, "one", relay.Delivery{Handler: func(_ context.Context, m *relay.Message) relay.Result { got.add(m); return relay.Ack() }})
		e.idle(time.Minute)
		e.stop()
		if s := e.snapshot(); s.Delivered != 4 || s.Repeated != 4 || strings.Contains(got.String(), "not ours") {
			t.Errorf("delivered %s, %d repeated", got.String(), s.Repeated)
		}
	})
}

// TestPauseThrottleRate: what people, playbooks and the configuration say about
// speed.
func TestPauseThrottleRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 2)
		numbered(l, 3000, 100)
		e := start(t, l, "one", relay.Delivery{Rate: 100, Handler: ack})
		per := func(d time.Duration) float64 {
			from := e.snapshot().Delivered
			time.Sleep(d)
			return float64(e.snapshot().Delivered-from) / d.Seconds()
		}
		time.Sleep(time.Second)
		within := func(what string, got, want float64) {
			t.Helper()
			if got < 0.9*want || got > 1.1*want {
				t.Errorf("%s: %.1f per second, want %.0f", what, got, want)
			}
		}
		within("rate", per(5*time.Second), 100)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(e.relay.Throttle("shop", 20))
		within("throttle 20", per(5*time.Second), 20)
		must(e.relay.Throttle("shop", 0))
		synctest.Wait()
		if got := per(5 * time.Second); got != 0 || e.snapshot().Rate != 0 {
			t.Errorf("throttled to nothing: %v per second", got)
		}
		must(e.relay.Throttle("shop", -1))
		within("no throttle", per(5*time.Second), 100)
		must(e.relay.Pause("shop", relay.Pause{By: "kim", Reason: "maintenance", Until: time.Now().Add(time.Minute)}))
		synctest.Wait()
		if got := per(59 * time.Second); got != 0 || e.snapshot().Paused.By != "kim" {
			t.Errorf("paused: %v per second", got)
		}
		time.Sleep(2 * time.Second)
		within("the pause is over", per(3*time.Second), 100)
		must(e.relay.Pause("shop", relay.Pause{By: "kim"}))
		synctest.Wait()
		if got := per(time.Hour); got != 0 {
			t.Errorf("paused without end: %v per second", got)
		}
		for _, want := range []bool{true, false} {
			if was, err := e.relay.Resume("shop"); err != nil || was != want {
				t.Errorf("resume: %v %v, want %v", was, err, want)
			}
		}
		within("resumed", per(3*time.Second), 100)
		if err := e.relay.Throttle("shops", 1); err == nil {
			t.Error("throttled a delivery that is not there")
		}
		e.stop()
	})
}

func TestDeliveryConfigSaysEverythingAtOnce(t *testing.T) {
	_, err := relay.New(relay.Config{Log: memlog.New(memlog.Config{}).Node("one"), Deliveries: []relay.Delivery{
		{},
		{Name: "a", Topics: []string{"t", "t", "a b", "a.dead"}, InFlight: -1, Rate: -1, Retry: relay.RetryPolicy{Budget: 2}, Order: 9},
		{Name: "a", Topics: []string{"t"}, Handler: ack, Timeout: -1},
		{Name: "b", Group: "daero.a", Topics: []string{"t"}, Handler: ack, Bytes: 1},
	}})
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{
		"a delivery without a name", "delivery a: no handler", "topic t twice", `topic "a b"`, "dead letters go to a.dead, which it delivers", "in flight -1", "rate -1", "retry budget 2",
		"no such order", "declared twice", "timeout -1ns", "shares topic t and group daero.a", "bytes 1: must be 1048576",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said in:\n%v", want, err)
		}
	}
}

// TestCopiesThatComeLateAreDropped: a member that had lost the partition put a
// copy of the second message of a key behind the mark of who held it, and that
// one died before it read it. Whoever comes next keeps the key's order.
func TestCopiesThatComeLateAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1).Topic(companion, 1)
		put(l, "bad:0", "bad:1")
		for _, c := range []struct{ value, by string }{{"", "2/7"}, {"1", "1/3"}, {"0", "2/7"}, {"1", "2/7"}} {
			m := relay.Message{Topic: companion, Pin: true, Headers: []relay.Header{{Name: relay.HeaderMover, Value: []byte(c.by)}}}
			if c.value != "" {
				m.Key, m.Value = []byte("bad"), []byte(c.value)
				m.Headers = append(m.Headers, relay.Header{Name: relay.HeaderOrigin, Value: []byte("orders/0/" + c.value)})
			}
			l.Put(m)
		}
		place := track.New(1)
		place.Fence = track.Fence{Epoch: 2, Nonce: 7}
		err := l.Node("before").SetPlaces(t.Context(), "daero.shop", []relay.Mark{
			{Partition: relay.Partition{Topic: "orders"}, Offset: 2},
			{Partition: relay.Partition{Topic: companion}, Offset: 1, Metadata: place.Encode(nil)},
		})
		if err != nil {
			t.Fatal(err)
		}
		var got deliveries
		e := start(t, l, "one", relay.Delivery{Handler: func(_ context.Context, m *relay.Message) relay.Result {
			got.add(m)
			return relay.Ack()
		}})
		e.idle(time.Minute)
		e.stop()
		if s := strings.Join(got.got, " "); s != "bad:0 bad:1" {
			t.Errorf("delivered %q", s)
		}
	})
}

// TestAFullMemoryDoesNotHoldUpParking: what fills it is what is to be parked.
func TestAFullMemoryDoesNotHoldUpParking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{Batch: 10}).Topic("orders", 1)
		value := make([]byte, 10_000)
		for range 400 { // 4 MB, of which 1 MiB may be held
			l.Put(relay.Message{Topic: "orders", Key: []byte("bad"), Value: value})
		}
		put(l, "good:0")
		var mended atomic.Bool
		var got deliveries
		e := start(t, l, "one", relay.Delivery{Bytes: 1 << 20, Retry: relay.RetryPolicy{InPlace: 500 * time.Millisecond}, Handler: func(_ context.Context, m *relay.Message) relay.Result {
			if string(m.Key) == "bad" {
				if !mended.Load() {
					return relay.Retry(0)
				}
				return relay.Ack()
			}
			got.add(m)
			return relay.Ack()
		}})
		time.Sleep(5 * time.Minute)
		if got.String() != "good:0" {
			t.Errorf("delivered %q of the other key: %+v", got.String(), e.snapshot())
		}
		mended.Store(true)
		e.idle(time.Hour)
		e.stop()
	})
}
