package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/driver/postgres"
	"github.com/daero/daero/driver/postgres/pgtest"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/outbox"
)

// What makes this test binary a forwarder of its own, to be killed.
const (
	asForwarder = "POSTGRES_TEST_FORWARDER" // the database's address
	forwardTo   = "POSTGRES_TEST_LOG"       // the file that is its log
	forwardHold = "POSTGRES_TEST_HOLD"      // after so many messages the log answers no more
)

// holding is what such a forwarder says when it stands between publish and
// mark.
const holding = "holding"

func TestMain(m *testing.M) {
	if url := os.Getenv(asForwarder); url != "" {
		if err := forwarder(url, os.Getenv(forwardTo), os.Getenv(forwardHold)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// fileLog is a log in a file, which what is written to survives its writer.
type fileLog struct {
	file *os.File
	hold int

	mu sync.Mutex
	n  int
	wg sync.WaitGroup
}

func (l *fileLog) Append(m *relay.Message, done func(relay.Position, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.WriteString(line(m) + "\n"); err != nil {
		l.wg.Go(func() { done(relay.Position{}, relay.ErrAway) })
		return
	}
	l.n++
	if l.hold > 0 && l.n >= l.hold {
		if l.n == l.hold {
			fmt.Fprintln(os.Stdout, holding)
		}
		return // it is published, and the forwarder never hears of it
	}
	l.wg.Go(func() { done(relay.Position{}, nil) })
}

func (l *fileLog) Consume(context.Context, relay.Group, relay.Consumer) error { panic("not used") }

func forwarder(url, path, hold string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(hold)
	if err != nil {
		return err
	}
	db, err := postgres.Open(postgres.Config{URL: url})
	if err != nil {
		return err
	}
	f, err := outbox.New(outbox.Config{Source: db.Outbox(), Log: &fileLog{file: file, hold: n}, Rows: killRows, Poll: 50 * time.Millisecond})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // ends with who started it
		_, _ = bufio.NewReader(os.Stdin).ReadByte()
		cancel()
	}()
	_ = f.Run(ctx)
	return nil
}

const killRows = 25

// start starts a forwarder in a process of its own.
func start(t *testing.T, url, path string, hold int) (cmd *exec.Cmd, said *bufio.Reader, end func()) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asForwarder+"="+url, forwardTo+"="+path, forwardHold+"="+strconv.Itoa(hold))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(out), func() { _ = in.Close(); _ = cmd.Wait() }
}

// TestForwarderKilledBetweenPublishAndMark kills (SIGKILL) forwarders whose
// messages the log has, before they have heard so.
func TestForwarderKilledBetweenPublishAndMark(t *testing.T) {
	server := pgtest.Start(t, false)
	url := server.Database(t)
	open(t, url)
	shop := newShop(t, url, 10)
	path := filepath.Join(t.TempDir(), "log")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)

	const kills = 12
	var stop atomic.Bool
	var writers sync.WaitGroup
	for i := range 6 {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			for !stop.Load() {
				if err := shop.order(t.Context(), rng); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	rng := rand.New(rand.NewPCG(seed, 99))
	for range kills {
		cmd, said, _ := start(t, url, path, 1+rng.IntN(3*killRows))
		if text, err := said.ReadString('\n'); err != nil || strings.TrimSpace(text) != holding {
			t.Fatalf("the forwarder said %q, %v", text, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	stop.Store(true)
	writers.Wait()
	_, _, end := start(t, url, path, 0)
	until(t, "all is forwarded", func() bool { return shop.rows(t) == 0 })
	end()

	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := &record{lines: strings.Split(strings.TrimSpace(string(b)), "\n")}
	v := r.judge(t, shop.counts(t))
	t.Logf("%d messages, %d kills, %d came twice, each with the same id", v.messages, kills, v.duplicates)
	if v.duplicates == 0 || v.duplicates > kills*killRows {
		t.Errorf("%d came twice: at least 1, and at most what was under way: %d", v.duplicates, kills*killRows)
	}
}

// TestPostgresKilledBetweenPublishAndMark kills every process of the database
// server, with fsync on, while messages that the log has are being marked.
func TestPostgresKilledBetweenPublishAndMark(t *testing.T) {
	server := pgtest.Start(t, true)
	url := server.Database(t)
	pool := open(t, url)
	shop := newShop(t, url, 10)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)

	var stop atomic.Bool
	var writers sync.WaitGroup
	for i := range 6 {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			for !stop.Load() {
				// What was committed is known at the end, from the same database.
				if shop.order(t.Context(), rng) != nil {
					<-time.After(10 * time.Millisecond) // it is away
				}
			}
		})
	}
	const kills = 5
	l := &log{}
	mark := make(chan func(), 1)
	f, _ := forward(t, outbox.Config{Source: marking{pool.Outbox(), mark}, Log: l, Rows: killRows})
	for range kills {
		before := f.Counts().Forwarded
		until(t, "some are forwarded", func() bool { return f.Counts().Forwarded > before+2*killRows })
		killed := make(chan struct{})
		mark <- func() { // called with the log's answers in hand, before they are marked
			server.Kill()
			close(killed)
		}
		<-killed
		server.Run(t)
	}
	stop.Store(true)
	writers.Wait()
	until(t, "all is forwarded", func() bool { return shop.rows(t) == 0 })
	v := l.judge(t, shop.counts(t))
	t.Logf("%d messages, %d kills, %d came twice, each with the same id, %+v", v.messages, kills, v.duplicates, f.Counts())
	if v.duplicates == 0 || v.duplicates > kills*killRows {
		t.Errorf("%d came twice: at least 1, and at most what was under way: %d", v.duplicates, kills*killRows)
	}
}

// marking does something between publish and mark.
type marking struct {
	outbox.Source
	before chan func()
}

func (h marking) Lead(ctx context.Context, lead func(context.Context, outbox.Session) error) error {
	return h.Source.Lead(ctx, func(ctx context.Context, s outbox.Session) error {
		return lead(ctx, beforeMark{s, h.before})
	})
}

type beforeMark struct {
	outbox.Session
	before chan func()
}

func (b beforeMark) Finish(ctx context.Context, done []int64, dead []outbox.Dead) error {
	select {
	case f := <-b.before:
		f()
	default:
	}
	return b.Session.Finish(ctx, done, dead)
}
