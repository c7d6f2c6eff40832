package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// parser reads one directive and collects its mistakes, so that all of them
// are said at once.
type parser struct {
	h    httpcaddyfile.Helper // its matcher definitions are used
	errs []mistake
}

// mistake is what is wrong at a line. Without a file there is no line.
type mistake struct {
	file string
	line int
	what string
}

// Error implements error.
func (m mistake) Error() string {
	if m.file == "" {
		return m.what
	}
	return fmt.Sprintf("%s:%d: %s", m.file, m.line, m.what)
}

// bad records a mistake at the token where d stands.
func (p *parser) bad(d *caddyfile.Dispenser, format string, args ...any) {
	p.badAt(placeOf(d), format, args...)
}

func (p *parser) badAt(at place, format string, args ...any) {
	p.errs = append(p.errs, mistake{at.file, at.line, fmt.Sprintf(format, args...)})
}

// place is where a token stands.
type place struct {
	file string
	line int
}

// String returns FILE:LINE.
func (p place) String() string { return p.file + ":" + strconv.Itoa(p.line) }

func placeOf(d *caddyfile.Dispenser) place { return place{d.File(), d.Line()} }

// err returns the mistakes as one error, in the order of the lines.
func (p *parser) err() error { return joinMistakes(p.errs) }

func joinMistakes(all []mistake) error {
	slices.SortStableFunc(all, func(a, b mistake) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	})
	errs := make([]error, len(all))
	for i, m := range all {
		errs[i] = m
	}
	return errors.Join(errs...)
}

// word is what a line in a block begins with.
type word struct {
	name string
	read func(d *caddyfile.Dispenser)
}

// block reads the lines of a block. Each line is read by itself, so that a
// mistake in one does not hide the next. other takes lines whose first word is
// not among words, and says whether it knew it.
func (p *parser) block(d *caddyfile.Dispenser, words []word, other func(*caddyfile.Dispenser) bool) {
	nesting := d.Nesting()
	for d.NextBlock(nesting) {
		line := d.NewFromNextSegment()
		line.Next()
		i := slices.IndexFunc(words, func(w word) bool { return w.name == line.Val() })
		switch {
		case i >= 0:
			before := len(p.errs)
			words[i].read(line)
			if len(p.errs) == before && line.Next() {
				p.bad(line, "%s: unexpected %q: it takes no block", words[i].name, line.Val())
			}
		case other == nil || !other(line):
			known := make([]string, len(words))
			for i, w := range words {
				known[i] = w.name
			}
			if other != nil {
				known = append(known, matcherNames()...)
			}
			p.bad(line, "unknown word %q%s", line.Val(), didYouMean(line.Val(), known))
		}
	}
}

// one returns the only argument of a line, ok = false (and a recorded mistake)
// if there is not exactly one.
func (p *parser) one(d *caddyfile.Dispenser, example string) (string, bool) {
	name, args := d.Val(), d.RemainingArgs()
	if len(args) != 1 {
		p.bad(d, "%s: takes one value, got %d: write it like %q", name, len(args), name+" "+example)
		return "", false
	}
	return args[0], true
}

// number returns the only argument as a whole number from 1 to highest.
func (p *parser) number(d *caddyfile.Dispenser, example string, highest int) int {
	name := d.Val()
	arg, ok := p.one(d, example)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 || n > highest {
		p.bad(d, "%s %s: must be a whole number from 1 to %d", name, arg, highest)
		return 0
	}
	return n
}

// percent returns the only argument, "10%", as 0.1.
func (p *parser) percent(d *caddyfile.Dispenser, example string) float64 {
	name := d.Val()
	arg, ok := p.one(d, example)
	if !ok {
		return 0
	}
	digits, isPercent := strings.CutSuffix(arg, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !isPercent || !(n >= 0 && n <= 100) {
		p.bad(d, "%s %s: must be 0%% to 100%%, written like %q", name, arg, name+" "+example)
		return 0
	}
	return n / 100
}

// flag reads a line that is one word alone.
func (p *parser) flag(d *caddyfile.Dispenser) bool {
	name := d.Val()
	if args := d.RemainingArgs(); len(args) > 0 {
		p.bad(d, "%s: takes no value, got %q", name, strings.Join(args, " "))
	}
	return true
}

func matcherNames() []string {
	var names []string
	for _, m := range caddy.GetModules("http.matchers") {
		names = append(names, m.ID.Name())
	}
	slices.Sort(names)
	return names
}

// matchers reads what stands behind a word such as `background`: nothing or *
// (everything), @names, a path, or one matcher with its arguments.
func (p *parser) matchers(d *caddyfile.Dispenser) caddyhttp.RawMatcherSets {
	word := d.Val()
	if d.CountRemainingArgs() == 0 {
		return caddyhttp.RawMatcherSets{caddy.ModuleMap{}}
	}
	d.NextArg()
	if isMatcherToken(d.Val()) {
		d.Prev()
		return p.named(d)
	}
	if !p.isMatcher(d.Val()) {
		p.bad(d, "%s: unknown matcher %q%s", word, d.Val(), didYouMean(d.Val(), matcherNames()))
		return nil
	}
	set := p.matcher(d.Val(), d.NextSegment(), d)
	if set == nil {
		return nil
	}
	return caddyhttp.RawMatcherSets{set}
}

func isMatcherToken(token string) bool {
	return token == "*" || strings.HasPrefix(token, "@") || strings.HasPrefix(token, "/")
}

// named reads matcher tokens up to the end of the line: any of them may match.
func (p *parser) named(d *caddyfile.Dispenser) (sets caddyhttp.RawMatcherSets) {
	h := p.h.WithDispenser(d)
	for d.CountRemainingArgs() > 0 {
		set, ok, err := h.MatcherToken()
		switch {
		case err != nil || !ok:
			p.bad(d, "unknown matcher %q: declare it in this site, like \"%s path /example*\"", d.Val(), "@name")
		case set == nil: // *
			sets = append(sets, caddy.ModuleMap{})
		default:
			sets = append(sets, set)
		}
	}
	return sets
}

func (p *parser) isMatcher(name string) bool {
	_, err := caddy.GetModule("http.matchers." + name)
	return err == nil
}

// matcher makes a set of one matcher from its tokens, nil after a mistake.
func (p *parser) matcher(name string, tokens []caddyfile.Token, d *caddyfile.Dispenser) caddy.ModuleMap {
	mod, err := caddy.GetModule("http.matchers." + name)
	if err != nil {
		p.bad(d, "%v", err)
		return nil
	}
	matcher := mod.New()
	unmarshaler, ok := matcher.(caddyfile.Unmarshaler)
	if !ok {
		p.bad(d, "matcher %s cannot be written in a Caddyfile", name)
		return nil
	}
	if err := unmarshaler.UnmarshalCaddyfile(caddyfile.NewDispenser(tokens)); err != nil {
		p.bad(d, "matcher %s: %s", name, withoutPlace(err))
		return nil
	}
	return caddy.ModuleMap{name: caddyconfig.JSON(matcher, nil)}
}

// withoutPlace takes Caddy's ", at FILE:LINE" off, which we say in front.
func withoutPlace(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ", at "); i > 0 {
		text = text[:i]
	}
	return text
}
