package gateway

import (
	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

var _ = addCommand(captchaCommand)

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
			group(c, nil, captchaSiteCommand(), captchaRenderCommand(), captchaBenchCommand())
		},
	}
}
