package messenger

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrQueueFull is the error of work that found no place in the queue.
var ErrQueueFull = errors.New("pool: the queue is full: add workers or send less")

// Pool is a number of workers with one first-come-first-served queue in front
// of them.
type Pool struct {
	queueLimit    int
	dropAbandoned bool

	mu        sync.Mutex
	workers   int
	busy      int
	queue     fifo
	abandoned uint64
}

// NewPool returns a pool. With dropAbandoned, work whose caller has gone away
// leaves the queue; without it the work is done all the same, as in most
// services: they notice only when they write the answer.
func NewPool(workers, queueLimit int, dropAbandoned bool) *Pool {
	return &Pool{workers: workers, queueLimit: queueLimit, dropAbandoned: dropAbandoned}
}

// Do takes a worker for d, after waiting for its turn.
func (p *Pool) Do(ctx context.Context, d time.Duration) error {
	if err := p.take(ctx); err != nil {
		return err
	}
	time.Sleep(d)
	p.give()
	return nil
}

func (p *Pool) take(ctx context.Context) error {
	p.mu.Lock()
	if p.busy < p.workers && p.queue.len() == 0 {
		p.busy++
		p.mu.Unlock()
		return nil
	}
	if p.queue.len() >= p.queueLimit {
		p.mu.Unlock()
		return ErrQueueFull
	}
	turn := p.queue.push()
	p.mu.Unlock()
	if !p.dropAbandoned {
		<-turn.come
		return nil
	}
	select {
	case <-turn.come:
		return nil
	case <-ctx.Done():
		return p.leave(ctx, turn)
	}
}

// leave takes a waiter out of the queue, unless its turn has just come.
func (p *Pool) leave(ctx context.Context, turn *waiter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.queue.remove(turn) {
		return nil
	}
	p.abandoned++
	return context.Cause(ctx)
}

// give frees a worker: it takes the next in the queue, or goes home if there
// are more workers than there should be.
func (p *Pool) give() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	p.dispatchLocked()
}

func (p *Pool) dispatchLocked() {
	for p.busy < p.workers {
		w := p.queue.pop()
		if w == nil {
			return
		}
		p.busy++
		close(w.come)
	}
}

// Resize changes the number of workers. More workers start at once; fewer
// means that busy ones leave as they finish.
func (p *Pool) Resize(workers int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.workers = workers
	p.dispatchLocked()
}

// PoolStats is what a pool is doing.
type PoolStats struct {
	Workers    int    `json:"workers"`
	Busy       int    `json:"busy"` // above Workers for a moment after a cut
	Queued     int    `json:"queued"`
	QueueLimit int    `json:"queue_limit"`
	Abandoned  uint64 `json:"abandoned"`
}

// Stats returns what the pool is doing.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PoolStats{Workers: p.workers, Busy: p.busy, Queued: p.queue.len(), QueueLimit: p.queueLimit, Abandoned: p.abandoned}
}

// fifo is a doubly linked list of waiters: O(1) to join, to be served and to
// leave from the middle.
type fifo struct {
	first, last *waiter
	n           int
}

type waiter struct {
	come       chan struct{}
	prev, next *waiter
	waiting    bool
}

func (q *fifo) len() int { return q.n }

func (q *fifo) push() *waiter {
	w := &waiter{come: make(chan struct{}), prev: q.last, waiting: true}
	if q.last == nil {
		q.first = w
	} else {
		q.last.next = w
	}
	q.last = w
	q.n++
	return w
}

func (q *fifo) pop() *waiter {
	w := q.first
	if w != nil {
		q.remove(w)
	}
	return w
}

// remove reports whether w was still waiting.
func (q *fifo) remove(w *waiter) bool {
	if !w.waiting {
		return false
	}
	w.waiting = false
	if w.prev == nil {
		q.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
	q.n--
	return true
}
