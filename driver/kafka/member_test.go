package kafka_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/relay"
)

// member notes what it is told, and commits what it has when partitions go.
type member struct {
	t *testing.T

	mu      sync.Mutex
	session relay.Session
	claims  []relay.Claim
	held    map[relay.Partition]bool
	next    map[relay.Partition]int64
	got     []string
	lost    int

	stop  context.CancelFunc
	ended chan error
}

func join(t *testing.T, l relay.Log, g relay.Group) *member {
	t.Helper()
	m := &member{t: t, held: map[relay.Partition]bool{}, next: map[relay.Partition]int64{}, ended: make(chan error, 1)}
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	over := make(chan struct{})
	go func() {
		defer close(over)
		m.ended <- l.Consume(ctx, g, m)
	}()
	t.Cleanup(func() { stop(); <-over })
	return m
}

func (m *member) Claimed(s relay.Session, claims []relay.Claim) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.session = s
	m.claims = append(m.claims, claims...)
	for _, c := range claims {
		m.held[c.Partition] = true
		m.next[c.Partition] = c.Offset
	}
}

func (m *member) Received(ms []*relay.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range ms {
		m.got = append(m.got, string(x.Value))
		m.next[x.Of()] = x.Offset + 1
	}
}

func (m *member) Revoked(ctx context.Context, parts []relay.Partition, lost bool) {
	if !lost {
		m.commit(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range parts {
		delete(m.held, p)
	}
	if lost {
		m.lost++
	}
}

func (m *member) commit(ctx context.Context) error {
	m.mu.Lock()
	var marks []relay.Mark
	for p := range m.held {
		marks = append(marks, relay.Mark{Partition: p, Offset: m.next[p]})
	}
	s := m.session
	m.mu.Unlock()
	return s.Commit(ctx, marks)
}

// until waits, in virtual time or real.
func (m *member) until(what string, is func() bool) {
	m.t.Helper()
	deadline := time.After(5 * time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		m.mu.Lock()
		ok := is()
		m.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			m.mu.Lock()
			defer m.mu.Unlock()
			m.t.Fatalf("five minutes and not %s: %d messages, claims %+v", what, len(m.got), m.claims)
		}
	}
}

func (m *member) untilGot(n int) {
	m.t.Helper()
	m.until(fmt.Sprintf("%d messages", n), func() bool { return len(m.got) >= n })
}

func (m *member) leave() error {
	m.stop()
	err := <-m.ended
	m.ended <- err
	return err
}

func (m *member) last() relay.Claim {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.claims[len(m.claims)-1]
}

func (m *member) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.got)
}

// events is a Listener that remembers.
type events struct {
	mu  sync.Mutex
	all []relay.Event
}

func (e *events) listen(x relay.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, x)
}

func (e *events) of(what string) (out []relay.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.all {
		if x.What == what {
			out = append(out, x)
		}
	}
	return out
}

func fill(t *testing.T, l relay.Log, topic string, from, n int) {
	t.Helper()
	ms := make([]*relay.Message, n)
	for i := range ms {
		ms[i] = keyed(topic, fmt.Sprint(i%7), fmt.Sprint(from+i))
	}
	for _, a := range put(t, l, ms...) {
		if a.err != nil {
			t.Fatal(a.err)
		}
	}
}

func group(topics ...string) relay.Group {
	return relay.Group{Name: "group", Topics: topics, Drain: 5 * time.Second}
}
