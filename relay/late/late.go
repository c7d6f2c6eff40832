// Package late stands for a log that is opened later than those begin who use
// it, or opened anew while they go on: the record's events and the fleet's
// readings outlive configurations, and the log is a configuration's. While there
// is none it is away.
package late

import (
	"context"
	"sync"

	"github.com/daero/daero/relay"
)

// Opened is a log that is open. A *kafka.Log of driver/kafka is one.
type Opened interface {
	// Append is that of [relay.Log].
	Append(m *relay.Message, done func(at relay.Position, err error))
	// Tail calls fn with what is appended to a topic from now on, until ctx ends.
	Tail(ctx context.Context, topic string, fn func(*relay.Message)) error
}

// Log stands for the log that was set last. Its zero value is ready, and away.
// It is safe for concurrent use.
type Log struct {
	answers sync.WaitGroup

	mu      sync.Mutex
	opened  Opened
	changed chan struct{} // closed when another is set
}

// Set makes opened the log, nil none. It returns the one before. Whoever closes
// that one first sets another: what was handed to it is answered by it.
func (l *Log) Set(opened Opened) (before Opened) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, l.opened = l.opened, opened
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return before
}

// now is the log that is set, nil without one, and what is closed when that
// changes.
func (l *Log) now() (Opened, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.opened, l.changed
}

// Append hands m to the log. Without one done is told [relay.ErrAway].
func (l *Log) Append(m *relay.Message, done func(relay.Position, error)) {
	l.mu.Lock()
	opened := l.opened
	l.mu.Unlock()
	if opened != nil {
		opened.Append(m, done)
		return
	}
	at := relay.Position{Topic: m.Topic, Partition: -1}
	l.answers.Go(func() { done(at, relay.ErrAway) }) // from another goroutine, as a log does
}

// Tail reads from the log, from each that is set while it runs, until ctx ends or
// one of them fails.
func (l *Log) Tail(ctx context.Context, topic string, fn func(*relay.Message)) error {
	for {
		opened, changed := l.now()
		if opened == nil {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-changed:
			}
			continue
		}
		replaced, err := tail(ctx, opened, changed, topic, fn)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !replaced {
			return err
		}
	}
}

// tail reads from one log until another is set.
func tail(ctx context.Context, opened Opened, changed <-chan struct{}, topic string, fn func(*relay.Message)) (replaced bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-ctx.Done():
		case <-changed:
			cancel()
		}
	})
	err = opened.Tail(ctx, topic, fn)
	cancel()
	watch.Wait()
	select {
	case <-changed:
		replaced = true
	default:
	}
	return replaced, err
}

// Wait waits for answers that are under way.
func (l *Log) Wait() { l.answers.Wait() }
