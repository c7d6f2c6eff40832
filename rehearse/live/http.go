package live

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/daero/daero/surge"
)

// AppointmentHeader carries an appointment, both ways.
const AppointmentHeader = "Daero-Appointment"

// HTTP is a target that speaks HTTP/1.1 over kept-alive connections.
type HTTP struct {
	// Answered, if not nil, is told of each answer whose head has come. It must
	// not wait.
	Answered func(status int)
	// Final says that a redirect is no answer: it is followed by nobody.
	Final bool

	transport *http.Transport
	build     func(Attempt) (*http.Request, error)
}

// NewHTTP returns a target; build makes the request of an attempt.
func NewHTTP(build func(Attempt) (*http.Request, error)) *HTTP {
	return &HTTP{build: build, transport: &http.Transport{
		DialContext:         dial,
		MaxIdleConnsPerHost: maxInFlight,
		DisableCompression:  true,
		WriteBufferSize:     1 << 10,
		ReadBufferSize:      2 << 10,
	}}
}

// dial opens a connection that leaves nothing behind when it is closed: a
// storm of time-outs would otherwise use up the ports of the machine.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	return conn, err
}

// Send implements [Target].
func (h *HTTP) Send(ctx context.Context, a Attempt) Result {
	req, err := h.build(a)
	if err != nil {
		return Result{Outcome: surge.Failed}
	}
	if a.Appointment != "" {
		req.Header.Set(AppointmentHeader, a.Appointment)
	}
	resp, err := h.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return failed(ctx, err)
	}
	if h.Answered != nil {
		h.Answered(resp.StatusCode)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	switch {
	case err != nil:
		return failed(ctx, err)
	case resp.StatusCode < 300, resp.StatusCode < 400 && !h.Final:
		return Result{Outcome: surge.OK}
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable:
		return Result{
			Outcome:     surge.Refused,
			RetryAfter:  retryAfter(resp.Header.Get("Retry-After")),
			Appointment: resp.Header.Get(AppointmentHeader),
		}
	}
	return Result{Outcome: surge.Failed}
}

func failed(ctx context.Context, err error) Result {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return Result{Outcome: surge.TimedOut}
	}
	return Result{Outcome: surge.Failed}
}

// retryAfter reads whole seconds; a date, or anything else, is nothing.
func retryAfter(s string) time.Duration {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// Close closes idle connections.
func (h *HTTP) Close() { h.transport.CloseIdleConnections() }
