package httptarget_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/httptarget"
)

// hostile is a service that answers each connection with whatever it likes.
// end is closed when the test is over.
type hostile func(c net.Conn, end <-chan struct{})

func (h hostile) start(t *testing.T) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				h(c, end)
			})
		}
	})
	t.Cleanup(func() { close(end); l.Close(); all.Wait() })
	return "http://" + l.Addr().String() + "/take"
}

// taken reads one request.
func taken(c net.Conn) bool {
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err == nil
}

// says answers every request with text, and then closes the connection.
func says(text string) hostile {
	return func(c net.Conn, _ <-chan struct{}) {
		if taken(c) {
			_, _ = io.WriteString(c, text)
		}
	}
}

// hangs answers the beginning, and leaves it at that.
func hangs(text string) hostile {
	return func(c net.Conn, end <-chan struct{}) {
		if taken(c) {
			_, _ = io.WriteString(c, text)
			<-end
		}
	}
}

// resets answers the beginning, and breaks the connection.
func resets(text string) hostile {
	return func(c net.Conn, _ <-chan struct{}) {
		if taken(c) {
			_, _ = io.WriteString(c, text)
			_ = c.(*net.TCPConn).SetLinger(0)
		}
	}
}

// repeats answers first, and then again and again until the connection breaks.
// sent counts the bytes.
func repeats(first, again string, every time.Duration, sent *atomic.Int64) hostile {
	return func(c net.Conn, end <-chan struct{}) {
		if !taken(c) {
			return
		}
		tick := time.NewTicker(max(every, 1))
		defer tick.Stop()
		for text := first; ; text = again {
			n, err := io.WriteString(c, text)
			sent.Add(int64(n))
			if err != nil {
				return
			}
			if every == 0 {
				continue
			}
			select {
			case <-tick.C:
			case <-end:
				return
			}
		}
	}
}

const ok = "HTTP/1.1 200 OK\r\n"

