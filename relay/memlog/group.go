package memlog

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/daero/daero/relay"
)

// group is a consumer group.
type group struct {
	name    string
	places  map[relay.Partition]relay.Mark
	known   map[relay.Partition]bool // has a place, or had one
	members []*member                // in the order in which they came
	holder  map[relay.Partition]*member
	epoch   map[relay.Partition]int64
	shift   int
}

func (l *Log) groupLocked(name string) *group {
	g := l.groups[name]
	if g == nil {
		g = &group{
			name: name, places: map[relay.Partition]relay.Mark{}, known: map[relay.Partition]bool{},
			holder: map[relay.Partition]*member{}, epoch: map[relay.Partition]int64{},
		}
		l.groups[name] = g
	}
	return g
}

// member is one that consumes.
type member struct {
	log      *Log
	node     *Node
	group    *group
	cfg      relay.Group
	consumer relay.Consumer
	wake     chan struct{}

	// Under Log.mu.
	held    map[relay.Partition]*reading
	lost    []relay.Partition // taken from it, and it was not told
	unaware time.Time         // until when it does not hear of it
	out     bool              // it is no longer of the group
}

// reading is how far a member has read.
type reading struct {
	next   int64
	paused bool
}

// Consume implements relay.Log.
func (n *Node) Consume(ctx context.Context, g relay.Group, c relay.Consumer) error {
	if g.Drain == 0 {
		g.Drain = 10 * time.Second
	}
	for {
		m := &member{log: n.log, node: n, cfg: g, consumer: c, wake: make(chan struct{}, 1), held: map[relay.Partition]*reading{}}
		n.log.join(m)
		m.run(ctx)
		switch {
		case n.killed():
			return relay.ErrAway
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
	}
}

func (l *Log) join(m *member) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.group = l.groupLocked(m.cfg.Name)
	m.group.members = append(m.group.members, m)
	for _, name := range m.cfg.Topics {
		if c := m.companion(name); c != "" && l.topics[name] != nil {
			l.topicLocked(c, len(l.topics[name].parts))
		}
	}
	l.wakeLocked()
}

func (m *member) companion(topic string) string {
	if m.cfg.Companion == nil {
		return ""
	}
	return m.cfg.Companion(topic)
}

// throwOut takes a member's partitions without asking.
func (g *group) throwOut(m *member) {
	m.out = true
	g.members = slices.DeleteFunc(g.members, func(o *member) bool { return o == m })
	for p := range m.held {
		m.lost = append(m.lost, p)
		delete(g.holder, p)
	}
	slices.SortFunc(m.lost, byPartition)
	m.held = map[relay.Partition]*reading{}
	m.wakeUp()
}

func byPartition(a, b relay.Partition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.ID, b.ID))
}

// Rebalance moves every partition of a group to the next member.
func (l *Log) Rebalance(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.groupLocked(name).shift++
	l.wakeLocked()
}

// Lose throws the members of a node out of a group, as when their heartbeats
// stay away: others take over at once, and they learn it after unaware. Then
// they join again.
func (l *Log) Lose(name string, n *Node, unaware time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groupLocked(name)
	for _, m := range slices.Clone(g.members) {
		if m.node == n {
			m.unaware = time.Now().Add(unaware)
			g.throwOut(m)
		}
	}
	l.wakeLocked()
}

// Holders returns who holds the partitions of a group, by node.
func (l *Log) Holders(name string) map[relay.Partition]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	hs := map[relay.Partition]string{}
	for p, m := range l.groupLocked(name).holder {
		hs[p] = m.node.name
	}
	return hs
}

func (m *member) wakeUp() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// run is a member's life, until it is thrown out or ctx ends.
func (m *member) run(ctx context.Context) {
	for {
		if m.isOut() {
			m.hear()
			return
		}
		if ctx.Err() != nil {
			m.leave(ctx)
			return
		}
		if m.giveBack(ctx) || m.claim() || m.read() {
			continue
		}
		select {
		case <-m.wake:
		case <-ctx.Done():
		case <-m.node.dead:
		}
	}
}

func (m *member) isOut() bool {
	m.log.mu.Lock()
	defer m.log.mu.Unlock()
	return m.out
}

// hear tells a member that it was thrown out.
func (m *member) hear() {
	if d := time.Until(m.unaware); d > 0 {
		t := time.NewTimer(d)
		select {
		case <-t.C:
		case <-m.node.dead:
		}
		t.Stop()
	}
	if len(m.lost) > 0 {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		m.consumer.Revoked(ctx, m.lost, true)
	}
}

// leave gives everything back.
func (m *member) leave(ctx context.Context) {
	m.revoke(ctx, func(relay.Partition) bool { return true })
	m.log.mu.Lock()
	defer m.log.mu.Unlock()
	g := m.group
	g.members = slices.DeleteFunc(g.members, func(o *member) bool { return o == m })
	m.log.wakeLocked()
}

