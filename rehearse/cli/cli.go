// Package cli is the commands `daero rehearse` and `daero demo` without the
// program around them: arguments in, an exit status out. It knows neither
// Caddy nor how lanes decide; it starts this program again for both.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/daero/daero/rehearse"
)

// The exit statuses of every daero command.
const (
	exitGood  = 0
	exitBad   = 1 // a bar was missed, or the rehearsal could not be held
	exitUsage = 2
	exitNoisy = 3
)

const rehearseUsage = `usage: daero rehearse SCENARIO [flags]

Replays a storm against a sample messenger, in several arms side by side, and
ends with tables, a time axis and a verdict. The scenarios:

  earthquake   a broadcast wakes every phone, then half of the service is gone
  newyear      people press send, a dependency is slow, half the sessions break
  goal         ten times of everything, for seconds
  false-alert  a warning, a few curious people, and the warning is cancelled
  recovery     17 %, then 50 % of the sessions break and return at once

The arms:

  none    the same gateway without daero
  manual  none, until a person switches a prepared emergency mode on
  lanes   daero's lanes alone
  auto    lanes, levels and the shipped playbook
  static  lanes set by hand by someone who knows the service (earthquake)
  lanes-honouring  lanes, where clients come back when told (earthquake)

With --target the scenario's people are sent to a service of yours instead, in
one arm, and only what they feel is judged. It must agree: it has to answer
GET /.well-known/daero-rehearsal with a line "allow HOST" that names its host.
The storm is made so much smaller that --most is never exceeded.

`

// options are what the command line says.
type options struct {
	scenario    string
	settings    rehearse.Settings
	output      string
	correctness bool
	exe         string
	trace       string
	html        string
	progress    string
	behind      bool
	console     bool
}

// parse reads the command line; the status is the one to end with where ok is
// false.
func parse(args []string, stdin io.Reader, stderr io.Writer) (o options, status int, ok bool) {
	fs := flag.NewFlagSet("rehearse", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, rehearseUsage)
		fs.PrintDefaults()
	}
	arms := fs.String("arms", "", "what to compare, for example none,manual,auto (default those the scenario is made for)")
	bars := fs.String("bars", "all", "`which` bars to judge: all, or correctness where the machine is slow or shared")
	fs.Uint64Var(&o.settings.Seed, "seed", 1, "of the crowd: the same seed, the same arrivals")
	fs.StringVar(&o.output, "output", "text", "text or json")
	fs.DurationVar(&o.settings.Duration, "duration", 0, "of one arm (default 17s, of a target 1m)")
	fs.IntVar(&o.settings.Workers, "workers", 0, "of the messenger (default 24)")
	fs.Float64Var(&o.settings.Messages, "messages", 0, "per `second` (default 250, or 80 where people write more)")
	fs.Float64Var(&o.settings.Syncs, "syncs", 0, "per `second` (default 50)")
	fs.Float64Var(&o.settings.Logins, "logins", 0, "per `second` when nothing is wrong (default 10)")
	fs.Float64Var(&o.settings.Storm, "storm", 0, "logins in the storm, in multiples of those that are left (default 10)")
	fs.IntVar(&o.settings.Repeats, "repeats", 1, "how often an arm may be run again when the machine was too noisy")
	fs.DurationVar(&o.settings.Patience, "patience", 10*time.Second, "how long to wait before each arm for a quiet machine")
	fs.StringVar(&o.exe, "program", "", "`path` of the daero to rehearse (default this one)")
	fs.StringVar(&o.html, "html", "", "`file` for a report with drawings, which needs nothing else to be read")
	fs.StringVar(&o.progress, "progress", "text", "text, or json for programs: a line a second on standard error")
	fs.BoolVar(&o.behind, "behind", false, "let the other programs of this machine go first, instead of this one")
	var to aim
	to.flags(fs)
	fs.BoolVar(&o.console, "console", false, "let the console of each arm with daero be looked at: a link to it is printed")
	fs.DurationVar(&o.settings.Lead, "console-lead", 5*time.Second, "how long the console is up before its arm begins")
	fs.StringVar(&o.trace, "trace", "", "`file` for what the gateway did ten times a second, as CSV")
	scenario, rest := "", args
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		scenario, rest = args[0], args[1:]
	}
	if err := fs.Parse(rest); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, exitGood, false
		}
		return o, exitUsage, false
	}
	if scenario == "" && fs.NArg() == 1 {
		scenario = fs.Arg(0)
	} else if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "rehearse: %q: what is this: want one scenario and flags\n", fs.Args())
		return o, exitUsage, false
	}
	o.scenario, o.settings.Scenario = scenario, scenario
	if *arms != "" {
		o.settings.Arms = strings.Split(*arms, ",")
	}
	var aimed error
	if o.settings.Target, aimed = to.service(stdin); aimed == nil && o.settings.Target == nil && scenario == rehearse.Earthquake {
		o.settings.Arms = withHonouring(o.settings.Arms)
	}
	o.settings = o.settings.WithDefaults()
	o.settings.Trace = o.trace != ""
	if o.correctness = *bars == "correctness"; o.correctness {
		o.settings.Repeats, o.settings.Patience = 0, 0 // noise does not matter
	}
	if err := errors.Join(aimed, o.validate(*bars)); err != nil {
		fmt.Fprintf(stderr, "rehearse: %s\n", strings.ReplaceAll(err.Error(), "\n", "\nrehearse: "))
		return o, exitUsage, false
	}
	return o, exitGood, true
}

