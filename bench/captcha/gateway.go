package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/daero/daero/internal/child"
)

// gateway is a gateway of its own, with everything in memory or in a directory
// that is removed.
type gateway struct {
	dir, url, admin string
	process         *child.Process
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
	g := &gateway{dir: dir}
	ports, err := child.FreePorts(2)
	if err != nil {
		return nil, err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", ports[0])
	g.admin = fmt.Sprintf("127.0.0.1:%d", ports[1])
	g.url = "http://" + listen
	pool := o.pool
	if pool == 0 {
		pool = defaultPool
	}
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, fmt.Appendf(nil, caddyfile, listen, g.admin, dir, pool), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, o.daero, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	if g.process, err = child.StartCommand("the gateway", cmd); err != nil {
		return nil, err
	}
	return g, g.process.Ready(ctx, 30*time.Second, child.Answers(g.url+"/ping"))
}

func (g *gateway) close() {
	if g.process != nil {
		_ = g.process.Stop(10 * time.Second) // what it did is measured
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
