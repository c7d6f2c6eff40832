package peers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a server that runs until stop.
type process struct {
	name string
	cmd  *exec.Cmd
	in   io.Closer // where it ends with its standard input
	said *said
	done chan struct{}
	err  error // why it ended; set before done is closed
}

// start starts a server. stdout, if not nil, gets its standard output.
func start(name string, stdout io.Writer, exe string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(exe, args...), said: &said{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = io.Writer(p.said), p.said
	if stdout != nil {
		p.cmd.Stdout = stdout
	}
	p.cmd.SysProcAttr = endWithParent()
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// ready waits until url answers, whatever it says.
func (p *process) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
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
		case <-p.done:
			return fmt.Errorf("%s: ended at once (%w): %s", p.name, p.err, p.said)
		case <-ctx.Done():
			return fmt.Errorf("%s: does not answer on %s: %s", p.name, url, p.said)
		case <-tick.C:
		}
	}
}

// stop ends the process, whose id is ours to end, and waits for it.
func (p *process) stop() {
	_ = p.in.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return
	case <-time.After(5 * time.Second):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
}

// said keeps the first of what a process says, for the error message.
type said struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buf.Len() < 4<<10 {
		s.buf.Write(b)
	}
	return len(b), nil
}

// String returns what was said.
func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// freePort returns a loopback port that nobody listens on now.
func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}
