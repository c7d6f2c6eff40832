package daero

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/daero/daero/lane"
)

// Verdict is what was decided about a request.
type Verdict uint8

// The verdicts.
const (
	Pass Verdict = iota
	Shed
	Challenge
	Defer
)

var verdictNames = [...]string{"pass", "shed", "challenge", "defer"}

// String returns the verdict's word.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return "unknown"
}

// AdmissionConfig describes an Admission.
type AdmissionConfig struct {
	// Backend names the lanes to use. Default DefaultBackend.
	Backend string
	// BodyBuffer is how much of a request body is read before asking for a
	// permit. Default DefaultBodyBuffer, -1 for none.
	BodyBuffer int64
	// Ended translates an error of the next handler into how the request
	// ended; ok = false means that nothing can be learned from it. Default:
	// nothing is learned from any error.
	Ended func(error) (o lane.Outcome, ok bool)
	// Deferrer keeps requests that a playbook defers. Default: nobody does, and
	// what would be deferred is shed.
	Deferrer Deferrer
	// DeferBody is how large the body of a request that is deferred may be;
	// larger ones are shed. Default DefaultDeferBody.
	DeferBody int64
	// Challenger asks callers whom a playbook challenges. Default: nobody does, and
	// who would be challenged is shed.
	Challenger Challenger
}

// Admission lets HTTP requests into the lanes of one backend and refuses
// those that the lanes refuse. It is what [Daero.Handler] and the Caddy
// handler share.
type Admission struct {
	d          *Daero
	backend    string
	bodyBuffer int64
	deferBody  int64
	deferrer   Deferrer
	challenger Challenger
	ended      func(error) (lane.Outcome, bool)
	roads      sync.Map // name → *Road
}

// Admission returns an Admission to a backend's lanes. The backend need not be
// in force yet, but must be before the first request.
func (d *Daero) Admission(cfg AdmissionConfig) *Admission {
	a := &Admission{
		d: d, backend: cfg.Backend, bodyBuffer: cfg.BodyBuffer, ended: cfg.Ended,
		challenger: cfg.Challenger, deferrer: cfg.Deferrer, deferBody: cmp.Or(cfg.DeferBody, DefaultDeferBody),
	}
	if a.backend == "" {
		a.backend = DefaultBackend
	}
	switch {
	case a.bodyBuffer == 0:
		a.bodyBuffer = DefaultBodyBuffer
	case a.bodyBuffer < 0:
		a.bodyBuffer = 0
	}
	if a.ended == nil {
		a.ended = func(error) (lane.Outcome, bool) { return 0, false }
	}
	return a
}

// Road returns the way into a lane, nil if the backend has no lane of that
// name in force. It stays valid while lanes change.
func (a *Admission) Road(name string) *Road {
	if r, ok := a.roads.Load(name); ok {
		return r.(*Road)
	}
	l := a.d.Lane(a.backend, name)
	if l == nil {
		return nil
	}
	r, _ := a.roads.LoadOrStore(name, newRoad(l, roadID(a.backend, name), a.d.streams(a.backend, name), a.d.post(a.backend, name)))
	return r.(*Road)
}

// Call is a classified request.
type Call struct {
	Road   *Road
	Intent lane.Intent
	User   uint64 // see [lane.HashUser]; 0 is anonymous
	Stream bool   // it lasts as long as the client likes
}

// Next handles a request that was let in. caddyhttp.Handler is one.
type Next interface {
	ServeHTTP(w http.ResponseWriter, r *http.Request) error
}

// Serve lets the request in, passing it to next and returning next's error, or
// refuses it, with the response written. A *BodyError or the cause of the
// request's context is returned when the client did not stay that long.
func (a *Admission) Serve(w http.ResponseWriter, r *http.Request, c Call, next Next) (Verdict, error) {
	slow(w, c.Road.Posted())
	var body ahead
	if !c.Stream {
		var err error
		if body, err = a.readAhead(r); err != nil {
			return Shed, err
		}
		if body.taken > 0 {
			defer a.d.bodies.give(body.taken)
		}
	}
	permit, verdict, err := a.enter(w, r, c, &body)
	switch {
	case err != nil || permit == nil:
		return verdict, err
	case c.Stream:
		return Pass, a.stream(w, r, permit, next)
	case body.whole && body.buf == nil:
		return Pass, a.through(w, r, &hold{permit: permit}, next)
	}
	return Pass, a.forwardBody(w, r, body, permit, next)
}

