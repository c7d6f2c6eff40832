package valkey_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/storetest"
	"github.com/daero/daero/driver/valkey"
	"github.com/daero/daero/driver/valkey/valkeytest"
)

func open(t testing.TB, cfg valkey.Config) *valkey.Ledger {
	t.Helper()
	l, err := valkey.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// pass waits in real time: the server has its own clock.
func pass(d time.Duration) { <-time.After(d) }

// TestLedger is against a real server, in its third database.
func TestLedger(t *testing.T) {
	server := valkeytest.Start(t)
	storetest.Ledger(t, func(t *testing.T) captcha.Ledger {
		return open(t, valkey.Config{URL: server.URL("") + "/3", Timeout: 10 * time.Second})
	}, pass)
}

// TestTwoGateways: of 200 callers through two clients one is first, and all are
// told who.
func TestTwoGateways(t *testing.T) {
	server := valkeytest.Start(t)
	cfg := valkey.Config{URL: server.URL(""), Timeout: 10 * time.Second}
	gateways := []*valkey.Ledger{open(t, cfg), open(t, cfg)}
	for round := range 5 {
		key := fmt.Sprint("token ", round)
		if err := gateways[0].Put(t.Context(), key, []byte("challenge"), time.Minute); err != nil {
			t.Fatal(err)
		}
		var first, taken, spent atomic.Int64
		var names sync.Map
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				l, me := gateways[i%2], fmt.Sprint("caller ", i)
				who, err := l.Claim(t.Context(), key, me, time.Minute)
				value, err2 := l.Take(t.Context(), key)
				ok, _, _, err3 := l.Spend(t.Context(), key, 1, 50, time.Minute)
				if err := errors.Join(err, err2, err3); err != nil {
					t.Error(err)
				}
				names.Store(who, true)
				for n, yes := range map[*atomic.Int64]bool{&first: who == me, &taken: value != nil, &spent: ok} {
					if yes {
						n.Add(1)
					}
				}
			})
		}
		wg.Wait()
		told := 0
		names.Range(func(any, any) bool { told++; return true })
		if first.Load() != 1 || told != 1 || taken.Load() != 1 || spent.Load() != 50 {
			t.Errorf("%d were first and %d names told, %d took it, %d of 50 spent", first.Load(), told, taken.Load(), spent.Load())
		}
	}
	// Another prefix is another ledger.
	cfg.Prefix = "other:"
	if who, err := open(t, cfg).Claim(t.Context(), "token 0", "me", time.Minute); err != nil || who != "me" {
		t.Errorf("with another prefix %q was first: %v", who, err)
	}
}

// TestServerKilled: while it is away every call fails at once and says what to
// do; when it is back the same ledger works, and knows what was redeemed.
func TestServerKilled(t *testing.T) {
	server := valkeytest.Start(t)
	l := open(t, valkey.Config{URL: server.URL(""), Timeout: 5 * time.Second})
	ctx := t.Context()
	if who, err := l.Claim(ctx, "token", "first", time.Hour); err != nil || who != "first" {
		t.Fatal(who, err)
	}
	server.Kill()
	for round := range 3 {
		for what, err := range map[string]error{
			"put": l.Put(ctx, "a", nil, time.Minute), "get": second(l.Get(ctx, "a")), "take": second(l.Take(ctx, "a")),
			"touch": second(l.Touch(ctx, "a", time.Minute)), "claim": second(l.Claim(ctx, "token", "second", time.Minute)), "spend": spends(ctx, l),
		} {
			if err == nil {
				t.Fatalf("round %d, %s: works without a server", round, what)
			}
			if text := err.Error(); round > 0 && (!errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(text, server.Address()+": nothing listens there: start the server")) {
				t.Errorf("round %d, %s: %v", round, what, err)
			}
		}
	}
	server.Run(t)
	if who, err := l.Claim(ctx, "token", "second", time.Hour); err != nil || who != "first" {
		t.Errorf("after a restart %q was first: %v", who, err)
	}
	// A connection that has just died is noticed by whoever uses it first, at a
	// call that is made once more.
	for range 3 {
		server.Kill()
		server.Run(t)
		if _, err := l.Get(ctx, "a"); err != nil {
			t.Errorf("the first call after a restart: %v", err)
		}
	}
}

