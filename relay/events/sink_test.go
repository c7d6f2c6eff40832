package events_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/events"
)

// log is a log that can be away. Answers come from other goroutines, after a
// millisecond, or never in order.
type log struct {
	mu    sync.Mutex
	kept  []*relay.Message
	tried int
	// fail says what becomes of a message; nil: it is kept.
	fail func(try int, m *relay.Message) error
}

func (l *log) Append(m *relay.Message, done func(relay.Position, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tried++
	var err error
	if l.fail != nil {
		err = l.fail(l.tried, m)
	}
	if err == nil {
		l.kept = append(l.kept, m)
	}
	at := relay.Position{Topic: m.Topic, Offset: int64(len(l.kept) - 1)}
	go func() {
		time.Sleep(time.Millisecond) // in a bubble
		done(at, err)
	}()
}

func (l *log) set(fail func(try int, m *relay.Message) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = fail
}

// ids are those of what was kept, in order.
func (l *log) ids() (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.kept {
		ids = append(ids, string(m.Header("ce_id")))
	}
	return ids
}

// run runs a sink, and returns what ends it and waits.
func run(s *events.Sink) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	return func() { cancel(); <-done }
}

func entry(i int) audit.Entry {
	return audit.Entry{At: noon.Add(time.Duration(i)), Who: audit.By, What: audit.ActionMoved, Target: fmt.Sprint(i)}
}

func want(n int) (ids []string) {
	for i := range n {
		e := entry(i)
		e.Node = "gw-1"
		ids = append(ids, string(events.Message("", e).Header("ce_id")))
	}
	return ids
}

func TestSinkKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &log{}
		s := events.NewSink(l, "", "gw-1")
		end := run(s)
		for i := range 1000 {
			s.Record(entry(i))
		}
		end()
		if got := l.ids(); !slices.Equal(got, want(1000)) {
			t.Errorf("%d kept, in another order or not all", len(got))
		}
		if m := l.kept[0]; m.Topic != events.Topic || string(m.Key) != "gw-1" {
			t.Errorf("%s, key %q", m.Topic, m.Key)
		}
	})
}

// TestSinkOutlivesTheLog: away for a while, it drops nothing that fits, sends
// what is safe only once, and says of what it had to drop.
func TestSinkOutlivesTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &log{fail: func(int, *relay.Message) error { return relay.ErrAway }}
		s := events.NewSink(l, "", "gw-1")
		end := run(s)
		for i := range 10_000 {
			s.Record(entry(i)) // returns at once, or the bubble is stuck
		}
		time.Sleep(time.Minute)
		if h := s.Health(); !strings.Contains(h.Error, "daero.audit: the log is away") || h.Lost == 0 {
			t.Errorf("while it is away: %+v", h)
		}
		l.set(nil)
		time.Sleep(time.Minute)
		end()
		h := s.Health()
		told := 0
		for _, m := range l.kept {
			if string(m.Header("ce_type")) == "dev.daero."+audit.Lost {
				told++
				if !strings.Contains(string(m.Value), fmt.Sprint(h.Lost)) {
					t.Errorf("%d were lost, says %s", h.Lost, m.Value)
				}
			}
		}
		if told != 1 || uint64(len(l.kept)-1)+h.Lost != 10_000 || h.Error != "" {
			t.Errorf("%d kept, told %d times, %+v", len(l.kept), told, h)
		}
		seen := map[string]bool{}
		for _, id := range l.ids() {
			if seen[id] {
				t.Fatalf("%s twice", id)
			}
			seen[id] = true
		}
	})
}

// TestSinkSendsOnlyTheRest: what failed is sent again, what is safe is not.
func TestSinkSendsOnlyTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &log{fail: func(try int, m *relay.Message) error {
			if string(m.Header("ce_subject")) >= "5" && try <= 30 {
				return relay.ErrUnknown
			}
			return nil
		}}
		s := events.NewSink(l, "", "gw-1")
		for i := range 10 {
			s.Record(entry(i))
		}
		end := run(s)
		time.Sleep(time.Minute)
		end()
		if got := l.ids(); !slices.Equal(got, want(10)) {
			t.Errorf("%d kept, want 10 in order", len(got))
		}
	})
}

// TestSinkIsNotHeldUpByOneEntry: what the topic will never take is left out and
// counted.
func TestSinkIsNotHeldUpByOneEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &log{fail: func(_ int, m *relay.Message) error {
			if string(m.Header("ce_subject")) == "3" {
				return fmt.Errorf("topic t: %w", relay.ErrTooLarge)
			}
			return nil
		}}
		s := events.NewSink(l, "t", "")
		end := run(s)
		for i := range 10 {
			s.Record(entry(i))
		}
		time.Sleep(time.Second)
		end()
		if len(l.kept) != 9 || s.TooLong() != 1 || s.Health().Failed != 0 {
			t.Errorf("%d kept, %d too long, %+v", len(l.kept), s.TooLong(), s.Health())
		}
	})
}

// TestSinkEndsWithALogThatNeverAnswers within five seconds.
func TestSinkEndsWithALogThatNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := events.NewSink(silent{}, "", "")
		end := run(s)
		s.Listen(relay.Event{What: relay.SpoolUsed})
		time.Sleep(time.Second)
		began := time.Now()
		end()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
		if h := s.Health(); h.Lost != 1 {
			t.Errorf("%+v", h)
		}
	})
}

type silent struct{}

func (silent) Append(*relay.Message, func(relay.Position, error)) {}