// TestHostileAnswers: whatever a target answers is classified, within the
// time-out and the bounds, and the same on both ways.
func TestHostileAnswers(t *testing.T) {
	var sent atomic.Int64
	ack := relay.Result{Verb: relay.Acked, Status: 200}
	isDown := relay.Result{Verb: relay.Retried, Down: true}
	long := strings.Repeat("x", 64<<10)
	for name, c := range map[string]struct {
		h    hostile
		want relay.Result
		why  string // in the reason
	}{
		"closes at once":         {func(net.Conn, <-chan struct{}) {}, isDown, "broke"},
		"hangs before reading":   {func(_ net.Conn, end <-chan struct{}) { <-end }, isDown, "in time"},
		"hangs before answering": {hangs(""), isDown, "in time"},
		"hangs in status line":   {hangs("HTTP/1.1 2"), isDown, "in time"},
		"hangs in headers":       {hangs(ok + "Content-Le"), isDown, "in time"},
		"hangs in body":          {hangs(ok + "Content-Length: 10\r\n\r\nabc"), isDown, "in time"},
		"hangs in chunk":         {hangs(ok + "Transfer-Encoding: chunked\r\n\r\nA\r\nabc"), isDown, "in time"},
		"hangs in trailer":       {hangs(ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n"), isDown, "in time"},
		"hangs in endless body":  {hangs(ok + "\r\nabc"), isDown, "in time"},
		"slow headers":           {repeats(ok, "X: 1\r\n", 20*time.Millisecond, &sent), isDown, "in time"},
		"slow body":              {repeats(ok+"Content-Length: 10000\r\n\r\n", "x", 5*time.Millisecond, &sent), isDown, "in time"},
		"resets before":          {resets(""), isDown, "broke"},
		"resets in headers":      {resets(ok + "X: 1"), isDown, "broke"},
		"resets in body":         {resets(ok + "Content-Length: 10\r\n\r\nabc"), isDown, "broke"},
		"ends in status line":    {says("HTTP/1.1 200"), isDown, ""},
		"ends in headers":        {says(ok + "X: 1\r\n"), isDown, "broke"},
		"ends in body":           {says(ok + "Content-Length: 10\r\n\r\nabc"), isDown, "broke"},
		"ends in chunk":          {says(ok + "Transfer-Encoding: chunked\r\n\r\nA\r\nabc"), isDown, "broke"},
		"ends after chunk":       {says(ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), isDown, "broke"},
		"another protocol":       {says("SSH-2.0-OpenSSH_9.2\r\n"), isDown, "not HTTP"},
		"zeros":                  {says(strings.Repeat("\x00", 5000)), isDown, ""},
		"TLS":                    {says("\x15\x03\x01\x00\x02\x02\x16"), isDown, ""},
		"HTTP 0.9":               {says("<html>hello</html>\n"), isDown, "not HTTP"},
		"HTTP 2":                 {says("HTTP/2 200\r\n\r\n"), isDown, ""},
		"no number":              {says("HTTP/1.1 banana\r\n\r\n"), isDown, "not HTTP"},
		"malformed header":       {says(ok + "no colon\r\n\r\n"), isDown, "not HTTP"},
		"malformed chunk":        {says(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), isDown, ""},
		"negative length":        {says(ok + "Content-Length: -1\r\n\r\n"), isDown, "not HTTP"},
		"two lengths":            {says(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), isDown, "not HTTP"},
		"unknown encoding":       {says(ok + "Transfer-Encoding: gzip\r\n\r\nab"), isDown, "not HTTP"},
		"header bomb":            {repeats(ok, "X: "+long[:1000]+"\r\n", 0, &sent), isDown, "no end"},
		"many headers":           {repeats(ok, "X:\r\n", 0, &sent), isDown, "no end"},
		"endless header":         {repeats(ok+"X: ", long, 0, &sent), isDown, "not HTTP"},
		"endless status line":    {repeats(ok[:15], long, 0, &sent), isDown, ""},
		"switches protocols":     {hangs("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), isDown, "switches"},
		"interim answers":        {says("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n"), ack, ""},
		"interim without end":    {repeats("HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n", 0, &sent), isDown, ""},
		"body without end":       {repeats(ok+"\r\n", long, 0, &sent), ack, ""},
		"a terabyte":             {repeats(ok+"Content-Length: 1099511627776\r\n\r\n", long, 0, &sent), ack, ""},
		"chunks without end":     {repeats(ok+"Transfer-Encoding: chunked\r\n\r\n", "10000\r\n"+long+"\r\n", 0, &sent), ack, ""},
		"chunk without end":      {repeats(ok+"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n", long, 0, &sent), ack, ""},
		"too long for a chunk":   {says(ok + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc"), isDown, ""},
		"trailer without end":    {repeats(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: 1\r\n", 0, &sent), isDown, ""},
		"error without end":      {repeats("HTTP/1.1 500 Oops\r\n\r\n", long, 0, &sent), relay.Result{Status: 500}, "xxx"},
		"bare line feeds":        {says("HTTP/1.0 200 OK\n\nabc"), ack, ""},
		"nothing but a status":   {says("HTTP/1.1 204\r\n\r\n"), relay.Result{Verb: relay.Acked, Status: 204}, ""},
	} {
		for _, way := range []string{"own", "net/http"} {
			t.Run(name+"/"+way, func(t *testing.T) {
				sent.Store(0)
				cfg := httptarget.Config{URL: c.h.start(t), Timeout: 30 * time.Second}
				if c.why == "in time" {
					cfg.Timeout = 100 * time.Millisecond
				}
				if way == "net/http" {
					cfg = httptarget.Standard(cfg)
				}
				target := newTarget(t, cfg)
				got := target.Handle(t.Context(), message())
				if why := got.Reason; !strings.Contains(why, c.why) && way == "own" || len(why) > 5<<10 {
					t.Errorf("reason %q, want one with %q", why, c.why)
				}
				if got.Reason = ""; got != c.want {
					t.Errorf("%+v, want %+v", got, c.want)
				}
				target.Close()
				// What the kernels of both sides hold comes on top of MaxAnswer.
				if n := sent.Load(); n > 32<<20 {
					t.Errorf("the target got rid of %d bytes", n)
				}
			})
		}
	}
}

// TestAnswersToNobody: what a target sends without being asked is never taken
// for the answer to the next message.
func TestAnswersToNobody(t *testing.T) {
	for name, second := range map[string]string{
		"in one packet": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"long body":     "xHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			url := hostile(func(c net.Conn, _ <-chan struct{}) {
				for taken(c) {
					if n.Add(1) == 1 {
						_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"+second)
					} else {
						_, _ = io.WriteString(c, "HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n")
					}
				}
			}).start(t)
			target := newTarget(t, httptarget.Config{URL: url})
			if got := target.Handle(t.Context(), message()); got.Verb != relay.Acked {
				t.Errorf("first: %+v", got)
			}
			if got := target.Handle(t.Context(), message()); got.Status != 422 {
				t.Errorf("second: %+v", got)
			}
		})
	}
}

// TestLateAnswerToNobody is the same with an answer that comes while the
// connection is idle.
func TestLateAnswerToNobody(t *testing.T) {
	late := make(chan struct{})
	var n atomic.Int64
	url := hostile(func(c net.Conn, _ <-chan struct{}) {
		for taken(c) {
			if n.Add(1) > 1 {
				_, _ = io.WriteString(c, "HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n")
				continue
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			<-late
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			late <- struct{}{}
		}
	}).start(t)
	target := newTarget(t, httptarget.Config{URL: url})
	if got := target.Handle(t.Context(), message()); got.Verb != relay.Acked {
		t.Errorf("first: %+v", got)
	}
	late <- struct{}{}
	<-late // on loopback it is there once it is written
	if got := target.Handle(t.Context(), message()); got.Status != 422 {
		t.Errorf("second: %+v", got)
	}
}

// TestIdleConnectionsThatClose: a target that closes connections without a
// word costs no attempt.
func TestIdleConnectionsThatClose(t *testing.T) {
	var connections atomic.Int64
	url := hostile(func(c net.Conn, _ <-chan struct{}) {
		connections.Add(1)
		if taken(c) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	}).start(t)
	target := newTarget(t, httptarget.Config{URL: url})
	for i := range 200 {
		if got := target.Handle(t.Context(), message()); got.Verb != relay.Acked {
			t.Fatalf("message %d: %+v", i, got)
		}
	}
	if n := connections.Load(); n != 200 {
		t.Errorf("%d connections, want 200", n)
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	var connections atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch r.Header.Get("Daero-Offset") {
		case "0":
			w.WriteHeader(204)
		case "1": // chunked
			_, _ = io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, strings.Repeat("b", 10_000))
		case "2":
			w.WriteHeader(422)
			_, _ = io.WriteString(w, "no")
		}
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	target := newTarget(t, httptarget.Config{URL: srv.URL})
	for i := range 90 {
		m := message()
		m.Offset = int64(i % 3)
		if i%5 == 0 {
			m.Value = make([]byte, 1<<20)
		}
		target.Handle(t.Context(), m)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for messages one after the other", n)
	}
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for range 20 {
				if got := target.Handle(t.Context(), message()); got.Verb != relay.Acked {
					t.Errorf("%+v", got)
				}
			}
		})
	}
	all.Wait()
	if n := connections.Load(); n > 65 {
		t.Errorf("%d connections for 64 messages in flight", n)
	}
}

// TestEarlyRefusal: a target may refuse a message before it has read it.
func TestEarlyRefusal(t *testing.T) {
	url := hostile(func(c net.Conn, _ <-chan struct{}) {
		_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
	}).start(t)
	target := newTarget(t, httptarget.Config{URL: url})
	m := message()
	m.Value = make([]byte, 8<<20)
	if got := target.Handle(t.Context(), m); got.Verb != relay.Rejected || got.Status != 413 {
		t.Errorf("%+v", got)
	}
}

func TestContextEndsAnAttempt(t *testing.T) {
	arrived := make(chan struct{}, 1)
	url := hostile(func(c net.Conn, end <-chan struct{}) {
		if taken(c) {
			arrived <- struct{}{}
			<-end
		}
	}).start(t)
	for _, way := range []string{"own", "net/http"} {
		cfg := httptarget.Config{URL: url}
		if way == "net/http" {
			cfg = httptarget.Standard(cfg)
		}
		target := newTarget(t, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		if got := target.Handle(ctx, message()); got.Verb != relay.Retried || !strings.Contains(got.Reason, "given up") {
			t.Errorf("%s: %+v", way, got)
		}
	}
}
