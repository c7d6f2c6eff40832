// Command middleware is a service that carries daero's lanes itself, with
// nothing but net/http: no gateway in front of it.
//
//	go run ./examples/middleware
//	curl -i localhost:8090/v1/messages
//	curl -i -H 'X-App-State: background' localhost:8090/v1/login
package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

func main() {
	handler, err := withLanes(service())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server := &http.Server{Addr: "localhost:8090", Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintln(os.Stderr, "listening on http://localhost:8090")
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// withLanes puts lanes in front of a service. No capacity is written down: how
// much the service bears is found.
func withLanes(next http.Handler) (http.Handler, error) {
	d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{
		daero.DefaultBackend: {Lanes: []lane.LaneConfig{
			{Name: "message", Tier: lane.Critical},
			{Name: "login", Tier: lane.Sheddable},
		}},
	}}})
	if err != nil {
		return nil, err
	}
	return d.Handler(next, daero.HandlerConfig{Classify: classify}), nil
}

// classify names the lane, whether a person waits, and whose request it is.
func classify(r *http.Request) daero.Class {
	c := daero.Class{User: r.Header.Get("X-User-Id")}
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1/messages"):
		c.Lane = "message"
	case strings.HasPrefix(r.URL.Path, "/v1/login"):
		c.Lane = "login"
	}
	if r.Header.Get("X-App-State") == "background" {
		c.Intent = lane.Background
	}
	return c
}

func service() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/messages", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "no new messages") })
	mux.HandleFunc("/v1/login", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "welcome") })
	return mux
}
