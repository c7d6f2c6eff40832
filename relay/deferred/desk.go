package deferred

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/daero/daero/relay"
)

// Desk takes requests, tells how far they are, and has them delivered. It is
// safe for concurrent use. Nothing runs before [Desk.Run].
type Desk struct {
	settings atomic.Pointer[settings]
	own      []byte // the secret where none is configured
	began    time.Time
	lines    *lines
	pacer    *pacer
	polls    atomic.Int64 // requests that wait for an end
	counts   counts
}

// New returns a Desk. The error names every mistake.
func New(cfg Config) (*Desk, error) {
	d := &Desk{own: newSecret(), began: time.Now(), lines: newLines(), pacer: newPacer()}
	return d, d.Reload(cfg)
}

// Reload puts another configuration in force: what waits goes on waiting. On
// error nothing changes.
func (d *Desk) Reload(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	s := cfg.prepare(d.own)
	d.lines.bound(s.Config.Waiting, s.PerUser)
	d.settings.Store(s)
	return nil
}

// Waiting reports whether requests of a user that were taken here wait in a
// lane. It is quick.
func (d *Desk) Waiting(lane string, user uint64) bool {
	return d.lines.waiting(place{lane, user})
}

// Why a request was not kept.
var (
	errNoLane  = errors.New("nothing says how requests of this lane are kept")
	errTooMuch = errors.New("the request is larger than what is kept")
)

// acceptFor bounds how long a client waits for its request to be safe, beyond
// what the relay waits itself.
const acceptFor = 15 * time.Second

// Defer keeps a request and answers it with 202 and a ticket. Without an answer
// it was not kept, and the error says why. An answer with an error says that it
// is not known whether it was kept.
func (d *Desk) Defer(w http.ResponseWriter, r *http.Request, lane string, user uint64) (answered bool, err error) {
	s := d.settings.Load()
	now := time.Now()
	k, e, named, err := s.take(r, lane, user, now)
	if err != nil {
		d.counts.refuse(err)
		return false, err
	}
	if named {
		if a, err := s.Answers.Get(r.Context(), e.id); err == nil {
			d.counts.repeated.Add(1)
			s.answerTaken(w, r, standing{state: a.State, ticket: a.Ticket, taken: a.Taken, until: e.Until})
			return true, nil
		}
	}
	old, err := d.lines.join(k, now)
	if err != nil {
		d.counts.refuse(err)
		return false, err
	}
	if old.state == Waiting || old.state == Delivering {
		d.counts.repeated.Add(1)
		s.answerTaken(w, r, old)
		return true, nil
	}
	if old.state == Unknown {
		e.Ticket = old.ticket
	}
	return d.accept(w, r, s, e, old.state == "")
}

// take makes what is kept of a request.
func (s *settings) take(r *http.Request, lane string, user uint64, now time.Time) (kept, *envelope, bool, error) {
	c := s.lanes[lane]
	if c == nil {
		return kept{}, nil, false, errNoLane
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, c.MaxBytes+1))
	if err != nil {
		return kept{}, nil, false, fmt.Errorf("request body: %w", err)
	}
	if int64(len(body)) > c.MaxBytes {
		return kept{}, nil, false, errTooMuch
	}
	e := &envelope{
		Lane: lane, User: hexUser(user), Method: r.Method, URI: r.URL.RequestURI(), Host: r.Host,
		Header: c.keep.pick(r.Header), Key: r.Header.Get("Idempotency-Key"), Body: body,
		Taken: now.UTC(), Until: now.Add(c.Within).UTC(),
	}
	t, named := s.mint.issue(e, credentials(r.Header), c.Within, now)
	e.Ticket = s.mint.write(&t)
	if err := e.check(); err != nil {
		return kept{}, nil, false, err
	}
	return kept{id: e.id, ticket: e.Ticket, place: place{lane, user}, taken: now, until: e.Until, state: Unknown}, e, named, nil
}

// accept has the relay keep a request, and answers.
func (d *Desk) accept(w http.ResponseWriter, r *http.Request, s *settings, e *envelope, first bool) (answered bool, err error) {
	m, err := e.message(s.lanes[e.Lane].Topic)
	if err == nil {
		// A client that goes away meanwhile must not leave it half done.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), acceptFor)
		defer cancel()
		_, err = s.Accept(ctx, m)
	}
	switch {
	case err == nil:
		d.lines.accepted(e.id)
		d.counts.taken.Add(1)
		st, ok := d.lines.look(e.id, time.Now())
		if !ok { // it has been delivered in the meantime
			st = standing{state: Done, ticket: e.Ticket, taken: e.Taken, until: e.Until}
		}
		s.answerTaken(w, r, st)
		return true, nil
	case errors.Is(err, relay.ErrUnknown), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		d.counts.unknown.Add(1)
		d.lines.doubt(e.id, time.Now())
		s.answerUnknown(w, r, standing{state: Unknown, ticket: s.mint.doubt(e.Ticket), taken: e.Taken, until: e.Until})
		return true, err
	}
	if first {
		d.lines.leave(e.id, time.Now(), false)
	}
	d.counts.refuse(err)
	return false, err
}

// Remember notes a request that was taken before this process began and waits
// in the log, so that later ones of its user go behind it. It is to be called
// with what the group has not finished, in its order, before requests are
// served. A message that is none of ours is ignored.
func (d *Desk) Remember(m *relay.Message) {
	e, err := decode(m)
	if err != nil || !time.Now().Before(e.Until) {
		return
	}
	_, _ = d.lines.join(kept{ // what finds no room is not known, as without this
		id: e.id, ticket: e.Ticket, place: place{e.Lane, e.user()}, taken: e.Taken, until: e.Until, state: Waiting,
	}, time.Now())
}

// Bounds of what Run does.
const (
	sweepEvery  = 2 * time.Second
	expireEvery = time.Minute
	lookAfter   = 5 * time.Second // before the Store is asked what others have delivered
	lookMost    = 200             // requests that it is asked about at a time
)

// Run forgets what has run out of time, and looks up what other gateways have
// delivered, until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var expired time.Time
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		now := time.Now()
		d.lines.sweep(now)
		s := d.settings.Load()
		if now.Sub(expired) >= expireEvery {
			expired = now
			if _, err := s.Answers.Expire(ctx, now); err != nil {
				d.counts.stores.Add(1)
			}
		}
		if s.Shared {
			d.lookUp(ctx, s, now)
		}
	}
}

// lookUp asks the Store about requests of which nothing was heard.
func (d *Desk) lookUp(ctx context.Context, s *settings, now time.Time) {
	for _, id := range d.lines.stale(now, lookAfter, lookMost) {
		a, err := s.Answers.Get(ctx, id)
		switch {
		case err == nil:
			d.lines.leave(id, now, a.State == Done)
		case !errors.Is(err, ErrNoAnswer):
			d.counts.stores.Add(1)
			return
		}
	}
}
