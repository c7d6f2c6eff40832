package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/daero/daero/rehearse"
)

const demoUsage = `usage: daero demo [flags]

Starts the gateway with a sample messenger behind it, and says what to try.

`

// addresses are what the demo says about itself in JSON.
type addresses struct {
	Gateway   string `json:"gateway"`
	Console   string `json:"console"` // logs an admin in, once
	Messenger string `json:"messenger"`
	Admin     string `json:"admin"`
	Moved     bool   `json:"moved"` // a usual port was taken
}

// Demo runs `daero demo` until ctx ends, and returns its exit status.
func Demo(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, demoUsage)
		fs.PrintDefaults()
	}
	var o rehearse.DemoOptions
	output := fs.String("output", "text", "text or json")
	fs.IntVar(&o.Port, "port", 8080, "of the gateway; the next free one if it is taken")
	fs.IntVar(&o.Workers, "workers", 24, "of the messenger")
	fs.StringVar(&o.Exe, "program", "", "`path` of the daero to start (default this one)")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitGood
		}
		return exitUsage
	}
	if fs.NArg() > 0 || *output != "text" && *output != "json" || o.Port < 1 || o.Port > 65535 || o.Workers < 1 {
		fmt.Fprintln(stderr, "demo: want no arguments, --output text or json, --port 1 to 65535, --workers above 0")
		return exitUsage
	}
	start := time.Now()
	d, err := rehearse.StartDemo(ctx, o)
	if err != nil {
		fmt.Fprintf(stderr, "demo: %v\n", err)
		return exitBad
	}
	a := addresses{Gateway: d.Gateway, Console: d.Console, Messenger: d.Messenger, Admin: d.Admin, Moved: d.Port != o.Port}
	if *output == "json" {
		err = json.NewEncoder(stdout).Encode(a)
	} else {
		_, err = io.WriteString(stdout, a.text(o.Port, time.Since(start)))
	}
	if err == nil {
		err = d.Wait(ctx)
	}
	if err = errors.Join(err, d.Close()); err != nil {
		fmt.Fprintf(stderr, "demo: %v\n", err)
		return exitBad
	}
	return exitGood
}

// text is at most 12 lines.
func (a addresses) text(wanted int, took time.Duration) string {
	moved := ""
	if a.Moved {
		moved = fmt.Sprintf(" (port %d is taken)", wanted)
	}
	address := ""
	if a.Admin != "127.0.0.1:2019" {
		address = " --address " + a.Admin
	}
	return fmt.Sprintf(`daero is ready after %.1f s: %s%s, with a sample messenger behind it

  %s
      the console: see it at a glance (the link logs you in once)
  %s/   a slider: take the messenger's workers away

  curl -i -d '{"text":"hello"}' %[2]s/v1/messages
  curl -i -d '{"user":"minsu"}' %[2]s/v1/login
  daero top%[6]s   the same in the terminal
  daero rehearse earthquake   a login storm, with and without daero

Ctrl-C ends it
`, took.Seconds(), a.Gateway, moved, a.Console, a.Messenger, address)
}
