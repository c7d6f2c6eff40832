package playtest

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/daero/daero/level"
)

// Parse reads a file of tests. The error names every mistake, with its line.
// file is the name to say in messages.
func Parse(file string, data []byte) (*File, error) {
	r := &reader{file: file}
	f := &File{Name: file}
	if root := r.document(data); root != nil {
		has := r.mapping(root, "file", map[string]field{
			"playbook": r.text(&f.Playbook),
			"tests":    func(n *yaml.Node) { r.tests(n, f) },
		})
		if len(f.Tests) == 0 && (len(r.errs) == 0 || !has["tests"]) {
			r.bad(root, "no tests: write at least one below \"tests:\"")
		}
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return f, nil
}

func (r *reader) tests(n *yaml.Node, f *File) {
	seen := map[string]bool{}
	r.entries = 0
	r.list(n, "tests", func(n *yaml.Node) {
		if len(f.Tests) == MaxTests {
			r.bad(n, "more than %d tests", MaxTests)
			return
		}
		r.entries = 0
		t := r.test(n)
		if seen[t.Name] {
			r.bad(n, "test %s: there is another of that name", t.Name)
		}
		seen[t.Name] = true
		f.Tests = append(f.Tests, t)
	})
}

func (r *reader) test(n *yaml.Node) *Test {
	t := &Test{Where: r.where(n)}
	has := r.mapping(n, "test", map[string]field{
		"name":    r.text(&t.Name),
		"lasts":   r.duration(&t.Lasts),
		"signals": func(n *yaml.Node) { r.signals(n, t) },
		"acts":    func(n *yaml.Node) { r.list(n, "acts", func(n *yaml.Node) { t.acts = append(t.acts, r.act(n)) }) },
		"expect":  func(n *yaml.Node) { r.list(n, "expect", func(n *yaml.Node) { r.expect(n, t) }) },
	})
	if !has["name"] {
		r.bad(n, "a test without a name: name it")
	}
	if len(t.expects) == 0 && len(r.errs) == 0 {
		r.bad(n, "test %s: expects nothing, so it cannot fail: add \"expect:\"", t.Name)
	}
	slices.SortStableFunc(t.acts, func(a, b act) int { return int(a.at - b.at) })
	if t.Lasts == 0 {
		t.Lasts = min(t.latest(), MaxTime)
	} else if last := t.promised(); last > t.Lasts {
		r.bad(n, "test %s: lasts %s, and something is expected at %s: let it last longer", t.Name, t.Lasts, last)
	}
	return t
}

// latest is the last moment that the test mentions.
func (t *Test) latest() time.Duration {
	last := t.expected()
	for _, s := range t.signals {
		for _, p := range s.points {
			last = max(last, p.at+p.hold)
			if p.kind == ramps {
				last = max(last, p.at+p.over)
			}
		}
	}
	for _, a := range t.acts {
		last = max(last, a.at)
	}
	return last
}

// promised is the last moment at which something is expected, as it is written.
func (t *Test) promised() (last time.Duration) {
	for i := range t.expects {
		last = max(last, t.expects[i].to-t.expects[i].slack)
	}
	return last
}

// expected is the last moment at which something is expected.
func (t *Test) expected() (last time.Duration) {
	for i := range t.expects {
		last = max(last, t.expects[i].to)
	}
	return last
}

func (r *reader) signals(n *yaml.Node, t *Test) {
	fields := map[string]field{}
	if n.Kind == yaml.MappingNode {
		// Any name may stand here: which there are, only the playbook knows.
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			fields[key.Value] = func(n *yaml.Node) {
				t.signals = append(t.signals, signal{name: key.Value, where: r.where(key), points: r.points(n, key.Value)})
			}
		}
	}
	r.mapping(n, "signals", fields)
}

// points reads a list of points, or one value that holds from the start.
func (r *reader) points(n *yaml.Node, name string) (points []point) {
	if n.Kind == yaml.ScalarNode {
		p := point{where: r.where(n)}
		p.to, p.unit = r.number(n, n.Value)
		return []point{p}
	}
	r.list(n, "signal "+name, func(n *yaml.Node) {
		p := r.point(n, "signal "+name)
		if k := len(points); k > 0 && p.at < points[k-1].at {
			r.bad(n, "signal %s: %s comes after %s: write points in the order of time", name, p.at, points[k-1].at)
		}
		points = append(points, p)
	})
	return points
}

