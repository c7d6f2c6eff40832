package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/internal/child"
	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/live"
)

// Arm is something in front of the messenger, in real time.
type Arm struct {
	Name    string
	Setting string
	Told    string
	// Maxconn, for HAProxy, is what the server is said to bear when it has so
	// many workers; nil for Caddy.
	Maxconn func(s rehearse.Settings, workers int) int
	// Split: only logins are bounded, in a backend of their own.
	Split bool
	// Follow: HAProxy is told when the workers change.
	Follow bool
	// Caddy is the arm of the rehearsal whose Caddyfile is used.
	Caddy string
}

// Arms lists every arm in the order of the table.
func Arms() []Arm {
	exact := func(_ rehearse.Settings, workers int) int { return workers }
	const queue = "; classes by path, `timeout queue 500ms`, logins refused beyond 500 waiting, `http-reuse always`"
	return []Arm{{
		Name: daeroName, Caddy: rehearse.ArmLanes,
		Setting: "`bin/daero`, lanes `message`, `sync`, `login`; nothing else is configured",
	}, {
		Name: "daero's program without lanes", Caddy: rehearse.ArmNone,
		Setting: "`bin/daero` as plain Caddy: `reverse_proxy`",
	}, {
		Name: "HAProxy, logins bounded by hand, told of changes", Follow: true, Split: true,
		Maxconn: func(s rehearse.Settings, workers int) int { return s.StaticLogins(workers) },
		Setting: "logins in a backend of their own, `maxconn` = workers less what the others need and 3 σ, set over the admin socket at each change; the others unbounded" + queue,
		Told:    "workers, rates and costs, and each change as it happens",
	}, {
		Name: "HAProxy, right maxconn, told of changes", Maxconn: exact, Follow: true,
		Setting: "`maxconn` = workers, set over the admin socket at each change" + queue,
		Told:    "the workers, and each change as it happens",
	}, {
		Name: "HAProxy, right maxconn", Maxconn: exact,
		Setting: "`maxconn` = workers at the start" + queue,
		Told:    "the workers at the start",
	}, {
		Name: "HAProxy, wrong maxconn", Maxconn: func(_ rehearse.Settings, workers int) int { return 4 * workers },
		Setting: "`maxconn` = 4 × workers" + queue,
		Told:    "a guess",
	}}
}

// LiveCell is one arm in real time.
type LiveCell struct {
	Arm      string   `json:"arm"`
	OK       float64  `json:"message_ok"`
	P99      *float64 `json:"steady_p99_of_calm,omitempty"`
	Degraded float64  `json:"degraded_s"`
	Logins   float64  `json:"login_of_capacity"` // the worst phase of the storm
	Attempts float64  `json:"attempts_per_action"`
	LagP99   float64  `json:"send_lag_p99_ms"`       // of the generator itself
	Others   *float64 `json:"others_busy,omitempty"` // share of the processors that was busy before it began
}

// playArm plays the earthquake against one arm.
func playArm(ctx context.Context, s rehearse.Settings, a Arm, daero, haproxy string) (_ *live.Log, err error) {
	dir, err := os.MkdirTemp("", "daero-peers-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r, w := io.Pipe()
	service, err := child.StartTo(w, "messenger", daero, "messenger", "--listen", "127.0.0.1:0", "--exit-with-stdin",
		"--workers", strconv.Itoa(s.Workers), "--seed", strconv.FormatUint(s.Seed, 10))
	if err != nil {
		return nil, err
	}
	defer stop(service)
	go func() {
		<-service.Done()
		_ = w.CloseWithError(io.ErrUnexpectedEOF)
	}()
	var first struct{ Listening string }
	if err := json.NewDecoder(r).Decode(&first); err != nil {
		return nil, fmt.Errorf("messenger: did not say where it listens: %w: %s", err, service.Said())
	}
	ports, err := child.FreePorts(2)
	if err != nil {
		return nil, err
	}
	front, err := startFront(a, s, dir, first.Listening, ports, daero, haproxy)
	if err != nil {
		return nil, err
	}
	defer stop(front)
	base := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	if err := front.Ready(ctx, 15*time.Second, child.Answers(base+"/admin/stats")); err != nil {
		return nil, err
	}
	resize := func(ctx context.Context, workers int) error {
		put := func() error { return putWorkers(ctx, first.Listening, workers) }
		if !a.Follow {
			return put()
		}
		tell := func() error {
			return setMaxconn(ctx, filepath.Join(dir, "haproxy.sock"), a.Maxconn(s, workers), a.Split)
		}
		if workers < s.Workers { // who knows what comes makes room first
			return errors.Join(tell(), put())
		}
		return errors.Join(put(), tell())
	}
	return send(ctx, s, base, resize)
}

// stop ends a server whose work is measured already.
func stop(p *child.Process) { _ = p.Stop(5 * time.Second) }

func startFront(a Arm, s rehearse.Settings, dir, backend string, ports []int, daero, haproxy string) (*child.Process, error) {
	if a.Maxconn != nil {
		name := filepath.Join(dir, "haproxy.cfg")
		text := haproxyConfig(ports[0], backend, filepath.Join(dir, "haproxy.sock"), a.Maxconn(s, s.Workers), a.Split)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, err
		}
		return child.Start("haproxy", haproxy, "-db", "-f", name)
	}
	name := filepath.Join(dir, "Caddyfile")
	text := rehearse.Caddyfile(rehearse.Gateway{
		Arm: a.Caddy, Listen: fmt.Sprintf("http://127.0.0.1:%d", ports[0]), Admin: fmt.Sprintf("127.0.0.1:%d", ports[1]),
		Backend: backend, Storage: filepath.Join(dir, "data"), Rehearsal: true,
	})
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return child.Start("gateway", daero, "run", "--config", name, "--adapter", "caddyfile")
}

