package grpctarget

import (
	"context"
	"crypto/tls"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/daero/daero/driver/grpctarget/targetpb"
	"github.com/daero/daero/relay"
)

// Target is one gRPC service. It is safe for concurrent use.
type Target struct {
	cfg    Config
	conn   *grpc.ClientConn
	client targetpb.TargetClient
}

// New returns a Target. It connects with the first message; the error names
// every mistake.
func New(cfg Config) (*Target, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	creds := credentials.NewTLS(cfg.TLS)
	switch {
	case cfg.Plain:
		creds = insecure.NewCredentials()
	case cfg.TLS == nil:
		creds = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	conn, err := grpc.NewClient("dns:///"+cfg.Address,
		grpc.WithTransportCredentials(creds),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
		grpc.WithDisableServiceConfig(), // DNS has no say in how messages are retried
		grpc.WithDisableRetry(),         // the relay retries, and counts
		grpc.WithNoProxy(),
		grpc.WithUserAgent(userAgent),
		grpc.WithMaxHeaderListSize(maxMetadata),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxOutcome), grpc.MaxCallSendMsgSize(cfg.MaxMessage)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingAfter, Timeout: pingWithin}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoffs(), MinConnectTimeout: dialWithin}),
	)
	if err != nil {
		return nil, err
	}
	return &Target{cfg: cfg, conn: conn, client: targetpb.NewTargetClient(conn)}, nil
}

// Handle sends m once and says what became of it. It is a [relay.Handler].
func (t *Target) Handle(ctx context.Context, m *relay.Message) relay.Result {
	in := message(m)
	if n := proto.Size(in); n > t.cfg.MaxMessage {
		return relay.Reject("larger than " + strconv.Itoa(t.cfg.MaxMessage) + " bytes, the most that is sent to this target")
	}
	call, cancel := context.WithTimeout(ctx, t.cfg.Timeout)
	defer cancel()
	out, err := t.client.Deliver(t.outgoing(call, m), in)
	if err != nil {
		return t.failed(ctx, call, err)
	}
	return t.outcome(out)
}

// Close closes the connections. Handle must not be called after it.
func (t *Target) Close() error { return t.conn.Close() }

// outgoing adds the metadata.
func (t *Target) outgoing(ctx context.Context, m *relay.Message) context.Context {
	md := make(metadata.MD, len(t.cfg.Metadata)+2)
	for name, value := range t.cfg.Metadata {
		md[name] = []string{value}
	}
	for _, name := range []string{relay.HeaderTrace, "tracestate"} {
		if v := string(m.Header(name)); v != "" && !strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
			md[name] = []string{v}
		}
	}
	return metadata.NewOutgoingContext(ctx, md)
}

func message(m *relay.Message) *targetpb.Message {
	out := &targetpb.Message{
		Id: text([]byte(m.ID())), Writer: text(m.Header(relay.HeaderWriter)),
		Topic: text([]byte(m.Topic)), Partition: m.Partition, Offset: m.Offset, Key: m.Key, Value: m.Value,
		Attempt: int32(max(m.Attempt, 1)), Epoch: m.Epoch,
	}
	if !m.Time.IsZero() {
		out.Time = timestamppb.New(m.Time)
	}
	for i := range m.Headers {
		h := &m.Headers[i]
		switch {
		case h.Name == relay.HeaderID:
		case h.Name == relay.HeaderRedriven:
			if n, err := strconv.ParseInt(string(h.Value), 10, 32); err == nil {
				out.Redriven = int32(n)
			}
		case strings.HasPrefix(h.Name, relay.ReservedPrefix):
		default:
			out.Headers = append(out.Headers, &targetpb.Header{Name: text([]byte(h.Name)), Value: h.Value})
		}
	}
	return out
}

// text makes b a string that protobuf takes: percent-encoded where it is not
// UTF-8, as it is in HTTP's headers.
func text(b []byte) string {
	if s := string(b); strings.ToValidUTF8(s, "") == s {
		return s
	}
	var s strings.Builder
	for _, c := range b {
		if c >= 0x80 || c == '%' {
			s.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		} else {
			s.WriteByte(c)
		}
	}
	return s.String()
}
