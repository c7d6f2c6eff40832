package gateway

import (
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// level reads what levels are made of.
func (p *globalParser) level(d *caddyfile.Dispenser) {
	if !p.first(d, "level") {
		return
	}
	cfg := &LevelConfig{Where: placeOf(d).String()}
	p.app.Level = cfg
	p.noArgs(d, "level {")
	p.block(d, []word{
		{"signal", func(d *caddyfile.Dispenser) { p.signal(d, cfg) }},
		{"down", func(d *caddyfile.Dispenser) { p.down(d, cfg) }},
		{"forget", func(d *caddyfile.Dispenser) { cfg.Forget = p.duration(d, "5m") }},
	}, nil)
}

// signal reads one signal: its name, its source, what the source needs, and
// thresholds.
func (p *globalParser) signal(d *caddyfile.Dispenser, cfg *LevelConfig) {
	const usage = "write it like \"signal busy lanes.busy 70% 80% 90% 97%\""
	s := SignalConfig{Where: placeOf(d).String()}
	args := d.RemainingArgs()
	if len(args) < 2 {
		p.bad(d, "signal: takes a name, a source and thresholds: %s", usage)
		return
	}
	s.Name, s.Source = args[0], args[1]
	src, ok := sources[s.Source]
	if !ok {
		p.bad(d, "signal %s: unknown source %q%s", s.Name, s.Source, didYouMean(s.Source, sourceNames()))
		return
	}
	before := len(p.errs)
	l := &signalLine{parser: &p.parser, d: d, out: &s}
	s.At = args[2:]
	if src.args != nil {
		s.At = src.args(l, args[2:])
	}
	understood := len(p.errs) == before
	p.block(d, l.words(src), nil)
	if l.with != nil {
		s.With = p.json(l.with)
	}
	for i := before; i < len(p.errs); i++ {
		p.errs[i].what = "signal " + s.Name + ": " + p.errs[i].what
	}
	if understood {
		cfg.Signals = append(cfg.Signals, s)
	}
}

// words are what may stand in a signal's block.
func (l *signalLine) words(src source) (words []word) {
	words = append(words, word{"stale", func(d *caddyfile.Dispenser) { l.out.Stale = l.duration(d, "10s") }})
	if !src.arms {
		words = append(words, word{"alone", func(d *caddyfile.Dispenser) { l.out.Alone = l.flag(d) }})
	}
	if src.words != nil {
		words = append(words, src.words(l)...)
	}
	return words
}

// down reads "down after 30s below 70%", either half of which may be missing.
func (p *globalParser) down(d *caddyfile.Dispenser, cfg *LevelConfig) {
	const usage = "write it like \"down after 30s below 70%\""
	args := d.RemainingArgs()
	if len(args) == 0 || len(args)%2 != 0 {
		p.bad(d, "down: takes after and a duration, below and a share: %s", usage)
		return
	}
	for i := 0; i < len(args); i += 2 {
		switch args[i] {
		case "after":
			v, err := caddy.ParseDuration(args[i+1])
			if err != nil || v <= 0 {
				p.bad(d, "down after %s: must be a duration above zero: %s", args[i+1], usage)
			}
			cfg.DownAfter = caddy.Duration(v)
		case "below":
			digits, ok := strings.CutSuffix(args[i+1], "%")
			v, ok2 := share(digits)
			if !ok || !ok2 {
				p.bad(d, "down below %s: must be a share in percent: %s", args[i+1], usage)
			}
			cfg.Below = v
		default:
			p.bad(d, "down: unknown word %q%s", args[i], didYouMean(args[i], []string{"after", "below"}))
		}
	}
}
