package grpctarget_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/daero/daero/driver/grpctarget"
	"github.com/daero/daero/driver/grpctarget/targetpb"
	"github.com/daero/daero/relay"
)

// service is a gRPC service that does as it is told.
type service struct {
	targetpb.UnimplementedTargetServer
	deliver func(context.Context, *targetpb.Message) (*targetpb.Outcome, error)
}

func (s service) Deliver(ctx context.Context, m *targetpb.Message) (*targetpb.Outcome, error) {
	return s.deliver(ctx, m)
}

// start serves on loopback, and returns a target that delivers there.
func start(t testing.TB, deliver func(context.Context, *targetpb.Message) (*targetpb.Outcome, error), cfg grpctarget.Config, opts ...grpc.ServerOption) *grpctarget.Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(opts...)
	targetpb.RegisterTargetServer(srv, service{deliver: deliver})
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(l) })
	t.Cleanup(func() { srv.Stop(); served.Wait() })
	cfg.Address = l.Addr().String()
	cfg.Plain = cfg.TLS == nil
	return newTarget(t, cfg)
}

func newTarget(t testing.TB, cfg grpctarget.Config) *grpctarget.Target {
	t.Helper()
	target, err := grpctarget.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = target.Close() })
	return target
}

func message() *relay.Message {
	return &relay.Message{
		Topic: "orders", Partition: 3, Offset: 42, Key: []byte{0xff, 'k'}, Value: []byte("body"), Attempt: 2, Epoch: 7,
		Time: time.Date(2026, 11, 25, 1, 2, 3, 0, time.UTC),
		Headers: []relay.Header{
			{Name: "idempotency-key", Value: []byte("id-1\xff%")},
			{Name: "daero-writer", Value: []byte("shop")},
			{Name: "daero-redriven", Value: []byte("1")},
			{Name: "daero-origin", Value: []byte("orders/3/41")},
			{Name: "traceparent", Value: []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
			{Name: "tracestate", Value: []byte("a=1\n")},
			{Name: "tenant", Value: []byte{0xfe}},
		},
	}
}

func TestWhatIsSent(t *testing.T) {
	var got *targetpb.Message
	var md metadata.MD
	target := start(t, func(ctx context.Context, m *targetpb.Message) (*targetpb.Outcome, error) {
		got, md = proto.CloneOf(m), nil
		md, _ = metadata.FromIncomingContext(ctx)
		return &targetpb.Outcome{Verb: targetpb.Verb_VERB_ACK}, nil
	}, grpctarget.Config{Metadata: map[string]string{"authorization": "Bearer t"}})
	if res := target.Handle(t.Context(), message()); res != relay.Ack() {
		t.Fatalf("%+v", res)
	}
	want := &targetpb.Message{
		Id: "id-1%FF%25", Writer: "shop", Topic: "orders", Partition: 3, Offset: 42, Key: []byte{0xff, 'k'}, Value: []byte("body"),
		Headers: []*targetpb.Header{
			{Name: "traceparent", Value: []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
			{Name: "tracestate", Value: []byte("a=1\n")},
			{Name: "tenant", Value: []byte{0xfe}},
		},
		Time: timestamppb.New(time.Date(2026, 11, 25, 1, 2, 3, 0, time.UTC)), Attempt: 2, Epoch: 7, Redriven: 1,
	}
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if md.Get("authorization")[0] != "Bearer t" || len(md.Get("traceparent")) != 1 || len(md.Get("tracestate")) != 0 {
		t.Errorf("metadata %v", md)
	}
}

func TestWhatOutcomesMean(t *testing.T) {
	var out *targetpb.Outcome
	target := start(t, func(context.Context, *targetpb.Message) (*targetpb.Outcome, error) { return out, nil }, grpctarget.Config{MaxAfter: time.Minute})
	due := time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		out  *targetpb.Outcome
		want relay.Result
	}{
		{&targetpb.Outcome{Verb: targetpb.Verb_VERB_ACK}, relay.Ack()},
		{&targetpb.Outcome{Verb: targetpb.Verb_VERB_REJECT, Reason: "no\x1b[31m such\n item"}, relay.Reject("no [31m such item")},
		{&targetpb.Outcome{Verb: targetpb.Verb_VERB_RETRY, After: durationpb.New(time.Second), Overloaded: true}, relay.Result{After: time.Second, Overloaded: true}},
		{&targetpb.Outcome{Verb: targetpb.Verb_VERB_RETRY, After: durationpb.New(time.Hour)}, relay.Retry(time.Minute)},
		{&targetpb.Outcome{Verb: targetpb.Verb_VERB_RETRY, After: durationpb.New(-time.Hour)}, relay.Retry(0)},
		{&targetpb.Outcome{Verb: targetpb.Verb_VERB_RETRY, After: &durationpb.Duration{Seconds: 1, Nanos: -5}}, relay.Retry(0)},
		{&targetpb.Outcome{Verb: targetpb.Verb_VERB_DEFER, Until: timestamppb.New(due)}, relay.Defer(due)},
		{&targetpb.Outcome{Verb: targetpb.Verb_VERB_DEFER}, relay.Retry(0).Because("its outcome defers the message without saying until when")},
		{&targetpb.Outcome{}, relay.Retry(0).Because("its outcome does not say what became of the message: set its verb")},
		{&targetpb.Outcome{Verb: 77}, relay.Retry(0).Because("its outcome does not say what became of the message: set its verb")},
	} {
		out = c.out
		if got := target.Handle(t.Context(), message()); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.out, got, c.want)
		}
	}
}

