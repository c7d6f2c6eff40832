package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// appender appends messages and says what became of each.
//
// The client underneath never gives up on what it has sent: whether it was
// kept is found out, by sending it again with the same sequence number, when
// the broker is back. Who waits for the answer is told earlier that the outcome
// is unknown.
type appender struct {
	cfg    Config
	client *kgo.Client
	wrote  *wrote
	limits *limits

	mu     sync.Mutex
	oldest *pending // a list by time of appending
	newest *pending
	stuck  map[string]int // by topic: told to be unknown, and not resolved yet
	anew   []string       // topics that were made anew, which the client must forget
	closed bool

	stop  context.CancelFunc
	ended sync.WaitGroup
}

// pending is a message that waits to be kept. It is also the context of its
// record, which is how the client hands it back.
type pending struct {
	context.Context
	a       *appender
	done    func(relay.Position, error) // nil once called
	rec     kgo.Record
	topic   string
	pin     int32 // the partition it must go to, -1: where its key says
	since   time.Time
	wrote   uint64 // produce requests written before it was appended
	refused error  // by the partitioner

	older, newer *pending
}

// wrote counts produce requests that were written at least in part. A message
// that was appended after the last of them was never sent.
type wrote struct{ n atomic.Uint64 }

const produceKey = 0

func (w *wrote) OnBrokerWrite(_ kgo.BrokerMetadata, key int16, bytes int, _, _ time.Duration, _ error) {
	if key == produceKey && bytes > 0 {
		w.n.Add(1)
	}
}

func newAppender(cfg Config, opts []kgo.Opt) (*appender, error) {
	a := &appender{
		cfg: cfg, wrote: &wrote{}, stuck: map[string]int{},
		limits: &limits{most: cfg.MaxBytes, opts: opts, known: map[string]int32{}},
	}
	opts = append(append(opts[:len(opts):len(opts)], cfg.producer()...),
		kgo.ProducerBatchMaxBytesFn(a.limits.of), kgo.WithHooks(a.wrote))
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	a.client = client
	var ctx context.Context
	ctx, a.stop = context.WithCancel(context.Background())
	a.ended.Go(func() { a.watch(ctx) })
	return a, nil
}

// Append implements [relay.Log]. The maker's Time is not kept: a message's time
// is when it is sent to the log.
func (l *Log) Append(m *relay.Message, done func(at relay.Position, err error)) {
	l.out.append(m, done)
}

func (a *appender) append(m *relay.Message, done func(relay.Position, error)) {
	p := &pending{
		Context: context.Background(), a: a, done: done, topic: m.Topic, pin: -1,
		rec:   kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: headers(m.Headers)},
		since: time.Now(), wrote: a.wrote.n.Load(),
	}
	if m.Pin {
		p.pin = max(m.Partition, 0)
	}
	if err := a.enter(p); err != nil {
		a.fail(done, m.Topic, err)
		return
	}
	a.client.TryProduce(p, &p.rec, kept)
}

// fail answers from another goroutine, as Append promises.
func (a *appender) fail(done func(relay.Position, error), topic string, err error) {
	go done(relay.Position{Topic: topic, Partition: -1}, err)
}

func headers(hs []relay.Header) []kgo.RecordHeader {
	if len(hs) == 0 {
		return nil
	}
	out := make([]kgo.RecordHeader, len(hs))
	for i, h := range hs {
		out[i] = kgo.RecordHeader{Key: h.Name, Value: h.Value}
	}
	return out
}

// kept is called by the client with what became of a record.
func kept(r *kgo.Record, err error) {
	p := r.Context.(*pending)
	if errors.Is(err, kerr.UnknownTopicID) {
		p.a.forget(p.topic)
	}
	done := p.a.leave(p)
	if done == nil {
		return // told before that it is unknown
	}
	if err == nil {
		done(relay.Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}, nil)
		return
	}
	if p.refused != nil {
		err = p.refused
	}
	done(relay.Position{Topic: r.Topic, Partition: -1}, appendError(err, p.a.wrote.n.Load() == p.wrote))
}

var (
	errClosed = fmt.Errorf("%w: it was closed", relay.ErrAway)
	errStuck  = fmt.Errorf("%w: it has not answered to earlier messages", relay.ErrAway)
)

func (a *appender) enter(p *pending) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return errClosed
	}
	if a.stuck[p.topic] > 0 {
		return errStuck
	}
	if p.older = a.newest; p.older != nil {
		p.older.newer = p
	} else {
		a.oldest = p
	}
	a.newest = p
	return nil
}

// leave returns whom to tell, nil if that was done before.
func (a *appender) leave(p *pending) func(relay.Position, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	done := p.done
	if done == nil {
		if a.stuck[p.topic]--; a.stuck[p.topic] <= 0 {
			delete(a.stuck, p.topic)
		}
		return nil
	}
	p.done = nil
	a.unlink(p)
	return done
}

func (a *appender) unlink(p *pending) {
	if p.older != nil {
		p.older.newer = p.newer
	} else {
		a.oldest = p.newer
	}
	if p.newer != nil {
		p.newer.older = p.older
	} else {
		a.newest = p.older
	}
	p.older, p.newer = nil, nil
}

// grace is how long after AppendWithin the client may take to say that a
// record was never sent, before it is unknown.
const grace = 800 * time.Millisecond

// watch tells who has waited too long that the outcome is unknown.
func (a *appender) watch(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			a.expire(now.Add(-a.cfg.AppendWithin - grace))
			if topics := a.toForget(); len(topics) > 0 {
				a.client.PurgeTopicsFromProducing(topics...)
			}
		}
	}
}

// forget has the client forget a topic that was deleted and made anew. It would
// refuse it for ever: it cannot know that the new one is meant as well.
func (a *appender) forget(topic string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Contains(a.anew, topic) {
		a.anew = append(a.anew, topic)
	}
}

func (a *appender) toForget() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	topics := a.anew
	a.anew = nil
	return topics
}

func (a *appender) expire(before time.Time) {
	for {
		a.mu.Lock()
		p := a.oldest
		if p == nil || !p.since.Before(before) {
			a.mu.Unlock()
			return
		}
		done := p.done
		p.done = nil
		a.unlink(p)
		a.stuck[p.topic]++
		a.mu.Unlock()
		done(relay.Position{Topic: p.topic, Partition: -1}, relay.ErrUnknown)
	}
}

func (a *appender) close() {
	a.mu.Lock()
	was := a.closed
	a.closed = true
	a.mu.Unlock()
	if was {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), a.cfg.AppendWithin)
	_ = a.client.Flush(ctx) // what is not kept by then is told so below
	cancel()
	a.client.Close()
	a.limits.close()
	a.stop()
	a.ended.Wait()
	a.expire(time.Now().Add(time.Hour)) // whoever is left: unknown
}