func (r *reader) point(n *yaml.Node, what string) point {
	p := point{where: r.where(n)}
	var yes bool
	var last time.Duration
	kinds := map[string]pointKind{"value": values, "ramp": ramps, "vanish": vanish, "warns": warns, "cancel": cancels}
	has := r.mapping(n, what, map[string]field{
		"at":     r.duration(&p.at),
		"value":  func(n *yaml.Node) { p.to, p.unit = r.number(n, n.Value) },
		"ramp":   func(n *yaml.Node) { r.ramp(n, &p) },
		"vanish": r.yes(&yes),
		"warns":  r.text(&p.note),
		"cancel": r.yes(&yes),
		"over":   r.duration(&p.over),
		"for":    r.duration(&last),
		"hold":   r.duration(&p.hold),
	})
	kind, ok := r.one(n, what, has, slices.Sorted(maps.Keys(kinds)))
	if !ok {
		return p
	}
	p.kind = kinds[kind]
	r.only(n, what, has, kind, "over", "ramp")
	r.only(n, what, has, kind, "for", "warns")
	if has["hold"] && kind != "value" {
		r.bad(n, "%s: hold belongs to a value", what)
	}
	if p.kind == warns {
		p.over = last
	}
	return p
}

// one returns which of some keys is there; there must be one.
func (r *reader) one(n *yaml.Node, what string, has map[string]bool, keys []string) (key string, ok bool) {
	for _, k := range keys {
		if !has[k] {
			continue
		}
		if key != "" {
			r.bad(n, "%s: %s and %s together: write two lines", what, key, k)
			return "", false
		}
		key = k
	}
	if key == "" {
		r.bad(n, "%s: says nothing: add one of %s", what, strings.Join(keys, ", "))
	}
	return key, key != ""
}

// only checks that a key stands with the one it belongs to, and that one not
// without it.
func (r *reader) only(n *yaml.Node, what string, has map[string]bool, kind, key, owner string) {
	switch {
	case has[key] && kind != owner:
		r.bad(n, "%s: %s belongs to %s", what, key, owner)
	case !has[key] && kind == owner:
		r.bad(n, "%s: %s needs %s, like \"%s: 30s\"", what, owner, key, key)
	}
}

// ramp reads "90%" or "10%..90%".
func (r *reader) ramp(n *yaml.Node, p *point) {
	from, to, ranged := strings.Cut(n.Value, "..")
	if !ranged {
		p.to, p.unit = r.number(n, n.Value)
		return
	}
	var unit level.Unit
	p.rises = true
	p.from, unit = r.number(n, from)
	if p.to, p.unit = r.number(n, to); unit != p.unit {
		r.bad(n, "ramp %s: its ends are of different units: write both alike", n.Value)
	}
}

// number reads a value as a Caddyfile has it: 70%, 20ms, 4x or 12.5.
func (r *reader) number(n *yaml.Node, s string) (v float64, unit level.Unit) {
	var err error
	plain := s
	switch {
	case strings.HasSuffix(s, "%"):
		unit, plain = level.Percent, strings.TrimSuffix(s, "%")
	case strings.HasSuffix(s, "x"):
		unit, plain = level.Times, strings.TrimSuffix(s, "x")
	}
	if v, err = strconv.ParseFloat(plain, 64); err != nil {
		d, e := time.ParseDuration(s)
		v, unit, err = d.Seconds(), level.Seconds, e
	}
	if n.Kind != yaml.ScalarNode || err != nil || !(v >= 0) || math.IsInf(v, 0) {
		r.bad(n, "expected a value like 70%%, 20ms, 4x or 12.5, got %s", kindOf(n))
		return 0, unit
	}
	if unit == level.Percent {
		v /= 100
	}
	return v, unit
}

func (r *reader) act(n *yaml.Node) act {
	a := act{where: r.where(n), by: "on call", reason: "a test of the playbook"}
	var yes bool
	has := r.mapping(n, "acts", map[string]field{
		"at":     r.duration(&a.at),
		"pin":    func(n *yaml.Node) { a.level, _ = r.level(n, n.Value) },
		"unpin":  r.yes(&yes),
		"pause":  r.yes(&yes),
		"resume": r.yes(&yes),
		"stop":   r.text(&a.action),
		"start":  r.text(&a.action),
		"for":    r.duration(&a.last),
		"by":     r.text(&a.by),
		"reason": r.text(&a.reason),
	})
	kind, ok := r.one(n, "acts", has, actWords[:])
	if !ok {
		return a
	}
	a.kind = actKind(slices.Index(actWords[:], kind))
	switch lasting := a.kind == pins || a.kind == pauses || a.kind == stops; {
	case lasting && a.last == 0:
		r.bad(n, "%s: ends by itself: say when, like \"for: 10m\"", kind)
	case !lasting && has["for"]:
		r.bad(n, "%s: takes no for", kind)
	}
	return a
}

// level reads a level's word.
func (r *reader) level(n *yaml.Node, word string) (level.Level, bool) {
	lv, err := level.Parse(word)
	if err != nil || n.Kind != yaml.ScalarNode {
		r.bad(n, "unknown level %q%s", word, didYouMean(word, level.Names()))
	}
	return lv, err == nil
}
