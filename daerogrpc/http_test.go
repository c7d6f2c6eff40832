package daerogrpc_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// TestRefusalOverHTTP2: what the HTTP handler, and so the gateway, answers to a
// gRPC call is understood by a real client.
func TestRefusalOverHTTP2(t *testing.T) {
	d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{"default": {
		FixedLimit: 1, Lanes: []lane.LaneConfig{{Name: "rest", Tier: lane.Sheddable}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	entered, finish := make(chan struct{}), make(chan struct{})
	h := d.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-finish }), daero.HandlerConfig{})
	server := httptest.NewUnstartedServer(h)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	done := make(chan struct{})
	go func() { defer close(done); h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) }()
	<-entered

	conn, err := grpc.NewClient(server.Listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var trailer metadata.MD
	_, err = grpc_health_v1.NewHealthClient(conn).Check(t.Context(), ask(""), grpc.Trailer(&trailer))
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "lane rest is full") {
		t.Errorf("%v", err)
	}
	if len(trailer.Get("daero-appointment")) != 1 || len(trailer.Get("grpc-retry-pushback-ms")) != 1 {
		t.Errorf("trailer %v", trailer)
	}
	close(finish)
	<-done
}
