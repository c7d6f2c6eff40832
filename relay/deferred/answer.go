package deferred

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// State is how far a request is.
type State string

// The states.
const (
	Waiting    State = "waiting"    // taken, not delivered yet
	Delivering State = "delivering" // with the service now
	Done       State = "done"       // the service has answered
	Failed     State = "failed"     // the service failed each time it was tried
	Expired    State = "expired"    // its time ran out
	Unknown    State = "unknown"    // there is no such request, or not any more; or it is not known whether it was taken
)

// Answer is how a request ended.
type Answer struct {
	ID     string // what its ticket holds, 22 characters
	Ticket string
	Lane   string
	State  State // Done, Failed or Expired
	// Status, Header and Body are the service's, of Done and, if it answered at
	// all, of Failed. Cut says how large the body was that was too large to keep;
	// then there is none.
	Status int
	Header http.Header
	Body   []byte
	Cut    int64
	// Tried says that the service was asked, or may have been.
	Tried bool
	Taken time.Time // when the request was taken
	At    time.Time // when it ended
	Until time.Time // when the answer may be forgotten
}

// size is about how many bytes the answer holds.
func (a *Answer) size() int64 {
	n := int64(len(a.ID)+len(a.Ticket)+len(a.Lane)+len(a.Body)) + 200
	for name, values := range a.Header {
		for _, v := range values {
			n += int64(len(name) + len(v) + 32)
		}
	}
	return n
}

// Size is about how many bytes the answer holds, for stores that are bounded.
func (a Answer) Size() int64 { return a.size() }

// Store keeps answers. It is safe for concurrent use, and several gateways may
// share one. Package storetest is what all must pass.
type Store interface {
	// Put keeps an answer, unless the service's own answer to the same request
	// is kept already: the first one counts, whatever a second delivery brings.
	// Failed and Expired give way to Done, and to nothing else. It reports
	// whether a was kept.
	Put(ctx context.Context, a Answer) (kept bool, err error)
	// Get returns the answer of an ID, or [ErrNoAnswer]. One whose time has run
	// out may or may not still be there.
	Get(ctx context.Context, id string) (Answer, error)
	// Expire forgets answers whose time has run out, and says how many.
	Expire(ctx context.Context, now time.Time) (n int, err error)
}

// ErrNoAnswer says that there is no answer yet, or not any more.
var ErrNoAnswer = errors.New("no answer")