func TestWhatCodesMean(t *testing.T) {
	var answer error
	target := start(t, func(context.Context, *targetpb.Message) (*targetpb.Outcome, error) { return nil, answer }, grpctarget.Config{})
	for code, want := range map[codes.Code]relay.Result{
		codes.Canceled:           {},
		codes.Unknown:            {},
		codes.InvalidArgument:    {Verb: relay.Rejected},
		codes.DeadlineExceeded:   {},
		codes.NotFound:           {Verb: relay.Rejected},
		codes.AlreadyExists:      {Verb: relay.Rejected},
		codes.PermissionDenied:   {Verb: relay.Rejected},
		codes.ResourceExhausted:  {Overloaded: true},
		codes.FailedPrecondition: {Verb: relay.Rejected},
		codes.Aborted:            {},
		codes.OutOfRange:         {Verb: relay.Rejected},
		codes.Unimplemented:      {Verb: relay.Rejected},
		codes.Internal:           {},
		codes.Unavailable:        {Down: true},
		codes.DataLoss:           {},
		codes.Unauthenticated:    {Verb: relay.Rejected},
		codes.Code(77):           {},
	} {
		s, err := status.New(code, "because\nof this").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(3 * time.Second)})
		if err != nil {
			t.Fatal(err)
		}
		answer = s.Err()
		want.Status = int(code)
		if want.Verb == relay.Retried {
			want.After = 3 * time.Second
		}
		got := target.Handle(t.Context(), message())
		if !strings.Contains(got.Reason, "because of this") {
			t.Errorf("%s: reason %q", code, got.Reason)
		}
		if got.Reason = ""; got != want {
			t.Errorf("%s: %+v, want %+v", code, got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	large := strings.Repeat("x", 1<<20)
	target := start(t, func(_ context.Context, m *targetpb.Message) (*targetpb.Outcome, error) {
		return &targetpb.Outcome{Verb: targetpb.Verb_VERB_ACK, Reason: large}, nil
	}, grpctarget.Config{MaxMessage: 8 << 20})
	if got := target.Handle(t.Context(), message()); got.Verb == relay.Acked {
		t.Errorf("an outcome of 1 MiB: %+v", got)
	}
	m := message()
	m.Value = make([]byte, 5<<20) // gRPC's servers take 4 MiB unless told otherwise
	if got := target.Handle(t.Context(), m); got.Verb != relay.Rejected || !strings.Contains(got.Reason, "larger than max") {
		t.Errorf("5 MiB: %+v", got)
	}
	m.Value = make([]byte, 9<<20)
	if got := target.Handle(t.Context(), m); got.Verb != relay.Rejected || !strings.Contains(got.Reason, "8388608 bytes") {
		t.Errorf("9 MiB: %+v", got)
	}
}

// TestMetadataBomb: an answer's metadata are bounded as its body is.
func TestMetadataBomb(t *testing.T) {
	target := start(t, func(ctx context.Context, _ *targetpb.Message) (*targetpb.Outcome, error) {
		if err := grpc.SetTrailer(ctx, metadata.Pairs("bomb", strings.Repeat("x", 1<<20))); err != nil {
			return nil, err
		}
		return &targetpb.Outcome{Verb: targetpb.Verb_VERB_ACK}, nil
	}, grpctarget.Config{Timeout: 20 * time.Second})
	if got := target.Handle(t.Context(), message()); got.Verb != relay.Retried || len(got.Reason) > 5<<10 {
		t.Errorf("%+v", got)
	}
}

func TestHangingServices(t *testing.T) {
	target := start(t, func(ctx context.Context, _ *targetpb.Message) (*targetpb.Outcome, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}, grpctarget.Config{Timeout: 100 * time.Millisecond})
	if got := target.Handle(t.Context(), message()); !got.Down || got.Reason != "no answer in time" {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := target.Handle(ctx, message()); got.Verb != relay.Retried || !strings.Contains(got.Reason, "given up") {
		t.Errorf("%+v", got)
	}
}

// TestHostileServices: whatever answers there, the target is down, and says no
// address.
func TestHostileServices(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	raw := func(text string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				all.Go(func() {
					defer c.Close()
					_, _ = io.WriteString(c, text)
				})
			}
		})
		t.Cleanup(func() { l.Close(); all.Wait() })
		return l.Addr().String()
	}
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	for name, c := range map[string]struct {
		address, why string
	}{
		"nobody there":   {nobody, "refused"},
		"no such host":   {"nowhere.invalid:1", ""},
		"closes at once": {raw(""), "broke"},
		"garbage":        {raw(strings.Repeat("garbage", 1000)), "gRPC"},
		"SSH":            {raw("SSH-2.0-OpenSSH_9.2\r\n"), "gRPC"},
		"a frame bomb":   {raw("\xff\xff\xff\x04\x00\x00\x00\x00\x00" + strings.Repeat("x", 1<<20)), "gRPC"},
		"HTTP/1.1":       {strings.TrimPrefix(web.URL, "http://"), "gRPC"},
	} {
		target := newTarget(t, grpctarget.Config{Address: c.address, Plain: true, Timeout: 10 * time.Second})
		got := target.Handle(t.Context(), message())
		if got.Verb != relay.Retried || !got.Down || !strings.Contains(got.Reason, c.why) {
			t.Errorf("%s: %+v", name, got)
		}
		if strings.Contains(got.Reason, "127.0.0.1") || strings.Contains(got.Reason, "nowhere") {
			t.Errorf("%s: %q shows the address", name, got.Reason)
		}
	}
}

