package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// target is a service that answers after a while. It speaks just enough HTTP to
// cost little: net/http would take more of the machine than the relay does.
type target struct {
	delay   atomic.Int64 // nanoseconds
	failing atomic.Value // the key that is answered with 500, "" none
	dead    atomic.Bool  // nothing is answered
	count   atomic.Int64 // answered with 200

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// runTarget serves until ctx ends. control is another address, to change what
// it does and to ask what it did.
func runTarget(ctx context.Context, cfg childConfig) error {
	t := &target{conns: map[net.Conn]struct{}{}}
	t.failing.Store("")
	t.delay.Store(int64(cfg.Delay))
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return err
	}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.keep(c)
			tasks.Go(func() { t.serve(c) })
		}
	})
	err = serve(ctx, cfg.Control, http.HandlerFunc(t.control))
	l.Close()
	t.closeAll()
	tasks.Wait()
	return err
}

func (t *target) keep(c net.Conn) {
	t.mu.Lock()
	t.conns[c] = struct{}{}
	t.mu.Unlock()
}

func (t *target) closeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.conns {
		c.Close()
	}
}

// control changes what the form says, and answers the count.
func (t *target) control(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if v, err := time.ParseDuration(q.Get("delay")); err == nil {
		t.delay.Store(int64(v))
	}
	if q.Has("failing") {
		t.failing.Store(q.Get("failing"))
	}
	if q.Has("dead") {
		t.dead.Store(q.Get("dead") == "true")
		t.closeAll() // who is dead does not answer old requests either
	}
	_ = json.NewEncoder(w).Encode(t.count.Load()) // whoever asked has gone
}

const (
	answerOK     = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	answerFailed = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
)

func (t *target) serve(c net.Conn) {
	defer func() {
		c.Close()
		t.mu.Lock()
		delete(t.conns, c)
		t.mu.Unlock()
	}()
	r := bufio.NewReaderSize(c, 4096)
	for {
		key, err := readRequest(r)
		if err != nil {
			return
		}
		if t.dead.Load() {
			_, _ = io.Copy(io.Discard, r) // until the other side gives up
			return
		}
		if d := time.Duration(t.delay.Load()); d > 0 {
			time.Sleep(d)
		}
		answer := answerOK
		if f := t.failing.Load().(string); f != "" && f == key {
			answer = answerFailed
		} else {
			t.count.Add(1)
		}
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
}

// readRequest reads one request and returns the key of its message.
func readRequest(r *bufio.Reader) (key string, err error) {
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return "", err
		}
		if len(line) <= 2 {
			_, err := r.Discard(length)
			return key, err
		}
		switch line[0] {
		case 'C', 'c':
			if v, ok := header(line, "Content-Length: "); ok {
				if length, err = strconv.Atoi(v); err != nil {
					return "", fmt.Errorf("content length: %w", err)
				}
			}
		case 'D', 'd':
			if v, ok := header(line, "Daero-Key: "); ok {
				key = v
			}
		}
	}
}

func header(line []byte, name string) (string, bool) {
	if len(line) < len(name) || !strings.EqualFold(string(line[:len(name)]), name) {
		return "", false
	}
	return strings.TrimSpace(string(line[len(name):])), true
}
