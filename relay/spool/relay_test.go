package spool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/spool"
)

// bay is a log that is there or not.
type bay struct {
	away   atomic.Bool
	refuse atomic.Bool
	wg     sync.WaitGroup

	mu   sync.Mutex
	kept map[string][]string // values by key
	n    int
}

func (b *bay) Append(m *relay.Message, done func(relay.Position, error)) {
	b.wg.Go(func() {
		switch {
		case b.away.Load():
			done(relay.Position{}, relay.ErrAway)
			return
		case b.refuse.Load() && strings.HasPrefix(string(m.Value), "poison"):
			done(relay.Position{}, relay.ErrTooLarge)
			return
		}
		b.mu.Lock()
		b.kept[string(m.Key)] = append(b.kept[string(m.Key)], string(m.Value))
		b.n++
		at := relay.Position{Topic: m.Topic, Offset: int64(b.n)}
		b.mu.Unlock()
		done(at, nil)
	})
}

func (b *bay) Consume(context.Context, relay.Group, relay.Consumer) error { return relay.ErrAway }

func (b *bay) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

// run starts a relay on a spool, and returns how to end both.
func run(t *testing.T, b *bay, cfg spool.Config) (*relay.Relay, *spool.Spool, func()) {
	t.Helper()
	s := open(t, cfg)
	r, err := relay.New(relay.Config{Log: b, Spool: s, Topics: []relay.Topic{{Name: "orders", Outage: relay.Spool}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	return r, s, func() {
		cancel()
		wg.Wait()
		b.wg.Wait()
		s.Close()
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.NewTimer(20 * time.Second)
	defer end.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

// A relay on a real spool: an outage, an end in the middle of it, and the log
// back. What the log will never take is put aside.
func TestRelayOnSpool(t *testing.T) {
	dir := t.TempDir()
	b := &bay{kept: map[string][]string{}}
	b.away.Store(true)
	r, _, end := run(t, b, spool.Config{Dir: dir})
	const keys, each = 20, 30
	var wg sync.WaitGroup
	for k := range keys {
		wg.Go(func() {
			for i := range each {
				m := &relay.Message{Topic: "orders", Key: fmt.Append(nil, k), Value: fmt.Append(nil, i)}
				if k == 3 && i == 7 {
					m.Value = []byte("poison")
				}
				got, err := r.Accept(t.Context(), m)
				if err != nil || !got.Spooled {
					t.Errorf("%+v, %v: want it spooled", got, err)
				}
			}
		})
	}
	wg.Wait()
	if v := r.Snapshot(time.Now()).Spool; v.Depth != keys*each || v.Bytes == 0 || v.Oldest.IsZero() {
		t.Errorf("snapshot %+v: want %d", v, keys*each)
	}
	end()
	b.away.Store(false)
	b.refuse.Store(true)
	_, s, end := run(t, b, spool.Config{Dir: dir})
	until(t, "drained", func() bool { return s.Snapshot().Depth == 0 })
	end()
	if n := b.count(); n != keys*each-1 {
		t.Errorf("%d are in the log, want %d", n, keys*each-1)
	}
	for k, values := range b.kept {
		want := 0
		for _, v := range values {
			if k == "3" && want == 7 {
				want++
			}
			if v != fmt.Sprint(want) {
				t.Fatalf("key %s: got %v", k, values)
			}
			want++
		}
	}
	line, err := os.ReadFile(filepath.Join(dir, "rejected.jsonl"))
	if err != nil || strings.Count(string(line), "\n") != 1 || !strings.Contains(string(line), `"topic":"orders"`) {
		t.Errorf("put aside: %s (%v)", line, err)
	}
}

// F10: the disk fails while the log is away. What was acknowledged gets there
// all the same, and until it has nothing goes past it.
func TestF10RelayOnFailingDisk(t *testing.T) {
	fs := newMemFS()
	b := &bay{kept: map[string][]string{}}
	b.away.Store(true)
	r, s, end := run(t, b, memConfig(fs))
	defer end()
	send := func(v string) (relay.Receipt, error) {
		return r.Accept(t.Context(), &relay.Message{Topic: "orders", Key: []byte("k"), Value: []byte(v)})
	}
	if got, err := send("1"); err != nil || !got.Spooled {
		t.Fatalf("%+v, %v", got, err)
	}
	until(t, "the log is asked, and the drain waits", func() bool { return r.Snapshot(time.Now()).Spool.Depth == 1 })
	fs.mu.Lock()
	for name, n := range fs.now {
		if strings.HasSuffix(name, ".seg") {
			n.bad = syscall.EIO
		}
	}
	fs.mu.Unlock()
	if _, err := send("2"); !errors.Is(err, relay.ErrUnknown) {
		t.Errorf("the disk fails at it: %v, want %v", err, relay.ErrUnknown)
	}
	if _, err := send("3"); !errors.Is(err, relay.ErrAway) || !strings.Contains(err.Error(), "input/output error") {
		t.Errorf("the disk has failed: %v, want %v with the reason", err, relay.ErrAway)
	}
	if v := r.Snapshot(time.Now()).Spool; v.Poisoned == "" {
		t.Errorf("snapshot %+v does not say that it is poisoned", v)
	}
	b.away.Store(false)
	until(t, "drained", func() bool { return s.Snapshot().Depth == 0 })
	if got, err := send("4"); err != nil || got.Spooled {
		t.Errorf("the log is back: %+v, %v", got, err)
	}
	if got := strings.Join(b.kept["k"], " "); got != "1 4" {
		t.Errorf("the log has %s, want 1 4", got)
	}
}