func TestTLS(t *testing.T) {
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS()
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	ack := func(context.Context, *targetpb.Message) (*targetpb.Outcome, error) {
		return &targetpb.Outcome{Verb: targetpb.Verb_VERB_ACK}, nil
	}
	creds := grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: web.TLS.Certificates}))
	trusting := start(t, ack, grpctarget.Config{TLS: &tls.Config{RootCAs: roots}}, creds)
	if got := trusting.Handle(t.Context(), message()); got != relay.Ack() {
		t.Errorf("%+v", got)
	}
	for name, target := range map[string]*grpctarget.Target{
		"untrusted":    start(t, ack, grpctarget.Config{TLS: &tls.Config{}}, creds),
		"speaks plain": start(t, ack, grpctarget.Config{TLS: &tls.Config{RootCAs: roots}}),
	} {
		if got := target.Handle(t.Context(), message()); !got.Down || !strings.Contains(got.Reason, "TLS") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestMistakesAreAllNamed(t *testing.T) {
	_, err := grpctarget.New(grpctarget.Config{
		Address: "https://h/x", Plain: true, TLS: &tls.Config{}, Timeout: -1,
		Metadata: map[string]string{"Authorization": "hunter2", "grpc-x": "hunter2\n"},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, s := range []string{"HOST:PORT", "one of the two", "below zero", `"Authorization"`, "lower case", `"grpc-x"`, "line break"} {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("no %q in %v", s, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

func BenchmarkHandle(b *testing.B) {
	target := start(b, func(context.Context, *targetpb.Message) (*targetpb.Outcome, error) {
		return &targetpb.Outcome{Verb: targetpb.Verb_VERB_ACK}, nil
	}, grpctarget.Config{})
	b.ReportAllocs()
	b.SetParallelism(256)
	b.RunParallel(func(pb *testing.PB) {
		m := message()
		for pb.Next() {
			if got := target.Handle(context.Background(), m); got.Verb != relay.Acked {
				b.Errorf("%+v", got)
			}
		}
	})
}
