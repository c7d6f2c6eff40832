// Command relay measures what the relay promises about speed, memory, and
// trouble that stays where it is.
//
//	go run ./bench/relay
//
// The broker, the relay and the target are processes of their own, so that the
// relay's processor time and memory are its own. What is compared is measured
// in one run, one arm after the other in every round, and judged by the median
// of the rounds' ratios. See README.md beside this file.
//
// Exit status: 0 every bar held, 1 a bar was missed, 2 wrong use or a process
// that did not start.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// options is what the command line says.
type options struct {
	only    []string
	rounds  int
	smoke   bool
	output  string
	brokers []string
	profile string
	seed    uint64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "child" {
		return runChild(ctx, args[1:], stderr)
	}
	o, err := parseOptions(args, stderr)
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, "bench/relay:", err)
		}
		return 2
	}
	r, err := measureAll(ctx, o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "bench/relay:", err)
		return 2
	}
	if o.output == "json" {
		err = r.json(stdout)
	} else {
		err = r.text(stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench/relay:", err)
		return 2
	}
	if o.smoke {
		return 0 // it ran; a smoke run is too short to judge
	}
	return r.status()
}

// measurement is one part of the bench.
type measurement struct {
	name    string
	measure func(*bench, context.Context) error
}

// measurements returns all of them by the name that -only takes, in the order
// in which they run.
func measurements() []measurement {
	return []measurement{
		{"throughput", (*bench).throughput},
		{"isolation", (*bench).isolation},
		{"spool", (*bench).spool},
		{"backlog", (*bench).backlog},
		{"transform", (*bench).transform},
	}
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	var only, brokers string
	f := flag.NewFlagSet("bench/relay", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&only, "only", "", "measure these, by comma: throughput, isolation, spool, backlog, transform")
	f.IntVar(&o.rounds, "rounds", 5, "rounds; each measures every arm once")
	f.StringVar(&brokers, "brokers", "", "a Kafka cluster, host:port by comma (default: the broker in the program; transform needs a cluster)")
	f.StringVar(&o.profile, "profile", "", "write a CPU profile of the relay to this file during throughput")
	f.Uint64Var(&o.seed, "seed", 1, "seed")
	f.BoolVar(&o.smoke, "smoke", false, "one short round: shows that it works, judges nothing")
	f.StringVar(&o.output, "output", "text", "text or json")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.only, o.brokers = list(only), list(brokers)
	if o.smoke {
		o.rounds = 1
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", f.Arg(0))
	case o.rounds < 1:
		return o, errors.New("-rounds must be at least 1")
	case o.output != "text" && o.output != "json":
		return o, fmt.Errorf("-output %s: use text or json", o.output)
	}
	for _, name := range o.only {
		if !slices.ContainsFunc(measurements(), func(m measurement) bool { return m.name == name }) {
			return o, fmt.Errorf("-only %s: there is no such measurement", name)
		}
	}
	return o, nil
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
