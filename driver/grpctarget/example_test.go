package grpctarget_test

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"

	"github.com/daero/daero/driver/grpctarget"
	"github.com/daero/daero/driver/grpctarget/targetpb"
	"github.com/daero/daero/relay"
)

// orders is the service that messages are delivered to.
type orders struct {
	targetpb.UnimplementedTargetServer
}

func (orders) Deliver(_ context.Context, m *targetpb.Message) (*targetpb.Outcome, error) {
	fmt.Println("taken:", m.GetId())
	return &targetpb.Outcome{Verb: targetpb.Verb_VERB_ACK}, nil
}

func Example() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := grpc.NewServer()
	targetpb.RegisterTargetServer(srv, orders{})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()

	target, err := grpctarget.New(grpctarget.Config{Address: l.Addr().String(), Plain: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	delivery := relay.Delivery{Name: "orders", Topics: []string{"orders"}, Handler: target.Handle}

	// The relay calls it, once for each attempt.
	m := &relay.Message{Topic: "orders", Partition: 3, Offset: 42, Value: []byte(`{"sku":"A7"}`)}
	fmt.Println(delivery.Handler(context.Background(), m).Verb)

	_ = target.Close()
	srv.Stop()
	<-served
	// Output:
	// taken: orders/3/42
	// ack
}
