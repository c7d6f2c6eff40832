// Command messenger runs the sample messenger on its own.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/daero/daero/examples/messenger"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := messenger.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
