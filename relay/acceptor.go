package relay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// acceptor keeps messages: in the log, or in the spool while the log is away.
type acceptor struct {
	log    Log
	within time.Duration
	memory *memory
	topics map[string]*intake
	names  []string // of topics, in the order of the configuration
	spool  *spooler // nil without a Store
	timers sync.Pool
}

// intake is what is accepted for one topic.
type intake struct {
	Topic
	accepted, spooled, repeated, unknown, refused, invalid, bytes atomic.Uint64

	queue queue // what waits for it in the spool
}

func newAcceptor(cfg Config) *acceptor {
	a := &acceptor{
		log: cfg.Log, within: cfg.AcceptWithin,
		memory: newMemory(cfg.Remember), topics: map[string]*intake{},
	}
	for _, t := range cfg.Topics {
		a.topics[t.Name] = &intake{Topic: t}
		a.names = append(a.names, t.Name)
	}
	if cfg.Spool != nil {
		a.spool = newSpooler(cfg, a.memory, a.topics)
	}
	a.timers.New = func() any { return time.NewTimer(time.Hour) }
	return a
}

// run drains the spool until ctx ends. Then nothing more is spooled.
func (a *acceptor) run(ctx context.Context) {
	if a.spool != nil {
		newDrain(a.spool).run(ctx)
		a.spool.end()
	}
}

// accept keeps m, once.
func (a *acceptor) accept(ctx context.Context, m *Message) (Receipt, error) {
	t := a.topics[m.Topic]
	if t == nil {
		return Receipt{}, ErrNoTopic
	}
	k, made, err := t.check(m, time.Now())
	if err != nil {
		t.invalid.Add(1)
		return Receipt{}, err
	}
	c, first, err := a.memory.begin(k, made)
	if err != nil {
		t.invalid.Add(1)
		return Receipt{}, err
	}
	defer a.memory.leave(c)
	if first {
		a.start(ctx, t, c, k)
	}
	r, err := a.await(ctx, t, c)
	t.count(r, err, first, k)
	r.Repeated = err == nil && !first
	if err != nil {
		r = Receipt{ID: string(k.Header(HeaderID)), At: Position{Topic: t.Name, Partition: -1}}
	}
	return r, err
}

// start hands a message to the log, or says that it is one for the spool.
func (a *acceptor) start(ctx context.Context, t *intake, c *call, k *Message) {
	if t.Outage == Spool && !a.spool.passes(ctx, t, k) {
		a.memory.move(c, asked, toSpool)
		return
	}
	a.memory.hand(c)
	a.log.Append(k, func(at Position, err error) {
		away := t.Outage == Spool && (errors.Is(err, ErrAway) || errors.Is(err, ErrUnknown))
		if away {
			a.spool.ways.shut()
		}
		a.memory.logged(c, at, err, away)
	})
}

// await waits until c is kept or is known not to be.
func (a *acceptor) await(ctx context.Context, t *intake, c *call) (Receipt, error) {
	var timer *time.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
			a.timers.Put(timer)
		}
	}()
	for {
		now, r, err := a.memory.look(c)
		switch now {
		case kept:
			return r, nil
		case failed:
			return Receipt{}, err
		case toSpool:
			if a.memory.move(c, toSpool, spooling) {
				a.memory.spooled(c, a.spool.keep(t, c))
			}
			continue
		}
		changed := a.memory.watch(c, now)
		if changed == nil {
			continue
		}
		if timer == nil {
			timer = a.timers.Get().(*time.Timer)
			timer.Reset(a.within)
		}
		select {
		case <-changed:
		case <-timer.C:
			if now == asked && t.Outage == Spool {
				// It may be kept twice now, with one idempotency key: what is late
				// cannot be told from what is lost.
				a.spool.ways.shut()
				a.memory.move(c, asked, toSpool)
				timer.Reset(a.within)
				continue
			}
			return Receipt{}, fmt.Errorf("no answer within %s: %w", a.within, ErrUnknown)
		case <-ctx.Done():
			return Receipt{}, context.Cause(ctx)
		}
	}
}

func (t *intake) count(r Receipt, err error, first bool, k *Message) {
	switch {
	case err == nil && !first:
		t.repeated.Add(1)
		return
	case err == nil && r.Spooled:
		t.spooled.Add(1)
	case err == nil:
		t.accepted.Add(1)
	case errors.Is(err, ErrUnknown), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		t.unknown.Add(1)
		return
	default:
		t.refused.Add(1)
		return
	}
	t.bytes.Add(uint64(k.Size()))
}

// snapshot adds to s what a is doing.
func (a *acceptor) snapshot(s *Snapshot) {
	for _, name := range a.names {
		t := a.topics[name]
		s.Topics = append(s.Topics, TopicSnapshot{
			Topic: name, Accepted: t.accepted.Load(), Spooled: t.spooled.Load(), Repeated: t.repeated.Load(),
			Unknown: t.unknown.Load(), Refused: t.refused.Load(), Invalid: t.invalid.Load(), Bytes: t.bytes.Load(),
		})
	}
	if a.spool != nil {
		s.Spool = a.spool.snapshot()
	}
}
