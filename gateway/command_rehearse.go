package gateway

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero/examples/messenger"
	"github.com/daero/daero/rehearse/cli"
)

var (
	_ = addCommand(rehearseCommand)
	_ = addCommand(messengerCommand)
)

func rehearseCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "rehearse",
		Usage: "SCENARIO [--arms none,manual,lanes,auto] [--seed N] [--html FILE] [--console] [--target URL [--most N]] [--output text|json]",
		Short: "Replays a storm without daero, with a person's switch, and with daero",
		Long: `
Replays a storm (earthquake, newyear, goal, false-alert, recovery) against a
sample messenger, behind this same program: without daero, with an emergency
mode that a person switches on, with lanes alone, and with lanes, levels and the
shipped playbook. Shows what came of it side by side, levels and actions on the
time axis, and the verdict on each bar. Everything runs on this machine, on free
ports. With --console a link to the console of the gateway that is rehearsed is
printed before each arm with daero.

With --target URL the storm is sent to a service of yours instead, never more
than --most requests a second, if it agrees: it has to answer
GET /.well-known/daero-rehearsal with a line "allow HOST" that names its host.

Exit status: 0 every bar held, 1 a bar was missed, 2 wrong use, 3 the machine
was too noisy to judge. See --help of the command for all flags.`,
		CobraFunc: plainCommand(func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
			return cli.Rehearse(ctx, args, stdin, stdout, stderr)
		}),
	}
}

// messengerCommand is the sample service, which the rehearsal and the demo
// start as a process of its own.
func messengerCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "messenger",
		Usage: "[--listen ADDRESS] [--workers N]",
		Short: "Runs the sample messenger, a service to try daero with",
		CobraFunc: func(c *cobra.Command) {
			plainCommand(messenger.Main)(c)
			c.Hidden = true
		},
	}
}

// plainCommand runs a function that reads its own arguments. Interrupt and
// SIGTERM end its context.
func plainCommand(run func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int) func(*cobra.Command) {
	return func(c *cobra.Command) {
		c.DisableFlagParsing = true
		c.RunE = func(_ *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			status := run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
			stop()
			if status != 0 {
				os.Exit(status) // a returned error would be printed, and would end with 1
			}
			return nil
		}
	}
}
