package gateway

import (
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// parseLanes reads the directive:
//
//	lanes [<matcher>] {
//		lane <name> [@<matcher>...] {
//			<matchers>                      # or: match @a @b
//			tier        critical|normal|sheddable
//			floor       <percent>
//			ceiling     <percent>
//			max         <permits>
//			queue       <length> <wait> | off
//			background  [<matcher>]
//			streams
//			defer { … }                     # see lane_defer.go
//		}
//		fallback       <lane>
//		background     <matcher>
//		user           header <name> | cookie <name> | jwt <claim> [header|cookie <name>] | client_ip
//		backend        <name>
//		expose         [always]
//		shadow
//		body_buffer    <size> | off
//		initial_limit  <permits>
//		fixed_limit    <permits>
//	}
func parseLanes(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h.Next()
	p := &lanesParser{parser: parser{h: h}, out: &Lanes{}, at: map[string]place{}}
	p.where = placeOf(h.Dispenser)
	if args := h.RemainingArgs(); len(args) > 0 {
		p.bad(h.Dispenser, "lanes: unexpected %q: lanes are declared in a block, like \"lanes { lane login { … } }\"", args[0])
	}
	p.block(h.Dispenser, p.words(), nil)
	p.check()
	return p.out, p.err()
}

// lanesParser reads one `lanes` block.
type lanesParser struct {
	parser
	out      *Lanes
	where    place            // of the directive
	at       map[string]place // where each lane was declared
	fallback place            // where the fallback was named
}

func (p *lanesParser) words() []word {
	return []word{
		{"lane", p.lane},
		{"user", p.user},
		{"background", func(d *caddyfile.Dispenser) { p.out.Background = append(p.out.Background, p.matchers(d)...) }},
		{"fallback", func(d *caddyfile.Dispenser) {
			p.out.Fallback, _ = p.one(d, daero.RestLane)
			p.fallback = placeOf(d)
		}},
		{"backend", p.backend},
		{"shadow", func(d *caddyfile.Dispenser) { p.out.Shadow = p.flag(d) }},
		{"expose", p.expose},
		{"body_buffer", p.bodyBuffer},
		{"initial_limit", func(d *caddyfile.Dispenser) { p.out.InitialLimit = p.number(d, "20", lane.MaxLimit) }},
		{"fixed_limit", func(d *caddyfile.Dispenser) { p.out.FixedLimit = p.number(d, "20", lane.MaxLimit) }},
	}
}

// lane reads one lane.
func (p *lanesParser) lane(d *caddyfile.Dispenser) {
	if !d.NextArg() {
		p.bad(d, "lane: no name: write it like \"lane login { … }\"")
		return
	}
	l := LaneRule{Name: d.Val()}
	where := placeOf(d)
	l.Where = where.String()
	l.Match = p.named(d)
	r := &laneParser{parser: parser{h: p.h}, out: &l}
	r.block(d, r.words(), r.matcherLine)
	r.finish(where)
	for _, m := range r.errs {
		if !strings.HasPrefix(m.what, "lane ") {
			m.what = "lane " + l.Name + ": " + m.what
		}
		p.errs = append(p.errs, m)
	}
	if before, ok := p.at[l.Name]; ok {
		p.badAt(where, "lane %s: declared twice, first at %s: give each lane a name of its own", l.Name, before)
		return
	}
	p.at[l.Name] = where
	p.out.Lanes = append(p.out.Lanes, l)
}

// user reads where the user's key stands.
func (p *lanesParser) user(d *caddyfile.Dispenser) {
	const usage = "write it like \"user header X-User-Id\", \"user cookie uid\", \"user jwt sub\" or \"user client_ip\""
	args := d.RemainingArgs()
	if len(args) == 0 {
		p.bad(d, "user: from where: %s", usage)
		return
	}
	var u UserSource
	rest := args[1:]
	switch {
	case args[0] == "client_ip" && len(rest) == 0:
		u.ClientIP = true
	case args[0] == "header" && len(rest) == 1:
		u.Header = rest[0]
	case args[0] == "cookie" && len(rest) == 1:
		u.Cookie = rest[0]
	case args[0] == "jwt" && len(rest) == 1:
		u.JWT = rest[0]
	case args[0] == "jwt" && len(rest) == 3 && rest[1] == "header":
		u.JWT, u.JWTHeader = rest[0], rest[2]
	case args[0] == "jwt" && len(rest) == 3 && rest[1] == "cookie":
		u.JWT, u.JWTCookie = rest[0], rest[2]
	default:
		known := []string{"header", "cookie", "jwt", "client_ip"}
		if slices.Contains(known, args[0]) {
			p.bad(d, "user %s: wrong number of values: %s", strings.Join(args, " "), usage)
			return
		}
		p.bad(d, "user: unknown source %q%s", args[0], didYouMean(args[0], known))
		return
	}
	p.out.User = append(p.out.User, u)
}

func (p *lanesParser) backend(d *caddyfile.Dispenser) {
	name, ok := p.one(d, "chat")
	if !ok {
		return
	}
	if name == "" || len(name) > 64 || strings.ContainsAny(name, " \t\n\"{}") {
		p.bad(d, "backend %q: a name is made of up to 64 letters, digits and the like", name)
	}
	p.out.Backend = name
}

func (p *lanesParser) expose(d *caddyfile.Dispenser) {
	p.out.Expose = exposeOnRequest
	args := d.RemainingArgs()
	if len(args) == 0 {
		return
	}
	p.out.Expose = args[0]
	if len(args) > 1 || args[0] != exposeAlways && args[0] != exposeOnRequest {
		p.bad(d, "expose: unknown word %q%s", args[0], didYouMean(args[0], []string{exposeOnRequest, exposeAlways}))
	}
}

func (p *lanesParser) bodyBuffer(d *caddyfile.Dispenser) {
	arg, ok := p.one(d, "64KiB")
	if !ok {
		return
	}
	if arg == "off" {
		p.out.BodyBuffer = -1
		return
	}
	n, ok := bytesOf(arg)
	if !ok || n < 1 || n > maxBodyBuffer {
		p.bad(d, "body_buffer %s: must be off, or up to 16MiB, written like \"body_buffer 64KiB\"", arg)
		return
	}
	p.out.BodyBuffer = n
}

// bytesOf reads a size: a number, with KiB or MiB.
func bytesOf(s string) (int64, bool) {
	unit := int64(1)
	for suffix, size := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			s, unit = number, size
		}
	}
	n, err := strconv.ParseInt(s, 10, 32)
	return n * unit, err == nil
}

