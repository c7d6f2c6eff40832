package playtest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// known is what a configuration has, for messages.
type known struct {
	slots   []string
	targets []string
}

func knownOf(cfg playbook.Config) *known {
	k := &known{}
	add := func(list *[]string, s string) {
		if !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for i := range cfg.Actions {
		a := &cfg.Actions[i]
		if add(&k.slots, a.Slot()); a.Kind.Tells() {
			add(&k.slots, a.Kind.String()+" "+a.Target)
			add(&k.targets, a.Target)
			add(&k.targets, a.Kind.String()+" "+a.Target)
			add(&k.targets, a.Slot())
		}
	}
	return k
}

func (k *known) action(id string) string {
	if slices.Contains(k.slots, id) {
		return ""
	}
	return fmt.Sprintf("no action %q in the playbook%s", id, didYouMean(id, k.slots))
}

func (k *known) target(name string) string {
	if slices.Contains(k.targets, name) {
		return ""
	}
	return fmt.Sprintf("the playbook tells no %q%s", name, didYouMean(name, k.targets))
}

// Check reports, joined, what a test names and the configuration does not have,
// and values whose unit is another than the signal's.
func (t *Test) Check(l level.Config, p playbook.Config) error {
	var errs []error
	bad := func(where, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
	}
	k := knownOf(p)
	for i := range t.signals {
		errs = append(errs, t.signals[i].check(l))
	}
	for _, a := range t.acts {
		if a.action == "" {
			continue
		}
		if _, err := slotOf(p, a.action); err != nil {
			bad(a.where, "%s: %v", actWords[a.kind], err)
		}
	}
	for _, e := range t.expects {
		for _, w := range e.wants {
			if s := w.check(k); s != "" {
				bad(e.where, "%s", s)
			}
		}
	}
	return errors.Join(errs...)
}

// slotOf returns the slot that a word names exactly.
func slotOf(p playbook.Config, word string) (string, error) {
	var slots []string
	for i := range p.Actions {
		slots = append(slots, p.Actions[i].Slot())
	}
	if slices.Contains(slots, word) {
		return word, nil
	}
	return "", fmt.Errorf("no action %q in the playbook%s", word, didYouMean(word, slices.Compact(slots)))
}

// units are how values of each unit are written.
var units = map[level.Unit]string{level.Plain: "like 12.5", level.Percent: "in percent, like 40%", level.Seconds: "as a time, like 50ms", level.Times: "as a multiple, like 4x"}

func (s *signal) check(l level.Config) error {
	var errs []error
	bad := func(where, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: signal %s: %s", where, s.name, fmt.Sprintf(format, args...)))
	}
	i := slices.IndexFunc(l.Signals, func(x level.Signal) bool { return x.Name == s.name })
	if i < 0 {
		var all []string
		for _, x := range l.Signals {
			all = append(all, x.Name)
		}
		bad(s.where, "there is none%s", didYouMean(s.name, all))
		return errors.Join(errs...)
	}
	sig := l.Signals[i]
	for _, p := range s.points {
		measures := p.kind == values || p.kind == ramps
		switch {
		case sig.Arms > level.Normal && measures:
			bad(p.where, "it warns and reads no values: write it like {at: 5s, warns: \"M5.4 Pohang\", for: 10m}")
		case sig.Arms == level.Normal && (p.kind == warns || p.kind == cancels):
			bad(p.where, "it measures and does not warn: give it a value")
		case measures && p.unit != sig.Unit && p.to != 0:
			bad(p.where, "its values are written %s", units[sig.Unit])
		}
	}
	return errors.Join(errs...)
}
