package relay_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
)

func ack(context.Context, *relay.Message) relay.Result { return relay.Ack() }

func downResult() relay.Result {
	r := relay.Retry(0)
	r.Down, r.Status = true, 503
	return r
}

// TestF21PoisonIsADeadLetterAtOnce, with headers that people and Spring's tools
// read.
func TestF21PoisonIsADeadLetterAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		at := l.Put(relay.Message{Topic: "orders", Key: []byte("k"), Value: []byte("v"), Headers: []relay.Header{{Name: relay.HeaderID, Value: []byte("id-1")}, {Name: "x", Value: []byte("y")}}})
		e := start(t, l, "one", relay.Delivery{Handler: func(context.Context, *relay.Message) relay.Result {
			r := relay.Reject("no such customer")
			r.Status = 422
			return r
		}})
		e.idle(time.Second)
		e.stop()
		dead := l.Messages("shop.dead")
		if len(dead) != 1 || e.snapshot().Attempts != 1 || e.told(relay.DeadLettered) != 1 {
			t.Fatalf("%d dead letters, %+v", len(dead), e.snapshot())
		}
		m := dead[0]
		for name, want := range map[string]string{
			relay.HeaderID: "id-1", "x": "y", relay.DeadTopic: "orders", relay.DeadPartition: "0", relay.DeadOffset: "0", relay.DeadGroup: group,
			relay.DeadTarget: "shop", relay.DeadAttempts: "1", relay.DeadFirstError: "no such customer", relay.DeadLastError: "no such customer", relay.DeadStatus: "422",
			relay.HeaderLastError: "no such customer", relay.HeaderLastStatus: "422",
			"kafka_dlt-original-topic": "orders", "kafka_dlt-original-consumer-group": group, "kafka_dlt-exception-message": "no such customer",
			"kafka_dlt-exception-fqcn": "daero.relay.Rejected", "kafka_dlt-original-timestamp-type": "LogAppendTime",
			"kafka_dlt-original-partition": "\x00\x00\x00\x00", "kafka_dlt-original-offset": string(binary.BigEndian.AppendUint64(nil, uint64(at.Offset))),
		} {
			if got := string(m.Header(name)); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if ts := m.Header("kafka_dlt-original-timestamp"); len(ts) != 8 || m.Header(relay.DeadFailedAt) == nil || string(m.Key) != "k" || string(m.Value) != "v" {
			t.Errorf("timestamp %v, key %s, value %s", ts, m.Key, m.Value)
		}
	})
}

// TestF22PanicIsARetry, and harms no other key.
func TestF22PanicIsARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		numbered(l, 30, 3)
		var n atomic.Int32
		e := start(t, l, "one", relay.Delivery{Handler: func(_ context.Context, m *relay.Message) relay.Result {
			if string(m.Key) == "k1" && n.Add(1) <= 3 {
				panic("secret of customer 7")
			}
			return relay.Ack()
		}})
		e.idle(time.Minute)
		e.stop()
		if s := e.snapshot(); s.Delivered != 30 || s.DeadLettered != 0 || e.told(relay.HandlerPanicked) != 1 {
			t.Errorf("%+v, told %d times", s, e.told(relay.HandlerPanicked))
		}
		for _, ev := range e.heard() {
			if strings.Contains(ev.Why, "secret") || ev.What == relay.HandlerPanicked && !strings.Contains(ev.Why, "failures_target_test.go:") {
				t.Errorf("event %+v", ev)
			}
		}
	})
}

// TestF23SickTargetIsNotStormed: where every attempt fails, a relay makes hardly
// more attempts than a healthy target would get.
func TestF23SickTargetIsNotStormed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 2)
		numbered(l, 1000, 1000)
		e := start(t, l, "one", relay.Delivery{Handler: func(context.Context, *relay.Message) relay.Result { return relay.Retry(0) }})
		time.Sleep(30 * time.Second)
		if s := e.snapshot(); s.Attempts > 1150 || s.Retries < 20 {
			t.Errorf("%d attempts, %d retries in 30 s at 1,000 messages that fail", s.Attempts, s.Retries)
		}
		e.stop()
	})
}

