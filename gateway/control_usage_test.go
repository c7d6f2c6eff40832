package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/gateway"
)

func TestFollow(t *testing.T) {
	c := newConsole(t)
	c.run(0, "level", "pin", "1", "--for", "1m", "--reason", "first")
	c.eventually("first", "audit")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	seen := &watcher{want: `"level.unpinned"`, found: cancel}
	var unpin sync.WaitGroup
	unpin.Go(func() {
		var out bytes.Buffer
		if status := gateway.Run(t.Context(), &out, &out, "level", "unpin", "--reason", "second", "--address", c.admin); status != 0 {
			t.Errorf("unpin: status %d: %s", status, out.String())
		}
	})
	defer unpin.Wait()
	if status := gateway.Run(ctx, seen, seen, "audit", "--follow", "--output", "json", "--address", c.admin); status != 0 {
		t.Errorf("status %d", status)
	}
	lines := strings.Split(strings.TrimSpace(seen.String()), "\n")
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if !strings.Contains(seen.String(), seen.want) || strings.Count(seen.String(), `"first"`) != 1 {
		t.Errorf("followed:\n%s", seen.String())
	}
}

// watcher ends what it watches when it has seen what it waits for.
type watcher struct {
	bytes.Buffer
	want  string
	found func()
}

func (w *watcher) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.want) {
		w.found()
	}
	return n, err
}

// TestWrongUse ends with 2, and a gateway that is not there with 1; both say
// what to do, and neither writes to stdout.
func TestWrongUse(t *testing.T) {
	t.Setenv("DAERO_TOKEN", "")
	closed := freePort(t)
	for _, tt := range []struct {
		status int
		says   string
		args   string
	}{
		{1, "daero run", "level"},
		{1, "daero run", "playbook"},
		{1, "daero run", "audit"},
		{1, "daero run", "operator list"},
		{2, "unknown flag", "level --nothing"},
		{2, "did you mean", "level shwo"},
		{2, "did you mean", "level --output jsn"},
		{2, "level pin LEVEL", "level pin"},
		{2, "unknown level", "level pin panic --for 1m --reason x"},
		{2, "--for", "level pin 1 --reason x"},
		{2, "--for", "level pin 1 --for -1m --reason x"},
		{2, "--reason", "level pin 1 --for 1m"},
		{2, "--reason", "level unpin"},
		{2, "--reason", "playbook pause --for 1m"},
		{2, "playbook stop ID", "playbook stop --for 1m --reason x"},
		{2, "--limit", "audit --limit 0"},
		{2, "--since", "audit --since yesterday"},
		{2, "--role", "operator add kim"},
		{2, "small letters", "operator add Kim --role admin"},
		{2, "list", "operator"},
		{1, "daero run", "relay"},
		{1, "daero run", "relay peek orders"},
		{1, "daero run", "relay redrive billing --dry-run"},
		{2, "did you mean", "relay statsu"},
		{2, "relay peek TOPIC", "relay peek"},
		{2, "--partition", "relay peek orders --from 3"},
		{2, "--limit", "relay peek orders --limit 0"},
		{2, "--since", "relay peek orders --since yesterday"},
		{2, "--reason", "relay peek orders --show"},
		{2, "--reason", "relay redrive billing"},
		{2, "--rate", "relay redrive billing --rate -1 --dry-run"},
		{2, "--for", "relay pause billing --reason x"},
		{2, "--reason", "relay resume billing"},
		{2, "--records", "relay verify --records 0"},
		{2, "--output", "relay verify --output yaml"},
		{2, "no relay is configured", "relay verify --config ../examples/caddyfiles/minimal.caddyfile"},
		{2, "give one", "relay verify --config x --kafka y:1"},
		{2, "a token is needed", "level --address https://daero.example"},
		{2, "--address", "level --address ftp://daero.example"},
		{2, "--token-file", "level --token-file /nothing/there"},
	} {
		args := strings.Fields(tt.args)
		if !strings.Contains(tt.args, "--address") && !strings.Contains(tt.args, "verify") {
			args = append(args, "--address", closed)
		}
		var out, errs bytes.Buffer
		status := gateway.Run(t.Context(), &out, &errs, args...)
		if status != tt.status || !strings.Contains(errs.String(), tt.says) || out.Len() > 0 {
			t.Errorf("daero %s: status %d, want %d; stdout %q, stderr %q", tt.args, status, tt.status, out.String(), errs.String())
		}
	}
}

// TestAnotherProgram: what answers and is not daero is said to be so.
func TestAnotherProgram(t *testing.T) {
	s := newWorld(t, strings.Replace(lanesFile, "reverse_proxy %[2]s", "respond \"hello\"", 1))
	var out, errs bytes.Buffer
	t.Setenv("DAERO_TOKEN", "daero_x.y")
	if status := gateway.Run(t.Context(), &out, &errs, "level", "--address", s.url); status != 1 || !strings.Contains(errs.String(), "another program") {
		t.Errorf("status %d: %s", status, errs.String())
	}
}
