package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// find returns the program to run; Debian keeps nginx where only root looks.
func find(given, name string) (string, error) {
	if given != "" {
		return exec.LookPath(given)
	}
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if p, err := exec.LookPath(candidate); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: run make deps", name)
}

// cpus says on which core a process runs, so that what is measured and what
// measures it do not take each other's time. With one core, or without
// taskset, nothing is pinned and the report says so.
type cpus struct {
	taskset string
	pinned  bool
}

const (
	loadCore   = 0 // wrk and the upstream
	serverCore = 1 // what is measured
)

func newCPUs() cpus {
	p, err := exec.LookPath("taskset")
	return cpus{taskset: p, pinned: err == nil && runtime.NumCPU() > 1}
}

func (c cpus) command(ctx context.Context, core int, name string, args ...string) *exec.Cmd {
	if c.pinned {
		args = append([]string{"-c", strconv.Itoa(core), name}, args...)
		name = c.taskset
	}
	return exec.CommandContext(ctx, name, args...)
}

// server is a process that serves until stop.
type server struct {
	name string
	cmd  *exec.Cmd
	log  *buffer
	done chan struct{}
	err  error
}

// start starts a server and waits until addr answers.
func start(ctx context.Context, name, url string, cmd *exec.Cmd) (*server, error) {
	s := &server{name: name, cmd: cmd, log: &buffer{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = s.log, s.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // nginx has children: end them together
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		s.err = cmd.Wait()
		close(s.done)
	}()
	if err := s.ready(ctx, url); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// ready asks url until something answers.
func (s *server) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case <-s.done:
			return fmt.Errorf("%s ended at once (%w):\n%s", s.name, s.err, s.log)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer on %s:\n%s", s.name, url, s.log)
		case <-tick.C:
		}
	}
}

// stop ends the server's process group and waits for it.
func (s *server) stop() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.done
	}
}

// buffer keeps what a server said, for the error message if it fails.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buf.Len() > 1<<16 {
		return len(p), nil
	}
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// freePorts returns n ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at the end, so that no port comes twice
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