// send warms up for a second, then plays the earthquake.
func send(ctx context.Context, s rehearse.Settings, base string, resize func(context.Context, int) error) (*live.Log, error) {
	target := live.NewHTTP(func(a live.Attempt) (*http.Request, error) { return request(base, a) })
	defer target.Close()
	warm := s.Earthquake("")
	warm.Phases = []live.Phase{{Name: "warm", Length: time.Second}}
	warm.Seed++
	if _, err := live.Run(ctx, warm, target, live.Options{}); err != nil {
		return nil, err
	}
	plan, workers := s.Earthquake(""), s.Workers
	return live.Run(ctx, plan, target, live.Options{Phase: func(ctx context.Context, phase int) error {
		now := s.Workers
		if plan.Phases[phase].Name == "halved" {
			now = s.Workers / 2
		}
		if now == workers {
			return nil
		}
		workers = now
		return resize(ctx, now)
	}})
}

func putWorkers(ctx context.Context, backend string, n int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+backend+"/admin/workers", strings.NewReader(fmt.Sprintf(`{"workers":%d}`, n)))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("messenger: workers %d: %s", n, resp.Status)
	}
	return nil
}

// request is the HTTP request of an attempt, the same for every arm.
func request(base string, a live.Attempt) (*http.Request, error) {
	user := a.Source.Name + "-" + strconv.FormatUint(a.User, 10)
	var req *http.Request
	var err error
	switch a.Source.Lane {
	case "message":
		req, err = http.NewRequest(http.MethodPost, base+"/v1/messages", bytes.NewReader([]byte(`{"text":"are you all right?"}`)))
	case "sync":
		req, err = http.NewRequest(http.MethodGet, base+"/v1/sync?since=18446744073709551614", nil)
	case "login":
		req, err = http.NewRequest(http.MethodPost, base+"/v1/login", bytes.NewReader(fmt.Appendf(nil, `{"user":%q}`, user)))
	default:
		err = fmt.Errorf("lane %s: has no request", a.Source.Lane)
	}
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-User-Id", user)
	if a.Source.Name == "phones" {
		req.Header.Set("X-App-State", "background")
	}
	return req, nil
}

// judgeLive sums the logs up. All arms have the same service behind them, so
// what is calm is taken from all of them together.
func judgeLive(s rehearse.Settings, arms []Arm, logs []*live.Log) []LiveCell {
	var calms []*live.Bin
	for _, l := range logs {
		calms = append(calms, l.Lane("message").Join(0, l.Plan.Phases[0].Length, binWidth))
	}
	calm := live.JoinBins(calms...)
	p90, p99 := calm.Quantile(0.9), calm.Quantile(0.99)
	var out []LiveCell
	for i, l := range logs {
		out = append(out, liveCell(s, arms[i].Name, l, p90, p99))
	}
	return out
}

const binWidth = 100 * time.Millisecond

func liveCell(s rehearse.Settings, name string, l *live.Log, p90, p99 float64) LiveCell {
	c := LiveCell{Arm: name, LagP99: l.Lag(0.99), Logins: math.Inf(1)}
	m, g := l.Lane("message"), l.Lane("login")
	sent, ok := int64(0), int64(0)
	for i, ph := range l.Plan.Phases {
		st := m.Phases[i]
		sent, ok = sent+st.Sent, ok+st.OK
		if float64(st.OK) < 0.99*float64(st.Sent) {
			c.P99 = worse(c.P99, math.Inf(1), math.Max)
		} else if st.Steady.Len() > 0 {
			c.P99 = worse(c.P99, st.Steady.Quantile(0.99)/p99, math.Max)
		}
		workers := s.Workers
		switch ph.Name {
		case "calm", "recovery":
			continue
		case "halved":
			workers /= 2
		}
		c.Logins = math.Min(c.Logins, float64(g.Phases[i].OK)/ph.Length.Seconds()/s.LoginsLeft(workers))
	}
	c.P99 = finite(orInf(c.P99))
	c.OK = float64(ok) / float64(max(sent, 1))
	for i := range m.Bins {
		if m.Bins[i].Quantile(0.9) > 2*p90 { // false for NaN: nothing was sent
			c.Degraded += binWidth.Seconds()
		}
	}
	c.Attempts = float64(g.Attempts+g.Unfinished) / float64(max(g.Actions, 1))
	return c
}
