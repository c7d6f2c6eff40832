package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/daero/daero/internal/child"
)

// bench is what all measurements share: a broker, and a target.
type bench struct {
	options
	report   *report
	progress io.Writer
	exe      string
	dir      string
	brokers  []string
	procs    []*child.Process // in the order of starting
	groups   int
}

func measureAll(ctx context.Context, o options, progress io.Writer) (r *report, err error) {
	b := &bench{options: o, report: newReport(o), progress: progress, brokers: o.brokers}
	if b.exe, err = os.Executable(); err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp("", "daero-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		b.stopAll(0)
		err = errors.Join(err, os.RemoveAll(b.dir))
	}()
	for _, m := range measurements() {
		if len(o.only) > 0 && !slices.Contains(o.only, m.name) {
			continue
		}
		fmt.Fprintf(progress, "%s\n", m.name)
		if err := m.measure(b, ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return b.report, nil
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.progress, "  "+format+"\n", args...) }

// start starts a child and waits until it answers.
func (b *bench) start(ctx context.Context, role string, cfg childConfig) (*child.Process, error) {
	told, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	p, err := child.Start(role, b.exe, "child", role, string(told))
	if err != nil {
		return nil, err
	}
	b.procs = append(b.procs, p)
	return p, p.Ready(ctx, 30*time.Second, child.Answers("http://"+cfg.Control))
}

// stopAll ends what was started after the first n.
func (b *bench) stopAll(n int) {
	for len(b.procs) > n {
		last := len(b.procs) - 1
		_ = b.procs[last].Stop(20 * time.Second) // a measurement is over, whatever it says
		b.procs = b.procs[:last]
	}
}

// withBroker starts the broker if none is given or running.
func (b *bench) withBroker(ctx context.Context) error {
	if len(b.brokers) > 0 {
		return nil
	}
	at, err := addresses(2)
	if err != nil {
		return err
	}
	_, err = b.start(ctx, "broker", childConfig{Listen: at[0], Control: at[1], Dir: filepath.Join(b.dir, "broker")})
	b.brokers = []string{at[0]}
	return err
}

// service is a target that was started.
type service struct{ url, control string }

func (b *bench) target(ctx context.Context, delay time.Duration) (service, error) {
	at, err := addresses(2)
	if err != nil {
		return service{}, err
	}
	_, err = b.start(ctx, "target", childConfig{Listen: at[0], Control: at[1], Delay: delay})
	return service{"http://" + at[0] + "/", "http://" + at[1] + "/"}, err
}

// tell changes what the service does, and returns how many it has taken.
func (s service) tell(ctx context.Context, query string) (int64, error) {
	var n int64
	err := ask(ctx, s.control+"?"+query, &n)
	return n, err
}

// deliverer is a relay that was started.
type deliverer struct {
	process *child.Process
	control string
}

func (b *bench) relay(ctx context.Context, deliveries ...deliveryConfig) (deliverer, error) {
	at, err := addresses(1)
	if err != nil {
		return deliverer{}, err
	}
	p, err := b.start(ctx, "relay", childConfig{Control: at[0], Brokers: b.brokers, Deliveries: deliveries})
	return deliverer{p, "http://" + at[0]}, err
}

// group returns the name of a new group: it begins at the oldest message.
func (b *bench) group() string {
	b.groups++
	return fmt.Sprintf("bench-%d-%d", os.Getpid(), b.groups)
}

func (d deliverer) usage(ctx context.Context) (u usage, err error) {
	err = ask(ctx, d.control+"/usage", &u)
	return u, err
}

// until waits until done, asking every few milliseconds.
func until(ctx context.Context, within time.Duration, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not within %s", within)
		}
	}
}

func ask(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(into)
}

func addresses(n int) ([]string, error) {
	ports, err := child.FreePorts(n)
	var at []string
	for _, p := range ports {
		at = append(at, fmt.Sprintf("127.0.0.1:%d", p))
	}
	return at, err
}
