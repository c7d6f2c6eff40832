package gateway

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// Run runs one of daero's commands as the program does, and returns the exit
// status.
func Run(ctx context.Context, stdout, stderr io.Writer, args ...string) int {
	root := &cobra.Command{Use: "daero", SilenceUsage: true}
	for _, command := range []func() caddycmd.Command{levelCommand, playbookCommand, auditCommand, operatorCommand, relayCommand, captchaCommand, laneCommand, undoCommand, topCommand} {
		described := command()
		c := &cobra.Command{Use: described.Name + " " + described.Usage, Short: described.Short}
		described.CobraFunc(c)
		root.AddCommand(c)
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[statusError](err); ok {
		return e.status
	}
	return -1
}

// DeferTopic is where requests of a lane wait.
func DeferTopic(id string) string { return deferTopic(id) }
