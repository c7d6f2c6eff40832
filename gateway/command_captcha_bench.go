package gateway

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/daero/daero/captcha/attack/bench"
)

func captchaBenchCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "bench [--attacker NAME|all] [--kind KIND] [--level L] [--n N] [--seed S] [--quick] [--output text|json]",
		Short: "Attacks the captcha's questions and its protocol, and says what came of it",
		Long: `
Attacks the captcha's questions with guessers, readers and listeners, and its
protocol with replays, races and forgeries; says how often it worked, how long it
took, and what a token costs then. What is checked in as captcha/STRENGTH.md is
written by it (--write).

Exit status: 0 good, 1 a bar was missed, 2 wrong use. See --help of the command
for all flags.`,
	}
	plainCommand(func(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
		return bench.Main(ctx, args, stdout, stderr)
	})(c)
	return c
}
