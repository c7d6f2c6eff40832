package gateway

import (
	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

var _ = addCommand(playbookCommand)

// playbookCommands are what stands behind `daero playbook`.
var playbookCommands []func() *cobra.Command

// addPlaybook adds a command behind `daero playbook`. A file calls it as
//
//	var _ = addPlaybook(xCommand)
func addPlaybook(command func() *cobra.Command) struct{} {
	playbookCommands = append(playbookCommands, command)
	return struct{}{}
}

func playbookCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "playbook",
		Usage: "show|pause|resume|test",
		Short: "Shows, pauses and tests what happens at which level",
		CobraFunc: func(c *cobra.Command) {
			for _, sub := range playbookCommands {
				c.AddCommand(sub())
			}
		},
	}
}
