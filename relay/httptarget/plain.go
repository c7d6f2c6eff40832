package httptarget

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// plainWay speaks HTTP/1.1 over plain connections itself. One write for the
// request and, as a rule, one read for the answer: net/http's client, with two
// goroutines for each connection, takes several times the processor (see
// BenchmarkClient).
type plainWay struct {
	cfg    *Config
	pool   *pool
	dialer net.Dialer
	addr   string
	first  []byte // the request line and the fixed headers
}

// joinUpTo bounds bodies that are copied behind the headers, so that both go
// out in one packet.
const joinUpTo = 16 << 10

func newPlain(cfg *Config, u *url.URL, fixed map[string]string) *plainWay {
	addr := u.Host
	if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), "80")
	}
	w := &plainWay{cfg: cfg, addr: addr, pool: newPool(cfg.InFlight), dialer: net.Dialer{Timeout: dialWithin}}
	w.first = append(w.first, cfg.Method+" "+u.RequestURI()+" HTTP/1.1\r\nHost: "+u.Host+"\r\n"...)
	for _, name := range sortedNames(fixed) {
		w.first = append(w.first, name+": "+fixed[name]+"\r\n"...)
	}
	return w
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (w *plainWay) close() { w.pool.closeAll() }

func (w *plainWay) do(ctx context.Context, f *fields, body []byte, a *answer) error {
	now := time.Now()
	deadline := now.Add(w.cfg.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	f.wire = append(f.wire[:0], w.first...)
	f.wire = f.appendHead(f.wire, len(body))
	if len(body) <= joinUpTo {
		f.wire, body = append(f.wire, body...), nil
	}
	if c := w.pool.get(now, deadline); c != nil {
		err := w.once(ctx, c, f, body, a, now)
		if !stale(err) || ctx.Err() != nil {
			return err
		}
		// The service closed the connection while it was idle, and that crossed
		// our request. Should it have read the request all the same, it gets the
		// same idempotency key again.
	}
	c, err := w.dial(ctx, now, deadline)
	if err != nil {
		return err
	}
	err = w.once(ctx, c, f, body, a, now)
	if s, ok := errors.AsType[*silentError](err); ok {
		return s.err
	}
	return err
}

// once sends the request on c and reads the answer. c is put back or closed.
func (w *plainWay) once(ctx context.Context, c *conn, f *fields, body []byte, a *answer, now time.Time) error {
	stop := context.AfterFunc(ctx, c.abort)
	again, err := c.exchange(f, body, a, w.cfg.MaxAnswer)
	if !stop() || err != nil || !again {
		c.nc.Close()
		return err
	}
	w.pool.put(c, now)
	return nil
}

func (w *plainWay) dial(ctx context.Context, now, deadline time.Time) (*conn, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	nc, err := w.dialer.DialContext(ctx, "tcp", w.addr)
	if err != nil {
		return nil, err
	}
	return newConn(nc, now, deadline)
}

// stale reports whether a connection that was used before was closed by the
// service before anything of an answer came.
func stale(err error) bool {
	s, ok := errors.AsType[*silentError](err)
	return ok && (errors.Is(s.err, io.EOF) || errors.Is(s.err, syscall.ECONNRESET) || errors.Is(s.err, syscall.EPIPE))
}

// silentError is a connection that failed before the first byte of an answer.
type silentError struct{ err error }

func (e *silentError) Error() string { return e.err.Error() }
func (e *silentError) Unwrap() error { return e.err }
