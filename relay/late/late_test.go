package late_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/events"
	"github.com/daero/daero/relay/fleetlog"
	"github.com/daero/daero/relay/late"
)

// Where a log is asked for, one that comes late will do.
var (
	_ events.Log   = (*late.Log)(nil)
	_ fleetlog.Log = (*late.Log)(nil)
)

// log says its name to whoever reads, once a second.
type log struct {
	name    string
	fails   error
	kept    int
	readers sync.WaitGroup
}

func (l *log) Append(m *relay.Message, done func(relay.Position, error)) {
	l.kept++
	go done(relay.Position{Topic: m.Topic}, nil)
}

func (l *log) Tail(ctx context.Context, _ string, fn func(*relay.Message)) error {
	l.readers.Add(1)
	defer l.readers.Done()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
			if l.fails != nil {
				return l.fails
			}
			fn(&relay.Message{Value: []byte(l.name)})
		}
	}
}

func put(l *late.Log) error {
	answer := make(chan error)
	l.Append(&relay.Message{Topic: "t"}, func(_ relay.Position, err error) { answer <- err })
	return <-answer
}

func TestAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l late.Log
		if err := put(&l); !errors.Is(err, relay.ErrAway) {
			t.Errorf("without a log: %v", err)
		}
		a := &log{}
		if before := l.Set(a); before != nil {
			t.Errorf("before: %v", before)
		}
		if err := put(&l); err != nil || a.kept != 1 {
			t.Errorf("%v, %d kept", err, a.kept)
		}
		if before := l.Set(nil); before != late.Opened(a) {
			t.Errorf("before: %v", before)
		}
		if err := put(&l); !errors.Is(err, relay.ErrAway) {
			t.Errorf("taken away: %v", err)
		}
		l.Wait()
	})
}

// TestTailFollows each log that is set, and ends those before.
func TestTailFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l late.Log
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		heard := ""
		wg.Go(func() {
			if err := l.Tail(ctx, "t", func(m *relay.Message) { heard += string(m.Value) }); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		a, b := &log{name: "a"}, &log{name: "b"}
		for _, to := range []late.Opened{nil, a, b, nil, a} {
			l.Set(to)
			time.Sleep(2500 * time.Millisecond)
		}
		b.readers.Wait() // or the bubble is stuck
		cancel()
		wg.Wait()
		a.readers.Wait()
		if heard != "aabbaa" {
			t.Errorf("heard %s", heard)
		}
	})
}

// TestTailFails when its log does, not when it is replaced.
func TestTailFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l late.Log
		l.Set(&log{fails: relay.ErrDenied})
		if err := l.Tail(t.Context(), "t", nil); !errors.Is(err, relay.ErrDenied) {
			t.Error(err)
		}
	})
}
