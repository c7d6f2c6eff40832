// Command gateway measures what the road costs: the whole gateway with lanes
// beside the same program without them, and its refusals beside nginx's.
//
//	go run ./bench/gateway -daero bin/daero
//
// Everything is compared in one run, arm after arm in every round, and judged
// by the median of the rounds' ratios: absolute figures belong to a machine,
// ratios travel. It starts its own servers on free ports and ends them. See
// README.md beside this file for what is measured and how.
//
// Exit status: 0 every bar held, 1 a bar was missed, 2 wrong use or a server
// that did not start, 3 the machine was too noisy to judge.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

// options is what the command line says.
type options struct {
	daero       string
	nginx       string
	wrk         string
	rounds      int
	duration    time.Duration
	connections int
	smoke       bool
	output      string
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
			fmt.Fprintln(stderr, "bench/gateway:", err)
		}
		return 2
	}
	r, err := measureAll(ctx, o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "bench/gateway:", err)
		return 2
	}
	if o.output == "json" {
		err = r.json(stdout)
	} else {
		err = r.text(stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench/gateway:", err)
		return 2
	}
	if o.smoke {
		return 0 // it ran; a smoke run is too short to judge
	}
	return r.status()
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("bench/gateway", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.daero, "daero", "bin/daero", "the gateway's program")
	f.StringVar(&o.nginx, "nginx", "", "nginx (default: the one on the path or in /usr/sbin)")
	f.StringVar(&o.wrk, "wrk", "", "wrk (default: the one on the path)")
	f.IntVar(&o.rounds, "rounds", 5, "rounds; each measures every arm once")
	f.DurationVar(&o.duration, "duration", 3*time.Second, "time of one arm in one round, whole seconds")
	f.IntVar(&o.connections, "connections", 64, "connections of wrk")
	f.BoolVar(&o.smoke, "smoke", false, "one round of one second: shows that it works, judges nothing")
	f.StringVar(&o.output, "output", "text", "text or json")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.smoke {
		o.rounds, o.duration = 1, time.Second
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", f.Arg(0))
	case o.rounds < 1 || o.connections < 1:
		return o, errors.New("-rounds and -connections must be at least 1")
	case o.duration < time.Second || o.duration%time.Second != 0:
		return o, fmt.Errorf("-duration %s: whole seconds, at least 1s: wrk counts in seconds", o.duration)
	case o.output != "text" && o.output != "json":
		return o, fmt.Errorf("-output %s: use text or json", o.output)
	}
	var err error
	if o.nginx, err = find(o.nginx, "nginx"); err != nil {
		return o, err
	}
	if o.wrk, err = find(o.wrk, "wrk"); err != nil {
		return o, err
	}
	if _, err := os.Stat(o.daero); err != nil {
		return o, fmt.Errorf("%w: run make build", err)
	}
	return o, nil
}
