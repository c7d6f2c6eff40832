package kafka

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// member is one membership of a group, from joining to leaving.
//
// The consumer's methods are called on the goroutine of run alone. The client
// calls back on goroutines of its own, and the pollers are ours: each brings
// what it has to run and waits until it is done there.
type member struct {
	log   *Log
	group relay.Group
	cons  relay.Consumer

	client *kgo.Client // the group's
	direct *direct     // the companions', nil without
	admin  *kadm.Client

	ready chan struct{} // all of the above is set
	work  chan work     // to run
	ended chan struct{} // run is over
	quit  atomic.Bool   // nothing is claimed any more

	// own is held while something is committed, and while partitions that were
	// revoked are given up: what is revoked is never committed after. mu is held
	// for a moment only.
	own         chan struct{}
	mu          sync.Mutex
	held        map[relay.Partition]*hold
	everClaimed bool

	known  map[string]bool           // topics that this process has had a place in
	losses map[relay.Partition]int64 // told with the next claim

	over error // why run ends, set on its goroutine
}

// hold is a partition that the member holds.
type hold struct {
	claim   relay.Claim
	topicID [16]byte
	parts   int // partitions of the topic when it was claimed

	mu      sync.Mutex
	next    int64   // the next record to hand out
	leaders []reign // which leader wrote from where on, for Commit
}

// reign says that a leader's epoch began at an offset.
type reign struct {
	from  int64
	epoch int32
}

type work struct {
	do   func()
	done chan struct{}
}

func newMember(l *Log, g relay.Group, c relay.Consumer, known map[string]bool, losses map[relay.Partition]int64, byBrokers bool) (*member, error) {
	m := &member{
		log: l, group: g, cons: c,
		ready: make(chan struct{}), work: make(chan work), ended: make(chan struct{}), own: make(chan struct{}, 1),
		held: map[relay.Partition]*hold{}, known: known, losses: losses,
	}
	var err error
	if m.group.Companion != nil {
		if m.direct, err = newDirect(m); err != nil {
			return nil, err
		}
	}
	// The client joins at once, and calls back before it is returned.
	if m.client, err = kgo.NewClient(append(l.opts[:len(l.opts):len(l.opts)], m.options(byBrokers)...)...); err != nil {
		if m.direct != nil {
			m.direct.client.Close()
		}
		return nil, err
	}
	m.admin = kadm.NewClient(m.client)
	close(m.ready)
	return m, nil
}

func (m *member) options(byBrokers bool) []kgo.Opt {
	g := m.group
	opts := []kgo.Opt{
		kgo.ConsumerGroup(g.Name),
		kgo.ConsumeTopics(g.Topics...),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(), // only until run has taken what was polled
		kgo.SessionTimeout(m.log.cfg.Session),
		kgo.HeartbeatInterval(min(3*time.Second, m.log.cfg.Session/10)),
		// Draining is inside: handing over may take twice as long and more.
		kgo.RebalanceTimeout(max(time.Minute, 3*g.Drain)),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) {}),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, ps map[string][]int32) { m.gone(ps, false) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, ps map[string][]int32) { m.gone(ps, true) }),
		kgo.AdjustFetchOffsetsFn(m.assigned),
		kgo.WithHooks(groupErrors{m}),
	}
	if byBrokers {
		opts = append(opts, kgo.Balancers(kgo.StickyBalancer()), kgo.ServerSideBalancer())
	} else {
		opts = append(opts, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	}
	if g.Instance != "" {
		opts = append(opts, kgo.InstanceID(g.Instance))
	}
	return append(opts, m.fetching()...)
}

// fetching has the options of who reads. Two fetches are under way at once, and
// the companions' client has two of its own.
func (m *member) fetching() []kgo.Opt {
	share := m.group.FetchBytes / 2
	if m.group.Companion != nil {
		share /= 2
	}
	opts := []kgo.Opt{
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.MaxConcurrentFetches(2),
		kgo.FetchMaxBytes(int32(share)),
		kgo.FetchMaxPartitionBytes(int32(min(share, max(share/4, 1<<20)))),
		kgo.FetchMaxWait(time.Second),
	}
	if m.log.cfg.Rack != "" {
		opts = append(opts, kgo.Rack(m.log.cfg.Rack))
	}
	return opts
}

