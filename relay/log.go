package relay

import (
	"context"
	"errors"
	"time"
)

// Log is where messages are kept: a Kafka cluster, or the one in the program.
// It is safe for concurrent use. What it must do beyond its words is written
// down as tests, in package logtest.
type Log interface {
	// Append hands m over and returns at once; m must not be changed until done
	// is called. done is called exactly once, from another goroutine, and must
	// not block: err is nil only when m is as safe as the topic promises
	// (Kafka: acks=all). Messages of one key that are appended one after the
	// other are kept in that order, in Partition where Pin is set. [ErrUnknown] means that m may or may not
	// have been kept; every other error that it was not.
	Append(m *Message, done func(at Position, err error))
	// Consume joins a group and hands out to c what the group has not finished,
	// until ctx ends or the group is lost for good. When ctx ends, everything
	// that is held is given back first as in a rebalance (c.Revoked), within
	// Group.Drain.
	Consume(ctx context.Context, g Group, c Consumer) error
}

// Group says who consumes what.
type Group struct {
	// Name of the group; members of one group share the partitions.
	Name string
	// Instance names this member across restarts (static membership), so that
	// a restart moves no partition. "" is a member that is new each time.
	Instance string
	Topics   []string
	// Companion returns the topic that goes with one of Topics, "" for none:
	// who holds a partition of the topic also holds the partition of the same
	// number of its companion. The log sees to it, and makes the companion with
	// as many partitions where it is not there.
	Companion func(topic string) string
	// Start is where a group begins that has never finished anything:
	// at the oldest message unless Latest. A group that has lost its place is
	// never sent to the end without a word: see Consumer.Claimed.
	Latest bool
	// Drain bounds how long Consumer.Revoked may take. Default 10 s.
	Drain time.Duration
	// FetchBytes bounds what is read ahead. Default 16 MiB.
	FetchBytes int
}

// Consumer is told what a group member holds. Its methods are called one at a
// time, from one goroutine, and must not wait, except Revoked.
type Consumer interface {
	// Claimed says which partitions this member holds from now on, with where
	// the group stands. A companion's claim comes in the same call as its
	// topic's. Records of a claimed partition come after, from Claim.Offset on.
	Claimed(s Session, claims []Claim)
	// Received hands out records, in offset order for each partition. Offsets
	// may have gaps.
	Received(ms []*Message)
	// Revoked says that partitions are about to go, or with lost are gone: then
	// nothing of them may be committed, and what is under way is no longer ours.
	// Otherwise it is the last chance to finish and commit; ctx ends when the
	// time for it is over. Companions go in the same call.
	Revoked(ctx context.Context, parts []Partition, lost bool)
}

// Claim is a partition that a member holds.
type Claim struct {
	Partition
	// Offset is the next one that is not finished, and where records start. -1
	// cannot be: who has finished nothing starts at the oldest or newest.
	Offset int64
	// Metadata is what was committed with Offset, "" if nothing.
	Metadata string
	// Fresh says that the group has never finished anything here.
	Fresh bool
	// Lost counts messages between the group's place and the oldest message
	// that there still is: retention has taken them, or the topic was made anew.
	// -1: the place was lost, so it is not known how many.
	Lost int64
	// End is the offset after the newest message at the moment of the claim.
	End int64
	// Epoch rises each time the partition changes hands.
	Epoch int64
}

// Session is what a member can ask of its log. It is safe for concurrent use.
type Session interface {
	// Commit makes marks the group's place. It fails with [ErrFenced] when the
	// partitions are no longer this member's.
	Commit(ctx context.Context, marks []Mark) error
	// Pause stops reading partitions; Resume goes on. Records that were read
	// before may still come after Pause.
	Pause(parts ...Partition)
	Resume(parts ...Partition)
}

// Mark is the place of a group in one partition: everything before Offset is
// finished. Metadata is at most [MaxMetadata] bytes of printable ASCII.
type Mark struct {
	Partition
	Offset   int64
	Metadata string
}

// MaxMetadata is what Kafka keeps with an offset by default, 4,096, less what a
// log notes there itself.
const MaxMetadata = 4096 - 64

// Reader looks at a log without being a member of a group. It is for people
// and for redriving, not for delivery.
type Reader interface {
	// Spans returns what is there of topics.
	Spans(ctx context.Context, topics ...string) ([]Span, error)
	// Places returns where a group stands, by partition.
	Places(ctx context.Context, group string) ([]Mark, error)
	// Read calls fn with the messages of a partition from an offset on, until
	// fn returns false, ctx ends, or the end as it was at the start is reached.
	Read(ctx context.Context, p Partition, from int64, fn func(*Message) bool) error
}

// Placer is what a Reader may be besides: one that can write down where a group
// without members stands. [Relay.Redrive] keeps there what it has taken back.
type Placer interface {
	SetPlaces(ctx context.Context, group string, marks []Mark) error
}

// Span is what is there of a partition.
type Span struct {
	Partition
	First, Next int64         // the oldest offset, and the one after the newest
	Retention   time.Duration // how long messages are kept, 0 without end
	Bytes       int64         // kept per partition at most, -1 without end
}

// Errors of a Log.
var (
	// ErrUnknown: the message may or may not have been kept. Trying again may
	// keep it twice; the idempotency key tells.
	ErrUnknown = errors.New("the outcome is unknown")
	// ErrAway: the log cannot be reached or does not answer; nothing was kept.
	ErrAway = errors.New("the log is away")
	// ErrNoTopic: there is no such topic.
	ErrNoTopic = errors.New("no such topic")
	// ErrTooLarge: the message is larger than the topic takes.
	ErrTooLarge = errors.New("the message is too large")
	// ErrFull: the log has no room left.
	ErrFull = errors.New("the log is full")
	// ErrDenied: the log does not let us do that.
	ErrDenied = errors.New("the log does not allow it")
	// ErrFenced: another member has taken over.
	ErrFenced = errors.New("another member has taken over")
)