// validate reports every mistake at once.
func (o options) validate(bars string) error {
	err := o.settings.Validate()
	switch {
	case o.scenario == "":
		err = errors.Join(fmt.Errorf("no scenario: use %s", strings.Join(rehearse.Scenarios(), ", ")), err)
	case o.output != "text" && o.output != "json":
		err = errors.Join(fmt.Errorf("output %q: is not known: use text or json", o.output), err)
	case o.progress != "text" && o.progress != "json":
		err = errors.Join(fmt.Errorf("progress %q: is not known: use text or json", o.progress), err)
	case o.console && o.settings.Target != nil:
		err = errors.Join(errors.New("console: is of the gateway that a rehearsal starts, and against a target it starts none: leave it out"), err)
	case bars != "all" && bars != "correctness":
		err = errors.Join(fmt.Errorf("bars %q: are not known: use all or correctness", bars), err)
	}
	return err
}

// withHonouring adds the arm with honouring clients where daero's lanes are
// rehearsed: the bar on retries is about them.
func withHonouring(arms []string) []string {
	lanes := false
	for _, a := range arms {
		if a == rehearse.ArmHonouring {
			return arms
		}
		lanes = lanes || a == rehearse.ArmLanes
	}
	if lanes {
		arms = append(arms, rehearse.ArmHonouring)
	}
	return arms
}

// Rehearse runs `daero rehearse` and returns its exit status.
func Rehearse(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, status, ok := parse(args, stdin, stderr)
	if !ok {
		return status
	}
	if o.behind {
		rehearse.LowerPriority()
	} else {
		rehearse.RaisePriority()
	}
	var stage rehearse.Stage = rehearse.Processes{Exe: o.exe}
	if o.settings.Target != nil {
		stage = rehearse.Elsewhere{}
	}
	return o.rehearse(ctx, stage, stdout, stderr)
}

func (o options) rehearse(ctx context.Context, stage rehearse.Stage, stdout, stderr io.Writer) int {
	logs, err := o.run(ctx, stage, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "rehearse: %v\n", err)
		return exitBad
	}
	if err := o.writeTrace(logs); err != nil {
		fmt.Fprintf(stderr, "rehearse: %v\n", err)
		return exitBad
	}
	report := o.settings.Judge(logs, o.correctness)
	if err := o.writeHTML(&report); err != nil {
		fmt.Fprintf(stderr, "rehearse: %v\n", err)
		return exitBad
	}
	if o.output == "json" {
		err = json.NewEncoder(stdout).Encode(report)
	} else {
		err = report.WriteText(stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "rehearse: writing the report: %v\n", err)
		return exitBad
	case len(report.Noisy) > 0:
		return exitNoisy
	case !report.OK:
		return exitBad
	}
	return exitGood
}

// run rehearses, and shows where it is.
func (o options) run(ctx context.Context, stage rehearse.Stage, stderr io.Writer) ([]rehearse.ArmLog, error) {
	if o.progress == "json" {
		l := &lines{w: stderr, arms: o.settings.Arms, of: o.settings.Duration}
		o.settings.Moment = l.moment
		if o.console {
			o.settings.Console = l.console
		}
		return rehearse.Run(ctx, o.settings, stage, l.show)
	}
	bar := newBar(stderr, o.settings)
	defer bar.clear()
	if o.console {
		o.settings.Console = bar.console
	}
	return rehearse.Run(ctx, o.settings, stage, bar.show)
}

func (o options) writeTrace(logs []rehearse.ArmLog) error {
	if o.trace == "" {
		return nil
	}
	f, err := os.Create(o.trace)
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	return errors.Join(rehearse.WriteTrace(f, logs), f.Close())
}

func (o options) writeHTML(r *rehearse.Report) error {
	if o.html == "" {
		return nil
	}
	f, err := os.Create(o.html)
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	return errors.Join(r.WriteHTML(f), f.Close())
}