// TestF24DownTargetMakesNoDeadLetters: for two hours the target does not answer.
// Nothing is counted against the messages, it is asked now and then, and when it
// is back everything flows at once.
func TestF24DownTargetMakesNoDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 4)
		numbered(l, 3000, 300)
		var down atomic.Bool
		var calls atomic.Int32
		e := start(t, l, "one", relay.Delivery{Handler: func(context.Context, *relay.Message) relay.Result {
			calls.Add(1)
			time.Sleep(time.Millisecond)
			if down.Load() {
				return downResult()
			}
			return relay.Ack()
		}})
		down.Store(true)
		time.Sleep(time.Minute)
		before := calls.Load()
		time.Sleep(2 * time.Hour)
		if n := calls.Load() - before; n < 400 || n > 700 {
			t.Errorf("%d probes in two hours, want one in 12 to 16 s", n)
		}
		s := e.snapshot()
		if s.DeadLettered != 0 || s.Parkings != 0 || s.Circuit == "closed" || e.told(relay.CircuitOpened) != 1 {
			t.Errorf("%+v, told %d times", s, e.told(relay.CircuitOpened))
		}
		for _, p := range s.Partitions {
			if !p.Paused {
				t.Errorf("%v is read on while the target is down", p.Partition)
			}
		}
		down.Store(false)
		if took := e.idle(time.Minute); took > 18*time.Second {
			t.Errorf("everything is delivered %v after the target is back, want one probe's time and a moment", took)
		}
		if e.told(relay.CircuitClosed) != 1 {
			t.Errorf("told %d times that it is back", e.told(relay.CircuitClosed))
		}
		e.stop()
	})
}

// TestF24FloodOfDeadLettersPauses: a target that rejects everything is taken to be
// broken.
func TestF24FloodOfDeadLettersPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 2)
		numbered(l, 2000, 2000)
		var mended atomic.Bool
		e := start(t, l, "one", relay.Delivery{DeadLetters: relay.DeadLetters{PerMinute: 60}, InFlight: 20, Fixed: true, Handler: func(context.Context, *relay.Message) relay.Result {
			if mended.Load() {
				return relay.Ack()
			}
			return relay.Reject("broken")
		}})
		time.Sleep(time.Second)
		s := e.snapshot()
		if s.DeadLettered != 60 || s.Paused == nil || e.told(relay.DeadLettersFull) != 1 || s.Attempts > 100 {
			t.Errorf("after a second %d dead letters of %d attempts, paused %v, told %d times", s.DeadLettered, s.Attempts, s.Paused, e.told(relay.DeadLettersFull))
		}
		time.Sleep(5 * time.Minute)
		if n := len(l.Messages("shop.dead")); n > 60*6+60 {
			t.Errorf("%d dead letters in five minutes at 60 a minute", n)
		}
		mended.Store(true)
		if was, err := e.relay.Resume("shop"); err != nil || !was {
			t.Errorf("resume: %v %v", was, err)
		}
		e.idle(10 * time.Minute)
		if s := e.snapshot(); s.Delivered+s.DeadLettered != 2000 || s.Delivered < 1500 {
			t.Errorf("%+v", s)
		}
		e.stop()
	})
}

// TestF25FailedDeadLetterBlocksItsKeyAlone, and its place is not passed.
func TestF25FailedDeadLetterBlocksItsKeyAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		put(l, "bad:0", "bad:1", "good:2", "good:3")
		l.OnAppend(func(_ string, m *relay.Message) (bool, error) {
			return m.Topic != "shop.dead", map[bool]error{true: relay.ErrAway}[m.Topic == "shop.dead"]
		})
		var got deliveries
		e := start(t, l, "one", relay.Delivery{Handler: func(_ context.Context, m *relay.Message) relay.Result {
			got.add(m)
			if string(m.Value) == "0" {
				return relay.Reject("bad")
			}
			return relay.Ack()
		}})
		time.Sleep(time.Minute)
		place, _ := l.Place(group, relay.Partition{Topic: "orders"})
		if s := e.snapshot(); s.Delivered != 2 || place.Offset != 0 || strings.Contains(got.String(), "bad:1") {
			t.Errorf("delivered %s, place %d", got.String(), place.Offset)
		}
		l.OnAppend(nil)
		e.idle(time.Minute)
		if dead := l.Messages("shop.dead"); len(dead) != 1 || e.snapshot().Delivered != 3 {
			t.Errorf("%d dead letters, %d delivered", len(dead), e.snapshot().Delivered)
		}
		e.stop()
	})
}

