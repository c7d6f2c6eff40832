package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNoReader says that the log cannot be looked into: it is no [Reader].
var ErrNoReader = errors.New("the log cannot be looked into")

// Filter selects messages. What is zero selects all.
type Filter struct {
	Partitions []int32 // of those alone
	// First and End bound offsets: First is the lowest, End is after the highest,
	// 0 without end.
	First, End int64
	// Since and Until bound when the log took the message; Until itself is not
	// in.
	Since, Until time.Time
	Key          []byte // exactly this one; nil is any, empty is an empty key
	// Header names a header that must be there, with HeaderText somewhere in its
	// value.
	Header, HeaderText string
	// Error is a text in a dead letter's last or first error, and Origin the
	// topic that it came from.
	Error, Origin string
}

// Matches reports whether f selects m.
func (f Filter) Matches(m *Message) bool {
	switch {
	case len(f.Partitions) > 0 && !slices.Contains(f.Partitions, m.Partition),
		m.Offset < f.First || f.End > 0 && m.Offset >= f.End,
		!f.Since.IsZero() && m.Time.Before(f.Since),
		!f.Until.IsZero() && !m.Time.Before(f.Until),
		f.Key != nil && (m.Key == nil || !bytes.Equal(f.Key, m.Key)):
		return false
	case f.Header != "" && !f.hasHeader(m):
		return false
	case f.Origin != "" && string(m.Header(DeadTopic)) != f.Origin:
		return false
	case f.Error == "":
		return true
	}
	return strings.Contains(string(m.Header(DeadLastError)), f.Error) || strings.Contains(string(m.Header(DeadFirstError)), f.Error)
}

func (f Filter) hasHeader(m *Message) bool {
	for _, h := range m.Headers {
		if h.Name == f.Header && bytes.Contains(h.Value, []byte(f.HeaderText)) {
			return true
		}
	}
	return false
}

// PeekRequest says what is to be looked at.
type PeekRequest struct {
	// Topic is any topic of the log: one that is delivered, one of dead letters,
	// one of parked messages.
	Topic string
	Filter
	// Max bounds how many messages are returned. Default 100, up to 10,000.
	Max int
}

const (
	peekDefault = 100
	peekMost    = 10_000
)

// Peek returns messages that are in the log, by partition and offset, without
// anybody's place being moved. They are as they are: whoever shows them to
// people masks them. It fails with [ErrNoReader] where the log is no [Reader].
func (r *Relay) Peek(ctx context.Context, req PeekRequest) ([]*Message, error) {
	reader, ok := r.cfg.Log.(Reader)
	if !ok {
		return nil, ErrNoReader
	}
	most := req.Max
	if most <= 0 {
		most = peekDefault
	}
	most = min(most, peekMost)
	var found []*Message
	err := scan(ctx, reader, req.Topic, req.Filter, func(m *Message) (bool, error) {
		found = append(found, m)
		return len(found) < most, nil
	})
	return found, err
}

// scan calls fn with the messages of a topic that f selects, until fn says no.
func scan(ctx context.Context, reader Reader, topic string, f Filter, fn func(*Message) (bool, error)) error {
	if topic == "" {
		return errors.New("no topic: say which is to be read")
	}
	spans, err := reader.Spans(ctx, topic)
	if err != nil {
		return fmt.Errorf("topic %s: %w", topic, err)
	}
	if len(spans) == 0 {
		return fmt.Errorf("topic %s: %w", topic, ErrNoTopic)
	}
	for _, s := range spans {
		if len(f.Partitions) > 0 && !slices.Contains(f.Partitions, s.ID) {
			continue
		}
		first := max(s.First, f.First)
		if first >= s.Next {
			continue
		}
		more := true
		var ferr error
		err := reader.Read(ctx, s.Partition, first, func(m *Message) bool {
			if f.End > 0 && m.Offset >= f.End {
				return false
			}
			if !isMark(m) && f.Matches(m) {
				more, ferr = fn(m)
			}
			return more && ferr == nil
		})
		if err := errors.Join(ferr, err); err != nil {
			return fmt.Errorf("partition %s: %w", s.Partition, err)
		}
		if !more {
			return nil
		}
	}
	return nil
}
