package gateway

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// arm reads the word of sources that warn: "arm attention", and "for 10m"
// where the source does not know how long.
func (l *signalLine) arm(lasts *caddy.Duration) word {
	usage := "write it like \"arm attention\""
	if lasts != nil {
		usage = "write it like \"arm attention for 10m\""
	}
	return word{"arm", func(d *caddyfile.Dispenser) {
		args := d.RemainingArgs()
		switch {
		case len(args) == 1:
			l.out.Arm = args[0]
		case len(args) == 3 && args[1] == "for" && lasts != nil:
			l.out.Arm = args[0]
			v, err := caddy.ParseDuration(args[2])
			if err != nil || v <= 0 {
				l.bad(d, "arm for %s: must be a duration above zero: %s", args[2], usage)
			}
			*lasts = caddy.Duration(v)
		default:
			l.bad(d, "arm: takes a level: %s", usage)
		}
	}}
}