// giveBack gives back what others are to have.
func (m *member) giveBack(ctx context.Context) bool {
	m.log.mu.Lock()
	mine := m.mineLocked()
	m.log.mu.Unlock()
	return m.revoke(ctx, func(p relay.Partition) bool { return !mine[p] })
}

func (m *member) revoke(ctx context.Context, which func(relay.Partition) bool) bool {
	m.log.mu.Lock()
	var ps []relay.Partition
	for p := range m.held {
		if which(p) {
			ps = append(ps, p)
		}
	}
	m.log.mu.Unlock()
	if len(ps) == 0 {
		return false
	}
	slices.SortFunc(ps, byPartition)
	dctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.cfg.Drain)
	done := make(chan struct{})
	go func() { // ends the time when the process does
		defer close(done)
		select {
		case <-m.node.dead:
			cancel()
		case <-dctx.Done():
		}
	}()
	m.consumer.Revoked(dctx, ps, false)
	cancel()
	<-done
	m.log.mu.Lock()
	defer m.log.mu.Unlock()
	m.lost = slices.DeleteFunc(m.lost, func(p relay.Partition) bool { return slices.Contains(ps, p) }) // told already
	for _, p := range ps {
		if m.group.holder[p] == m {
			delete(m.group.holder, p)
		}
		delete(m.held, p)
	}
	m.log.wakeLocked()
	return true
}

// mineLocked is what this member is to have: partitions are dealt in turn, and
// companions go with theirs.
func (m *member) mineLocked() map[relay.Partition]bool {
	g := m.group
	mine := map[relay.Partition]bool{}
	for i, p := range m.log.sortedLocked(m.cfg.Topics) {
		if g.members[(i+g.shift)%len(g.members)] == m {
			mine[p] = true
			if c := m.companion(p.Topic); c != "" {
				mine[relay.Partition{Topic: c, ID: p.ID}] = true
			}
		}
	}
	return mine
}

// claim takes what is free and to be this member's.
func (m *member) claim() bool {
	l, g := m.log, m.group
	l.mu.Lock()
	if m.out {
		l.mu.Unlock()
		return false
	}
	var claims []relay.Claim
	mine := m.mineLocked()
	ps := slices.SortedFunc(maps.Keys(mine), byPartition)
	for _, p := range ps {
		if g.holder[p] == nil && m.pairFreeLocked(p) {
			claims = append(claims, m.takeLocked(p))
		}
	}
	l.mu.Unlock()
	if len(claims) == 0 {
		return false
	}
	m.consumer.Claimed(&session{m}, claims)
	return true
}

// pairFreeLocked: a topic's partition and its companion's are taken together.
func (m *member) pairFreeLocked(p relay.Partition) bool {
	for _, name := range m.cfg.Topics {
		c := m.companion(name)
		if c == "" || p.Topic != name && p.Topic != c {
			continue
		}
		for _, o := range []string{name, c} {
			if h := m.group.holder[relay.Partition{Topic: o, ID: p.ID}]; h != nil && h != m {
				return false
			}
		}
	}
	return true
}

func (m *member) takeLocked(p relay.Partition) relay.Claim {
	g, part := m.group, m.log.topics[p.Topic].parts[p.ID]
	g.holder[p] = m
	g.epoch[p]++
	c := relay.Claim{Partition: p, End: part.next, Epoch: g.epoch[p]}
	place, ok := g.places[p]
	switch {
	case ok && place.Offset > part.next:
		c.Offset, c.Lost = part.first, -1
	case ok && place.Offset < part.first:
		c.Offset, c.Lost = part.first, part.first-place.Offset
	case ok:
		c.Offset, c.Metadata = place.Offset, place.Metadata
	case g.known[p]:
		c.Offset, c.Lost = part.first, -1
	default:
		c.Offset, c.Fresh = part.first, true
		if m.cfg.Latest && slices.Contains(m.cfg.Topics, p.Topic) {
			c.Offset = part.next
		}
	}
	m.held[p] = &reading{next: c.Offset}
	return c
}

// read hands out what is there.
func (m *member) read() bool {
	l := m.log
	l.mu.Lock()
	var ms []*relay.Message
	if !m.out {
		for _, p := range slices.SortedFunc(maps.Keys(m.held), byPartition) {
			r := m.held[p]
			if r.paused {
				continue
			}
			found := l.topics[p.Topic].parts[p.ID].from(r.next, l.cfg.Batch)
			copies := make([]relay.Message, len(found))
			for i, f := range found {
				copies[i] = *f
				copies[i].Epoch = m.group.epoch[p]
				ms = append(ms, &copies[i])
				r.next = f.Offset + 1
			}
		}
	}
	l.mu.Unlock()
	if len(ms) == 0 {
		return false
	}
	m.consumer.Received(ms)
	return true
}
