package logtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/daero/daero/relay"
)

// member is a consumer that notes all that it is told.
type member struct {
	s    *suite
	name string

	// finishing commits everything that was received, when partitions go and
	// after each Received.
	finishing bool
	// among is what all members of a group hold together, nil without.
	among *ownership

	mu       sync.Mutex
	session  relay.Session
	claims   []relay.Claim // all that there were
	held     map[relay.Partition]relay.Claim
	next     map[relay.Partition]int64
	got      []relay.Message
	revoked  []relay.Partition
	lost     bool
	inside   bool // a method is running
	mistakes []string
	changed  chan struct{}

	stop  context.CancelFunc
	ended chan error

	committing chan struct{} // held while the group's place is committed
	due        chan struct{} // something was received
}

// join starts a member, which ends with the test at the latest.
func (s *suite) join(g relay.Group, options ...func(*member)) *member {
	m := &member{
		s: s, held: map[relay.Partition]relay.Claim{}, next: map[relay.Partition]int64{},
		changed: make(chan struct{}, 1), ended: make(chan error, 1),
		committing: make(chan struct{}, 1), due: make(chan struct{}, 1),
	}
	for _, o := range options {
		o(m)
	}
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	var over sync.WaitGroup
	over.Go(func() { m.ended <- s.log.Consume(ctx, g, m) })
	over.Go(func() {
		for {
			select {
			case <-m.due:
				m.commitAll(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
	s.Cleanup(func() { stop(); over.Wait() })
	return m
}

func finishing(m *member) { m.finishing = true }

func among(o *ownership, name string) func(*member) {
	return func(m *member) { m.among, m.name = o, name }
}

// leave ends a member and waits for it.
func (m *member) leave() {
	m.s.Helper()
	m.stop()
	select {
	case err := <-m.ended:
		if err == nil {
			m.s.Error("Consume ended without saying why")
		}
		m.ended <- err
	case <-time.After(m.s.Within):
		m.s.Fatalf("Consume did not end within %v", m.s.Within)
	}
	m.check()
}

// check fails the test with what the log did wrong.
func (m *member) check() {
	m.s.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, wrong := range m.mistakes {
		m.s.Error(wrong)
	}
	m.mistakes = nil
}

// enter notes that a method begins; what it returns, that it ends.
func (m *member) enter(what string) func() {
	m.mu.Lock()
	if m.inside {
		m.wrong("%s while another method runs", what)
	}
	m.inside = true
	return func() {
		m.inside = false
		m.mu.Unlock()
		select {
		case m.changed <- struct{}{}:
		default:
		}
	}
}

func (m *member) wrong(format string, args ...any) {
	if len(m.mistakes) < 10 {
		m.mistakes = append(m.mistakes, fmt.Sprintf(format, args...))
	}
}

// Claimed implements [relay.Consumer].
func (m *member) Claimed(session relay.Session, claims []relay.Claim) {
	defer m.enter("Claimed")()
	m.session = session
	for _, c := range claims {
		if _, ok := m.held[c.Partition]; ok {
			m.wrong("%s is claimed twice", c.Partition)
		}
		if c.Offset < 0 || c.End < c.Offset {
			m.wrong("%s is claimed from %d, the end is %d", c.Partition, c.Offset, c.End)
		}
		m.claims = append(m.claims, c)
		m.held[c.Partition] = c
		m.next[c.Partition] = c.Offset
		if wrong := m.among.take(c, m.name); wrong != "" {
			m.wrong("%s", wrong)
		}
	}
}

// Received implements [relay.Consumer].
func (m *member) Received(ms []*relay.Message) {
	defer m.enter("Received")()
	for _, x := range ms {
		p := x.Of()
		c, ok := m.held[p]
		switch {
		case !ok:
			m.wrong("%s of a partition that is not held", x.Position())
		case x.Offset < m.next[p]:
			m.wrong("%s comes after %d was reached", x.Position(), m.next[p])
		case x.Epoch != c.Epoch:
			m.wrong("%s has epoch %d, its claim %d", x.Position(), x.Epoch, c.Epoch)
		}
		m.next[p] = x.Offset + 1
		m.got = append(m.got, *x)
	}
	if m.finishing {
		select {
		case m.due <- struct{}{}:
		default:
		}
	}
}

// Revoked implements [relay.Consumer].
func (m *member) Revoked(ctx context.Context, parts []relay.Partition, lost bool) {
	leave := m.enter("Revoked")
	if ctx.Err() != nil && !lost {
		m.wrong("no time is left when partitions go")
	}
	m.mu.Unlock()
	if m.finishing && !lost {
		m.commitAll(ctx)
	}
	m.mu.Lock()
	defer leave()
	m.lost = m.lost || lost
	for _, p := range parts {
		if _, ok := m.held[p]; !ok {
			m.wrong("%s is revoked and was not held", p)
		}
		delete(m.held, p)
		m.revoked = append(m.revoked, p)
		m.among.give(p, m.name)
	}
}

// commitAll makes everything received the group's place. One that was started
// while partitions go may find some of them gone.
func (m *member) commitAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.s.Within)
	defer cancel()
	m.committing <- struct{}{}
	defer func() { <-m.committing }()
	m.mu.Lock()
	var marks []relay.Mark
	for p := range m.held {
		marks = append(marks, relay.Mark{Partition: p, Offset: m.next[p]})
	}
	session, revoking := m.session, m.inside
	m.mu.Unlock()
	if err := session.Commit(ctx, marks); err != nil && (revoking || !errors.Is(err, relay.ErrFenced)) {
		m.mu.Lock()
		m.wrong("commit: %v", err)
		m.mu.Unlock()
	}
}

// until waits for a member to be as wanted.
func (m *member) until(what string, is func() bool) {
	m.s.Helper()
	deadline := time.After(m.s.Within)
	for {
		m.mu.Lock()
		ok := is()
		m.mu.Unlock()
		if ok {
			m.check()
			return
		}
		select {
		case <-m.changed:
		case err := <-m.ended:
			m.ended <- err
			m.check()
			m.s.Fatalf("waiting until %s: Consume ended: %v", what, err)
		case <-deadline:
			m.check()
			m.mu.Lock()
			defer m.mu.Unlock()
			m.s.Fatalf("waited %v until %s: holds %v, %d messages", m.s.Within, what, m.held, len(m.got))
		}
	}
}

func (m *member) untilHolds(n int) {
	m.s.Helper()
	m.until(fmt.Sprintf("%d partitions are held", n), func() bool { return len(m.held) == n })
}

func (m *member) untilGot(n int) {
	m.s.Helper()
	m.until(fmt.Sprintf("%d messages are there", n), func() bool { return len(m.got) >= n })
}

// messages returns what was received so far.
func (m *member) messages() []relay.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]relay.Message(nil), m.got...)
}

