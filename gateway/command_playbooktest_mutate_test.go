package gateway

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/playbook/playtest"
)

// shipped are a playbook and its tests, the shortest first.
func shipped(t *testing.T, name string) (level.Config, playbook.Config, []*playtest.Test) {
	t.Helper()
	file, err := readTests(name)
	if err != nil {
		t.Fatal(err)
	}
	l, p, err := draftIn(filepath.Join(filepath.Dir(name), file.Playbook), "")
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(file.Tests, func(a, b *playtest.Test) int { return int(a.Lasts - b.Lasts) })
	return l, p, file.Tests
}

// noticed reports whether a test differs. A configuration that is mistaken is
// noticed as well.
func noticed(l level.Config, p playbook.Config, tests []*playtest.Test) bool {
	return slices.ContainsFunc(tests, func(test *playtest.Test) bool {
		res := playtest.Run(l, p, test)
		return !res.Passed()
	})
}

// TestShippedTestsCanFail: whatever threshold or strength of a shipped playbook
// is changed a little, and whoever is told no more, its tests notice.
func TestShippedTestsCanFail(t *testing.T) {
	names, err := filepath.Glob("../examples/caddyfiles/*" + testSuffix)
	if err != nil || len(names) < 3 {
		t.Fatalf("%v %v", names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			l, p, tests := shipped(t, name)
			if noticed(l, p, tests) {
				t.Fatal("it fails as it is")
			}
			tried := 0
			for what, change := range changes(l, p) {
				otherLevels, otherBook := l, p
				otherLevels.Signals, otherBook.Actions = slices.Clone(l.Signals), slices.Clone(p.Actions)
				change(&otherLevels, &otherBook)
				if tried++; !noticed(otherLevels, otherBook, tests) {
					t.Errorf("%s: no test notices", what)
				}
			}
			if tried < 20 {
				t.Errorf("only %d changes were tried", tried)
			}
		})
	}
}

// changes are small mistakes that somebody may make in a playbook.
func changes(l level.Config, p playbook.Config) map[string]func(*level.Config, *playbook.Config) {
	all := map[string]func(*level.Config, *playbook.Config){}
	for i, s := range l.Signals {
		for k, at := range s.At {
			if at == 0 || math.IsInf(at, 0) {
				continue
			}
			for _, by := range []float64{0.95, 1.05} {
				all[fmt.Sprintf("%s: %s at %v", s.Name, level.Level(k+1), at*by)] = func(l *level.Config, _ *playbook.Config) { l.Signals[i].At[k] *= by }
			}
		}
	}
	for i, a := range p.Actions {
		where := fmt.Sprintf("%s: %s", a.Where, a.Slot())
		if a.Kind.Tells() || a.Kind == playbook.Flag && a.At == level.Attention {
			all[where+" is gone"] = func(_ *level.Config, p *playbook.Config) { p.Actions = slices.Delete(p.Actions, i, i+1) }
		}
		if !a.Kind.Refuses() {
			continue
		}
		all[where+" ends lower"] = func(_ *level.Config, p *playbook.Config) {
			x := &p.Actions[i]
			x.To -= 0.05
			x.From = min(x.From, x.To)
		}
		if a.To < 0.95 {
			all[where+" ends higher"] = func(_ *level.Config, p *playbook.Config) { p.Actions[i].To += 0.05 }
		}
		if a.From < a.To-0.05 {
			all[where+" begins higher"] = func(_ *level.Config, p *playbook.Config) { p.Actions[i].From += 0.05 }
		}
	}
	return all
}

func TestDraftIn(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const asJSON = `{"apps":{"daero":{"level":{"signals":[{"name":"cpu","source":"host.cpu","at":["80%"]}]}}}}`
	if l, _, err := draftIn(write("c.json", asJSON), ""); err != nil || l.Signals[0].Name != "cpu" {
		t.Errorf("%v %+v", err, l)
	}
	for name, tt := range map[string]struct{ file, adapter, want string }{
		"no file":      {filepath.Join(dir, "none"), "", "no such file"},
		"no levels":    {write("a", "{\n\tdaero\n}\n"), "", errNoResponse.Error()},
		"no daero":     {write("b", ":8080 {\n\trespond ok\n}\n"), "", errNoResponse.Error()},
		"no JSON":      {write("d.json", "{"), "", "d.json: unexpected end"},
		"no adapter":   {write("e", ""), "none", "--adapter none: there is none of that name"},
		"unknown word": {write("f", "{\n\tdaero {\n\t\tleevl\n\t}\n}\n"), "", "level"},
		"unknown lane": {write("g", "{\n\tdaero {\n\t\tplaybook {\n\t\t\tat alert {\n\t\t\t\tshed logn 0..50%\n\t\t\t}\n\t\t}\n\t}\n}\n:8080 {\n\tlanes {\n\t\tlane login {\n\t\t\tpath /l\n\t\t\ttier normal\n\t\t}\n\t}\n}\n"), "", `g:5: shed: no lane "logn": did you mean "login"?`},
		"too large":    {write("h", strings.Repeat("#", maxTestedConfig+1)), "", "at most"},
	} {
		if _, _, err := draftIn(tt.file, tt.adapter); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}
