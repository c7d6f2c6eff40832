// Command captcha measures the CAPTCHA of the built gateway from outside: how
// soon a challenge is given, its work taken, its question asked and its picture
// there while challenges come at a fixed rate, whoever waits; and how many tokens
// are verified. A static answer of the same gateway goes beside each.
//
//	go run ./bench/captcha -daero bin/daero
//
// It starts the gateway on free ports and ends it. See README.md beside this
// file for what is measured and how.
//
// Exit status: 0 every bar held, 1 one was missed, 2 wrong use or a gateway that
// did not start, 3 the machine was too noisy to judge.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"
)

// options is what the command line says.
type options struct {
	daero    string
	wrk      string
	rate     int
	duration time.Duration
	pool     int
	smoke    bool
	output   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, "bench/captcha:", err)
		}
		return 2
	}
	r, err := measure(ctx, o, stderr)
	if err == nil {
		err = r.write(stdout, o.output)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench/captcha:", err)
		return 2
	}
	if o.smoke {
		return 0 // it ran; a smoke run is too short to judge
	}
	return r.status()
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("bench/captcha", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.daero, "daero", "bin/daero", "the gateway's program")
	f.StringVar(&o.wrk, "wrk", "wrk", "wrk, for siteverify")
	f.IntVar(&o.rate, "rate", 500, "challenges per second")
	f.DurationVar(&o.duration, "duration", 10*time.Second, "time of each step")
	f.IntVar(&o.pool, "pool", 0, "maps drawn ahead per language (0: the gateway's default)")
	f.BoolVar(&o.smoke, "smoke", false, "50/s for a second: shows that it works, judges nothing")
	f.StringVar(&o.output, "output", "text", "text or json")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.smoke {
		o.rate, o.duration = 50, time.Second
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", f.Arg(0))
	case o.rate < 1 || o.rate > 5000 || o.duration < time.Second || o.duration > 30*time.Second:
		return o, errors.New("-rate is 1 to 5000, -duration 1s to 30s: what is opened must be solved before its two minutes end")
	case o.output != "text" && o.output != "json":
		return o, fmt.Errorf("-output %s: use text or json", o.output)
	}
	var err error
	if o.wrk, err = exec.LookPath(o.wrk); err != nil {
		return o, fmt.Errorf("%w: run make deps", err)
	}
	if _, err := os.Stat(o.daero); err != nil {
		return o, fmt.Errorf("%w: run make build", err)
	}
	return o, nil
}
