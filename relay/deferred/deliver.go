package deferred

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/relay"
)

const (
	storeAgain   = time.Second            // after the Store has failed
	keepFor      = 400 * time.Millisecond // the longest pause before an answer is put into the Store again
	laneAgain    = 10 * time.Second       // of a lane that is not configured
	tooManyAgain = time.Second            // after a 429 that does not say when
	noLaneAgain  = time.Second            // when Ask knows no such lane
	mostAfter    = 5 * time.Minute        // of what a service says in Retry-After
	rollCall     = 64                     // headers of an answer that are kept
	answerHead   = 16 << 10               // bytes of them together
)

// Handle delivers a deferred request: a relay.Handler. It waits for nothing but
// the service: while the lane's pace or its permits do not allow it, the
// message is deferred a little and costs no attempt.
//
// A request whose time has run out is not delivered. What the service answers
// is kept for whoever asks, also when it is an error of the client's. 502, 503,
// 504 and no answer at all say that the service is down, and 429 that it wants
// less; other errors of the service are tried again, a number of times.
func (d *Desk) Handle(ctx context.Context, m *relay.Message) relay.Result {
	s := d.settings.Load()
	now := time.Now()
	e, err := decode(m)
	if err != nil {
		d.counts.bad.Add(1)
		return relay.Reject(err.Error())
	}
	c := s.lanes[e.Lane]
	if !now.Before(e.Until) {
		if res, over := d.before(ctx, s, e, now); over {
			return res
		}
		return d.end(ctx, s, c, e, Answer{State: Expired, Tried: d.mayBeTried(s, m, e)})
	}
	if c == nil {
		return relay.Defer(now.Add(laneAgain)).Because("lane " + e.Lane + " is not configured to deliver")
	}
	rate := s.Pace(c.name)
	if wait := d.pacer.take(c.name, rate, now); wait > 0 {
		return relay.Defer(now.Add(wait)).Because("the playbook drains the lane slowly")
	}
	var p permit = nothing{}
	if s.Ask != nil {
		got, after, err := s.Ask(ctx, c.name, e.user())
		if got == nil {
			d.pacer.giveBack(c.name, rate)
			if err != nil {
				return relay.Defer(now.Add(noLaneAgain)).Because(err.Error())
			}
			return relay.Defer(now.Add(max(after, time.Millisecond))).Because("the lane has no permit free")
		}
		p = got
	}
	// Last, because it costs the most: most of what is asked here has to wait.
	if res, over := d.before(ctx, s, e, now); over {
		p.Drop()
		d.pacer.giveBack(c.name, rate)
		return res
	}
	return d.attempt(ctx, s, c, e, m.Attempt, p)
}

// before looks whether the request was answered before: it came a second time,
// and the first time counts.
func (d *Desk) before(ctx context.Context, s *settings, e *envelope, now time.Time) (res relay.Result, over bool) {
	switch a, err := s.Answers.Get(ctx, e.id); {
	case err == nil && a.State == Done:
		d.counts.twice.Add(1)
		d.lines.leave(e.id, now, false)
		return relay.Ack(), true
	case err != nil && !errors.Is(err, ErrNoAnswer):
		d.counts.stores.Add(1)
		return relay.Defer(now.Add(storeAgain)).Because("the answers cannot be looked at"), true
	}
	return res, false
}

// mayBeTried reports whether the service may have been asked before: only then
// is it not certain that nothing was done. Attempts of another process, or of
// this one before it ended, are not known here.
func (d *Desk) mayBeTried(s *settings, m *relay.Message, e *envelope) bool {
	return m.Attempt > 1 || s.Shared || e.Taken.Before(d.began) || m.Header(relay.HeaderFirst) != nil || m.Header(relay.HeaderAttempts) != nil
}

// permit is the right to use the service now.
type permit interface {
	Done(lane.Outcome)
	Drop()
}

// nothing is the permit where nobody is asked.
type nothing struct{}

func (nothing) Done(lane.Outcome) {}
func (nothing) Drop()             {}

// attempt sends a request once.
func (d *Desk) attempt(ctx context.Context, s *settings, c *counter, e *envelope, attempt int, p permit) relay.Result {
	leave := p.Drop
	defer func() { leave() }() // also when the transport panics
	d.counts.tries.Add(1)
	d.lines.mark(e.id, Delivering)
	a, after, err := c.send(ctx, e)
	if ctx.Err() != nil {
		d.lines.mark(e.id, Waiting)
		return relay.Retry(0).Because("it was not this process's to deliver any more")
	}
	if err != nil {
		d.lines.mark(e.id, Waiting)
		d.counts.again.Add(1)
		res := relay.Retry(0).Because(cause(err))
		res.Down = true
		return res
	}
	res := relay.Result{Verb: relay.Retried, After: after, Status: a.Status, Reason: "status " + strconv.Itoa(a.Status)}
	switch a.Status {
	case http.StatusTooManyRequests:
		// It is there and says when: that is nobody's failure, and costs no attempt.
		leave = func() { p.Done(lane.Overloaded) }
		res.Verb, res.Until, res.Overloaded = relay.Deferred, time.Now().Add(max(after, tooManyAgain)), true
		res.After = 0
	case http.StatusServiceUnavailable:
		leave = func() { p.Done(lane.Overloaded) }
		res.Down, res.Overloaded = true, true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		res.Down = true
	default:
		switch {
		case a.Status < 500:
			leave = func() { p.Done(lane.Served) }
			a.State = Done
			return d.end(ctx, s, c, e, a)
		case attempt >= c.Tries:
			leave = func() { p.Done(lane.Failed) }
			a.State = Failed
			return d.end(ctx, s, c, e, a)
		}
		leave = func() { p.Done(lane.Failed) }
	}
	d.lines.mark(e.id, Waiting)
	d.counts.again.Add(1)
	return res
}

