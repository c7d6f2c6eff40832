package daero

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/lane"
)

// Deferrer keeps requests and delivers them later. Package relay/deferred has
// one. Lanes are named "login", or "api/login" of a backend that is not the
// default.
type Deferrer interface {
	// Waiting reports whether earlier requests of a user wait in a lane. It is
	// asked for every request that could wait, so it must be quick.
	Waiting(lane string, user uint64) bool
	// Defer keeps a request, whose body is in memory, and answers it. Without
	// an answer the request was not kept, and is refused. An answer with an error
	// says that it is not known whether it was.
	Defer(w http.ResponseWriter, r *http.Request, lane string, user uint64) (answered bool, err error)
}

// canWait reports whether a request can be answered with "later". Who only asks
// for something wants it now or not at all, and a connection that lasts, or a
// call of gRPC, has no answer that can be fetched elsewhere.
func (a *Admission) canWait(r *http.Request, c *Call) bool {
	if c.Stream || c.Road.stream {
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return false
	}
	return r.ContentLength <= a.deferBody && kindOf(r) != wantsGRPC && len(r.Header["Upgrade"]) == 0
}

// later reports whether a request can be answered with "later", and whether it
// is behind: earlier requests of the user wait in the lane. Then it waits too,
// whatever is ordered by now, so that the service sees the user's requests in
// the user's order. Where nothing waits and nothing is deferred it looks no
// further.
func (a *Admission) later(r *http.Request, c *Call) (behind, can bool) {
	behind = c.User != 0 && a.deferrer.Waiting(c.Road.id, c.User)
	can = (behind || c.Road.lane.Defers()) && a.canWait(r, c)
	return behind && can, can
}

// keep has a request kept for later. Without an answer it is to be refused. The
// error is a *BodyError: the client did not stay until its body was read.
func (a *Admission) keep(w http.ResponseWriter, r *http.Request, c *Call, body *ahead) (answered bool, err error) {
	before := body.taken
	defer func() {
		a.d.bodies.give(body.taken - before)
		body.taken = before
	}()
	if fits, err := a.readWhole(r, body); err != nil || !fits {
		return false, err
	}
	rr := r.WithContext(r.Context()) // a copy: the request is not ours to change
	rr.Body = &replayed{buf: body.buf, rest: r.Body}
	rr.ContentLength, rr.TransferEncoding = int64(len(body.buf)), nil
	answered, err = a.deferrer.Defer(w, rr, c.Road.id, c.User)
	if answered && err == nil {
		c.Road.lane.CountDeferred(c.Intent)
	}
	return answered, nil // the answer says what is not known; without one it is refused
}

// readWhole reads what is left of a body, as long as it fits into what is
// deferred and into what all bodies may hold together.
func (a *Admission) readWhole(r *http.Request, h *ahead) (fits bool, err error) {
	size := max(h.taken, int64(len(h.buf)))
	for !h.whole {
		if int64(len(h.buf)) == size {
			if size > a.deferBody {
				return false, nil
			}
			size = min(max(2*size, bodyChunk), a.deferBody+1) // one more shows that it is too long
			if !a.d.bodies.take(size - h.taken) {
				return false, nil
			}
			h.taken = size
			h.buf = append(make([]byte, 0, size), h.buf...)
		}
		n, err := r.Body.Read(h.buf[len(h.buf):size])
		h.buf = h.buf[:len(h.buf)+n]
		if err == io.EOF || err == nil && int64(len(h.buf)) == r.ContentLength {
			h.whole = true
		} else if err != nil {
			return false, &BodyError{Err: err}
		}
	}
	return int64(len(h.buf)) <= a.deferBody, nil
}

// Deliver asks for a permit to deliver a request that was deferred in a lane,
// named as a [Deferrer] names it. It is let in as one of the background that
// has had its turn; whether it may go at all is for [Daero.Pace] to say.
// Without a permit, after is when to ask again, or the error says that there
// is no such lane, or that ctx ended.
func (d *Daero) Deliver(ctx context.Context, id string, user uint64) (permit *lane.Permit, after time.Duration, err error) {
	l := d.Lane(splitID(id))
	if l == nil {
		return nil, 0, fmt.Errorf("no lane %q is in force", id)
	}
	permit, refused, err := ask(ctx, l, lane.Request{User: user, Intent: lane.Background, Deferred: true})
	if refused != nil {
		return nil, refused.After, nil
	}
	return permit, 0, err
}

// splitID is the inverse of roadID.
func splitID(id string) (backend, name string) {
	if i := strings.LastIndexByte(id, '/'); i >= 0 { // a lane's name has none
		return id[:i], id[i+1:]
	}
	return DefaultBackend, id
}