// enter asks the lane. A nil permit without an error means that the request
// was refused, challenged or deferred, and the answer is written.
func (a *Admission) enter(w http.ResponseWriter, r *http.Request, c Call, body *ahead) (*lane.Permit, Verdict, error) {
	now := time.Now()
	token, cookie := tokenOf(r, c.Road)
	came := a.look(token, c.Road, c.User, now)
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	req := request(c, came)
	req.Budget, req.Refusal = patience(r), &s.refusal
	behind := false
	if a.deferrer != nil {
		behind, req.CanWait = a.later(r, &c)
	}
	if a.challenger != nil && c.Road.lane.Challenges() {
		req.CanAsk = true
		if req.Cleared = isPreflight(r); !req.Cleared {
			req.Cleared, req.KnownDevice = a.challenger.Cleared(r, c.User)
		}
	}
	var permit *lane.Permit
	var refused *lane.Refusal
	var err error
	switch {
	case !behind:
		permit, refused, err = ask(r.Context(), c.Road.lane, req)
	case req.CanAsk && c.Road.lane.Asks(req):
		refused, s.refusal.Reason = &s.refusal, lane.ReasonChallenge
	default:
		refused, s.refusal.Reason = &s.refusal, lane.ReasonDefer
	}
	switch {
	case err != nil:
		return nil, Shed, err
	case refused == nil:
		if cookie && came.valid {
			w.Header()["Set-Cookie"] = append(w.Header()["Set-Cookie"], c.Road.forget)
		}
		return permit, Pass, nil
	case refused.Reason == lane.ReasonChallenge:
		if a.challenger.Challenge(w, r, c.Road.id, c.User) {
			c.Road.lane.CountChallenged(c.Intent)
			return nil, Challenge, nil
		}
		refused = c.Road.lane.Refuse(req)
	case refused.Reason == lane.ReasonDefer:
		if answered, err := a.keep(w, r, &c, body); answered || err != nil {
			return nil, Defer, err
		}
		refused = c.Road.lane.Refuse(req)
	}
	a.refuse(w, r, c, s, refused, came, now)
	return nil, Shed, nil
}

// request is what the lane needs to know.
func request(c Call, came brought) lane.Request {
	return lane.Request{User: c.User, Intent: c.Intent, Booked: came.valid, DueIn: came.dueIn}
}

// ask asks the lane.
func ask(ctx context.Context, l *lane.Lane, req lane.Request) (*lane.Permit, *lane.Refusal, error) {
	permit, err := l.Enter(ctx, req)
	if err == nil {
		return permit, nil, nil
	}
	refused, ok := err.(*lane.Refusal) //nolint:errorlint // Enter promises this type unwrapped, and errors.As is slow
	if !ok {
		return nil, nil, err
	}
	return nil, refused, nil
}

// Refused is a refusal with the appointment that goes with it.
type Refused struct {
	lane.Refusal
	Appointment string
}

// Ask is for protocols other than HTTP/1 and 2 as Serve speaks them: it asks
// for a permit with the appointment that the caller brought, "" for none. Who a
// playbook challenges cannot be asked this way, and is refused.
// Exactly one of permit, refused and err is not nil.
func (a *Admission) Ask(ctx context.Context, c Call, appointment string) (permit *lane.Permit, refused *Refused, err error) {
	now := time.Now()
	came := a.look(appointment, c.Road, c.User, now)
	permit, r, err := ask(ctx, c.Road.lane, request(c, came))
	if r == nil {
		return permit, nil, err
	}
	refused = &Refused{Refusal: *r}
	refused.Appointment, refused.After = a.appoint(c, came, r.After, now)
	return nil, refused, nil
}

// forwardBody serves a request whose body was read ahead, or is to be read
// with the permit parked.
func (a *Admission) forwardBody(w http.ResponseWriter, r *http.Request, body ahead, permit *lane.Permit, next Next) error {
	h := &hold{permit: permit}
	b := &replayed{buf: body.buf, rest: r.Body}
	if !body.whole {
		b.hold = h
	}
	r = r.WithContext(r.Context()) // a copy: the request is not ours to change
	r.Body = b
	return a.through(w, r, h, next)
}

// through calls next and gives the permit back, also when next panics. A panic
// goes on as it came.
func (a *Admission) through(w http.ResponseWriter, r *http.Request, h *hold, next Next) error {
	t := &tracked{ResponseWriter: w}
	returned := false
	defer func() {
		if !returned {
			h.leave((*lane.Permit).Drop)
		}
	}()
	err := next.ServeHTTP(t, r)
	returned = true
	h.leave(a.leaving(r.Context(), t.status, err))
	return err
}

var (
	served     = func(p *lane.Permit) { p.Done(lane.Served) }
	failed     = func(p *lane.Permit) { p.Done(lane.Failed) }
	overloaded = func(p *lane.Permit) { p.Done(lane.Overloaded) }
	dropped    = (*lane.Permit).Drop
)

// leaving says how a request ended that next has finished with.
func (a *Admission) leaving(ctx context.Context, status int, err error) func(*lane.Permit) {
	if ctx.Err() != nil {
		return dropped // the client went away, so the end was its choice
	}
	if err != nil {
		o, ok := a.ended(err)
		if !ok {
			return dropped
		}
		return func(p *lane.Permit) { p.Done(o) }
	}
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return overloaded
	case status >= 500:
		return failed
	}
	return served
}

// stream serves a request that lasts as long as the client likes. Nothing is
// learned from it, and its writer is not wrapped: it may be hijacked.
func (a *Admission) stream(w http.ResponseWriter, r *http.Request, permit *lane.Permit, next Next) error {
	returned := false
	defer func() {
		if !returned {
			permit.Drop()
		}
	}()
	err := next.ServeHTTP(w, r)
	returned = true
	if err != nil || r.Context().Err() != nil {
		permit.Drop()
	} else {
		permit.Done(lane.Served)
	}
	return err
}

// scratch is what a refusal needs for the moment.
type scratch struct {
	refusal lane.Refusal
	buf     []byte
	poll    int // seconds that clients are asked to wait before they ask again, 0 for none
}

var scratches = sync.Pool{New: func() any { return &scratch{buf: make([]byte, 0, 8<<10)} }}
