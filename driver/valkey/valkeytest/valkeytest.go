// Package valkeytest runs a server of its own for tests: Debian's redis-server,
// a new directory, a loopback port that nobody else uses.
package valkeytest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/internal/child"
)

// startWithin bounds how long the server may take to answer.
const startWithin = 30 * time.Second

// Server is a server.
type Server struct {
	exe, dir string
	port     int
	options  []string
	tls      bool
	process  *child.Process
}

// Start starts a server that ends with the test, with options as its command
// line takes them. What it has acknowledged is on the disk then, so that it
// outlives [Server.Kill]. Where no such server is installed the test is skipped.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	exe, err := exec.LookPath("valkey-server")
	if err != nil {
		exe, err = exec.LookPath("redis-server")
	}
	if err != nil {
		t.Skip("no Valkey or Redis server is installed: scripts/install-test-deps.sh does it")
	}
	dir, err := os.MkdirTemp("", "valkey") // the server's, until it is killed
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{exe: exe, dir: dir, options: options}
	t.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(dir)
	})
	// Between finding a port and listening on it another may take it.
	for try := 0; ; try++ {
		ports, err := child.FreePorts(1)
		if err != nil {
			t.Fatal(err)
		}
		s.port = ports[0]
		if err = s.run(t.Context()); err == nil {
			return s
		}
		if try == 2 {
			t.Fatal(err)
		}
	}
}

// StartTLS is Start with a server that speaks only TLS, with a certificate and
// its key in files.
func StartTLS(t testing.TB, certificate, key string) *Server {
	t.Helper()
	s := Start(t) // finds the program and a port
	s.Kill()
	s.tls = true
	s.options = []string{"--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"}
	s.Run(t)
	return s
}

// Run starts the server again after [Server.Kill], where it was, and waits until
// it answers.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) run(ctx context.Context) error {
	args := []string{
		"--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no", "--databases", "4",
	}
	port := strconv.Itoa(s.port)
	if s.tls {
		args = append(args, "--port", "0", "--tls-port", port)
	} else {
		args = append(args, "--port", port)
	}
	p, err := child.Start("redis-server", s.exe, append(args, s.options...)...)
	if err != nil {
		return err
	}
	s.process = p
	check := s.answers
	if s.tls {
		check = s.listens
	}
	if err := p.Ready(ctx, startWithin, check); err != nil {
		s.Kill()
		return err
	}
	return nil
}

func (s *Server) listens(ctx context.Context) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", s.Address())
	if err != nil {
		return err
	}
	return conn.Close()
}

// answers asks whether it has read what it has kept. One that wants a password
// says so only then.
func (s *Server) answers(ctx context.Context) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", s.Address())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := errors.Join(conn.SetDeadline(time.Now().Add(time.Second)), write(conn, "PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "+PONG") && !strings.HasPrefix(line, "-NOAUTH") {
		return fmt.Errorf("it says %q", line)
	}
	return nil
}

func write(conn net.Conn, text string) error {
	_, err := conn.Write([]byte(text))
	return err
}

// Kill is kill -9. It returns when the server is gone.
func (s *Server) Kill() {
	if s.process != nil {
		s.process.Kill()
		s.process = nil
	}
}

// PID is the server's process.
func (s *Server) PID() int { return s.process.PID() }

// Address is where it listens.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL is its address as driver/valkey takes it. who is "" or "user:password@".
func (s *Server) URL(who string) string {
	scheme := "valkey://"
	if s.tls {
		scheme = "valkeys://"
	}
	return scheme + who + s.Address()
}
