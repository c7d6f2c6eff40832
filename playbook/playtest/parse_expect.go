package playtest

import (
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/daero/daero/level"
)

// toldWithin is how far from its moment somebody may be told, unless a test says so.
const toldWithin = time.Second

// expected is an expectation as it is written.
type expected struct {
	at, by, from, to, within  time.Duration
	level, never              wantLevel
	why, action               string
	inForce, notInForce       []string
	told, toldOver, neverTold []string
	nothing, shadow           bool
	low, high, rate           float64
	takes                     took
	has                       map[string]bool
}

const expecting = "expect"

func (r *reader) expect(n *yaml.Node, t *Test) {
	x := &expected{within: toldWithin}
	x.has = r.mapping(n, expecting, map[string]field{
		"at": r.duration(&x.at), "by": r.duration(&x.by), "from": r.duration(&x.from), "to": r.duration(&x.to),
		"within":           r.duration(&x.within),
		"level":            r.levels(&x.level),
		"never":            r.levels(&x.never),
		"why":              r.text(&x.why),
		"in_force":         r.texts(&x.inForce),
		"not_in_force":     r.texts(&x.notInForce),
		"nothing_in_force": r.yes(&x.nothing),
		"action":           r.text(&x.action),
		"strength":         func(n *yaml.Node) { x.low, x.high = r.strength(n) },
		"rate":             func(n *yaml.Node) { x.rate = r.rate(n) },
		"takes":            r.takes(&x.takes),
		"shadow":           r.yes(&x.shadow),
		"told":             r.texts(&x.told),
		"told_over":        r.texts(&x.toldOver),
		"never_told":       r.texts(&x.neverTold),
	})
	e, ok := r.when(n, x)
	if !ok {
		return
	}
	before := len(t.expects)
	r.add(t, x, e)
	if len(t.expects) == before && len(r.errs) == 0 {
		r.bad(n, "%s: says when, and not what: add level, action, in_force, nothing_in_force or told", expecting)
	}
}

// when reads the moment or the span.
func (r *reader) when(n *yaml.Node, x *expected) (e expectation, ok bool) {
	e.where = r.where(n)
	span := x.has["from"] || x.has["to"]
	nevers := x.has["never"] || x.has["never_told"]
	switch {
	case x.has["at"] && x.has["by"], span && (x.has["at"] || x.has["by"]), nevers && (x.has["at"] || x.has["by"]):
		r.bad(n, "%s: say when in one way: at, or by, or from and to; never takes from and to at most", expecting)
	case x.has["at"]:
		e.from, e.to, ok = x.at, x.at, true
	case x.has["by"]:
		e.mode, e.to, e.by, ok = sometime, x.by, true, true
	case span || nevers:
		e.from, e.to, e.ends, ok = x.from, x.to, !x.has["to"], true
		if !e.ends && e.to < e.from {
			r.bad(n, "%s: from %s to %s is upside down: swap them", expecting, e.from, e.to)
		}
	default:
		r.bad(n, "%s: when? add at, by, or from and to", expecting)
	}
	if (x.has["strength"] || x.has["shadow"] || x.has["rate"] || x.has["takes"]) && !x.has["action"] {
		r.bad(n, "%s: strength, rate, takes and shadow belong to an action", expecting)
	}
	if x.has["within"] && !(x.has["at"] && (x.has["told"] || x.has["told_over"])) {
		r.bad(n, "%s: within belongs to told at a moment", expecting)
	}
	return e, ok
}

// add adds what is expected to the test.
func (r *reader) add(t *Test, x *expected, e expectation) {
	if w := x.wants(); len(w) > 0 {
		state := e
		state.wants = w
		t.expects = append(t.expects, state)
	}
	for _, w := range x.tellings() {
		one := e
		if one.mode == always { // to be told is a moment, not a state
			one.mode = sometime
		}
		if x.has["at"] {
			one.from, one.to, one.slack = max(0, x.at-x.within), x.at+x.within, x.within
		}
		one.wants = []want{w}
		t.expects = append(t.expects, one)
	}
	e.mode = never
	if x.has["never"] {
		e.wants = []want{x.never}
		t.expects = append(t.expects, e)
	}
	for _, target := range x.neverTold {
		e.wants = []want{wantTold{target: target}}
		t.expects = append(t.expects, e)
	}
}

// wants are what must be so at one step.
func (x *expected) wants() (all []want) {
	if x.has["level"] {
		all = append(all, x.level)
	}
	if x.why != "" {
		all = append(all, wantWhy(x.why))
	}
	for _, id := range x.inForce {
		all = append(all, wantAction{id: id, any: true})
	}
	for _, id := range x.notInForce {
		all = append(all, wantAction{id: id, absent: true})
	}
	if x.action != "" {
		w := wantAction{id: x.action, any: !x.has["strength"], low: x.low, high: x.high, shadow: x.shadow}
		if x.has["rate"] {
			w.rate = &x.rate
		}
		if x.has["takes"] {
			w.takes = &x.takes
		}
		all = append(all, w)
	}
	if x.nothing {
		all = append(all, wantNothing{})
	}
	return all
}

// tellings are who must be told.
func (x *expected) tellings() (all []want) {
	for _, target := range x.told {
		all = append(all, wantTold{target: target})
	}
	for _, target := range x.toldOver {
		all = append(all, wantTold{target: target, over: true})
	}
	return all
}

// levels reads "alert" or "caution..serious".
func (r *reader) levels(into *wantLevel) field {
	return func(n *yaml.Node) {
		low, high, ranged := strings.Cut(n.Value, "..")
		var ok bool
		if into.low, ok = r.level(n, low); !ok {
			return
		}
		if into.high = into.low; ranged {
			into.high, _ = r.level(n, high)
		}
		if into.low > into.high {
			r.bad(n, "levels %s: upside down: swap them", n.Value)
		}
	}
}

// strength reads "60%" or "60..100%".
func (r *reader) strength(n *yaml.Node) (low, high float64) {
	from, to, ranged := strings.Cut(n.Value, "..")
	if !ranged {
		from, to = n.Value, n.Value
	} else if !strings.HasSuffix(from, "%") {
		from += "%"
	}
	low, lowUnit := r.number(n, from)
	high, highUnit := r.number(n, to)
	if lowUnit != level.Percent || highUnit != level.Percent || low > high || high > 1 {
		r.bad(n, "strength %s: expected 0%% to 100%%, like 60%% or 60..100%%", n.Value)
	}
	return low, high
}

// rate reads "20/s".
func (r *reader) rate(n *yaml.Node) float64 {
	text, ok := strings.CutSuffix(n.Value, "/s")
	v, err := strconv.ParseFloat(text, 64)
	if n.Kind != yaml.ScalarNode || !ok || err != nil || !(v >= 0) || math.IsInf(v, 0) {
		r.bad(n, "rate %s: expected a number per second, like 20/s", kindOf(n))
		return 0
	}
	return v
}

// takes reads "2s" or "1s..4s".
func (r *reader) takes(into *took) field {
	return func(n *yaml.Node) {
		first, last, ranged := strings.Cut(n.Value, "..")
		low, err := time.ParseDuration(first)
		high := low
		if ranged && err == nil {
			high, err = time.ParseDuration(last)
		}
		if n.Kind != yaml.ScalarNode || err != nil || low < 0 || low > high {
			r.bad(n, "takes %s: expected how long the work takes, like 2s or 1s..4s", kindOf(n))
		}
		*into = took{low, high}
	}
}
