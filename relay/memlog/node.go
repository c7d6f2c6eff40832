package memlog

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/relay"
)

// Node is one process's way to a Log. It is a relay.Log, relay.Reader and
// relay.Placer.
type Node struct {
	log  *Log
	name string

	once sync.Once
	dead chan struct{} // closed by Kill
}

// Node returns the way of a process, by any name.
func (l *Log) Node(name string) *Node { return &Node{log: l, name: name, dead: make(chan struct{})} }

// Kill takes the process away as kill -9 does, as far as the cluster sees it:
// nothing that it appends or commits from now on is kept, its members are gone,
// and nobody tells it first. In the test's own process its Consume ends.
func (n *Node) Kill() {
	n.once.Do(func() { close(n.dead) })
	l := n.log
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.groups {
		for _, m := range slices.Clone(g.members) {
			if m.node == n {
				g.throwOut(m)
			}
		}
	}
	l.wakeLocked()
}

func (n *Node) killed() bool {
	select {
	case <-n.dead:
		return true
	default:
		return false
	}
}

// Append implements relay.Log.
func (n *Node) Append(m *relay.Message, done func(relay.Position, error)) {
	l := n.log
	l.mu.Lock()
	defer l.mu.Unlock()
	keep, err := true, error(nil)
	if n.killed() {
		keep, err = false, relay.ErrAway
	} else if l.onAppend != nil {
		keep, err = l.onAppend(n.name, m)
	}
	at := relay.Position{Topic: m.Topic, Partition: -1}
	if keep {
		var kerr error
		if at, kerr = l.keepLocked(m); kerr != nil {
			err = kerr
		}
		l.wakeLocked()
	}
	l.wg.Go(func() {
		if l.cfg.Delay > 0 {
			time.Sleep(l.cfg.Delay)
		}
		if err == nil && n.killed() {
			err = relay.ErrUnknown
		}
		done(at, err)
	})
}

// Spans implements relay.Reader.
func (n *Node) Spans(_ context.Context, topics ...string) (spans []relay.Span, err error) {
	l := n.log
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range topics {
		if l.topics[name] == nil {
			return nil, fmt.Errorf("topic %s: %w", name, relay.ErrNoTopic)
		}
	}
	for _, p := range l.sortedLocked(topics) {
		part := l.topics[p.Topic].parts[p.ID]
		spans = append(spans, relay.Span{Partition: p, First: part.first, Next: part.next, Retention: l.cfg.Retention, Bytes: -1})
	}
	return spans, nil
}

// Places implements relay.Reader.
func (n *Node) Places(_ context.Context, group string) ([]relay.Mark, error) {
	l := n.log
	l.mu.Lock()
	defer l.mu.Unlock()
	marks := slices.Collect(maps.Values(l.groupLocked(group).places))
	slices.SortFunc(marks, func(a, b relay.Mark) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.ID, b.ID))
	})
	return marks, nil
}

// SetPlaces implements relay.Placer.
func (n *Node) SetPlaces(_ context.Context, group string, marks []relay.Mark) error {
	l := n.log
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groupLocked(group)
	if len(g.members) > 0 {
		return fmt.Errorf("group %s has members: %w", group, relay.ErrFenced)
	}
	return l.markLocked(n, g, marks)
}

// Read implements relay.Reader.
func (n *Node) Read(ctx context.Context, p relay.Partition, from int64, fn func(*relay.Message) bool) error {
	l := n.log
	l.mu.Lock()
	t := l.topics[p.Topic]
	if t == nil || int(p.ID) >= len(t.parts) {
		l.mu.Unlock()
		return fmt.Errorf("partition %s: %w", p, relay.ErrNoTopic)
	}
	ms := slices.Clone(t.parts[p.ID].from(from, len(t.parts[p.ID].ms)))
	l.mu.Unlock()
	for _, m := range ms {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c := *m
		if !fn(&c) {
			return nil
		}
	}
	return nil
}

// markLocked keeps places, or fails as the test wants.
func (l *Log) markLocked(n *Node, g *group, marks []relay.Mark) error {
	for _, m := range marks {
		if len(m.Metadata) > relay.MaxMetadata {
			return fmt.Errorf("metadata of %s: %w", m.Partition, relay.ErrTooLarge)
		}
	}
	keep, err := true, error(nil)
	if l.onCommit != nil {
		keep, err = l.onCommit(n.name, g.name, marks)
	}
	if keep {
		for _, m := range marks {
			g.places[m.Partition] = m
			g.known[m.Partition] = true
		}
	}
	return err
}