// check looks at the block as a whole, with the engine's own rules.
func (p *lanesParser) check() {
	if _, ok := p.at[p.out.fallbackName()]; !ok && p.out.fallbackName() != daero.RestLane {
		p.badAt(p.fallback, "fallback %s: no such lane%s", p.out.Fallback, didYouMean(p.out.Fallback, p.out.names()))
	}
	floors := 0.0
	cfg := laneConfig{}
	for _, l := range p.out.Lanes {
		if len(l.Match) == 0 && !p.takesRest(l.Name) {
			p.badAt(p.at[l.Name], "%v", noMatcher(l.Name))
		}
		floors += l.Floor
		lc, err := l.core()
		if err != nil {
			p.badAt(p.at[l.Name], "%v", err)
			lc.Tier = lane.Normal // said once is enough
		}
		cfg.Lanes = append(cfg.Lanes, lc)
		if err := (laneConfig{Lanes: []lane.LaneConfig{lc}}).Validate(); err != nil {
			for _, one := range strings.Split(err.Error(), "\n") {
				p.badAt(p.at[l.Name], "%s", one)
			}
		}
	}
	if floors > 1+1e-9 {
		p.badAt(p.where, "floors add up to %.0f%%: lower them to 100%% or less together", floors*100)
	}
	if n := len(standardConfig(cfg).Lanes); n > lane.MaxLanes {
		p.badAt(p.where, "%d lanes with rest and streams: at most %d", n, lane.MaxLanes)
	}
}

func (p *lanesParser) takesRest(name string) bool {
	return name == p.out.fallbackName() || name == daero.RestLane || name == daero.StreamsLane
}
