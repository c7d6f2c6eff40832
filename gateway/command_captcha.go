package gateway

import (
	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

var _ = addCommand(captchaCommand)

// captchaCommands are what stands behind `daero captcha`.
var captchaCommands []func() *cobra.Command

// addCaptcha adds a command behind `daero captcha`. A file calls it as
//
//	var _ = addCaptcha(xCommand)
func addCaptcha(command func() *cobra.Command) struct{} {
	captchaCommands = append(captchaCommands, command)
	return struct{}{}
}

func captchaCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "captcha",
		Usage: "site|render|bench",
		Short: "Keeps the CAPTCHA's sites, draws its questions, and attacks it",
		Long: `
Keeps the sites that the CAPTCHA of a running gateway protects, draws questions
as visitors see them, and measures how strong they are.

Exit status: 0 good, 1 it failed or a bar was missed, 2 wrong use.`,
		CobraFunc: func(c *cobra.Command) {
			var subs []*cobra.Command
			for _, sub := range captchaCommands {
				subs = append(subs, sub())
			}
			group(c, nil, subs...)
		},
	}
}
