package messenger

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Main is the messenger as a program: it serves until ctx ends, or until
// stdin does where --exit-with-stdin is given, and returns an exit status.
// The first line on stdout is a JSON object with the address in use.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("messenger", flag.ContinueOnError)
	fs.SetOutput(stderr)
	listen := fs.String("listen", "127.0.0.1:9000", "`address` to listen on; port 0 takes a free one")
	var cfg Config
	fs.IntVar(&cfg.Workers, "workers", 24, "how many requests are worked on at once")
	fs.IntVar(&cfg.QueueLimit, "queue", 10_000, "how many requests may wait for a worker")
	fs.Float64Var(&cfg.Sigma, "sigma", 0.2, "spread of the service times; -1 for none")
	fs.Uint64Var(&cfg.Seed, "seed", 1, "seed of the service times")
	fs.BoolVar(&cfg.DropAbandoned, "drop-abandoned", false, "do not work for callers that have gone away")
	withStdin := fs.Bool("exit-with-stdin", false, "end when standard input ends, so as not to outlive the parent")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if fs.NArg() > 0 || cfg.Workers < 1 || cfg.Workers > MaxWorkers || cfg.QueueLimit < 1 {
		fmt.Fprintf(stderr, "messenger: want no arguments, --workers 1 to %d and --queue above 0\n", MaxWorkers)
		return 2
	}
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintf(stderr, "messenger: %v: choose another --listen\n", err)
		return 1
	}
	if err := json.NewEncoder(stdout).Encode(map[string]string{"listening": ln.Addr().String()}); err != nil {
		_ = ln.Close()
		return 1
	}
	if *withStdin {
		ctx = untilEOF(ctx, stdin)
	}
	if err := Serve(ctx, ln, New(cfg)); err != nil {
		fmt.Fprintf(stderr, "messenger: %v\n", err)
		return 1
	}
	return 0
}

// untilEOF returns a context that ends with r. The reader goroutine cannot be
// interrupted; it ends with the process.
func untilEOF(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, r)
		cancel()
	}()
	return ctx
}

// Serve answers on ln until ctx ends, then gives requests in progress half a
// second to finish.
func Serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if srv.Shutdown(grace) != nil {
		_ = srv.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
