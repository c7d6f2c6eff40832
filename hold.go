package daero

import (
	"io"
	"sync"

	"github.com/daero/daero/lane"
)

// hold keeps a permit until the request has ended, exactly once, although the
// body may be read by another goroutine (net/http's transport does) while and
// after the request ends.
type hold struct {
	permit *lane.Permit

	mu     sync.Mutex
	parked bool // a read is under way and has parked the permit
	ended  bool
	end    func(*lane.Permit) // what an end asked for while parked
}

// read reads from body with the permit parked.
func (h *hold) read(body io.Reader, p []byte) (n int, err error) {
	if !h.park() {
		return body.Read(p)
	}
	// Deferred, so that a reader that panics does not keep the permit.
	defer h.unpark()
	h.permit.Park(func() error { //nolint:errcheck // the same error is returned by name
		n, err = body.Read(p)
		return err
	})
	return n, err
}

func (h *hold) park() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parked || h.ended {
		return false
	}
	h.parked = true
	return true
}

func (h *hold) unpark() {
	h.mu.Lock()
	h.parked = false
	end := h.end
	h.end = nil
	h.mu.Unlock()
	if end != nil {
		end(h.permit)
	}
}

// leave ends the hold with what end does to the permit: now, or when the read
// under way is over (until then the permit is parked, which holds no place).
func (h *hold) leave(end func(*lane.Permit)) {
	h.mu.Lock()
	if h.ended {
		h.mu.Unlock()
		return
	}
	h.ended = true
	if h.parked {
		h.end = end
		h.mu.Unlock()
		return
	}
	h.mu.Unlock()
	end(h.permit)
}
