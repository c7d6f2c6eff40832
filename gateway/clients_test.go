package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// eventually waits until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		}
	}
}

// dial opens a connection of its own to the gateway and sends what is given.
func (w *world) dial(text string) *wire {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.listen)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	c := &wire{t: w.t, Conn: conn, r: bufio.NewReader(conn)}
	c.send(text)
	return c
}

type wire struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func (c *wire) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, text); err != nil {
		c.t.Fatal(err)
	}
}

// response reads the next response, whole.
func (c *wire) response() (status int, body string) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// TestDawdlingClients: bodies that come slowly, small and large, leave the only
// permit to others.
func TestDawdlingClients(t *testing.T) {
	for name, tt := range map[string]struct {
		head  string
		reach bool // the service sees the beginning
		rest  string
	}{
		"small":   {"POST /v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nh", false, "ello"},
		"chunked": {"POST /v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n", false, "4\r\nello\r\n0\r\n\r\n"},
		"large":   {"POST /v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nh", true, "ello" + strings.Repeat(".", 99_995)},
		"asks first": {
			"POST /v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", true,
			"hello",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, lanesFile)
			slow := w.dial(tt.head)
			if tt.reach {
				eventually(t, "the service is reached", func() bool { return w.service.served.Load() == 1 })
			} else {
				eventually(t, "the beginning is read", func() bool { return snapshot(t).BodyBytes > 0 })
			}
			eventually(t, "no permit is held", func() bool { return snapshot(t).Backends["default"].InFlight == 0 })
			for range 5 {
				if r := w.get("/v1/login"); r.StatusCode != 200 {
					t.Fatalf("another client was refused: %d", r.StatusCode)
				}
			}
			slow.send(tt.rest)
			status, body := slow.response()
			for status == http.StatusContinue {
				status, body = slow.response()
			}
			if status != 200 || !strings.HasPrefix(body, "hello") {
				t.Errorf("%d %.40q", status, body)
			}
			eventually(t, "all is given back", func() bool { return laneOf(t, "login").InFlight == 0 })
			noneOut(t)
		})
	}
}

// TestUpgrade: a connection that lasts is in the lane for streams, and gone
// from it when it ends.
func TestUpgrade(t *testing.T) {
	w := newWorld(t, lanesFile)
	w.service.handle = func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			return
		}
		conn, buf, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(conn, buf)
	}
	c := w.dial("GET /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	if status, _ := c.response(); status != http.StatusSwitchingProtocols {
		t.Fatalf("status %d", status)
	}
	c.send("hello\n")
	if line, err := c.r.ReadString('\n'); err != nil || line != "hello\n" {
		t.Errorf("%q %v", line, err)
	}
	if n := laneOf(t, "streams").InFlight; n != 1 {
		t.Errorf("%d streams", n)
	}
	if n := snapshot(t).Backends["default"].InFlight; n != 0 {
		t.Errorf("it holds %d permits", n)
	}
	if r := w.get("/v1/messages"); r.StatusCode != 200 {
		t.Errorf("it stands in the way: %d", r.StatusCode)
	}
	c.Close()
	eventually(t, "the stream has ended", func() bool { return laneOf(t, "streams").InFlight == 0 })
	noneOut(t)
}

// TestClientsThatGoAway, waiting or served, leave nothing behind.
func TestClientsThatGoAway(t *testing.T) {
	w := newWorld(t, strings.Replace(lanesFile, "queue off", "queue 100 10s", 1))
	release := w.fill()
	var gone []*wire
	for range 10 {
		gone = append(gone, w.dial("GET /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
	}
	eventually(t, "ten wait", func() bool { return laneOf(t, "message").Waiting == 10 })
	for _, c := range gone {
		c.Close()
	}
	eventually(t, "nobody waits", func() bool { return laneOf(t, "message").Waiting == 0 })
	release()
	if r := w.get("/v1/messages"); r.StatusCode != 200 {
		t.Errorf("status %d", r.StatusCode)
	}
	noneOut(t)
}

// TestIdleConnections hold no permit and little memory. It is 2,000 of the
// 100,000 that a gateway should bear, so what one costs is what counts.
func TestIdleConnections(t *testing.T) {
	w := newWorld(t, lanesFile)
	const n = 2000
	before := memory()
	conns := make([]*wire, n)
	for i := range conns {
		conns[i] = w.dial("GET /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
		if status, _ := conns[i].response(); status != 200 {
			t.Fatalf("status %d", status)
		}
	}
	noneOut(t)
	// Both ends are in this process: the client's reader of 4 KiB counts too.
	per := (memory() - before) / n
	t.Logf("%d bytes per connection, both ends", per)
	if per > 48<<10 {
		t.Errorf("%d bytes per idle connection: 100,000 would take %d MiB", per, per*100_000>>20)
	}
}

func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// TestGoroutinesEnd: a gateway that was stopped leaves none of ours running.
func TestGoroutinesEnd(t *testing.T) {
	t.Run("a day at work", func(t *testing.T) {
		w := newWorld(t, lanesFile)
		release := w.fill()
		w.get("/v1/login")
		release()
		if err := w.load(lanesFile); err != nil {
			t.Fatal(err)
		}
		noneOut(t)
	})
	eventually(t, "no goroutine is in our code", func() bool {
		buf := make([]byte, 1<<20)
		stacks := string(buf[:runtime.Stack(buf, true)])
		for stack := range strings.SplitSeq(stacks, "\n\n") {
			if strings.Contains(stack, "daero/daero") && !strings.Contains(stack, "TestGoroutinesEnd") && !strings.Contains(stack, "testing.(*M).Run") {
				return false
			}
		}
		return true
	})
}
