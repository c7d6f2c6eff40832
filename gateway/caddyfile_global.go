package gateway

import (
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// globalParser reads the global option.
type globalParser struct {
	parser
	app *App
	at  map[string]place // where each block was opened
	// damaged are blocks, FILE:LINE, with a mistake in them: what they do not
	// say is not held against them.
	damaged map[string]bool
	// proposal says that somebody thinks of it: what is in force has names.
	proposal bool
}

// parseGlobal reads the global option:
//
//	daero {
//		secret  <secret>...
//		grace   <duration>
//		level {
//			signal <name> <source> <arguments>... <threshold>{1,4} {
//				stale  <duration>
//				alone
//				<what the source needs>
//			}
//			down after <duration> below <percent>
//			forget <duration>
//		}
//		notify  <channel> <url>... {
//			lang en|ko|both
//		}
//		webhook <name> <url> {
//			secret <secret>
//		}
//		playbook {
//			shadow
//			ramp <percent> every <duration>
//			at <level> {
//				shed     <lane> [background|foreground] <range> [shadow] [i_mean_it]
//				ceiling  <lane> <range>
//				slow     <lane> <duration>
//				stale    <lane> <duration>
//				respond  <lane> [background|foreground] [<status>] [<body>] [<range>]
//				defer    <lane> [background|foreground] <range>
//				challenge <lane> [background|foreground] [new-device] <range>
//				work     <duration>[-<duration>]
//				drain    <lane>|topic <topic> <number>/s
//				flag     <key> <value>
//				webhook  <name>|<url>
//				notify   <channel>
//			}
//		}
//		stale_size <size>
//		relay { … } # see caddyfile_relay.go
//		login { … } # see caddyfile_login.go
//		captcha { … } # see caddyfile_captcha.go
//	}
func parseGlobal(d *caddyfile.Dispenser, existing any) (any, error) {
	d.Next()
	p := &globalParser{app: &App{}, at: map[string]place{}, damaged: map[string]bool{}}
	if existing != nil {
		p.bad(d, "daero: declared twice: put everything into one block")
	}
	if args := d.RemainingArgs(); len(args) > 0 {
		p.bad(d, "daero: unexpected %q: options stand in a block", args[0])
	}
	p.block(d, p.words(), nil)
	if p.app.responds() || len(p.app.Channels) > 0 || len(p.app.Webhooks) > 0 {
		drawn := p.app.draft(nil)
		p.errs = append(p.errs, drawn.errs...)
	}
	if p.app.Relay != nil {
		for _, m := range drawRelay(p.app.Relay).errs {
			if !p.damaged[place{m.file, m.line}.String()] {
				p.errs = append(p.errs, m)
			}
		}
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "daero", Value: p.json(p.app)}, nil
}

func (p *globalParser) words() []word {
	return []word{
		{"secret", func(d *caddyfile.Dispenser) {
			args := d.RemainingArgs()
			if len(args) == 0 {
				p.bad(d, "secret: no secret: write it like \"secret {env.DAERO_SECRET}\"")
			}
			p.app.Secrets = append(p.app.Secrets, args...)
		}},
		{"grace", func(d *caddyfile.Dispenser) { p.app.Grace = p.duration(d, "10m") }},
		{"level", p.level},
		{"playbook", p.playbook},
		{"notify", p.channel},
		{"webhook", p.webhook},
		{"stale_size", p.staleSize},
		{"relay", p.relay},
		{"captcha", p.captcha},
		{"login", p.login},
	}
}

// first notes where a block stands and refuses a second one.
func (p *globalParser) first(d *caddyfile.Dispenser, what string) bool {
	if before, twice := p.at[what]; twice {
		p.bad(d, "%s: stands twice, first at %s: keep one", what, before)
		return false
	}
	p.at[what] = placeOf(d)
	return true
}

// noArgs refuses arguments in front of a block.
func (p *parser) noArgs(d *caddyfile.Dispenser, usage string) {
	name := d.Val()
	if args := d.RemainingArgs(); len(args) > 0 {
		p.bad(d, "%s: unexpected %q: write it like %q", name, args[0], usage)
	}
}

// channel reads a way to tell people.
func (p *globalParser) channel(d *caddyfile.Dispenser) {
	const usage = "write it like \"notify ops slack://token@channel\""
	where := placeOf(d).String()
	args := d.RemainingArgs()
	if len(args) < 2 {
		p.bad(d, "notify: takes a name and one URL or more: %s", usage)
		return
	}
	if !p.first(d, "notify "+args[0]) {
		return
	}
	c := ChannelConfig{URLs: args[1:], Where: where}
	p.block(d, []word{{"lang", func(d *caddyfile.Dispenser) { c.Lang, _ = p.one(d, "ko") }}}, nil)
	if p.app.Channels == nil {
		p.app.Channels = map[string]ChannelConfig{}
	}
	p.app.Channels[args[0]] = c
}

// webhook reads a URL to call.
func (p *globalParser) webhook(d *caddyfile.Dispenser) {
	const usage = "write it like \"webhook pager https://pager.example.com/daero\""
	where := placeOf(d).String()
	args := d.RemainingArgs()
	if len(args) != 2 {
		p.bad(d, "webhook: takes a name and a URL: %s", usage)
		return
	}
	if strings.Contains(args[0], "://") {
		p.bad(d, "webhook %s: a name comes first: %s", args[0], usage)
		return
	}
	if !p.first(d, "webhook "+args[0]) {
		return
	}
	w := WebhookConfig{URL: args[1], Where: where}
	p.block(d, []word{{"secret", func(d *caddyfile.Dispenser) { w.Secret, _ = p.one(d, "{env.PAGER_SECRET}") }}}, nil)
	p.addWebhook(args[0], w)
}

func (p *globalParser) addWebhook(name string, w WebhookConfig) {
	if p.app.Webhooks == nil {
		p.app.Webhooks = map[string]WebhookConfig{}
	}
	p.app.Webhooks[name] = w
}

// staleSize reads how much the answers kept for stale may hold.
func (p *globalParser) staleSize(d *caddyfile.Dispenser) {
	arg, ok := p.one(d, "64MiB")
	if !ok {
		return
	}
	n, ok := bytesOf(arg)
	if !ok || n < minStaleSize || n > maxStaleSize {
		p.bad(d, "stale_size %s: must be 1MiB to 4096MiB, written like \"stale_size 64MiB\"", arg)
		return
	}
	p.app.StaleSize = n
}

func (p *parser) duration(d *caddyfile.Dispenser, example string) caddy.Duration {
	name := d.Val()
	arg, ok := p.one(d, example)
	if !ok {
		return 0
	}
	v, err := caddy.ParseDuration(arg)
	if err != nil || v <= 0 {
		p.bad(d, "%s %s: must be a duration above zero, written like %q", name, arg, name+" "+example)
		return 0
	}
	return caddy.Duration(v)
}