// claim returns the last claim of a partition.
func (m *member) claim(p relay.Partition) relay.Claim {
	m.s.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(m.claims) - 1; i >= 0; i-- {
		if m.claims[i].Partition == p {
			return m.claims[i]
		}
	}
	m.s.Fatalf("%s was never claimed", p)
	return relay.Claim{}
}

// ownership is who holds what, over all members of a group. nil notes nothing.
type ownership struct {
	mu     sync.Mutex
	owner  map[relay.Partition]string
	epochs map[relay.Partition]int64
	moves  int
}

func newOwnership() *ownership {
	return &ownership{owner: map[relay.Partition]string{}, epochs: map[relay.Partition]int64{}}
}

// take returns what is wrong with it.
func (o *ownership) take(c relay.Claim, name string) string {
	if o == nil {
		return ""
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if other := o.owner[c.Partition]; other != "" {
		return fmt.Sprintf("%s is claimed by %s and still held by %s", c.Partition, name, other)
	}
	o.owner[c.Partition] = name
	if before, ok := o.epochs[c.Partition]; ok {
		o.moves++
		if c.Epoch <= before {
			return fmt.Sprintf("%s changes hands and its epoch goes from %d to %d", c.Partition, before, c.Epoch)
		}
	}
	o.epochs[c.Partition] = c.Epoch
	return ""
}

func (o *ownership) give(p relay.Partition, name string) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owner[p] == name {
		delete(o.owner, p)
	}
}
