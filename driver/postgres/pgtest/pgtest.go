//go:build unix

// Package pgtest runs a PostgreSQL server of its own for tests: Debian's
// programs, a new directory, a Unix socket, no network. The server runs as the
// user postgres where the tests run as root, since PostgreSQL refuses that.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server.
type Server struct {
	dir, bin string
	fsync    bool
	as       *syscall.Credential
	cmd      *exec.Cmd
	exited   chan struct{}
	n        int
	mu       sync.Mutex
}

// startWithin bounds how long the server may take to answer, recovery included.
const startWithin = 60 * time.Second

// Start starts a server that ends with the test. Without fsync it is faster,
// and may lose what was committed when the machine, not the server, dies.
// Where PostgreSQL is not installed the test is skipped.
func Start(t testing.TB, fsync bool) *Server {
	t.Helper()
	bin := programs()
	if bin == "" {
		t.Skip("PostgreSQL is not installed: scripts/install-test-deps.sh does it")
	}
	s := &Server{bin: bin, fsync: fsync}
	// Not t.TempDir: its path may be too long for a socket, which has 107 bytes.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	s.dir = dir
	t.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(dir)
	})
	if err := s.own(); err != nil {
		t.Fatal(err)
	}
	initdb := s.command("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.Run(t)
	return s
}

// programs finds the newest version's directory, "" if there is none.
func programs() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		if p, err := exec.LookPath("postgres"); err == nil {
			return filepath.Dir(p)
		}
		return ""
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

// own gives the directory to the user postgres where we are root.
func (s *Server) own() error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("a user to run PostgreSQL as, since root may not: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.dir, int(uid), int(gid))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
	// Its own group, so that an interrupt of the tests does not reach it before
	// they have ended it; and it ends if they are killed.
	cmd.SysProcAttr = endWithParent(&syscall.SysProcAttr{Credential: s.as, Setpgid: true})
	return cmd
}

// Run starts the server again after [Server.Kill], and waits until it answers.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	fsync := "off"
	if s.fsync {
		fsync = "on"
	}
	cmd := s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync="+fsync,
		"-c", "full_page_writes="+fsync, "-c", "shared_buffers=16MB", "-c", "max_connections=100", "-c", "jit=off")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	s.mu.Lock()
	s.cmd, s.exited = cmd, exited
	s.mu.Unlock()
	s.await(t, exited)
}

func (s *Server) await(t testing.TB, exited chan struct{}) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); time.Since(begun) < startWithin; {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			_ = conn.Close(ctx)
			cancel()
			return
		}
		cancel()
		select {
		case <-exited:
			out, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			t.Fatalf("PostgreSQL ended:\n%s", out)
		case <-tick.C:
		}
	}
	out, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	t.Fatalf("PostgreSQL does not answer within %s:\n%s", startWithin, out)
}

// Kill kills every process of the server at once (SIGKILL), as a machine that
// stops would.
func (s *Server) Kill() {
	s.mu.Lock()
	cmd, exited := s.cmd, s.exited
	s.cmd = nil
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	// Stopped, it starts no more of them while they are looked for.
	_ = syscall.Kill(cmd.Process.Pid, syscall.SIGSTOP)
	backends := children(cmd.Process.Pid)
	for _, pid := range append(backends, cmd.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-exited
	// A backend holds the shared memory until it is gone, and the next server
	// refuses to start while one does.
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); slices.ContainsFunc(backends, runs) && time.Since(begun) < startWithin; {
		<-tick.C
	}
}

// runs reports whether a process has not ended. One that nobody has waited for
// yet has.
func runs(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	return len(fields) > 0 && fields[0] != "Z" && fields[0] != "X"
}

// children are the processes that pid has started: each backend makes a group
// of its own, so that a signal to the server's does not reach it.
func children(pid int) (all []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid …, and the name may hold anything.
		text := string(b)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			all = append(all, child)
		}
	}
	return all
}

func (s *Server) url(database string) string {
	return "host=" + s.dir + " user=postgres dbname=" + database
}

// Database makes an empty database, and returns its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	s.n++
	name := "test" + strconv.Itoa(s.n)
	s.mu.Unlock()
	conn, err := pgx.Connect(t.Context(), s.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}