// TestF26HeadersOfDeadLettersAreBounded, however many the message has.
func TestF26HeadersOfDeadLettersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{MaxBytes: 60_000}).Topic("orders", 1)
		m := relay.Message{Topic: "orders", Key: []byte("k"), Value: make([]byte, 1000)}
		for i := range 50 {
			m.Headers = append(m.Headers, relay.Header{Name: "h" + strconv.Itoa(i), Value: make([]byte, 1000)})
		}
		m.Headers = append(m.Headers, relay.Header{Name: relay.HeaderID, Value: []byte("id-1")})
		l.Put(m)
		full := relay.Message{Topic: "orders", Key: []byte("l"), Value: make([]byte, 59_000)} // no room for headers of ours, or just so
		full.Headers = append(full.Headers, relay.Header{Name: "h", Value: make([]byte, 700)})
		l.Put(full)
		e := start(t, l, "one", relay.Delivery{Handler: func(context.Context, *relay.Message) relay.Result {
			return relay.Reject(strings.Repeat("wrong ü ", 10_000))
		}})
		time.Sleep(time.Minute)
		e.stop()
		dead := l.Messages("shop.dead")
		if len(dead) == 0 {
			t.Fatal("no dead letter")
		}
		if n := dead[0].Size(); n > 40_000 || string(dead[0].Header(relay.HeaderID)) != "id-1" || dead[0].Header(relay.DeadCut) == nil || len(dead[0].Header(relay.DeadLastError)) > 512 {
			t.Errorf("%d bytes, id %q, %s headers cut", n, dead[0].Header(relay.HeaderID), dead[0].Header(relay.DeadCut))
		}
	})
}

// TestF28NotBefore: a message that is not due yet waits, and blocks its key
// alone.
func TestF28NotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 1)
		due := time.Now().Add(time.Hour)
		l.Put(relay.Message{Topic: "orders", Key: []byte("k"), Value: []byte("late"), Headers: []relay.Header{{Name: relay.HeaderNotBefore, Value: []byte(due.Format(time.RFC3339))}}})
		put(l, "k:after", "l:1")
		l.Put(relay.Message{Topic: "orders", Key: []byte("m"), Value: []byte("garbled"), Headers: []relay.Header{{Name: relay.HeaderNotBefore, Value: []byte("soon")}}})
		var got deliveries
		e := start(t, l, "one", relay.Delivery{Handler: func(_ context.Context, m *relay.Message) relay.Result { got.add(m); return relay.Ack() }})
		time.Sleep(59 * time.Minute)
		if s := got.String(); s != "l:1 m:garbled" && s != "m:garbled l:1" {
			t.Errorf("delivered %s before its time", s)
		}
		time.Sleep(time.Minute + time.Second)
		if s := got.String(); !strings.HasSuffix(s, "k:late k:after") {
			t.Errorf("delivered %s", s)
		}
		e.stop()
	})
}

// TestF31HotKeyIsTold and pauses its partition, not the others.
func TestF31HotKeyIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{Batch: 100}).Topic("orders", 2)
		hot := relay.Partition{Topic: "orders"}
		for i := range 2000 {
			l.Put(relay.Message{Topic: "orders", Key: []byte("hot"), Value: []byte(strconv.Itoa(i)), Pin: true})
			l.Put(relay.Message{Topic: "orders", Value: []byte("x"), Partition: 1, Pin: true})
		}
		e := start(t, l, "one", relay.Delivery{PerKey: 50, Handler: func(_ context.Context, m *relay.Message) relay.Result {
			time.Sleep(10 * time.Millisecond)
			return relay.Ack()
		}})
		time.Sleep(2 * time.Second)
		s := e.snapshot()
		for _, p := range s.Partitions {
			switch p.Partition {
			case hot:
				if !p.Paused || p.Next > 500 {
					t.Errorf("the hot partition: %+v", p)
				}
			case relay.Partition{Topic: "orders", ID: 1}:
				if p.Finished != 2000 {
					t.Errorf("%d of 2000 without a key are finished", p.Finished)
				}
			}
		}
		if e.told(relay.HotKey) != 1 || s.HotKeyWaiting < 50 || s.HotKeyWaiting > 160 {
			t.Errorf("told %d times, %d waiting", e.told(relay.HotKey), s.HotKeyWaiting)
		}
		e.stop()
	})
}

// TestF32MemoryIsBounded while a target takes nothing.
func TestF32MemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{Batch: 20}).Topic("orders", 4)
		value := make([]byte, 10_000)
		for i := range 4000 { // 40 MB
			l.Put(relay.Message{Topic: "orders", Key: fmt.Appendf(nil, "k%d", i), Value: value})
		}
		var open atomic.Bool
		e := start(t, l, "one", relay.Delivery{Bytes: 4 << 20, Timeout: time.Hour, InFlight: 8, Fixed: true, Handler: func(ctx context.Context, _ *relay.Message) relay.Result {
			for !open.Load() && ctx.Err() == nil {
				time.Sleep(time.Second)
			}
			return relay.Ack()
		}})
		time.Sleep(time.Minute)
		if b := e.snapshot().Bytes; b > 4<<20 || b < 2<<20 {
			t.Errorf("%d bytes are held, 4 MiB may be", b)
		}
		open.Store(true)
		e.idle(time.Hour)
		if b := e.snapshot().Bytes; b != 0 {
			t.Errorf("%d bytes are held when all is done", b)
		}
		e.stop()
	})
}
