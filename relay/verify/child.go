package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// childConfig is what a process is told, as JSON in its argument.
type childConfig struct {
	Life    int
	Listen  string // HOST:PORT
	Seed    uint64
	Broken  Broken
	Brokers []string
	Topic   string
	Group   string
	Target  string // URL
	Ledger  string // file
	Data    string // directory
	Spool   bool

	Partitions int
}

// Child is a process of a run: args are its role and what it is told. It
// returns when its standard input ends or it is told to end.
func Child(args []string) error {
	if len(args) != 2 {
		return errors.New("relay verify-child is started by relay verify, not by hand")
	}
	var cfg childConfig
	if err := json.Unmarshal([]byte(args[1]), &cfg); err != nil {
		return fmt.Errorf("what the child is told: %w", err)
	}
	roles := map[Role]func(context.Context, childConfig) error{
		Acceptor: runAcceptor, Relay: runRelay, Target: runTarget, Broker: runBroker,
	}
	run, ok := roles[Role(args[0])]
	if !ok {
		return fmt.Errorf("no role %q", args[0])
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the process: reading standard input cannot be given up
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if err := run(ctx, cfg); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return nil
}

// serve answers HTTP at address until ctx ends.
func serve(ctx context.Context, address string, h http.Handler) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }() // ends with Shutdown
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = s.Shutdown(bound)
	if e := <-failed; err == nil && !errors.Is(e, http.ErrServerClosed) {
		err = e
	}
	return err
}
