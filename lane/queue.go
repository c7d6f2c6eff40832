package lane

import (
	"context"
	"time"
)

// waiter is a request waiting for a permit.
type waiter struct {
	req        *Request
	since      time.Duration
	ready      chan struct{} // buffered; told once when decided
	permit     *Permit       // decided: let in
	prev, next *waiter
	class      *waiters
}

// waiters is a list of waiters, oldest first.
type waiters struct {
	head, tail *waiter
	n          int
}

func (q *waiters) push(w *waiter) {
	w.prev, w.next, w.class = q.tail, nil, q
	if q.tail != nil {
		q.tail.next = w
	} else {
		q.head = w
	}
	q.tail = w
	q.n++
}

func (q *waiters) remove(w *waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.head = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.tail = w.prev
	}
	w.prev, w.next, w.class = nil, nil, nil
	q.n--
}

// queue is a lane's waiting requests, in the order of their right to go first.
type queue struct {
	booked, named, anonymous, background waiters
	since                                time.Duration // it last became non-empty
}

func (q *queue) len() int { return q.booked.n + q.named.n + q.anonymous.n + q.background.n }

func (q *queue) class(req *Request) *waiters {
	switch {
	case req.Booked:
		return &q.booked
	case req.Intent == Background:
		return &q.background
	case req.User == 0:
		return &q.anonymous
	}
	return &q.named
}

const (
	standing  = 100 * time.Millisecond // a queue this long non-empty is not a burst
	shortWait = 5 * time.Millisecond   // how long one waits in a standing queue
)

// standsSince tells whether the queue has not been empty for so long that
// waiting in it no longer helps anyone.
func (q *queue) stands(now time.Duration) bool { return q.len() > 0 && now-q.since > standing }

// pop returns who goes next. Anonymous requests in a standing queue go newest
// first: the oldest have waited in vain anyway, the newest can still be quick.
func (q *queue) pop(now time.Duration) *waiter {
	for _, c := range []*waiters{&q.booked, &q.named, &q.anonymous, &q.background} {
		if c.n == 0 {
			continue
		}
		w := c.head
		if c == &q.anonymous && q.stands(now) {
			w = c.tail
		}
		return w
	}
	return nil
}

// wait queues the request until it is let in, its time is up or ctx ends.
func (l *Lane) wait(ctx context.Context, now time.Duration, asked Request) (*Permit, error) {
	s, req := l.set, &asked // a copy that may outlive this call's frame; Enter's own stays on the stack
	s.mu.Lock()
	if l.queue.len() == 0 {
		if got := l.take(); got != noSeat { // freed in the meantime
			s.mu.Unlock()
			return l.permit(now, req, got), nil
		}
	}
	length, patience := l.queueBounds(req)
	if l.queue.len() >= length {
		s.mu.Unlock()
		return nil, l.refuse(now, req, ReasonQueueFull)
	}
	if l.late(ctx, req, l.queueTime(req)) {
		s.mu.Unlock()
		return nil, l.refuse(now, req, ReasonDeadline)
	}
	w, _ := s.spare.Get().(*waiter)
	if w == nil {
		w = &waiter{ready: make(chan struct{}, 1)}
	}
	w.req, w.since, w.permit = req, now, nil
	if l.queue.len() == 0 {
		l.queue.since = now
	}
	l.queue.class(req).push(w)
	l.waiting.Add(1)
	s.waiting.Add(1)
	s.wakeLocked(now) // a permit given back between take and push woke nobody
	s.mu.Unlock()
	return l.await(ctx, w, patience)
}

// bookedWait is how long a request waits that came back when it was told to:
// it was promised a place, and waiting a moment beats another round.
const bookedWait = 2 * time.Second

// queueBounds is how many may wait and for how long. Who came back when told to
// may wait also where the lane does not queue, as many as it can serve in that
// time.
func (l *Lane) queueBounds(req *Request) (length int, patience time.Duration) {
	length, patience = l.cfg.Queue.Length, l.cfg.Queue.Wait
	if req.Booked {
		patience = max(patience, bookedWait)
		served := int(l.cap.Load() * int64(bookedWait) / max(l.base.Load(), int64(time.Millisecond)))
		length = max(length, min(max(served, 16), maxBooked))
	}
	return length, patience
}

// maxBooked bounds the memory that waiting holders of appointments take.
const maxBooked = 10_000

// queueTime is how long a request that joins now will wait: those before it,
// at the rate at which permits come back. Called with set.mu held.
func (l *Lane) queueTime(req *Request) time.Duration {
	if req.Booked {
		return 0
	}
	base := time.Duration(l.base.Load())
	return base * time.Duration(l.queue.len()) / time.Duration(max(l.cap.Load(), 1))
}

func (l *Lane) await(ctx context.Context, w *waiter, patience time.Duration) (*Permit, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var cause error
	select {
	case <-w.ready:
	case <-timer.C:
	case <-ctx.Done():
		cause = context.Cause(ctx)
	}
	s := l.set
	s.mu.Lock()
	if w.class != nil {
		l.unqueue(w, s.clock())
	} else {
		select { // decided while we gave up: take the token out
		case <-w.ready:
		default:
		}
	}
	p, req := w.permit, w.req
	w.req, w.permit = nil, nil
	s.spare.Put(w)
	s.mu.Unlock()
	if p != nil && cause == nil {
		return p, nil
	}
	if p != nil {
		p.Drop()
	}
	if cause != nil {
		return nil, cause
	}
	return nil, l.refuse(s.clock(), req, ReasonTimeout)
}

// unqueue takes a waiter out. Called with set.mu held.
func (l *Lane) unqueue(w *waiter, now time.Duration) {
	l.waited.Add(int64(now - w.since))
	l.waits.Add(1)
	w.class.remove(w)
	l.waiting.Add(-1)
	l.set.waiting.Add(-1)
}

// wake lets in who may enter now.
func (s *Set) wake(now time.Duration) {
	s.mu.Lock()
	s.wakeLocked(now)
	s.mu.Unlock()
}

func (s *Set) wakeLocked(now time.Duration) {
	if s.waiting.Load() == 0 {
		return
	}
	for _, l := range s.order {
		for w := l.queue.pop(now); w != nil; w = l.queue.pop(now) {
			got := l.take()
			if got == noSeat {
				break
			}
			l.unqueue(w, now)
			w.permit = l.permit(now, w.req, got)
			w.ready <- struct{}{}
		}
	}
}

// expireLocked refuses who waited too long in a queue that stands.
func (s *Set) expireLocked(now time.Duration) {
	if s.waiting.Load() == 0 {
		return
	}
	for _, l := range s.order {
		if !l.queue.stands(now) {
			continue
		}
		most := max(shortWait, 2*time.Duration(l.base.Load()))
		for _, c := range []*waiters{&l.queue.named, &l.queue.anonymous, &l.queue.background} {
			for w := c.head; w != nil && now-w.since > most; w = c.head {
				l.unqueue(w, now)
				w.ready <- struct{}{}
			}
		}
	}
}
