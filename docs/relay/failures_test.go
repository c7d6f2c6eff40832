// Package relay_test holds what failures.md says: every failure of the
// catalogue has a row, and every test that a row names is there.
package relay_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// failures of the catalogue are F1 to F40.
const failures = 40

var (
	row      = regexp.MustCompile(`(?m)^\| (F\d+) \|(.*)\|$`)
	testName = regexp.MustCompile("`([a-z][a-z/]*)\\.((?:Test|Fuzz)\\w+)(?:/[^`]*)?`")
)

// tests returns the functions that `go test` runs, as DIR.NAME, where DIR is
// the package's path in the repository.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	fset := token.NewFileSet()
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "bin" || d.Name() == "node_modules" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(name), "../../"))
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && fn.Recv == nil && (strings.HasPrefix(fn.Name.Name, "Test") || strings.HasPrefix(fn.Name.Name, "Fuzz")) {
				found[dir+"."+fn.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEveryFailureHasARowAndItsTestsAreThere(t *testing.T) {
	text, err := os.ReadFile("failures.md")
	if err != nil {
		t.Fatal(err)
	}
	there := tests(t)
	rows := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		if rows[m[1]] != "" {
			t.Errorf("%s has two rows", m[1])
		}
		rows[m[1]] = m[2]
	}
	for n := 1; n <= failures; n++ {
		id := fmt.Sprintf("F%d", n)
		cells := strings.Split(rows[id], "|")
		if len(cells) != 4 {
			t.Errorf("%s: %d cells: want what goes wrong, what is done against it, tests, where they ran", id, len(cells))
			continue
		}
		delete(rows, id)
		named := testName.FindAllStringSubmatch(cells[2], -1)
		if len(named) == 0 && !strings.Contains(cells[2], "no test: ") {
			t.Errorf("%s: no test in %q: name one as `DIR.TestName`, or write no test: and the reason", id, cells[2])
		}
		for _, m := range named {
			if name := m[1] + "." + m[2]; !there[name] {
				t.Errorf("%s: there is no %s", id, name)
			}
		}
		if strings.Count(cells[2], "`") != 2*len(named) {
			t.Errorf("%s: %q names something that is no test", id, cells[2])
		}
	}
	for id := range rows {
		t.Errorf("%s is not in the catalogue", id)
	}
}
