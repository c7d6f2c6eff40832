package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/daero/daero/relay"
)

// batch is one handful of rows on their way to the log. Messages of a key go
// one after the other: were the second sent before the first is safe, and the
// first failed, they would be in the wrong order for good.
type batch struct {
	f       *Forwarder
	answers chan answered
	chains  map[string][]*Row // by topic and key: what waits for the one before
	stopped map[string]bool   // topics that the log refuses
	flying  int

	done []int64
	dead []Dead
	err  error // the log is away: nothing more is appended
}

type answered struct {
	row *Row
	err error
}

// batch appends rows, and returns which of them are safe, and which never will
// be. err says why the rest is not. Whatever is under way is waited for: the
// log answers for each.
func (f *Forwarder) batch(ctx context.Context, rows []Row) (done []int64, dead []Dead, err error) {
	b := &batch{
		f: f, answers: make(chan answered, len(rows)), // answering never blocks the log
		chains: map[string][]*Row{}, stopped: map[string]bool{},
	}
	for i := range rows {
		b.add(ctx, &rows[i])
	}
	for b.flying > 0 {
		a := <-b.answers
		b.flying--
		b.took(ctx, a)
	}
	return b.done, b.dead, b.err
}

// add appends a row, or lets it wait for the ones before it.
func (b *batch) add(ctx context.Context, r *Row) {
	if r.Broken != "" {
		b.dead = append(b.dead, Dead{r.Seq, r.Broken})
		return
	}
	if r.Message.Key == nil {
		b.append(ctx, r)
		return
	}
	key := chain(r)
	waiting, busy := b.chains[key]
	b.chains[key] = append(waiting, r)
	if !busy {
		b.next(ctx, key)
	}
}

func chain(r *Row) string { return r.Message.Topic + "\x00" + string(r.Message.Key) }

// next appends what waits in a chain; the row under way is no longer in it.
func (b *batch) next(ctx context.Context, key string) {
	waiting := b.chains[key]
	if len(waiting) == 0 {
		delete(b.chains, key)
		return
	}
	b.chains[key] = waiting[1:]
	b.append(ctx, waiting[0])
}

func (b *batch) append(ctx context.Context, r *Row) {
	if ctx.Err() != nil || b.err != nil || b.stopped[r.Message.Topic] {
		return // and what waits behind it waits on
	}
	b.flying++
	b.f.cfg.Log.Append(b.f.message(r), func(_ relay.Position, err error) { b.answers <- answered{r, err} })
}

// took takes in the log's answer to a row.
func (b *batch) took(ctx context.Context, a answered) {
	topic := a.row.Message.Topic
	switch {
	case a.err == nil:
		b.done = append(b.done, a.row.Seq)
	case errors.Is(a.err, relay.ErrTooLarge):
		b.dead = append(b.dead, Dead{a.row.Seq, a.err.Error()})
	case errors.Is(a.err, relay.ErrNoTopic), errors.Is(a.err, relay.ErrDenied), errors.Is(a.err, relay.ErrFull):
		if !b.stopped[topic] {
			b.stopped[topic] = true
			b.f.setAside(topic, a.err)
		}
		return
	default:
		if errors.Is(a.err, relay.ErrUnknown) {
			b.f.repeated.Add(1)
		}
		b.err = a.err
		return
	}
	if a.row.Message.Key != nil {
		b.next(ctx, chain(a.row))
	}
}

// setAside leaves a topic out for a while.
func (f *Forwarder) setAside(topic string, err error) {
	f.failures.Add(1)
	f.aside[topic] = time.Now().Add(f.cfg.Aside)
	f.tell(Aside, topic, err.Error())
}

// message is what is appended for a row.
func (f *Forwarder) message(r *Row) *relay.Message {
	m := *r.Message
	if len(m.Header(relay.HeaderID)) == 0 {
		m.SetHeader(relay.HeaderID, []byte(r.ID))
	}
	m.SetHeader(relay.HeaderWriter, []byte(f.cfg.Name))
	m.Partition = -1
	return &m
}
