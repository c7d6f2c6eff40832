package daero

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// bodyChunk is the first step of reading ahead. Steps double, so a client that
// dawdles holds at most twice what it has sent.
const bodyChunk = 4 << 10

// budget bounds the bytes that bodies read ahead hold together.
type budget struct {
	max  int64
	used atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.max {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// BodyError is a request body that could not be read: the client went away, or
// something before us refused it. No permit was taken.
type BodyError struct{ Err error }

// Error implements error.
func (e *BodyError) Error() string { return fmt.Sprintf("request body: %v", e.Err) }

// Unwrap returns the cause.
func (e *BodyError) Unwrap() error { return e.Err }

// ahead is a body, or its beginning, that was read before asking for a permit.
type ahead struct {
	buf   []byte
	taken int64 // from the budget
	whole bool  // nothing is left to read
}

// readAhead reads what the client sends at its own pace while no permit is
// held. What does not fit, in the buffer or in the budget, is read later with
// the permit parked: so are bodies known to be larger, for which reading the
// beginning would win nothing, and those whose client waits to be asked.
func (a *Admission) readAhead(r *http.Request) (ahead, error) {
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return ahead{whole: true}, nil
	}
	if r.ContentLength > a.bodyBuffer || a.bodyBuffer == 0 || expectsContinue(r) {
		return ahead{}, nil
	}
	var h ahead
	for size := a.firstChunk(r); a.d.bodies.take(size - h.taken); size = min(2*size, a.bodyBuffer) {
		h.taken = size
		buf := make([]byte, len(h.buf), size)
		copy(buf, h.buf)
		h.buf = buf
		for len(h.buf) < cap(h.buf) {
			n, err := r.Body.Read(h.buf[len(h.buf):cap(h.buf)])
			h.buf = h.buf[:len(h.buf)+n]
			if err == io.EOF || err == nil && int64(len(h.buf)) == r.ContentLength {
				h.whole = true
				return h, nil
			}
			if err != nil {
				a.d.bodies.give(h.taken)
				return ahead{}, &BodyError{Err: err}
			}
		}
		if size == a.bodyBuffer {
			break
		}
	}
	return h, nil
}

func (a *Admission) firstChunk(r *http.Request) int64 {
	size := min(int64(bodyChunk), a.bodyBuffer)
	if r.ContentLength > 0 {
		size = min(size, r.ContentLength)
	}
	return size
}

func expectsContinue(r *http.Request) bool {
	e := r.Header["Expect"]
	return len(e) > 0 && strings.EqualFold(e[0], "100-continue")
}

// replayed is a body of which the beginning was read ahead. The rest is read
// through hold, so that the permit is parked while the client is slow.
type replayed struct {
	buf  []byte
	rest io.ReadCloser
	hold *hold // nil when nothing is left to read
}

// Read implements io.Reader.
func (b *replayed) Read(p []byte) (n int, err error) {
	if len(b.buf) > 0 {
		n = copy(p, b.buf)
		b.buf = b.buf[n:]
		return n, nil
	}
	if b.hold == nil {
		return 0, io.EOF
	}
	return b.hold.read(b.rest, p)
}

// Close implements io.Closer.
func (b *replayed) Close() error { return b.rest.Close() }
