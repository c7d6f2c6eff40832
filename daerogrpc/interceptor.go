package daerogrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// Config describes interceptors.
type Config struct {
	// Backend names the lanes to use. Default daero.DefaultBackend.
	Backend string
	// Classify says what a call is. Default: everything is "rest". Calls that
	// stream go to the lane "streams", unless Classify names another lane of
	// that kind.
	Classify func(ctx context.Context, method string, md metadata.MD) daero.Class
}

// Unary returns an interceptor for calls with one request and one answer.
func Unary(d *daero.Daero, cfg Config) grpc.UnaryServerInterceptor {
	g := newGate(d, cfg)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		permit, trailer, err := g.enter(ctx, info.FullMethod, false)
		if err != nil {
			if trailer != nil {
				_ = grpc.SetTrailer(ctx, trailer) // fails only outside of a call, where nobody would read it
			}
			return nil, err
		}
		l := leave{permit: permit}
		defer l.drop() // for a panic, which goes on as it came
		answer, err := next(ctx, req)
		l.done(ctx, err)
		return answer, err
	}
}

// Stream returns an interceptor for calls that stream. They hold no permit of
// the backend for as long as they last; the lane's max bounds their number.
func Stream(d *daero.Daero, cfg Config) grpc.StreamServerInterceptor {
	g := newGate(d, cfg)
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		permit, trailer, err := g.enter(stream.Context(), info.FullMethod, true)
		if err != nil {
			stream.SetTrailer(trailer)
			return err
		}
		l := leave{permit: permit}
		defer l.drop()
		err = next(srv, stream)
		l.done(stream.Context(), err)
		return err
	}
}

// gate is what both interceptors do.
type gate struct {
	admission *daero.Admission
	classify  func(context.Context, string, metadata.MD) daero.Class
}

func newGate(d *daero.Daero, cfg Config) gate {
	if cfg.Classify == nil {
		cfg.Classify = func(context.Context, string, metadata.MD) daero.Class { return daero.Class{} }
	}
	return gate{d.Admission(daero.AdmissionConfig{Backend: cfg.Backend}), cfg.Classify}
}

// enter asks for a permit. No permit and no error means that there are no
// lanes in force: then calls pass.
func (g gate) enter(ctx context.Context, method string, stream bool) (*lane.Permit, metadata.MD, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	call, ok := g.call(g.classify(ctx, method, md), stream)
	if !ok {
		return nil, nil, nil
	}
	brought := ""
	if v := md.Get(AppointmentKey); len(v) > 0 {
		brought = v[0]
	}
	permit, refused, err := g.admission.Ask(ctx, call, brought)
	switch {
	case err != nil: // the caller went away, or its deadline passed, while waiting
		return nil, nil, status.FromContextError(ctx.Err()).Err()
	case refused != nil:
		trailer, err := refusal(refused)
		return nil, trailer, err
	}
	return permit, nil, nil
}

func (g gate) call(class daero.Class, stream bool) (daero.Call, bool) {
	c := daero.Call{Intent: class.Intent, Stream: stream, Road: g.admission.Road(class.Lane)}
	if c.Road == nil {
		c.Road = g.admission.Road(daero.RestLane)
	}
	if c.Road != nil && stream && !c.Road.Streams() {
		c.Road = g.admission.Road(daero.StreamsLane)
	}
	if class.User != "" {
		c.User = lane.HashUser(class.User)
	}
	return c, c.Road != nil
}

// leave gives a permit back once.
type leave struct{ permit *lane.Permit }

func (l *leave) drop() {
	if l.permit != nil {
		l.permit.Drop()
	}
}

// done gives the permit back with what the call's end means for the lane.
func (l *leave) done(ctx context.Context, err error) {
	p := l.permit
	if p == nil {
		return
	}
	l.permit = nil
	if ctx.Err() != nil {
		p.Drop() // the caller went away, so the end was its choice
		return
	}
	switch status.Code(err) {
	case codes.ResourceExhausted, codes.Unavailable:
		p.Done(lane.Overloaded)
	case codes.Unknown, codes.Internal, codes.DataLoss, codes.DeadlineExceeded:
		p.Done(lane.Failed)
	case codes.Canceled:
		p.Drop()
	default: // OK, and answers such as NotFound, which the service worked for
		p.Done(lane.Served)
	}
}
