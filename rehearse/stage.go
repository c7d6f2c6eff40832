package rehearse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/daero/daero/internal/child"
	"github.com/daero/daero/rehearse/live"
)

// Processes is the stage on which a rehearsal takes place: the gateway and the
// messenger as two child processes of the same program, on free ports of the
// loopback interface.
type Processes struct {
	// Exe is the program; default: this one. It must know the commands run and
	// messenger.
	Exe string
}

type processes struct {
	arm                string
	settings           Settings
	dir                string
	messenger, gateway *child.Process
	port, admin, desk  int // desk: of the console, 0 if it is not shown
	backend            string
	target             *live.HTTP // nil until it is asked for
	feed               *feed      // nil unless the arm listens to one
	switched           bool       // a person has switched the emergency mode on
}

// Open implements [Stage].
func (p Processes) Open(ctx context.Context, arm string, s Settings) (set Set, err error) {
	exe := p.Exe
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "daero-rehearse-")
	if err != nil {
		return nil, err
	}
	st := &processes{arm: arm, settings: s, dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.Close())
			set = nil
		}
	}()
	if err := st.startMessenger(exe); err != nil {
		return nil, err
	}
	if arm == ArmAuto && s.warns() {
		if st.feed, err = startFeed(); err != nil {
			return nil, err
		}
	}
	return st, st.startGateway(ctx, exe)
}

func (p *processes) startMessenger(exe string) (err error) {
	p.messenger, p.backend, err = startMessenger(exe, p.settings)
	return err
}

// startMessenger starts the sample service on a free port and returns its address.
func startMessenger(exe string, s Settings) (*child.Process, string, error) {
	r, w := io.Pipe()
	c, err := child.StartTo(w, "messenger", exe, "messenger", "--listen", "127.0.0.1:0", "--exit-with-stdin",
		"--workers", fmt.Sprint(s.Workers), "--seed", fmt.Sprint(s.Seed))
	if err != nil {
		return nil, "", err
	}
	go func() {
		<-c.Done()
		_ = w.CloseWithError(io.ErrUnexpectedEOF)
	}()
	address, err := messengerAddress(r)
	if err != nil {
		_ = end(c)
		return nil, "", fmt.Errorf("%w: %s", err, c.Said())
	}
	go func() { _, _ = io.Copy(io.Discard, r) }() // whatever else it says; ends with it
	return c, address, nil
}

func (p *processes) startGateway(ctx context.Context, exe string) (err error) {
	ports, err := child.FreePorts(3)
	if err != nil {
		return err
	}
	p.port, p.admin = ports[0], ports[1]
	if p.settings.Console != nil && shows(p.arm) {
		p.desk = ports[2]
	}
	file := filepath.Join(p.dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(p.caddyfile(p.settings.Workers)), 0o600); err != nil {
		return err
	}
	if p.gateway, err = child.Start("gateway", exe, "run", "--config", file, "--adapter", "caddyfile"); err != nil {
		return err
	}
	return p.gateway.Ready(ctx, readyWithin, child.Answers(p.url()+"/admin/stats"))
}

func (p *processes) caddyfile(workers int) string {
	g := Gateway{
		Arm: p.arm, Listen: fmt.Sprintf("http://127.0.0.1:%d", p.port), Admin: fmt.Sprintf("127.0.0.1:%d", p.admin),
		Backend: p.backend, Storage: p.dataDir(), StaticLogins: p.settings.StaticLogins(workers), Rehearsal: true,
		Emergency: p.switched, DownAfter: p.settings.dwell(),
	}
	if p.feed != nil {
		g.Feed = p.feed.addr
	}
	if p.desk != 0 {
		g.Desk = p.deskURL()
	}
	return Caddyfile(g)
}

func (p *processes) url() string { return fmt.Sprintf("http://127.0.0.1:%d", p.port) }

// Target implements [Set].
func (p *processes) Target() live.Target {
	if p.target == nil {
		p.target = live.NewHTTP(request(p.url(), p.arm))
	}
	return p.target
}

// Resize implements [Set]. The oracle's lanes are cut before its workers are
// and widened after: it knows what is coming.
func (p *processes) Resize(ctx context.Context, workers int) error {
	resize := func() error {
		return send(ctx, http.MethodPut, "http://"+p.backend+"/admin/workers", "application/json", fmt.Sprintf(`{"workers":%d}`, workers))
	}
	if p.arm != ArmStatic {
		return resize()
	}
	reload := func() error {
		return send(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/load", p.admin), "text/caddyfile", p.caddyfile(workers))
	}
	if workers < p.settings.Workers {
		return errors.Join(reload(), resize())
	}
	return errors.Join(resize(), reload())
}

// Metrics implements [Gauged].
func (p *processes) Metrics(ctx context.Context) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", p.admin), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// CPU implements [Set].
func (p *processes) CPU() map[string]float64 {
	out := map[string]float64{}
	for name, pid := range map[string]int{"generator": os.Getpid(), "gateway": p.gateway.PID(), "service": p.messenger.PID()} {
		used, ok := cpuOf(pid)
		if !ok {
			return nil
		}
		out[name] = used
	}
	if all, ok := cpuOfAll(); ok {
		out["all"] = all
	}
	return out
}

// Close implements [Set].
func (p *processes) Close() error {
	if p.target != nil {
		p.target.Close()
	}
	var errs []error
	for _, c := range []*child.Process{p.gateway, p.messenger} {
		if c == nil {
			continue
		}
		errs = append(errs, end(c))
	}
	if p.feed != nil {
		errs = append(errs, p.feed.close())
	}
	http.DefaultClient.CloseIdleConnections()
	return errors.Join(append(errs, os.RemoveAll(p.dir))...)
}
