package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is a process that ends with this one: it is told to when this one
// ends in good order, and on Linux killed by the kernel when it does not.
type child struct {
	name  string
	cmd   *exec.Cmd
	stdin io.Closer // its end is the sign to end
	out   *tail
	done  chan struct{} // closed when it has ended
	err   error         // why; set before done is closed
}

// startChild starts a process. Its standard output goes to stdout if that is
// not nil; the end of what it says otherwise is kept for an error message.
func startChild(name string, stdout io.Writer, exe string, args ...string) (*child, error) {
	c := &child{name: name, cmd: exec.Command(exe, args...), out: &tail{}, done: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = io.Writer(c.out), c.out
	if stdout != nil {
		c.cmd.Stdout = stdout
	}
	c.cmd.SysProcAttr = endWithParent()
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c.stdin = stdin
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// stop ends the process and waits for it. The error is that of a process that
// had failed before.
func (c *child) stop() error {
	select {
	case <-c.done:
		if c.err != nil {
			return c.ended()
		}
		return nil
	default:
	}
	_ = c.stdin.Close()
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
		return nil
	case <-time.After(3 * time.Second):
	}
	_ = c.cmd.Process.Kill()
	<-c.done
	return nil
}

// ended explains why the process is not there any more.
func (c *child) ended() error {
	if c.err == nil {
		return fmt.Errorf("%s ended by itself: %s", c.name, c.out)
	}
	return fmt.Errorf("%s ended by itself: %w: %s", c.name, c.err, c.out)
}

// ready waits until check succeeds, the process ends or ctx does.
func (c *child) ready(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.done:
			return c.ended()
		case <-ctx.Done():
			return fmt.Errorf("%s: not ready: %w: %s", c.name, err, c.out)
		case <-tick.C:
		}
	}
}

// answers checks that something answers at url, whatever it says.
func answers(url string) func(context.Context) error {
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

// send sends a body and expects success.
func send(ctx context.Context, method, url, contentType, body string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)); resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, said)
	}
	return nil
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

// messengerAddress reads the first line that the messenger prints.
func messengerAddress(r io.Reader) (string, error) {
	var first struct{ Listening string }
	if err := json.NewDecoder(r).Decode(&first); err != nil || first.Listening == "" {
		return "", errors.Join(errors.New("messenger: did not say where it listens"), err)
	}
	return first.Listening, nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 2 << 10

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
