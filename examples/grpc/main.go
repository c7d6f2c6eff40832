// Command grpc is a gRPC service with daero's lanes in front of its methods.
// It serves gRPC's own health service, so it needs no generated code.
//
//	go run ./examples/grpc
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/daero/daero"
	"github.com/daero/daero/daerogrpc"
	"github.com/daero/daero/lane"
)

func main() {
	server, err := newServer()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	listener, err := net.Listen("tcp", "localhost:8091")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "listening on", listener.Addr())
	if err := server.Serve(listener); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func newServer() (*grpc.Server, error) {
	d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{
		daero.DefaultBackend: {Lanes: []lane.LaneConfig{
			{Name: "health", Tier: lane.Critical},
			{Name: "login", Tier: lane.Sheddable},
		}},
	}}})
	if err != nil {
		return nil, err
	}
	cfg := daerogrpc.Config{Classify: classify}
	server := grpc.NewServer(
		grpc.UnaryInterceptor(daerogrpc.Unary(d, cfg)),
		grpc.StreamInterceptor(daerogrpc.Stream(d, cfg)),
	)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	return server, nil
}

// classify names the lane, whether a person waits, and whose call it is.
func classify(_ context.Context, method string, md metadata.MD) daero.Class {
	c := daero.Class{User: strings.Join(md.Get("x-user-id"), "")}
	switch {
	case strings.HasPrefix(method, "/grpc.health.v1.Health/"):
		c.Lane = "health"
	case strings.HasSuffix(method, "/Login"):
		c.Lane = "login"
	}
	if len(md.Get("x-background")) > 0 {
		c.Intent = lane.Background
	}
	return c
}
