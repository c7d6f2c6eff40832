package grpctarget

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/daero/daero/driver/grpctarget/targetpb"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/reason"
)

// backoffs is how soon a connection is tried again. Between the tries calls
// fail at once; the relay's circuit asks no more often than this.
func backoffs() backoff.Config {
	return backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second}
}

// outcome is what the service says itself.
func (t *Target) outcome(o *targetpb.Outcome) relay.Result {
	r := relay.Result{Reason: reason.Clean(o.GetReason()), Overloaded: o.GetOverloaded()}
	switch o.GetVerb() {
	case targetpb.Verb_VERB_ACK:
		r.Verb = relay.Acked
	case targetpb.Verb_VERB_REJECT:
		r.Verb = relay.Rejected
	case targetpb.Verb_VERB_RETRY:
		r.After = t.after(o.GetAfter())
	case targetpb.Verb_VERB_DEFER:
		if err := o.GetUntil().CheckValid(); err != nil {
			r.Reason = "its outcome defers the message without saying until when"
			break
		}
		r.Verb, r.Until = relay.Deferred, o.GetUntil().AsTime()
	default:
		r.Reason = "its outcome does not say what became of the message: set its verb"
	}
	return r
}

func (t *Target) after(d *durationpb.Duration) time.Duration {
	if d.CheckValid() != nil || d.AsDuration() <= 0 {
		return 0
	}
	return min(d.AsDuration(), t.cfg.MaxAfter)
}

// failed is what an error means. ctx is the caller's, call ours.
func (t *Target) failed(ctx, call context.Context, err error) relay.Result {
	s := status.Convert(err)
	r := relay.Result{Status: int(s.Code()), Reason: "answered " + s.Code().String() + ": " + reason.Clean(s.Message())}
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			r.After = t.after(info.GetRetryDelay())
		}
	}
	switch s.Code() {
	case codes.Unavailable:
		r.Down = true
		r.Reason = unavailable(s.Message())
	case codes.DeadlineExceeded, codes.Canceled:
		if ctx.Err() == nil && !over(call, time.Now()) {
			break // the service's own time-out
		}
		r = relay.Result{Down: true, Reason: "no answer in time"}
		if ctx.Err() != nil && ctx.Err() != context.DeadlineExceeded {
			r.Reason = "given up: the delivery ended"
		}
	case codes.ResourceExhausted:
		if tooLarge(s.Message()) {
			r.Verb = relay.Rejected
			break
		}
		r.Overloaded = true
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		r.Verb, r.After = relay.Rejected, 0
	}
	return r
}

// over tells whether a call has ended or should have: the service, which knows
// the deadline too, may end the stream before our own timer has run.
func over(call context.Context, now time.Time) bool {
	until, ok := call.Deadline()
	return call.Err() != nil || ok && !now.Before(until)
}

// tooLarge tells gRPC's bound on messages, which has no code of its own, from
// a service that has no room: by the words of gRPC for Go, Java and C++.
func tooLarge(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "message larger than max") || strings.Contains(text, "exceeds maximum size")
}

// unavailable says why there is no connection. The error of gRPC's transport
// holds addresses, so that it is told by its kind.
func unavailable(text string) string {
	switch {
	case strings.Contains(text, "connection refused"):
		return "the connection was refused: is the service running?"
	case strings.Contains(text, "authentication handshake failed"):
		return "no TLS connection: check its certificate, the roots that are trusted, and that it speaks TLS there"
	case strings.Contains(text, "name resolver error"), strings.Contains(text, "produced zero addresses"):
		return "the name of its host cannot be resolved: check the address and DNS"
	case slices.ContainsFunc([]string{"error reading", "transport", "connection", "tcp ", "broken pipe", "EOF", "i/o timeout"},
		func(words string) bool { return strings.Contains(text, words) }):
		return "the connection broke, or what answers there is not gRPC"
	}
	return "answered Unavailable: " + reason.Clean(text)
}
