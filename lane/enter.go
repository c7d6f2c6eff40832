package lane

import (
	"context"
	"time"
)

// Enter asks for a permit. It returns at once where nothing has to wait. The
// error is a *[Refusal], or context.Cause(ctx) if ctx ended while waiting.
func (l *Lane) Enter(ctx context.Context, req Request) (*Permit, error) {
	s := l.set
	now := s.clock()
	if int64(now) >= s.next.Load() {
		s.maybeStep(now)
	}
	got, reason := l.admit(ctx, now, &req)
	if reason == ReasonNone {
		return l.permit(now, &req, got), nil
	}
	if (reason == ReasonDefer || reason == ReasonChallenge) && !s.shadow.Load() {
		return nil, req.refusal(l, reason, 0)
	}
	if s.shadow.Load() {
		l.would.Add(1)
		return l.permit(now, &req, l.force()), nil
	}
	if reason == ReasonFull && (l.queues.Load() || req.Booked) && !l.retired.Load() {
		return l.wait(ctx, now, req)
	}
	return nil, l.refuse(now, &req, reason)
}

// admit takes a place if the request may have one now.
func (l *Lane) admit(ctx context.Context, now time.Duration, req *Request) (seat, Reason) {
	if l.retired.Load() {
		return noSeat, ReasonFull
	}
	if o := l.orders.Load(); o != nil && !req.Deferred {
		if r := l.ordered(o, now, req); r != ReasonNone {
			return noSeat, r
		}
	}
	if l.late(ctx, req, 0) {
		return noSeat, ReasonDeadline
	}
	if l.shedding.Load() {
		if r := l.mayTry(now, req); r != ReasonNone {
			return noSeat, r
		}
	}
	if l.waiting.Load() > 0 {
		return noSeat, ReasonFull
	}
	got := l.take()
	if got == noSeat {
		return noSeat, ReasonFull
	}
	return got, ReasonNone
}

// mayTry tells whether it is the request's turn to try for a permit, while the
// lane is asked for more than it can serve.
func (l *Lane) mayTry(now time.Duration, req *Request) Reason {
	if req.Booked {
		if req.DueIn > 0 {
			return ReasonEarly
		}
		return ReasonNone
	}
	if req.Intent == Background && int64(l.InFlight()) >= l.cap.Load()-l.headroom.Load() {
		return ReasonBackground
	}
	if req.User == 0 || req.Deferred || place(req.User, l.set.seed, now) <= l.turn.Load() {
		return ReasonNone
	}
	if _, in, known := l.ledger.look(req.User, now); known && in {
		return ReasonNone // what was let in stays in
	}
	return ReasonTurn
}

// late tells whether the request cannot be finished in the time its caller
// will wait, given how long it will wait here.
func (l *Lane) late(ctx context.Context, req *Request, wait time.Duration) bool {
	budget := req.Budget
	if at, ok := ctx.Deadline(); ok {
		left := time.Until(at)
		if left <= 0 {
			return true
		}
		if budget <= 0 || left < budget {
			budget = left
		}
	}
	return budget > 0 && wait+time.Duration(l.base.Load()) > budget
}

// seat is where a permit counts. It stays with the permit, because a reload may
// make a lane of streams of a lane that has permits out, or the reverse.
type seat uint8

const (
	noSeat seat = iota
	shared      // in the lane and against the backend's limit
	apart       // in the lane alone: a stream
)

// take takes a place, own and of all, if both are free.
func (l *Lane) take() seat {
	own := int64(l.entries.Add(oneIn) & inMask)
	if own > l.cap.Load() {
		l.entries.Add(^uint64(oneIn - 1))
		return noSeat
	}
	if l.streams.Load() {
		return apart
	}
	if all := l.set.inflight.Add(1); all > l.total.Load() && own > l.floor.Load() {
		l.set.inflight.Add(-1)
		l.entries.Add(^uint64(oneIn - 1))
		return noSeat
	}
	return shared
}

// force takes a place, free or not.
func (l *Lane) force() seat {
	l.entries.Add(oneIn)
	if l.streams.Load() {
		return apart
	}
	l.set.inflight.Add(1)
	return shared
}

// keepPlace is how long a user who was let in need not wait for a turn again.
const keepPlace = 10 * time.Minute

func (l *Lane) permit(now time.Duration, req *Request, got seat) *Permit {
	if req.Intent == Background {
		l.back.Add(1)
	}
	if req.User != 0 && !req.Deferred && l.shedding.Load() {
		l.letIn(now, req)
	}
	p := permits.Get().(*Permit)
	*p = Permit{lane: l, start: now, n: l.set.inflight.Load() - 1, seat: got}
	return p
}

// letIn notes that a user got in, and frees the time kept for them.
func (l *Lane) letIn(now time.Duration, req *Request) {
	if _, in, known := l.ledger.look(req.User, now); known && !in && !req.Booked {
		l.booking.giveBack()
	}
	l.ledger.note(req.User, now+keepPlace, true)
}

// refuse counts a refusal and says when to come back.
func (l *Lane) refuse(now time.Duration, req *Request, reason Reason) *Refusal {
	if req.Deferred {
		return req.refusal(l, reason, deferredAgain)
	}
	l.refused[req.Intent&1][reason].Add(1)
	return req.refusal(l, reason, l.comeBack(now, req))
}

// refusal writes a refusal where the caller wants it.
func (req *Request) refusal(l *Lane, reason Reason, after time.Duration) *Refusal {
	r := req.Refusal
	if r == nil {
		r = new(Refusal)
	}
	*r = Refusal{Lane: l.name, Reason: reason, After: after}
	return r
}

// comeBack is the time until the request should come back. Who has a time
// keeps it.
func (l *Lane) comeBack(now time.Duration, req *Request) time.Duration {
	if req.Booked && req.DueIn > 0 {
		return req.DueIn
	}
	if req.User == 0 {
		return l.booking.take(now, uint32(mix(uint64(now)))) - now
	}
	if until, in, known := l.ledger.look(req.User, now); known && !in {
		return until - now
	}
	at := l.booking.take(now, place(req.User, l.set.seed, now))
	l.ledger.note(req.User, at, false)
	return at - now
}
