package gateway

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

func TestLaneOf(t *testing.T) {
	servers, release, err := provisionedServers("testdata/laneof.caddyfile", "caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for name, tt := range map[string]struct {
		method, target string
		headers        []string
		want           laneAnswer
	}{
		"by path":        {"GET", "/v1/messages/7", nil, laneAnswer{Lane: "message", Backend: "default", Rule: 1, Intent: "foreground"}},
		"by name":        {"post", "/v1/login", []string{"X-User-Id: kim"}, laneAnswer{Lane: "login", Backend: "default", Rule: 2, Intent: "foreground", User: true}},
		"background":     {"POST", "/v1/login", []string{"X-App-State:background"}, laneAnswer{Lane: "login", Backend: "default", Rule: 2, Intent: "background"}},
		"not the method": {"GET", "/v1/login", nil, laneAnswer{Lane: "rest", Backend: "default", Intent: "foreground"}},
		"nothing":        {"GET", "/", nil, laneAnswer{Lane: "rest", Backend: "default", Intent: "foreground"}},
		"an upgrade":     {"GET", "/v1/messages", []string{"Connection: upgrade", "Upgrade: websocket"}, laneAnswer{Lane: "streams", Backend: "default", Intent: "foreground", Stream: true}},
		"events":         {"GET", "/v1/events", []string{"Accept: text/event-stream"}, laneAnswer{Lane: "events", Backend: "default", Rule: 3, Intent: "foreground", Stream: true}},
		"another site":   {"GET", "http://localhost:8081/v1/messages", nil, laneAnswer{Lane: "rest", Backend: "other", Intent: "foreground"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := testRequest(tt.method, tt.target, tt.headers, "192.0.2.1")
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := ask(servers, r)
			if err != nil {
				t.Fatal(err)
			}
			var text, doc bytes.Buffer
			if err := got.write(&text, "text"); err != nil || !strings.Contains(text.String(), tt.want.Lane) {
				t.Errorf("%s %v", text.String(), err)
			}
			if err := got.write(&doc, "json"); err != nil || !json.Valid(doc.Bytes()) {
				t.Errorf("%s %v", doc.String(), err)
			}
			if got.Match = nil; got.Lane != tt.want.Lane || got.Backend != tt.want.Backend || got.Rule != tt.want.Rule ||
				got.Intent != tt.want.Intent || got.User != tt.want.User || got.Stream != tt.want.Stream {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	r, err := testRequest("GET", "http://localhost:8082/", nil, "::1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ask(servers, r); err == nil {
		t.Error("a site without lanes gave an answer")
	}
}

func TestLaneOfBadInput(t *testing.T) {
	for _, args := range [][4]string{
		{"GET", "messages", "", "192.0.2.1"},
		{"GET", "/%zz", "", "192.0.2.1"},
		{"G T", "/", "", "192.0.2.1"},
		{"GET", "/", "X-User-Id", "192.0.2.1"},
		{"GET", "/", "", "home"},
	} {
		var headers []string
		if args[2] != "" {
			headers = []string{args[2]}
		}
		if _, err := testRequest(args[0], args[1], headers, args[3]); err == nil {
			t.Errorf("%q accepted", args)
		}
	}
}
