package verify

import (
	"bufio"
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

	"github.com/daero/daero/driver/kafka"
)

// childConfig is what a process is told, as a line of JSON on its standard
// input.
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
	Access     access
}

// access is how a cluster is reached, without what is no data.
type access struct {
	TLS                       *kafka.TLS
	Mechanism, User, Password string
}

// client returns the settings of a client of the log.
func (a access) client(brokers []string, id string) kafka.Config {
	return kafka.Config{
		Brokers: brokers, ClientID: id, TLS: a.TLS,
		SASL: kafka.SASL{Mechanism: a.Mechanism, User: a.User, Password: a.Password},
	}
}

// Child is a process of a run: args is its role, and standard input says the
// rest. It returns when that ends, or it is told to end.
func Child(args []string) error {
	in := bufio.NewReader(os.Stdin)
	told, err := in.ReadBytes('\n')
	if len(args) != 1 || err != nil {
		return errors.New("relay verify-child is started by relay verify, not by hand")
	}
	var cfg childConfig
	if err := json.Unmarshal(told, &cfg); err != nil {
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
		_, _ = io.Copy(io.Discard, in)
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
