package relay_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/memlog"
)

// engine is a relay over a log in memory, with a handler that the test gives.
type engine struct {
	t     *testing.T
	log   *memlog.Log
	relay *relay.Relay
	node  *memlog.Node
	stop  func()

	mu     sync.Mutex
	events []relay.Event
}

// start runs a relay of one delivery of topic "orders" on node n. It must be
// called in a bubble of synctest; stop ends it.
func start(t *testing.T, l *memlog.Log, node string, d relay.Delivery) *engine {
	t.Helper()
	e := &engine{t: t, log: l, node: l.Node(node)}
	if d.Name == "" {
		d.Name = "shop"
	}
	if d.Topics == nil {
		d.Topics = []string{"orders"}
	}
	if d.DeadLetters.Topic == "" {
		l.Topic(d.Name+".dead", 1)
	}
	r, err := relay.New(relay.Config{Log: e.node, Deliveries: []relay.Delivery{d}, Seed: 1, Listener: e.hear})
	if err != nil {
		t.Fatal(err)
	}
	e.relay = r
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Run(ctx)
	}()
	e.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	return e
}

func (e *engine) hear(ev relay.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, ev)
}

// told counts events of a kind.
func (e *engine) told(what string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.events {
		if ev.What == what {
			n++
		}
	}
	return n
}

// heard returns what was told so far.
func (e *engine) heard() []relay.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.events)
}

func (e *engine) snapshot() relay.DeliverySnapshot {
	return e.relay.Snapshot(time.Now()).Deliveries[0]
}

// idle waits, in virtual time, until nothing is left to deliver, and returns how
// long that took.
func (e *engine) idle(within time.Duration) time.Duration {
	e.t.Helper()
	from := time.Now()
	for time.Since(from) < within {
		synctest.Wait()
		if e.left() == 0 {
			return time.Since(from)
		}
		time.Sleep(10 * time.Millisecond)
	}
	e.t.Fatalf("%d messages are left after %v: %+v", e.left(), within, e.snapshot())
	return 0
}

// left counts messages that are not finished, parked ones too.
func (e *engine) left() (n int64) {
	s := e.snapshot()
	held := map[relay.Partition]bool{}
	for _, p := range s.Partitions {
		held[p.Partition] = true
		n += p.End - p.Finished
		if e.log.Next(p.Partition) > p.End {
			n += e.log.Next(p.Partition) - p.End
		}
	}
	if len(held) == 0 {
		return 1
	}
	return n
}

// put appends messages KEY:VALUE to orders.
func put(l *memlog.Log, kvs ...string) {
	for _, kv := range kvs {
		k, v, _ := strings.Cut(kv, ":")
		m := relay.Message{Topic: "orders", Value: []byte(v)}
		if k != "" {
			m.Key = []byte(k)
		}
		l.Put(m)
	}
}

// deliveries records what a handler got, "KEY:VALUE".
type deliveries struct {
	mu  sync.Mutex
	got []string
}

func (d *deliveries) add(m *relay.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, fmt.Sprintf("%s:%s", m.Key, m.Value))
}

func (d *deliveries) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.got, " ")
}

func TestDeliversAndCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New(memlog.Config{}).Topic("orders", 3)
		put(l, "a:1", "b:1", "a:2", ":x", "b:2", "a:3")
		var got deliveries
		e := start(t, l, "one", relay.Delivery{Handler: func(_ context.Context, m *relay.Message) relay.Result {
			time.Sleep(5 * time.Millisecond)
			got.add(m)
			return relay.Ack()
		}})
		e.idle(time.Second)
		time.Sleep(2 * time.Second)
		if n := l.Lag("daero.shop", "orders"); n != 0 {
			t.Errorf("%d messages are not committed two seconds later", n)
		}
		e.stop()
		if s := got.String(); len(got.got) != 6 || strings.Index(s, "a:1") > strings.Index(s, "a:2") || strings.Index(s, "a:2") > strings.Index(s, "a:3") {
			t.Errorf("delivered %s", s)
		}
		if s := e.snapshot(); s.Delivered != 6 || s.Attempts != 6 || s.InFlight != 0 {
			t.Errorf("snapshot %+v", s)
		}
	})
}
