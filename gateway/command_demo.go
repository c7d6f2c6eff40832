package gateway

import (
	"context"
	"io"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero/rehearse/cli"
)

var _ = addCommand(demoCommand)

func demoCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "demo",
		Usage: "[--port 8080] [--output text|json]",
		Short: "Starts the gateway with a sample messenger behind it",
		Long: `
Starts the gateway on :8080, or the next free port, with a sample messenger
behind it, and says what to try. With --output json it prints one object with
the addresses. Ends on Ctrl-C.`,
		CobraFunc: plainCommand(func(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
			return cli.Demo(ctx, args, stdout, stderr)
		}),
	}
}