func second[V any](_ V, err error) error { return err }

func spends(ctx context.Context, l *valkey.Ledger) error {
	_, _, _, err := l.Spend(ctx, "a", 1, 10, time.Minute)
	return err
}

// TestServerHangs: a server that is silent holds nobody up for longer than the
// timeout, and works again when it goes on.
func TestServerHangs(t *testing.T) {
	server := valkeytest.Start(t)
	const timeout = 300 * time.Millisecond
	l := open(t, valkey.Config{URL: server.URL(""), Timeout: timeout})
	if err := l.Put(t.Context(), "a", []byte("one"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(server.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := l.Get(t.Context(), "a"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "does not answer within 300ms") {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(begun); took > 10*timeout {
		t.Errorf("callers waited for %s", took)
	}
	if err := syscall.Kill(server.PID(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return second(l.Get(t.Context(), "a")) })
}

// eventually waits until f is good.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var err error
	for begun := time.Now(); time.Since(begun) < 30*time.Second; <-tick.C {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatalf("still: %v", err)
}

// TestNobodyAnswers: neither what takes connections and says nothing, nor what
// speaks another protocol, holds up or confuses the ledger.
func TestNobodyAnswers(t *testing.T) {
	for name, says := range map[string]string{"silence": "", "another protocol": "HTTP/1.1 400 Bad Request\r\n\r\n", "garbage": "\x00\xff$9999999999999\r\n*-5\r\n"} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var conns sync.WaitGroup
			conns.Go(func() {
				for {
					c, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = c.Write([]byte(says))
					conns.Go(func() {
						_, _ = c.Read(make([]byte, 1))
						<-t.Context().Done()
						_ = c.Close()
					})
				}
			})
			t.Cleanup(conns.Wait)
			t.Cleanup(func() { _ = listener.Close() })
			l := open(t, valkey.Config{URL: "valkey://:hunter2@" + listener.Addr().String(), Timeout: 200 * time.Millisecond})
			begun := time.Now()
			err = spends(t.Context(), l)
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("%s later: %v", took, err)
			}
		})
	}
}

// TestCallerGoesAway: one who goes away is not waited for, and takes nobody's
// connection with him.
func TestCallerGoesAway(t *testing.T) {
	server := valkeytest.Start(t)
	l := open(t, valkey.Config{URL: server.URL(""), Timeout: 10 * time.Second})
	var wg sync.WaitGroup
	for i := range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if err := l.Put(ctx, fmt.Sprint(i), []byte("one"), time.Minute); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		wg.Go(cancel)
		wg.Go(func() {
			if err := l.Put(t.Context(), fmt.Sprint("stays ", i), []byte("one"), time.Minute); err != nil {
				t.Error(err)
			}
			if got, err := l.Take(t.Context(), fmt.Sprint("stays ", i)); err != nil || string(got) != "one" {
				t.Errorf("%q %v", got, err)
			}
		})
	}
	wg.Wait()
}

func TestClosed(t *testing.T) {
	server := valkeytest.Start(t)
	l := open(t, valkey.Config{URL: server.URL("")})
	if err := l.Put(t.Context(), "a", nil, time.Minute); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Get(t.Context(), "a"); err != nil || got == nil || len(got) != 0 {
		t.Errorf("an empty value comes back as %v: %v", got, err)
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	if _, err := l.Get(t.Context(), "a"); err == nil {
		t.Error("works when closed")
	}
}

func BenchmarkClaim(b *testing.B) {
	server := valkeytest.Start(b, "--appendonly", "no")
	l := open(b, valkey.Config{URL: server.URL(""), Timeout: 10 * time.Second})
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.Claim(b.Context(), fmt.Sprint(n.Add(1)), "me", time.Minute); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
