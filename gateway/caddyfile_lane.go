package gateway

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero/lane"
)

// laneParser reads the block of one lane.
type laneParser struct {
	parser
	out    *LaneRule
	inline []inlineMatcher // in the order in which they are first named
	seen   map[string]bool
}

// inlineMatcher is a matcher in the lane's block. All of them must match;
// lines of one matcher are its alternatives, as in a named matcher.
type inlineMatcher struct {
	name   string
	tokens []caddyfile.Token
	line   *caddyfile.Dispenser
}

func (p *laneParser) words() []word {
	return []word{
		{"tier", p.once(p.tier)},
		{"floor", p.once(func(d *caddyfile.Dispenser) { p.out.Floor = p.percent(d, "10%") })},
		{"ceiling", p.once(func(d *caddyfile.Dispenser) { p.out.Ceiling = p.percent(d, "50%") })},
		{"max", p.once(func(d *caddyfile.Dispenser) { p.out.Max = p.number(d, "100", lane.MaxLimit) })},
		{"queue", p.once(p.queue)},
		{"background", func(d *caddyfile.Dispenser) { p.out.Background = append(p.out.Background, p.matchers(d)...) }},
		{"streams", func(d *caddyfile.Dispenser) { p.out.Streams = p.flag(d) }},
		{"defer", p.once(p.deferral)},
		{"match", func(d *caddyfile.Dispenser) {
			if d.CountRemainingArgs() == 0 {
				p.bad(d, "match: what: write it like \"match @name\"")
			}
			p.out.Match = append(p.out.Match, p.named(d)...)
		}},
	}
}

// once refuses a word that is said twice, instead of forgetting the first.
func (p *laneParser) once(read func(*caddyfile.Dispenser)) func(*caddyfile.Dispenser) {
	return func(d *caddyfile.Dispenser) {
		if p.seen == nil {
			p.seen = map[string]bool{}
		}
		if p.seen[d.Val()] {
			p.bad(d, "%s: said twice: keep one", d.Val())
		}
		p.seen[d.Val()] = true
		read(d)
	}
}

func (p *laneParser) tier(d *caddyfile.Dispenser) {
	name, ok := p.one(d, "critical")
	if !ok {
		p.out.Tier = lane.Normal.String() // the mistake is said, so go on
		return
	}
	p.out.Tier = name
	if _, err := lane.ParseTier(name); err != nil {
		p.out.Tier = lane.Normal.String()
		known := []string{lane.Critical.String(), lane.Normal.String(), lane.Sheddable.String()}
		p.bad(d, "unknown tier %q%s", name, didYouMean(name, known))
	}
}

func (p *laneParser) queue(d *caddyfile.Dispenser) {
	const usage = "write it like \"queue 256 250ms\" or \"queue off\""
	args := d.RemainingArgs()
	if len(args) == 1 && args[0] == "off" {
		p.out.QueueLength = -1
		return
	}
	if len(args) != 2 {
		p.bad(d, "queue: takes a length and a wait: %s", usage)
		return
	}
	length, err := strconv.Atoi(args[0])
	if err != nil || length < 1 || length > 1_000_000 {
		p.bad(d, "queue length %s: must be a whole number from 1 to 1000000: %s", args[0], usage)
	}
	wait, err := caddy.ParseDuration(args[1])
	if err != nil || wait <= 0 {
		p.bad(d, "queue wait %s: must be a duration above zero: %s", args[1], usage)
	}
	p.out.QueueLength, p.out.QueueWait = max(0, length), caddy.Duration(max(0, wait))
}

// matcherLine takes a line that begins with a matcher.
func (p *laneParser) matcherLine(d *caddyfile.Dispenser) bool {
	name := d.Val()
	if strings.HasPrefix(name, "@") {
		d.Prev()
		p.out.Match = append(p.out.Match, p.named(d)...)
		return true
	}
	if !p.isMatcher(name) {
		return false
	}
	tokens := d.NextSegment()
	i := slices.IndexFunc(p.inline, func(m inlineMatcher) bool { return m.name == name })
	if i >= 0 {
		p.inline[i].tokens = append(p.inline[i].tokens, tokens...)
		return true
	}
	p.inline = append(p.inline, inlineMatcher{name: name, tokens: tokens, line: d})
	return true
}

// finish makes the set of the inline matchers.
func (p *laneParser) finish(where place) {
	if len(p.inline) == 0 {
		return
	}
	if len(p.out.Match) > 0 {
		p.badAt(where, "matchers in the block and @names together: all in the block must match, but any of the names may: put the block's into a named matcher")
		return
	}
	set := caddy.ModuleMap{}
	for _, m := range p.inline {
		maps.Copy(set, p.matcher(m.name, m.tokens, m.line))
	}
	p.out.Match = append(p.out.Match, set)
}

func (p *parser) json(v any) json.RawMessage { return caddyconfig.JSON(v, nil) }
