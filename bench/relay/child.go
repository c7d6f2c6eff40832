package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/httptarget"
)

// childConfig is what a process is told, as JSON in its argument.
type childConfig struct {
	Listen  string // target: where messages come
	Control string // where it is asked and told
	Delay   time.Duration
	Dir     string // broker
	Brokers []string
	// Deliveries of a relay.
	Deliveries []deliveryConfig
	// Topic and Writers are a producer's.
	Topic   string
	Writers int
	// Out and Group are those of who copies Topic.
	Out, Group string
}

// deliveryConfig is one delivery of a relay.
type deliveryConfig struct {
	Name, Topic, Group, To string
	InFlight               int
	ByPartition            bool
}

func runChild(ctx context.Context, args []string, stderr io.Writer) int {
	if len(args) != 2 {
		fmt.Fprintln(stderr, "bench/relay: child is started by the bench, not by hand")
		return 2
	}
	var cfg childConfig
	if err := json.Unmarshal([]byte(args[1]), &cfg); err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	roles := map[string]func(context.Context, childConfig) error{
		"broker": runBroker, "relay": runRelay, "target": runTarget, "producer": runProducer,
		"transform": runTransform, "plain": runPlain,
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the process: reading standard input cannot be given up
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if err := roles[args[0]](ctx, cfg); err != nil && ctx.Err() == nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// serve answers HTTP at address until ctx ends.
func serve(ctx context.Context, address string, h http.Handler) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }() // ends with Close
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	err = s.Close()
	if e := <-failed; err == nil && !errors.Is(e, http.ErrServerClosed) {
		err = e
	}
	return err
}

// usage is what a process has used.
type usage struct {
	CPU       time.Duration // user and system
	Delivered map[string]uint64
	Snapshot  relay.Snapshot
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// runRelay delivers until ctx ends.
func runRelay(ctx context.Context, cfg childConfig) error {
	log, err := kafka.Open(kafka.Config{Brokers: cfg.Brokers, ClientID: "bench-relay"})
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // what was to be committed is
	rc := relay.Config{Log: log, Seed: 1}
	for _, d := range cfg.Deliveries {
		t, err := httptarget.New(httptarget.Config{URL: d.To, InFlight: d.InFlight, Timeout: 10 * time.Second})
		if err != nil {
			return err
		}
		defer t.Close()
		order := relay.ByKey
		if d.ByPartition {
			order = relay.ByPartition
		}
		rc.Deliveries = append(rc.Deliveries, relay.Delivery{
			Name: d.Name, Topics: []string{d.Topic}, Group: d.Group, Handler: t.Handle, Order: order,
			InFlight: d.InFlight, Fixed: true, DeadLetters: relay.DeadLetters{Topic: d.Topic + ".dead"},
		})
	}
	r, err := relay.New(rc)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/usage", func(w http.ResponseWriter, _ *http.Request) {
		u := usage{CPU: cpu(), Delivered: map[string]uint64{}, Snapshot: r.Snapshot(time.Now())}
		for _, d := range u.Snapshot.Deliveries {
			u.Delivered[d.Name] = d.Delivered
		}
		_ = json.NewEncoder(w).Encode(u) // whoever asked has gone
	})
	mux.HandleFunc("/profile", pprof.Profile)
	mux.Handle("/heap", pprof.Handler("heap"))
	return beside(ctx, r.Run, func(ctx context.Context) error { return serve(ctx, cfg.Control, mux) })
}

// beside runs both until one ends or ctx does.
func beside(ctx context.Context, a, b func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var errA error
	var tasks sync.WaitGroup
	tasks.Go(func() {
		defer cancel()
		if errA = a(ctx); errors.Is(errA, context.Canceled) {
			errA = nil
		}
	})
	errB := b(ctx)
	cancel()
	tasks.Wait()
	return errors.Join(errA, errB)
}
