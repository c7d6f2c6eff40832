package events

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
)

// Log is what a Sink writes to: a [relay.Log], or what stands for one.
type Log interface {
	// Append is that of relay.Log.
	Append(m *relay.Message, done func(at relay.Position, err error))
}

// Sink writes entries into a topic. [store.Recorder] has the queue, the retries
// and the count of what was lost; Record never waits and Run ends with what is
// waiting, for at most five seconds. It is safe for concurrent use.
type Sink struct {
	*store.Recorder
	log     Log
	topic   string
	node    string
	tooLong atomic.Uint64

	// The writer's own: the entries of the batch under way that are safe, which
	// are not sent again with the others, and what is not answered yet.
	kept   map[string]bool
	flying *flight
}

// NewSink returns a Sink of a node that writes to a topic, [Topic] if that is
// "". node is put where an entry has none, "" is none.
func NewSink(log Log, topic, node string) *Sink {
	if topic == "" {
		topic = Topic
	}
	s := &Sink{log: log, topic: topic, node: node, kept: map[string]bool{}}
	s.Recorder = store.NewRecorder(s.write)
	return s
}

// Listen is a [relay.Listener] that records the relay's events.
func (s *Sink) Listen(e relay.Event) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	s.Record(Entry(e))
}

// TooLong is how many entries the topic did not take, for their size.
func (s *Sink) TooLong() uint64 { return s.tooLong.Load() }

// flight is messages that were handed to the log and not answered yet.
type flight struct {
	ms      []*relay.Message
	outcome <-chan []error // of each, once all are known
}

// write appends a batch and waits for all of it. Messages of one key keep their
// order in the log; what is safe is remembered, so that after a failure only
// the rest is sent again.
func (s *Sink) write(ctx context.Context, batch []audit.Entry) error {
	if s.flying != nil { // the call before had to end sooner than the log answered
		_ = s.land(ctx) // what failed is part of this batch
	}
	if s.flying == nil {
		s.takeOff(batch)
	}
	if err := s.land(ctx); err != nil {
		return fmt.Errorf("events to %s: %w", s.topic, err)
	}
	clear(s.kept)
	return nil
}

// takeOff hands what is not yet safe to the log.
func (s *Sink) takeOff(batch []audit.Entry) {
	f := &flight{}
	for _, e := range batch {
		if e.Node == "" {
			e.Node = s.node
		}
		if m := Message(s.topic, e); !s.kept[m.ID()] {
			f.ms = append(f.ms, m)
		}
	}
	outcome := make(chan []error, 1)
	f.outcome, s.flying = outcome, f
	errs := make([]error, len(f.ms))
	if len(f.ms) == 0 {
		outcome <- errs
		return
	}
	var left atomic.Int64
	left.Store(int64(len(f.ms)))
	for i, m := range f.ms {
		s.log.Append(m, func(_ relay.Position, err error) {
			errs[i] = err
			if left.Add(-1) == 0 {
				outcome <- errs
			}
		})
	}
}

// land waits for what is under way, remembers what is safe and returns why the
// rest is not.
func (s *Sink) land(ctx context.Context) error {
	var errs []error
	select {
	case errs = <-s.flying.outcome:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	var failed error
	for i, err := range errs {
		switch id := s.flying.ms[i].ID(); {
		case err == nil:
			s.kept[id] = true
		case errors.Is(err, relay.ErrTooLarge):
			// It would never be taken, and hold up all that come after it.
			s.tooLong.Add(1)
			s.kept[id] = true
		case failed == nil:
			failed = err
		}
	}
	s.flying = nil
	return failed
}
