package daerogrpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/daero/daero"
	"github.com/daero/daero/daerogrpc"
	"github.com/daero/daero/lane"
)

// service answers health checks, as the request's name tells it to.
type service struct {
	grpc_health_v1.UnimplementedHealthServer
	entered, finish chan struct{}
}

func (s *service) Check(_ context.Context, r *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	switch r.Service {
	case "hold":
		s.entered <- struct{}{}
		<-s.finish
	case "missing":
		return nil, status.Error(codes.NotFound, "no such service")
	case "broken":
		return nil, status.Error(codes.Internal, "broken")
	case "busy":
		return nil, status.Error(codes.ResourceExhausted, "busy")
	}
	return &grpc_health_v1.HealthCheckResponse{}, nil
}

func (s *service) Watch(_ *grpc_health_v1.HealthCheckRequest, w grpc.ServerStreamingServer[grpc_health_v1.HealthCheckResponse]) error {
	s.entered <- struct{}{}
	<-s.finish
	return w.Send(&grpc_health_v1.HealthCheckResponse{})
}

func start(t *testing.T) (*daero.Daero, *service, grpc_health_v1.HealthClient) {
	t.Helper()
	d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{"default": {
		FixedLimit: 1, Lanes: []lane.LaneConfig{{Name: "check", Tier: lane.Sheddable}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := daerogrpc.Config{Classify: func(_ context.Context, method string, md metadata.MD) daero.Class {
		c := daero.Class{User: strings.Join(md.Get("user"), "")}
		if strings.HasPrefix(method, "/grpc.health.v1.Health/") {
			c.Lane = "check"
		}
		return c
	}}
	s := &service{entered: make(chan struct{}), finish: make(chan struct{})}
	server := grpc.NewServer(grpc.UnaryInterceptor(daerogrpc.Unary(d, cfg)), grpc.StreamInterceptor(daerogrpc.Stream(d, cfg)))
	grpc_health_v1.RegisterHealthServer(server, s)
	listener := bufconn.Listen(1 << 16)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///pipe", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		for _, l := range d.Snapshot().Backends["default"].Lanes {
			if l.InFlight != 0 {
				t.Errorf("lane %s: %d permits are out", l.Name, l.InFlight)
			}
		}
	})
	return d, s, grpc_health_v1.NewHealthClient(conn)
}

func laneOf(d *daero.Daero, name string) lane.LaneSnapshot {
	for _, l := range d.Snapshot().Backends["default"].Lanes {
		if l.Name == name {
			return l
		}
	}
	return lane.LaneSnapshot{}
}

func ask(name string) *grpc_health_v1.HealthCheckRequest {
	return &grpc_health_v1.HealthCheckRequest{Service: name}
}

func TestUnaryRefusal(t *testing.T) {
	d, s, client := start(t)
	done := make(chan error, 1)
	go func() { _, err := client.Check(t.Context(), ask("hold")); done <- err }()
	<-s.entered

	var trailer metadata.MD
	ctx := metadata.AppendToOutgoingContext(t.Context(), "user", "kim")
	_, err := client.Check(ctx, ask(""), grpc.Trailer(&trailer))
	st := status.Convert(err)
	if st.Code() != codes.Unavailable || len(st.Details()) != 1 {
		t.Fatalf("%v, details %v", err, st.Details())
	}
	if info, ok := st.Details()[0].(*errdetails.RetryInfo); !ok || info.RetryDelay.AsDuration() <= 0 {
		t.Errorf("details %v", st.Details())
	}
	token := strings.Join(trailer.Get("daero-appointment"), "")
	if token == "" || len(trailer.Get("grpc-retry-pushback-ms")) != 1 {
		t.Errorf("trailer %v", trailer)
	}
	_, _ = client.Check(metadata.AppendToOutgoingContext(ctx, "daero-appointment", token), ask(""), grpc.Trailer(&trailer))
	if again := strings.Join(trailer.Get("daero-appointment"), ""); again != token {
		t.Errorf("who returns early got %q, had %q", again, token)
	}
	s.finish <- struct{}{}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := client.Check(metadata.AppendToOutgoingContext(ctx, "daero-appointment", "garbage"), ask("")); err != nil {
		t.Errorf("a bad appointment: %v", err)
	}
	if n := d.Snapshot().Appointments["garbage"]; n != 1 {
		t.Errorf("garbage counted %d times", n)
	}
}

func TestOutcomes(t *testing.T) {
	d, _, client := start(t)
	for name, count := range map[string]func(lane.LaneSnapshot) uint64{
		"":        func(l lane.LaneSnapshot) uint64 { return l.Served },
		"missing": func(l lane.LaneSnapshot) uint64 { return l.Served },
		"broken":  func(l lane.LaneSnapshot) uint64 { return l.Failed },
		"busy":    func(l lane.LaneSnapshot) uint64 { return l.Overloaded },
	} {
		before := count(laneOf(d, "check"))
		_, _ = client.Check(t.Context(), ask(name))
		if n := count(laneOf(d, "check")) - before; n != 1 {
			t.Errorf("%q counted %d times", name, n)
		}
	}
}

func TestStreamsHoldNoPermit(t *testing.T) {
	d, s, client := start(t)
	var streams []grpc.ServerStreamingClient[grpc_health_v1.HealthCheckResponse]
	for range 3 {
		stream, err := client.Watch(t.Context(), ask(""))
		if err != nil {
			t.Fatal(err)
		}
		<-s.entered
		streams = append(streams, stream)
	}
	if n := laneOf(d, "streams").InFlight; n != 3 {
		t.Errorf("%d streams in flight", n)
	}
	if _, err := client.Check(t.Context(), ask("")); err != nil {
		t.Errorf("streams stand in the way: %v", err)
	}
	for _, stream := range streams {
		s.finish <- struct{}{}
		if _, err := stream.Recv(); err != nil {
			t.Error(err)
		}
		if _, err := stream.Recv(); !errors.Is(err, io.EOF) { // so the interceptor has returned
			t.Error(err)
		}
	}
}

func TestPanicDropsPermit(t *testing.T) {
	d, _, _ := start(t)
	unary := daerogrpc.Unary(d, daerogrpc.Config{})
	defer func() {
		if recover() != "boom" {
			t.Error("the panic did not go on")
		}
		if l := laneOf(d, "rest"); l.InFlight != 0 || l.Dropped != 1 {
			t.Errorf("%+v", l)
		}
	}()
	_, _ = unary(t.Context(), nil, &grpc.UnaryServerInfo{}, func(context.Context, any) (any, error) { panic("boom") })
}
