package gateway

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// init registers everything; Caddy finds modules in no other way.
func init() {
	caddy.RegisterModule(new(App))
	caddy.RegisterModule(new(Lanes))
	caddy.RegisterModule(new(API))
	caddy.RegisterModule(new(Console))
	caddy.RegisterModule(new(Relay))
	caddy.RegisterModule(new(Captcha))
	caddy.RegisterModule(adminAPI{})
	httpcaddyfile.RegisterGlobalOption("daero", parseGlobal)
	httpcaddyfile.RegisterHandlerDirective("lanes", parseLanes)
	// In front of lanes: who operates daero must not wait in one.
	httpcaddyfile.RegisterHandlerDirective("daero_api", parseAPI)
	httpcaddyfile.RegisterDirectiveOrder("daero_api", httpcaddyfile.Before, "encode")
	httpcaddyfile.RegisterHandlerDirective(consoleDirective, parseConsole)
	httpcaddyfile.RegisterDirectiveOrder(consoleDirective, httpcaddyfile.Before, "encode")
	// Likewise: what waits must not wait for a lane to be taken in.
	httpcaddyfile.RegisterHandlerDirective("daero_relay", parseRelay)
	httpcaddyfile.RegisterDirectiveOrder("daero_relay", httpcaddyfile.Before, "encode")
	// Likewise: who is asked in front of a lane must be able to answer.
	httpcaddyfile.RegisterHandlerDirective(captchaDirective, parseCaptcha)
	httpcaddyfile.RegisterDirectiveOrder(captchaDirective, httpcaddyfile.Before, "encode")
	// After authentication, so that users are known by headers it sets; before
	// whatever answers, and before encode: a refusal is not worth compressing.
	httpcaddyfile.RegisterDirectiveOrder("lanes", httpcaddyfile.Before, "encode")
	for _, command := range commands {
		caddycmd.RegisterCommand(command())
	}
}

// commands are daero's own, in the order in which files added them.
var commands []func() caddycmd.Command

// addCommand adds a command to the program. A file command_NAME.go calls it as
//
//	var _ = addCommand(nameCommand)
//
// which runs before init, so that there is one init and one list.
func addCommand(command func() caddycmd.Command) struct{} {
	commands = append(commands, command)
	return struct{}{}
}