// groupErrors leaves at once when another process has taken our name: joining
// again would take it back, and so on for ever.
type groupErrors struct{ m *member }

func (g groupErrors) OnGroupManageError(err error) {
	<-g.m.ready
	if errors.Is(err, kerr.FencedInstanceID) {
		_ = g.m.client.LeaveGroupContext(nil) //nolint:staticcheck // nil does not wait, as its words say
	}
}

// run is a member until ctx ends or the membership does, and returns why.
func (m *member) run(ctx context.Context) error {
	polling, stop := context.WithCancel(context.Background())
	var pollers sync.WaitGroup
	pollers.Go(func() { m.poll(polling) })
	if m.direct != nil {
		m.direct.start()
	}
	for m.over == nil {
		select {
		case <-ctx.Done():
			m.over = context.Cause(ctx)
		case w := <-m.work:
			w.do()
			close(w.done)
		}
	}
	m.giveBack()
	stop()
	m.serveUntil(func() {
		pollers.Wait()
		if m.direct != nil {
			m.direct.close()
		}
		m.client.CloseAllowingRebalance()
	})
	close(m.ended)
	return m.over
}

// giveBack hands everything back, as in a rebalance.
func (m *member) giveBack() {
	m.quit.Store(true)
	if errors.Is(m.over, relay.ErrFenced) {
		m.release(m.holding(nil), true)
		return
	}
	m.release(m.holding(nil), false)
}

// serveUntil does what the client's callbacks bring while closing waits for
// them.
func (m *member) serveUntil(closing func()) {
	closed := make(chan struct{})
	go func() { defer close(closed); closing() }()
	for {
		select {
		case w := <-m.work:
			w.do()
			close(w.done)
		case <-closed:
			return
		}
	}
}

// on has run do something, and returns when it is done; false when it was not,
// because ctx ended before or the member has.
func (m *member) on(ctx context.Context, do func()) bool {
	<-m.ready
	w := work{do, make(chan struct{})}
	select {
	case m.work <- w:
		<-w.done
		return true
	case <-ctx.Done():
	case <-m.ended:
	}
	return false
}

// gone is called by the client when partitions go.
func (m *member) gone(ps map[string][]int32, lost bool) {
	if len(ps) == 0 {
		return
	}
	m.on(context.Background(), func() {
		var parts []relay.Partition
		for t, ids := range ps {
			for _, id := range ids {
				parts = append(parts, relay.Partition{Topic: t, ID: id})
			}
		}
		m.release(m.holding(parts), lost)
	})
}

// holding returns those of parts that are held, with their companions; nil is
// all.
func (m *member) holding(parts []relay.Partition) []relay.Partition {
	var out []relay.Partition
	if parts == nil {
		for p := range m.held {
			out = append(out, p)
		}
		return sorted(out)
	}
	for _, p := range parts {
		for _, q := range []relay.Partition{p, {Topic: companion(m.group, p.Topic), ID: p.ID}} {
			if m.held[q] != nil {
				out = append(out, q)
			}
		}
	}
	return sorted(out)
}

// release gives up partitions: with time to finish them first, unless they are
// lost already.
func (m *member) release(parts []relay.Partition, lost bool) {
	if len(parts) == 0 {
		return
	}
	if m.direct != nil {
		m.direct.remove(parts)
	}
	if lost {
		m.drop(parts)
	}
	ctx, cancel := context.WithTimeout(context.Background(), m.group.Drain)
	m.cons.Revoked(ctx, parts, lost)
	cancel()
	if !lost {
		m.own <- struct{}{} // a commit that is under way is of what is still ours
		m.drop(parts)
		<-m.own
	}
}

func (m *member) drop(parts []relay.Partition) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range parts {
		delete(m.held, p)
	}
}
