package relay

import (
	"fmt"
	"time"
)

// Message is a record of a log, on its way in or out.
type Message struct {
	Topic string
	// Key orders: messages of one key are delivered one after the other. nil is
	// no key.
	Key     []byte
	Value   []byte
	Headers []Header
	// Time is when the log took the message; before that, when it was made.
	Time time.Time

	// Partition and Offset are where it stands, Partition -1 before the log has
	// taken it.
	Partition int32
	Offset    int64
	// Pin says that [Log.Append] keeps it in Partition. Without it the key says
	// where, by murmur2 as other writers do, and Partition is not looked at.
	Pin bool

	// Attempt counts deliveries to a target, from 1.
	Attempt int
	// Epoch rises each time a partition changes hands: a target that has seen a
	// higher one for this partition may refuse the message, its sender has been
	// replaced.
	Epoch int64
}

// Header is one header of a message. Names are lower case; they may repeat.
type Header struct {
	Name  string
	Value []byte
}

// Names of headers that the relay reads or writes. Those that begin with
// "daero-" are the relay's own: writers cannot set them.
const (
	// HeaderID is the idempotency key: the writer's own, or made at acceptance.
	HeaderID = "idempotency-key"
	// HeaderWriter names who wrote the message. The same idempotency key of two
	// writers is two keys.
	HeaderWriter = "daero-writer"
	// HeaderRedriven counts how often the message was taken back out of the dead
	// letters.
	HeaderRedriven = "daero-redriven"
	// HeaderFor names the one group that a message is for that was taken back:
	// other groups of its topic pass it over.
	HeaderFor = "daero-for"
	// HeaderFirst is when the first attempt was made, in RFC 3339, of a message
	// that has moved since.
	HeaderFirst = "daero-first-attempt"
	// HeaderAttempts is how many attempts were made before it moved.
	HeaderAttempts = "daero-attempts"
	// HeaderLastError and HeaderLastStatus are why the last attempt at a dead
	// letter failed, as the target said it, and with what code.
	HeaderLastError  = "daero-last-error"
	HeaderLastStatus = "daero-last-status"
	// HeaderOrigin is TOPIC/PARTITION/OFFSET where a message that has moved
	// stood first.
	HeaderOrigin = "daero-origin"
	// HeaderMover is EPOCH/NONCE of who moved the message, which tells copies that
	// came too late.
	HeaderMover = "daero-moved-by"
	// HeaderNotBefore is the time, in RFC 3339, before which it is not delivered.
	HeaderNotBefore   = "daero-not-before"
	HeaderContentType = "content-type"
	HeaderTrace       = "traceparent"
)

// ReservedPrefix begins the names of headers that writers cannot set.
const ReservedPrefix = "daero-"

// Header returns the first header of a name, nil if there is none.
func (m *Message) Header(name string) []byte {
	for i := range m.Headers {
		if m.Headers[i].Name == name {
			return m.Headers[i].Value
		}
	}
	return nil
}

// SetHeader makes value the only header of a name.
func (m *Message) SetHeader(name string, value []byte) {
	kept := m.Headers[:0:0]
	for _, h := range m.Headers {
		if h.Name != name {
			kept = append(kept, h)
		}
	}
	m.Headers = append(kept, Header{name, value})
}

// ID returns the idempotency key: that of the message, or where it stands, or
// first stood.
func (m *Message) ID() string {
	if id := m.Header(HeaderID); len(id) > 0 {
		return string(id)
	}
	if at := m.Header(HeaderOrigin); len(at) > 0 {
		return string(at)
	}
	return m.Position().String()
}

// Size is the bytes that the message holds, about as a log counts them.
func (m *Message) Size() int {
	n := len(m.Key) + len(m.Value) + 32
	for i := range m.Headers {
		n += len(m.Headers[i].Name) + len(m.Headers[i].Value) + 4
	}
	return n
}

// Partition is one ordered part of a topic.
type Partition struct {
	Topic string
	ID    int32
}

// String returns TOPIC/PARTITION.
func (p Partition) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.ID) }

// Position is where a message stands in a log.
type Position struct {
	Topic     string
	Partition int32
	Offset    int64
}

// String returns TOPIC/PARTITION/OFFSET.
func (p Position) String() string { return fmt.Sprintf("%s/%d/%d", p.Topic, p.Partition, p.Offset) }

// Position returns where the message stands.
func (m *Message) Position() Position { return Position{m.Topic, m.Partition, m.Offset} }

// Of returns the partition the message stands in.
func (m *Message) Of() Partition { return Partition{m.Topic, m.Partition} }
