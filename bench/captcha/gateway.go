package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// gateway is a gateway of its own, with everything in memory or in a directory
// that is removed.
type gateway struct {
	dir, url, admin string
	cmd             *exec.Cmd
	log             buffer
	done            chan struct{}
}

// caddyfile believes the bench about whose request it is: each has a network of
// its own, as visitors have.
const caddyfile = `{
	admin %[2]s
	auto_https off
	persist_config off
	storage file_system %[3]s
	log {
		output discard
	}
	servers {
		trusted_proxies static 127.0.0.1/32
	}
	daero {
		captcha {
			pool %[4]d
		}
	}
}
http://%[1]s {
	daero_captcha
	handle /metrics {
		metrics
	}
	respond /ping "pong"
}
`

// defaultPool is the gateway's.
const defaultPool = 500

func startGateway(ctx context.Context, o options) (*gateway, error) {
	dir, err := os.MkdirTemp("", "daero-bench-captcha-")
	if err != nil {
		return nil, err
	}
	g := &gateway{dir: dir, done: make(chan struct{})}
	var listen string
	for _, at := range []*string{&listen, &g.admin} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		*at = l.Addr().String()
		_ = l.Close() // it was only asked for a number
	}
	g.url = "http://" + listen
	pool := o.pool
	if pool == 0 {
		pool = defaultPool
	}
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, fmt.Appendf(nil, caddyfile, listen, g.admin, dir, pool), 0o600); err != nil {
		return nil, err
	}
	g.cmd = exec.CommandContext(ctx, o.daero, "run", "--config", file, "--adapter", "caddyfile")
	g.cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	g.cmd.Stderr = &g.log
	g.cmd.Cancel = func() error { return g.cmd.Process.Signal(syscall.SIGTERM) }
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = g.cmd.Wait() // how it ended does not matter: it is asked whether it serves
		close(g.done)
	}()
	return g, g.ready(ctx)
}

// ready waits until it serves.
func (g *gateway) ready(ctx context.Context) error {
	deadline := time.After(30 * time.Second)
	for tick := time.Tick(50 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-g.done:
			return fmt.Errorf("the gateway ended at once:\n%s", g.log.String())
		case <-deadline:
			return fmt.Errorf("the gateway does not answer:\n%s", g.log.String())
		case <-tick:
		}
		if r, err := http.Get(g.url + "/ping"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
}

func (g *gateway) close() {
	if g.cmd != nil && g.cmd.Process != nil {
		_ = g.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		<-g.done
	}
	_ = os.RemoveAll(g.dir)
}

// site is one site of the gateway.
type site struct {
	Key    string `json:"key"`
	Secret string `json:"secret"`
}

// addSite adds a site that is as wide as the bench needs.
func (g *gateway) addSite(ctx context.Context, ask string) (s site, err error) {
	body, err := json.Marshal(map[string]any{
		"name": "bench " + ask, "hosts": []string{}, "langs": []string{"en"},
		"policy": map[string]any{"ask": ask, "work": "50ms", "site_challenges": 10_000_000},
	})
	if err != nil {
		return s, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+g.admin+"/daero/api/captcha/sites", bytes.NewReader(body))
	if err != nil {
		return s, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil || s.Secret == "" {
		return s, fmt.Errorf("a site could not be added: %s: %s", resp.Status, data)
	}
	return s, nil
}

// buffer keeps what the gateway said, for the message if it fails.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buf.Len() < 1<<16 {
		b.buf.Write(p)
	}
	return len(p), nil
}

// String implements fmt.Stringer.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
