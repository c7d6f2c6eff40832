package faultproxy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/daero/daero/internal/faultproxy"
)

// echo is a server that sends back what it gets, and ends when the client does.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			tasks.Go(func() {
				defer c.Close()
				io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		tasks.Wait()
	})
	return l.Addr().String()
}

func start(t *testing.T, target string) *faultproxy.Proxy {
	t.Helper()
	p, err := faultproxy.New(target, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func dial(t *testing.T, p *faultproxy.Proxy) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

// attempt dials and says something: a reset may come as early as that.
func attempt(p *faultproxy.Proxy, text string) error {
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return say(c, text)
}

// say sends text and returns the error of reading it back.
func say(c net.Conn, text string) error {
	if _, err := c.Write([]byte(text)); err != nil {
		return err
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != text {
		return errors.New("got back " + string(got))
	}
	return nil
}

// silent checks that nothing comes for a moment.
func silent(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read %d bytes, %v: want nothing", n, err)
	}
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func TestForwardsEverything(t *testing.T) {
	p := start(t, echo(t))
	c := dial(t, p)
	sent := make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{1}).Read(sent)
	var got []byte
	var reader sync.WaitGroup
	reader.Go(func() { got, _ = io.ReadAll(c) })
	if _, err := c.Write(sent); err != nil {
		t.Fatal(err)
	}
	c.CloseWrite() // the end goes through too, or the reader would not return
	reader.Wait()
	if !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back of %d, or not the same", len(got), len(sent))
	}
}

func TestDelayKeepsOrderAndThroughput(t *testing.T) {
	p := start(t, echo(t))
	c := dial(t, p)
	p.Set(faultproxy.Faults{Up: faultproxy.Way{Delay: 60 * time.Millisecond, Jitter: 20 * time.Millisecond}})
	before := time.Now()
	if err := say(c, "one"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(before); took < 60*time.Millisecond {
		t.Errorf("came back after %s: want 60 ms and more", took)
	}
	// 2 MB are over 100 reads: one after the other would take over 6 s.
	if err := say(c, strings.Repeat("0123456789", 200_000)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(before); took > 6*time.Second {
		t.Errorf("took %s: the delay bounds the throughput", took)
	}
}

func TestRate(t *testing.T) {
	p := start(t, echo(t))
	c := dial(t, p)
	p.Set(faultproxy.Faults{Down: faultproxy.Way{Rate: 2000}})
	before := time.Now()
	if err := say(c, strings.Repeat("x", 400)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(before); took < 180*time.Millisecond {
		t.Errorf("400 bytes at 2,000/s came after %s", took)
	}
}

func TestHalfOpen(t *testing.T) {
	p := start(t, echo(t))
	for name, f := range map[string]faultproxy.Faults{
		"up":   {Up: faultproxy.Way{Hold: true}},
		"down": {Down: faultproxy.Way{Hold: true}},
	} {
		p.Set(faultproxy.Faults{})
		c := dial(t, p)
		if err := say(c, "before"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p.Set(f)
		c.Write([]byte("after"))
		silent(t, c)
		p.Set(faultproxy.Faults{}) // what was held passes
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "after" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestHoldKeepsTheEnd(t *testing.T) {
	p := start(t, echo(t))
	c := dial(t, p)
	if err := say(c, "before"); err != nil {
		t.Fatal(err)
	}
	p.Set(faultproxy.Faults{Up: faultproxy.Way{Hold: true}})
	c.CloseWrite()
	silent(t, c) // the server has not heard of the end, or it would have ended too
	p.Set(faultproxy.Faults{})
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%v: want the end", err)
	}
}

func TestDropForgetsAndEndsInAReset(t *testing.T) {
	p := start(t, echo(t))
	c := dial(t, p)
	if err := say(c, "before"); err != nil {
		t.Fatal(err)
	}
	p.Set(faultproxy.Faults{Up: faultproxy.Way{Drop: true}})
	c.Write([]byte("gone"))
	silent(t, c)
	p.Set(faultproxy.Faults{})
	if _, err := c.Read(make([]byte, 1)); !isReset(err) {
		t.Errorf("%v: want a reset: bytes are missing", err)
	}
	if err := say(dial(t, p), "a new connection works"); err != nil {
		t.Error(err)
	}
}

func TestDropOfNothingHarmsNobody(t *testing.T) {
	p := start(t, echo(t))
	c := dial(t, p)
	p.Set(faultproxy.Faults{Up: faultproxy.Way{Drop: true}})
	p.Set(faultproxy.Faults{})
	if err := say(c, "nothing was sent meanwhile"); err != nil {
		t.Error(err)
	}
}

func TestCutAfter(t *testing.T) {
	p := start(t, echo(t))
	c := dial(t, p)
	if err := say(c, "before"); err != nil {
		t.Fatal(err)
	}
	p.Set(faultproxy.Faults{Down: faultproxy.Way{CutAfter: 3}})
	c.Write([]byte("half a message"))
	got, err := io.ReadAll(c)
	// The reset may overtake the bytes in the client's own buffer.
	if !isReset(err) || len(got) > 3 || !strings.HasPrefix("hal", string(got)) {
		t.Errorf("%q, %v: want at most the first three bytes and a reset", got, err)
	}
}

func TestResetAndRefuse(t *testing.T) {
	p := start(t, echo(t))
	c := dial(t, p)
	if err := say(c, "before"); err != nil {
		t.Fatal(err)
	}
	p.Reset()
	if _, err := c.Read(make([]byte, 1)); !isReset(err) {
		t.Errorf("%v: want a reset", err)
	}
	p.Set(faultproxy.Faults{Refuse: true})
	if err := attempt(p, "no"); err == nil {
		t.Error("a refused connection answered")
	}
	p.Set(faultproxy.Faults{})
	if err := say(dial(t, p), "yes"); err != nil {
		t.Error(err)
	}
}

func TestServerThatIsAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	p := start(t, l.Addr().String())
	if err := attempt(p, "hello"); err == nil {
		t.Error("nobody answered, but it worked")
	}
}

func TestCloseWaitsForAll(t *testing.T) {
	target := echo(t)
	before := runtime.NumGoroutine()
	for _, f := range []faultproxy.Faults{
		{},
		{Up: faultproxy.Way{Hold: true}},
		{Down: faultproxy.Way{Drop: true}},
		{Up: faultproxy.Way{Rate: 1}},
		{Down: faultproxy.Way{Delay: time.Hour}},
	} {
		p, err := faultproxy.New(target, 1)
		if err != nil {
			t.Fatal(err)
		}
		var clients []net.Conn
		for range 5 {
			c, err := net.Dial("tcp", p.Addr())
			if err != nil {
				t.Fatal(err)
			}
			clients = append(clients, c)
			if err := say(c, "hello"); err != nil {
				t.Fatal(err)
			}
		}
		p.Set(f)
		for _, c := range clients {
			c.Write(make([]byte, 1<<16))
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if n := p.Open(); n != 0 {
			t.Errorf("%+v: %d connections outlive Close", f, n)
		}
		for _, c := range clients {
			c.Close()
		}
	}
	// The echo server's goroutines end by themselves once their clients have.
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for runtime.NumGoroutine() > before {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func TestNet(t *testing.T) {
	a, b := echo(t), echo(t)
	n := faultproxy.NewNet(1)
	defer n.Close()
	talk := func(address string) error {
		c, err := n.DialContext(t.Context(), "tcp", address)
		if err != nil {
			return err
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		return say(c, "hello")
	}
	for _, address := range []string{a, b, a} {
		if err := talk(address); err != nil {
			t.Fatal(err)
		}
	}
	p, err := n.To(a)
	if err != nil || p.Total() != 2 {
		t.Errorf("%d connections to a, %v: want 2", p.Total(), err)
	}
	p.Set(faultproxy.Faults{Refuse: true}) // one of them
	if talk(a) == nil || talk(b) != nil {
		t.Error("want a refused and b not")
	}
	n.Set(faultproxy.Faults{Refuse: true}) // all
	if talk(b) == nil {
		t.Error("b is not refused")
	}
	n.Close()
	if _, err := n.DialContext(context.Background(), "tcp", a); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v: want closed", err)
	}
}

// TestRandomFaults switches what is in force all the time: what comes through
// is always a beginning of what was sent, and the proxy ends.
func TestRandomFaults(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 0))
	p := start(t, echo(t))
	sent := []byte(strings.Repeat("0123456789abcdef", 4096))
	for i := range 60 {
		c, err := net.Dial("tcp", p.Addr())
		if err != nil {
			p.Set(faultproxy.Faults{})
			continue // refused
		}
		c.SetDeadline(time.Now().Add(30 * time.Millisecond))
		var got []byte
		var reader sync.WaitGroup
		reader.Go(func() { got, _ = io.ReadAll(c) })
		for at := 0; at < len(sent); at += 8192 {
			p.Set(faultproxy.Random(r))
			if _, err := c.Write(sent[at:min(at+8192, len(sent))]); err != nil {
				break
			}
		}
		c.(*net.TCPConn).CloseWrite()
		reader.Wait()
		c.Close()
		if !bytes.HasPrefix(sent, got) {
			t.Fatalf("seed %d, round %d: %d bytes came back that were not sent so", seed, i, len(got))
		}
	}
}
