// Package child starts processes that end with the one that started them:
// nothing that a test or a measurement has started outlives it.
package child

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

// Process is a child. It is told to end, by the end of its standard input and
// SIGTERM, when this one ends in good order, and on Linux killed by the kernel
// when it does not.
type Process struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser // its end is the sign to end
	out   *tail
	done  chan struct{} // closed when it has ended
	err   error         // why; set before done is closed
}

// Start starts a program; name is what errors call it. What it says on both
// outputs is kept, the end of it, for the error message.
func Start(name, exe string, args ...string) (*Process, error) {
	return StartTo(nil, name, exe, args...)
}

// StartTo is Start with the program's standard output going to stdout instead,
// unless that is nil.
func StartTo(stdout io.Writer, name, exe string, args ...string) (*Process, error) {
	cmd := exec.Command(exe, args...)
	cmd.Stdout = stdout
	return StartCommand(name, cmd)
}

// StartCommand is Start of a command that has been given what it needs beside
// its arguments: an environment, a standard output.
func StartCommand(name string, cmd *exec.Cmd) (*Process, error) {
	p := &Process{name: name, cmd: cmd, out: &tail{}, done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = p.out
	}
	cmd.Stderr, cmd.SysProcAttr = p.out, endWithParent()
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() { // ends with the process, which whoever started it waits for
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Tell writes to the process's standard input: what others must not see, as
// they see its arguments. It is for less than 64 KiB in all, which the system
// takes whether the process reads or not.
func (p *Process) Tell(text string) error {
	_, err := io.WriteString(p.stdin, text)
	return err
}

// Done is closed when the process is gone.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill is kill -9. It returns when the process is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.done
}

// Stop ends the process in good order and waits for it.
func (p *Process) Stop(within time.Duration) error {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.err
	case <-time.After(within):
		p.Kill()
		return fmt.Errorf("%s did not end within %s: %s", p.name, within, p.out)
	}
}

// Ended explains why the process is not there any more.
func (p *Process) Ended() error {
	return fmt.Errorf("%s ended by itself (%v): %s", p.name, p.err, p.out) //nolint:errorlint // it may be nil
}

// Failed is [Process.Ended] of a process that has ended, nil if that was in
// good order. It must not be called before Done is closed.
func (p *Process) Failed() error {
	if p.err == nil {
		return nil
	}
	return p.Ended()
}

// Said is the end of what the process has said.
func (p *Process) Said() string { return p.out.String() }

// Ready waits until check succeeds, the process ends or the time is over.
func (p *Process) Ready(ctx context.Context, within time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.Ended()
		case <-ctx.Done():
			return fmt.Errorf("%s: not ready within %s: %w: %s", p.name, within, err, p.out)
		case <-tick.C:
		}
	}
}

// Answers checks that an HTTP server answers at url, whatever it says.
func Answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
}

// FreePorts returns n loopback ports that nobody listens on now.
func FreePorts(n int) ([]int, error) {
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

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// String returns the end of what was written.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}
