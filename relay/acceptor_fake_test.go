package relay_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/relay"
)

// fate is what becomes of one append.
type fate struct {
	after time.Duration // until it is kept, or not
	kept  bool
	err   error
	reply time.Duration // until its writer is told, from then on
}

// pass lets time pass, in a bubble.
func pass(d time.Duration) { <-time.After(d) }

// fakeLog keeps what fate says, in the order of appends for each key and in no
// other: a message that fails takes none down with it.
type fakeLog struct {
	mu    sync.Mutex
	under int // appends that are under way
	fate  func(m *relay.Message) fate
	tails map[string]chan struct{}
	kept  []relay.Message
	asked int
}

func newFakeLog(f func(m *relay.Message) fate) *fakeLog {
	if f == nil {
		f = func(*relay.Message) fate { return fate{kept: true, after: time.Millisecond} }
	}
	return &fakeLog{fate: f, tails: map[string]chan struct{}{}}
}

func (l *fakeLog) is(f fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fate = func(*relay.Message) fate { return f }
}

func (l *fakeLog) Append(m *relay.Message, done func(relay.Position, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	f := l.fate(m)
	before, mine := l.tails[string(m.Key)], make(chan struct{})
	l.tails[string(m.Key)] = mine
	l.under++
	go func() { // settle waits for it
		defer func() {
			l.mu.Lock()
			l.under--
			l.mu.Unlock()
		}()
		if before != nil {
			<-before
		}
		pass(f.after)
		at := relay.Position{Topic: m.Topic, Partition: -1}
		if f.kept {
			l.mu.Lock()
			at = relay.Position{Topic: m.Topic, Partition: 3, Offset: int64(len(l.kept))}
			l.kept = append(l.kept, *m)
			l.mu.Unlock()
		}
		close(mine)
		pass(f.reply)
		done(at, f.err)
	}()
}

// settle waits until nothing is under way. Others may go on appending, which a
// WaitGroup would not bear.
func (l *fakeLog) settle() {
	for {
		l.mu.Lock()
		under := l.under
		l.mu.Unlock()
		if under == 0 {
			return
		}
		pass(time.Millisecond)
	}
}

func (l *fakeLog) Consume(context.Context, relay.Group, relay.Consumer) error {
	return errors.New("nobody consumes here")
}

func (l *fakeLog) appends() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

// values returns what was kept, in order.
func (l *fakeLog) values() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]string, len(l.kept))
	for i := range l.kept {
		out[i] = string(l.kept[i].Value)
	}
	return out
}

// fakeStore is a Store in memory. Its entries are there after a crash of the
// relay.
type fakeStore struct {
	mu      sync.Mutex
	recs    [][]byte
	added   chan struct{}
	took    time.Duration
	broken  error // what Append says, if it is not nil
	full    bool
	lines   []string
	handed  int
	mistake string
}

func newFakeStore() *fakeStore { return &fakeStore{added: make(chan struct{})} }

func (s *fakeStore) Append(ctx context.Context, b []byte) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	pass(s.took)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return relay.ErrFull
	}
	if s.broken != nil {
		return s.broken
	}
	s.recs = append(s.recs, slices.Clone(b))
	close(s.added)
	s.added = make(chan struct{})
	return nil
}

func (s *fakeStore) Next(ctx context.Context, most int) ([][]byte, error) {
	for {
		s.mu.Lock()
		if n := min(most, len(s.recs)); n > 0 {
			s.handed = n
			out := append([][]byte(nil), s.recs[:n]...)
			s.mu.Unlock()
			return out, nil
		}
		added := s.added
		s.mu.Unlock()
		select {
		case <-added:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (s *fakeStore) Done(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.handed {
		s.mistake = "more is done than was handed out"
	}
	s.recs = s.recs[n:]
	s.handed -= n
	return nil
}

func (s *fakeStore) SetAside(line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, string(line))
	return nil
}

func (s *fakeStore) depth() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.recs)
}

// shelf is a Store without more abilities.
type shelf struct{ s *fakeStore }

func (s shelf) Append(ctx context.Context, b []byte) error { return s.s.Append(ctx, b) }
func (s shelf) Next(ctx context.Context, most int) ([][]byte, error) {
	return s.s.Next(ctx, most)
}
func (s shelf) Done(n int) error { return s.s.Done(n) }

// accepting is a relay of which only Accept is used.
type accepting struct {
	*relay.Relay
	log    *fakeLog
	events []string
	mu     sync.Mutex
	stop   func()
}

// newAccepting starts one. It must run in a bubble.
func newAccepting(t *testing.T, cfg relay.Config, log *fakeLog) *accepting {
	t.Helper()
	a := &accepting{log: log}
	cfg.Log = log
	cfg.Listener = func(e relay.Event) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.events = append(a.events, e.What+" "+e.Target)
	}
	if len(cfg.Topics) == 0 {
		cfg.Topics = []relay.Topic{
			{Name: "orders"},
			{Name: "views", Order: relay.NoOrder},
		}
		if cfg.Spool != nil {
			for i := range cfg.Topics {
				cfg.Topics[i].Outage = relay.Spool
			}
		}
	}
	r, err := relay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	a.Relay = r
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		r.Run(ctx)
	}()
	a.stop = func() {
		cancel()
		<-over
		log.settle()
	}
	return a
}

func (a *accepting) topic(name string) relay.TopicSnapshot {
	for _, t := range a.Snapshot(time.Now()).Topics {
		if t.Topic == name {
			return t
		}
	}
	return relay.TopicSnapshot{}
}

func (a *accepting) told() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.events...)
}

// order is a message for the topic orders.
func order(key, id, value string) *relay.Message {
	m := &relay.Message{Topic: "orders", Key: []byte(key), Value: []byte(value)}
	if id != "" {
		m.SetHeader(relay.HeaderID, []byte(id))
	}
	return m
}

func mustAccept(t *testing.T, a *accepting, m *relay.Message) relay.Receipt {
	t.Helper()
	r, err := a.Accept(context.Background(), m)
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	return r
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
