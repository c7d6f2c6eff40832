package kafka

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// fresh is a name that nobody has had.
func fresh() string { return strings.ToLower(rand.Text()) }

// fnError is an error of TransformConfig.Fn.
type fnError struct{ err error }

func (e *fnError) Error() string { return e.err.Error() }

// endWithin bounds the end of a transaction, below its time-out.
const endWithin = 20 * time.Second

// transaction reads for a while, writes what comes of it, and commits both. It
// waits for the first message. An error ends the session.
func (c TransformConfig) transaction(ctx context.Context, s *kgo.GroupTransactSession) error {
	first, err := polled(ctx, s, c.Most)
	if err != nil || len(first) == 0 {
		return err // nothing is committed of what was read beside an error
	}
	if err := s.Begin(); err != nil {
		return fmt.Errorf("begin of a transaction: %w", err)
	}
	w := &writes{}
	err = c.fill(ctx, s, first, w)
	// What is under way is ended in order, also when ctx is over.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	if err == nil {
		// The client commits also when it could not write something for a reason
		// of its own: all must be written, and be known to be, before.
		err = cmp.Or(s.Client().Flush(end), w.wrong())
	}
	if err != nil {
		_, _ = s.End(end, kgo.TryAbort) // the session ends, whatever becomes of it
		return err
	}
	committed, err := s.End(end, kgo.TryCommit)
	if err != nil {
		return fmt.Errorf("end of a transaction: %w", err)
	}
	if !committed {
		// A rebalance came between: the client has gone back to where the group
		// stands.
		return w.wrong()
	}
	return nil
}

// fill transforms what was read, and reads more until the transaction's time is
// over. While messages wait, transactions last longer: their ends cost about
// the same however much is in them.
func (c TransformConfig) fill(ctx context.Context, s *kgo.GroupTransactSession, rs []*kgo.Record, w *writes) error {
	start := time.Now()
	for n := 0; ; {
		if err := c.each(ctx, s, rs, w); err != nil {
			return err
		}
		n += len(rs)
		took := time.Since(start)
		left := c.Every - took
		if len(rs) >= behind && took < stretch*c.Every {
			left = max(left, look)
		}
		if n >= c.Most || left <= 0 {
			return nil
		}
		var err error
		during, cancel := context.WithTimeout(ctx, left)
		rs, err = polled(during, s, c.Most-n)
		over := ctxOver(err) && ctx.Err() == nil
		cancel()
		if err != nil && !over {
			return err
		}
		if over && len(rs) == 0 {
			return nil
		}
	}
}

const (
	behind  = 1000                  // so many messages at once: more wait
	stretch = 10                    // times Every, while messages wait
	look    = 10 * time.Millisecond // for more, after Every
)

func (c TransformConfig) each(ctx context.Context, s *kgo.GroupTransactSession, rs []*kgo.Record, w *writes) error {
	const slab = 256
	writing := context.WithoutCancel(ctx) // one that fails alone would be missing
	var ins []relay.Message
	var outs []kgo.Record
	now := time.Now()
	for _, r := range rs {
		if len(ins) == cap(ins) {
			ins = make([]relay.Message, 0, slab)
		}
		ins = append(ins, message(r, 0))
		in := &ins[len(ins)-1]
		ms, err := c.Fn(in)
		if err != nil {
			return &fnError{err}
		}
		for _, m := range ms {
			if len(outs) == cap(outs) {
				outs = make([]kgo.Record, 0, slab)
			}
			topic := m.Topic
			if topic == "" || m == in {
				topic = c.Out
			}
			outs = append(outs, kgo.Record{Topic: topic, Key: m.Key, Value: m.Value, Headers: headers(m.Headers), Timestamp: now})
			s.Produce(writing, &outs[len(outs)-1], w.done)
		}
	}
	return nil
}

// writes notes the first write that failed.
type writes struct {
	mu  sync.Mutex
	err error
}

func (w *writes) done(r *kgo.Record, err error) {
	if err != nil && !errors.Is(err, kgo.ErrAborting) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.err == nil {
			w.err = fmt.Errorf("topic %s: %w", r.Topic, appendError(err, false))
		}
	}
}

func (w *writes) wrong() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// polled returns what was read, and why there is no more. What was read counts
// as done with the next commit, also beside an error that ctx is over.
func polled(ctx context.Context, s *kgo.GroupTransactSession, most int) (rs []*kgo.Record, err error) {
	fs := s.PollRecords(ctx, most)
	rs = fs.Records()
	for _, e := range fs.Errors() {
		switch {
		case ctxOver(e.Err):
			err = e.Err
		case kerr.IsRetriable(e.Err) && !errors.Is(e.Err, kerr.UnknownTopicID):
		default:
			if g, ok := errors.AsType[*kgo.ErrGroupSession](e.Err); ok && meaning(g.Err) == relay.ErrFenced { //nolint:errorlint // meaning returns the error itself
				continue // it joins again
			}
			return nil, fmt.Errorf("topic %s: %w", e.Topic, askError(e.Err))
		}
	}
	return rs, err
}
