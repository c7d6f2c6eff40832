// Package memlog is a log in memory, for tests of what stands on a log.
//
// A [Log] stands for the cluster, a [Node] for the way of one process to it:
// relay.Log, relay.Reader and relay.Placer. Groups have several members, and
// what goes wrong with a cluster goes wrong on demand: rebalances, members that
// are thrown out and learn it late, processes that die, commits and appends
// that fail or whose outcome is unknown, gaps between offsets, retention, lost
// places, topics made anew.
//
// Under testing/synctest it is deterministic up to the order in which the
// goroutines of the test itself run. It knows nothing of Kafka's protocol, keeps
// nothing on disk and is not meant for production.
package memlog

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/relay"
)

// Config describes a Log. Its zero value is a log without faults.
type Config struct {
	// Delay is how long an append takes, CommitDelay how long a commit.
	Delay, CommitDelay time.Duration
	// Batch is how many messages of a partition are handed out at once. Default
	// 500.
	Batch int
	// Retention is what Spans says of every topic. Nothing is taken away by it:
	// see [Log.Trim].
	Retention time.Duration
	// MaxBytes is what a topic takes. Default 1,048,576.
	MaxBytes int
}

// Log is a cluster in memory. It is safe for concurrent use.
type Log struct {
	cfg Config
	wg  sync.WaitGroup // of callbacks

	mu       sync.Mutex
	topics   map[string]*topic
	groups   map[string]*group
	onAppend func(node string, m *relay.Message) (kept bool, err error)
	onCommit func(node, group string, marks []relay.Mark) (kept bool, err error)
	fenced   int
}

type topic struct {
	parts []*partition
	turn  int // whose turn is it among messages without a key
}

type partition struct {
	first int64 // the oldest offset
	next  int64 // of the next message
	ms    []*relay.Message
}

// New returns a Log without topics.
func New(cfg Config) *Log {
	if cfg.Batch == 0 {
		cfg.Batch = 500
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 1 << 20
	}
	return &Log{cfg: cfg, topics: map[string]*topic{}, groups: map[string]*group{}}
}

// Close waits for callbacks that are under way.
func (l *Log) Close() { l.wg.Wait() }

// Topic makes a topic, if it is not there, and returns l.
func (l *Log) Topic(name string, partitions int) *Log {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.topicLocked(name, partitions)
	l.wakeLocked()
	return l
}

func (l *Log) topicLocked(name string, partitions int) {
	if l.topics[name] != nil {
		return
	}
	t := &topic{}
	for range partitions {
		t.parts = append(t.parts, &partition{})
	}
	l.topics[name] = t
}

// OnAppend lets f decide what becomes of appends: whether they are kept, and
// what the writer is told. nil is no fault.
func (l *Log) OnAppend(f func(node string, m *relay.Message) (kept bool, err error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.onAppend = f
}

// OnCommit is to commits what OnAppend is to appends.
func (l *Log) OnCommit(f func(node, group string, marks []relay.Mark) (kept bool, err error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.onCommit = f
}

// keepLocked keeps a copy of m.
func (l *Log) keepLocked(m *relay.Message) (relay.Position, error) {
	t := l.topics[m.Topic]
	if t == nil {
		return relay.Position{}, fmt.Errorf("topic %s: %w", m.Topic, relay.ErrNoTopic)
	}
	if m.Size() > l.cfg.MaxBytes {
		return relay.Position{}, relay.ErrTooLarge
	}
	id := t.place(m)
	if id < 0 || int(id) >= len(t.parts) {
		return relay.Position{}, fmt.Errorf("topic %s has no partition %d: %w", m.Topic, id, relay.ErrNoTopic)
	}
	p := t.parts[id]
	kept := *m
	kept.Headers = slices.Clone(m.Headers)
	kept.Partition, kept.Offset, kept.Time, kept.Pin = id, p.next, time.Now(), false
	kept.Attempt, kept.Epoch = 0, 0
	p.ms = append(p.ms, &kept)
	p.next++
	return kept.Position(), nil
}

func (t *topic) place(m *relay.Message) int32 {
	if m.Pin {
		return m.Partition
	}
	if m.Key == nil {
		t.turn++
		return int32(t.turn % len(t.parts))
	}
	h := fnv.New32a()
	_, _ = h.Write(m.Key)
	return int32(h.Sum32() % uint32(len(t.parts)))
}

// from returns up to n messages from an offset on.
func (p *partition) from(off int64, n int) []*relay.Message {
	i, _ := slices.BinarySearchFunc(p.ms, off, func(m *relay.Message, off int64) int { return int(min(max(m.Offset-off, -1), 1)) })
	return p.ms[i:min(i+n, len(p.ms))]
}

// Messages returns what is there of a topic, by partition and offset.
func (l *Log) Messages(name string) (ms []relay.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.topics[name]; t != nil {
		for _, p := range t.parts {
			for _, m := range p.ms {
				ms = append(ms, *m)
			}
		}
	}
	return ms
}

// Put appends a message at once, without faults and delay.
func (l *Log) Put(m relay.Message) relay.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, err := l.keepLocked(&m)
	if err != nil {
		panic(err) // a mistake of the test
	}
	l.wakeLocked()
	return at
}

// Skip leaves a gap of n offsets before the next message of a partition, as
// compaction and marks of transactions do.
func (l *Log) Skip(p relay.Partition, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.topics[p.Topic].parts[p.ID].next += n
}

// Trim takes away messages before an offset, as retention does.
func (l *Log) Trim(p relay.Partition, first int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	part := l.topics[p.Topic].parts[p.ID]
	part.first = min(max(part.first, first), part.next)
	part.ms = slices.DeleteFunc(part.ms, func(m *relay.Message) bool { return m.Offset < part.first })
}

// Anew deletes a topic and makes it again, empty.
func (l *Log) Anew(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.topics[name].parts)
	delete(l.topics, name)
	l.topicLocked(name, n)
	l.wakeLocked()
}

// Forget loses the places of a group in some partitions, without any in all, as
// happens when they expire.
func (l *Log) Forget(name string, ps ...relay.Partition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groupLocked(name)
	if len(ps) == 0 {
		clear(g.places)
	}
	for _, p := range ps {
		delete(g.places, p)
	}
}

// Place returns where a group stands, false if it has finished nothing.
func (l *Log) Place(name string, p relay.Partition) (relay.Mark, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, ok := l.groupLocked(name).places[p]
	return m, ok
}

// Fenced counts commits of partitions that their member did not hold.
func (l *Log) Fenced() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fenced
}

// Lag counts messages that a group has not finished, by its places, in topics.
func (l *Log) Lag(name string, topics ...string) (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groupLocked(name)
	for _, tn := range topics {
		for id, p := range l.topics[tn].parts {
			at := max(g.places[relay.Partition{Topic: tn, ID: int32(id)}].Offset, p.first)
			n += int64(len(p.from(at, len(p.ms))))
		}
	}
	return n
}

// sorted returns a topic's partitions.
func (l *Log) sortedLocked(names []string) (ps []relay.Partition) {
	for _, name := range names {
		if t := l.topics[name]; t != nil {
			for id := range t.parts {
				ps = append(ps, relay.Partition{Topic: name, ID: int32(id)})
			}
		}
	}
	return ps
}

// wakeLocked lets all members look again.
func (l *Log) wakeLocked() {
	for _, name := range slices.Sorted(maps.Keys(l.groups)) {
		for _, m := range l.groups[name].members {
			m.wakeUp()
		}
	}
}

// Next is the offset of the next message of a partition.
func (l *Log) Next(p relay.Partition) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.topics[p.Topic].parts[p.ID].next
}
