package verify_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
)

// ledgerOf is what a test of faults keeps: which numbers of each key were
// accepted, and in which order they arrived.
type ledgerOf struct {
	mu      sync.Mutex
	acked   map[string]int // the newest; a key's writer waits for each
	arrived map[string][]int
}

// handle takes a message whose value is a number.
func (l *ledgerOf) handle(_ context.Context, m *relay.Message) relay.Result {
	n, err := strconv.Atoi(string(m.Value))
	if err != nil {
		return relay.Reject("no number")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived[string(m.Key)] = append(l.arrived[string(m.Key)], n)
	return relay.Ack()
}

// write sends numbers of a key, each until it is accepted, until stop is set.
func (l *ledgerOf) write(ctx context.Context, r *relay.Relay, topic, key string, stop *atomic.Bool) {
	for n := 1; !stop.Load() && ctx.Err() == nil; n++ {
		for ctx.Err() == nil {
			_, err := r.Accept(ctx, &relay.Message{
				Topic: topic, Key: []byte(key), Value: []byte(strconv.Itoa(n)), Partition: -1,
				Headers: []relay.Header{{Name: relay.HeaderID, Value: fmt.Appendf(nil, "%s-%d", key, n)}},
			})
			if err == nil {
				l.mu.Lock()
				l.acked[key] = n
				l.mu.Unlock()
				break
			}
		}
	}
}

// missing counts what was accepted and has not arrived.
func (l *ledgerOf) missing() (accepted, missing int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, newest := range l.acked {
		there := map[int]bool{}
		for _, n := range l.arrived[key] {
			there[n] = true
		}
		for n := 1; n <= newest; n++ {
			if !there[n] {
				missing++
			}
		}
		accepted += newest
	}
	return accepted, missing
}

// disorder counts first arrivals that came before an earlier one of their key.
func (l *ledgerOf) disorder() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, all := range l.arrived {
		seen, highest := map[int]bool{}, 0
		for _, v := range all {
			if !seen[v] && v < highest {
				n++
			}
			seen[v], highest = true, max(highest, v)
		}
	}
	return n
}

func (l *ledgerOf) progress() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, v := range l.acked {
		n += v
	}
	return n
}

// waitFor waits until done, with a deadline.
func waitFor(t *testing.T, within time.Duration, what func() string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(within); !done(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", within, what())
		}
	}
}

// faulty runs writers and a delivery on one relay while a test makes trouble.
type faulty struct {
	*ledgerOf
	topic string
	log   *kafka.Log
	stop  atomic.Bool
	tasks sync.WaitGroup
	end   context.CancelFunc
}

func startFaulty(t *testing.T, cfg kafka.Config, topic string, keys int) *faulty {
	t.Helper()
	log, err := kafka.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{ledgerOf: &ledgerOf{acked: map[string]int{}, arrived: map[string][]int{}}, topic: topic, log: log}
	r, err := relay.New(relay.Config{
		Log: log, Topics: []relay.Topic{{Name: topic, Order: relay.ByKey}}, Seed: 1, AcceptWithin: 3 * time.Second,
		Deliveries: []relay.Delivery{{Name: "ledger", Topics: []string{topic}, Handler: f.handle, Order: relay.ByKey}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f.end = cancel
	f.tasks.Go(func() { _ = r.Run(ctx) })
	for k := range keys {
		f.tasks.Go(func() { f.write(ctx, r, topic, fmt.Sprintf("key-%d", k), &f.stop) })
	}
	t.Cleanup(func() {
		f.end()
		f.tasks.Wait()
		log.Close()
	})
	return f
}

// judge waits until everything has arrived.
func (f *faulty) judge(t *testing.T, within time.Duration) {
	t.Helper()
	f.stop.Store(true)
	say := func() string {
		a, m := f.missing()
		return fmt.Sprintf("%d of %d accepted messages have not arrived", m, a)
	}
	waitFor(t, within, say, func() bool { _, m := f.missing(); return m == 0 })
	accepted, _ := f.missing()
	if n := f.disorder(); n > 0 || accepted == 0 {
		t.Errorf("%d accepted, %d out of order", accepted, n)
	}
	t.Logf("%d accepted, 0 lost, 0 out of order", accepted)
}

// everyKeyMoves reports whether every key has had by messages accepted since.
func (l *ledgerOf) everyKeyMoves(by int) func() bool {
	l.mu.Lock()
	from := maps.Clone(l.acked)
	l.mu.Unlock()
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for k, n := range from {
			if l.acked[k] < n+by {
				return false
			}
		}
		return len(from) > 0
	}
}
