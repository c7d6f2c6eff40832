package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/daero/daero/internal/child"
)

// DemoOptions say how the demo is started.
type DemoOptions struct {
	Port    int // wanted for the gateway
	Workers int
	Exe     string // default: this program
}

// Demo is a gateway with the messenger behind it, as two child processes.
type Demo struct {
	Gateway, Messenger string // URLs, without a slash at the end
	Console            string // URL that logs an admin in, once
	Admin              string // address of the gateway's admin endpoint
	Port               int    // the gateway's

	set *processes
}

// StartDemo starts the demo and returns when it answers.
func StartDemo(ctx context.Context, o DemoOptions) (d *Demo, err error) {
	exe := o.Exe
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "daero-demo-")
	if err != nil {
		return nil, err
	}
	st := &processes{arm: ArmAuto, settings: Settings{Workers: o.Workers}.WithDefaults(), dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.Close())
			d = nil
		}
	}()
	if err := st.startMessenger(exe); err != nil {
		return nil, err
	}
	site, err := nextFree("", o.Port)
	if err != nil {
		return nil, err
	}
	defer site.release() // by then the gateway has it, or nobody
	admin, err := nextFree("127.0.0.1", 2019)
	if err != nil {
		return nil, err
	}
	defer admin.release()
	st.port, st.admin = site.port, admin.port
	d = &Demo{
		Gateway:   fmt.Sprintf("http://localhost:%d", st.port),
		Messenger: "http://" + st.backend,
		Admin:     fmt.Sprintf("127.0.0.1:%d", st.admin),
		Port:      st.port,
		set:       st,
	}
	file := filepath.Join(dir, "Caddyfile")
	text := Caddyfile(Gateway{Arm: ArmAuto, Console: true, Captcha: true, Listen: fmt.Sprintf(":%d", st.port), Admin: d.Admin, Backend: st.backend, Storage: filepath.Join(dir, "data")})
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if st.gateway, err = child.Start("gateway", exe, "run", "--config", file, "--adapter", "caddyfile"); err != nil {
		return nil, err
	}
	if err := st.gateway.Ready(ctx, readyWithin, child.Answers(st.url()+"/admin/stats")); err != nil {
		return nil, err
	}
	if err := addDemoSite(ctx, d.Admin); err != nil {
		return nil, err
	}
	d.Console, err = consoleLink(ctx, d.Admin, d.Gateway)
	return d, err
}

// consoleLink asks the gateway that has its admin endpoint there for a link
// that logs an admin in, once, on a site that shows the console.
func consoleLink(ctx context.Context, admin, site string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+admin+"/daero/api/link", http.NoBody)
	if err != nil {
		return "", err
	}
	req.Header.Set("Origin", "http://"+admin)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	var doc struct {
		Path string `json:"path"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&doc); err != nil || doc.Path == "" {
		return "", fmt.Errorf("the gateway gave no link to the console: status %d", resp.StatusCode)
	}
	return site + doc.Path, nil
}

// Wait returns nil when ctx ends, or the reason why a process ended by itself.
func (d *Demo) Wait(ctx context.Context) error {
	var ended *child.Process
	select {
	case <-ctx.Done():
		return nil
	case <-d.set.gateway.Done():
		ended = d.set.gateway
	case <-d.set.messenger.Done():
		ended = d.set.messenger
	}
	if ctx.Err() != nil { // Ctrl-C reaches them as well
		return nil
	}
	return ended.Ended()
}

// Close ends both processes and waits for them.
func (d *Demo) Close() error { return d.set.Close() }

// claim is a port that is free, and that no other demo takes meanwhile.
type claim struct {
	port int
	held net.Listener
}

func (c claim) release() { _ = c.held.Close() }

// claimedAt is how far above a port there is the one that stands for it.
const claimedAt = 20000

// nextFree claims the first port from first on that can be listened on. That it
// is free is not enough: of two demos that start at once both would find it so,
// and the gateway shares its ports with whoever listens there in the same way,
// so that each would answer for the other. So the port that stands for it is
// held as well, which only one can, until the gateway listens.
func nextFree(host string, first int) (claim, error) {
	const tries = 100
	for port := first; port < first+tries && port <= 65535; port++ {
		held, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(claimPort(port))))
		if err != nil {
			continue
		}
		if ln, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
			return claim{port, held}, ln.Close()
		}
		_ = held.Close()
	}
	return claim{}, fmt.Errorf("no free port from %d on: stop what listens there or choose another", first)
}

// claimPort is the port that stands for another.
func claimPort(port int) int {
	if port > 65535-claimedAt {
		return port - claimedAt
	}
	return port + claimedAt
}
