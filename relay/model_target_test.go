package relay_test

import (
	"context"
	"strconv"
	"time"

	"github.com/daero/daero/relay"
)

// keyOf is what a message is ordered by, "" if by nothing.
func (w *stage) keyOf(m *relay.Message) string {
	switch {
	case w.d.Order == relay.ByKey && m.Key != nil:
		return string(m.Key)
	case w.d.Order == relay.ByPartition:
		return "p" + strconv.Itoa(int(m.Partition))
	}
	return ""
}

// handle is the target. What it does with a message is decided by chance.
func (w *stage) handle(p *process) relay.Handler {
	return func(ctx context.Context, m *relay.Message) relay.Result {
		w.mu.Lock()
		key, id := w.keyOf(m), string(m.Value)
		if m.Topic != "orders" {
			w.wrong("handed over from topic %s", m.Topic)
		}
		if m.Epoch < w.epochs[m.Partition] {
			w.mu.Unlock()
			return relay.Retry(0) // its sender was replaced
		}
		w.epochs[m.Partition] = m.Epoch
		at := attempt{key, m.Epoch}
		if key != "" {
			w.precedes(key, id)
			if w.busy[at] > 0 {
				w.wrong("two attempts at key %s at once", key)
			}
		}
		w.busy[at]++
		took := time.Duration(w.fates.IntN(50)) * time.Millisecond
		if w.fates.IntN(200) == 0 {
			took = 5 * time.Second
		}
		fate, down, poisoned := w.fates.IntN(100), w.down, w.poisoned[id]
		after := w.fates.IntN(2) == 0
		w.mu.Unlock()

		timer := time.NewTimer(took)
		defer timer.Stop()
		gone := false
		select {
		case <-timer.C:
		case <-ctx.Done():
			gone = true
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.busy[at]--
		switch {
		case m.Epoch < w.epochs[m.Partition]:
			return relay.Retry(0)
		case gone && after, !gone && !down && !poisoned && fate < 80:
			w.take(m, key, id)
			if gone {
				return relay.Retry(0)
			}
			return relay.Ack()
		case down:
			r := relay.Retry(0)
			r.Down = true
			return r
		case poisoned:
			return relay.Retry(0).Because("poisoned")
		case fate < 92:
			return relay.Retry(0)
		case fate < 95:
			return relay.Defer(time.Now().Add(time.Duration(fate) * 10 * time.Millisecond))
		case fate < 96:
			panic("the target's client broke")
		}
		return relay.Retry(300 * time.Millisecond)
	}
}

// precedes: no message is attempted while an earlier one of its key is neither
// taken nor dead. A message that was taken before may come again.
func (w *stage) precedes(key, id string) {
	if w.done[id] {
		return
	}
	n, _ := strconv.Atoi(id)
	for _, earlier := range w.sent[key] {
		if earlier >= n {
			return
		}
		if e := strconv.Itoa(earlier); !w.done[e] && !w.dead[e] && !w.inDead(e) {
			w.wrong("key %s: %s was attempted while %s is not finished", key, id, e)
		}
	}
}

func (w *stage) inDead(id string) bool {
	for _, m := range w.log.Messages("shop.dead") {
		if string(m.Value) == id {
			w.dead[id] = true
			return true
		}
	}
	return false
}

func (w *stage) take(_ *relay.Message, key, id string) {
	if w.done[id] {
		w.repeats++
		return
	}
	w.done[id] = true
	n, _ := strconv.Atoi(id)
	// A dead letter that was kept, by who died before that was committed, comes
	// again: those behind it may have been taken by then.
	if key != "" && !w.inDead(id) {
		if t := w.taken[key]; len(t) > 0 && t[len(t)-1] > n {
			w.wrong("key %s: %d was taken after %d", key, n, t[len(t)-1])
		}
		w.taken[key] = append(w.taken[key], n)
	}
}