// end keeps the answer and says what becomes of the message. c is nil of a lane
// that is not configured any more.
func (d *Desk) end(ctx context.Context, s *settings, c *counter, e *envelope, a Answer) relay.Result {
	now := time.Now()
	answersFor := DefaultAnswersFor
	if c != nil {
		answersFor = c.AnswersFor
	}
	a.ID, a.Ticket, a.Lane, a.Taken = e.id, e.Ticket, e.Lane, e.Taken
	a.At, a.Until = now.UTC(), now.Add(answersFor).UTC()
	a.Tried = a.Tried || a.State != Expired
	// It is done, whatever becomes of the context.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := keep(ctx, s.Answers, a); err != nil {
		// To be asked for again it would have to be done again. One that was not
		// delivered can wait for the Store; of one that was, the answer is lost.
		d.counts.stores.Add(1)
		if a.State == Expired {
			return relay.Defer(now.Add(storeAgain)).Because("the answer cannot be kept")
		}
	}
	d.lines.leave(e.id, now, a.State == Done)
	switch a.State {
	case Done:
		d.counts.delivered.Add(1)
	case Failed:
		d.counts.failed.Add(1)
		res := relay.Reject("the service failed each time, at last with status " + strconv.Itoa(a.Status))
		res.Status = a.Status
		return res
	case Expired:
		d.counts.expired.Add(1)
	}
	if a.Cut > 0 {
		d.counts.cut.Add(1)
	}
	return relay.Ack()
}

// keep puts an answer into the Store, and tries again: to get it another time,
// the request would have to be done another time.
func keep(ctx context.Context, store Store, a Answer) (err error) {
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		if _, err = store.Put(ctx, a); err == nil || pause > keepFor {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// send asks the service. after is what it says in Retry-After.
func (c *counter) send(ctx context.Context, e *envelope) (a Answer, after time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := c.request(ctx, e)
	if err != nil {
		return a, 0, err
	}
	res, err := c.Send.RoundTrip(req)
	if err != nil {
		return a, 0, err
	}
	defer func() { _ = res.Body.Close() }() // what was read is all that is wanted
	if res.StatusCode < 200 || res.StatusCode > 599 {
		return a, 0, errStatus
	}
	a.Status, a.Header = res.StatusCode, bounded(c.answer.pick(res.Header))
	a.Body, err = io.ReadAll(io.LimitReader(res.Body, c.AnswerBytes+1))
	if err != nil {
		return a, 0, err
	}
	if int64(len(a.Body)) > c.AnswerBytes {
		a.Cut = max(res.ContentLength, int64(len(a.Body)))
		a.Body = nil
		a.Header.Del("Content-Encoding")
		a.Header.Del("Content-Type")
	}
	return a, retryAfter(res.Header.Get("Retry-After")), nil
}

var errStatus = errors.New("the service answered with a status that is none")

func (c *counter) request(ctx context.Context, e *envelope) (*http.Request, error) {
	path, err := e.path()
	if err != nil {
		return nil, err
	}
	u := c.Target.JoinPath()
	u.RawQuery, u.ForceQuery = path.RawQuery, path.ForceQuery
	base := strings.TrimSuffix(u.EscapedPath(), "/")
	if u.Path, err = url.PathUnescape(base + path.EscapedPath()); err != nil {
		return nil, err
	}
	u.RawPath = base + path.EscapedPath()
	req, err := http.NewRequestWithContext(ctx, e.Method, u.String(), bytes.NewReader(e.Body))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, e.Header)
	if _, said := e.Header["User-Agent"]; !said {
		req.Header["User-Agent"] = nil // or net/http would say its own
	}
	key := e.Key
	if key == "" {
		key = e.id
	}
	req.Header.Set("Idempotency-Key", key)
	req.Header.Set(Header, e.Ticket)
	req.Header.Set(Header+"-At", e.Taken.UTC().Format(time.RFC3339))
	req.Host = e.Host
	return req, nil
}

// bounded keeps no more of an answer's headers than is reasonable.
func bounded(h http.Header) http.Header {
	n, bytes := 0, 0
	for name, values := range h {
		for _, v := range values {
			n++
			bytes += len(name) + len(v)
		}
		if n > rollCall || bytes > answerHead {
			delete(h, name)
		}
	}
	return h
}

// retryAfter reads seconds or a date, 0 if it is neither.
func retryAfter(v string) time.Duration {
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, mostAfter)
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(at), 0), mostAfter)
	}
	return 0
}

// cause says why there was no answer, without what an address would tell.
func cause(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "the service did not answer in time"
	case errors.Is(err, errStatus):
		return errStatus.Error()
	}
	return "the service cannot be reached, or broke off its answer"
}
