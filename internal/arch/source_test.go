package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// clockCalls are the functions of package time that look at, or wait on, the
// process's clock.
var clockCalls = map[string]bool{
	"Now": true, "Since": true, "Until": true, "Sleep": true,
	"After": true, "AfterFunc": true, "Tick": true, "NewTimer": true, "NewTicker": true,
}

// mayUseClock lists functions of pure packages that may, and why.
var mayUseClock = map[string]string{
	"lane.Config.withDefaults": "the default of Config.Clock; every decision asks Config.Clock",
	"lane.Lane.late":           "a context's deadline is a time of the process's clock: only that clock says how far away it is",
	"lane.Lane.await":          "the thin shell that waits: how long was decided before",
}

// TestPurePackagesDecide holds what layer.pure promises. Tests are free: they
// run under testing/synctest or measure.
func TestPurePackagesDecide(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		name, ours := path(p.ImportPath)
		_, l, _ := layerOf(name)
		if !ours || !l.pure {
			continue
		}
		for _, file := range p.GoFiles {
			f, fset := parse(t, filepath.Join(p.Dir, file))
			for _, decl := range f.Decls {
				where := name + "." + declName(decl)
				if declName(decl) == "init" {
					t.Errorf("%s: func init: importing %s must do nothing: %s", fset.Position(decl.Pos()), p.ImportPath, l.why)
				}
				ast.Inspect(decl, func(n ast.Node) bool {
					if g, ok := n.(*ast.GoStmt); ok {
						t.Errorf("%s: a goroutine in %s: %s", fset.Position(g.Pos()), p.ImportPath, l.why)
					}
					if call := selector(f, n, "time"); clockCalls[call] {
						used[where] = true
						if mayUseClock[where] == "" {
							t.Errorf("%s: time.%s in %s: time is an argument of what decides: %s", fset.Position(n.Pos()), call, where, l.why)
						}
					}
					return true
				})
			}
		}
	}
	for where := range mayUseClock {
		if !used[where] {
			t.Errorf("mayUseClock[%q] uses no clock: take the row out", where)
		}
	}
}

// TestTestsDoNotSleep keeps time.Sleep out of tests, except in files that
// import testing/synctest, where sleeping takes no time and races with
// nothing. A test that sleeps is slow on a fast machine and wrong on a slow one.
func TestTestsDoNotSleep(t *testing.T) {
	seen := 0
	walk(t, func(name string) {
		if !strings.HasSuffix(name, "_test.go") {
			return
		}
		seen++
		f, fset := parse(t, name)
		if importName(f, "testing/synctest") != "" {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if selector(f, n, "time") == "Sleep" {
				t.Errorf("%s: time.Sleep in a test outside testing/synctest: wait for what the test is about, with a deadline", fset.Position(n.Pos()))
			}
			return true
		})
	})
	if seen == 0 {
		t.Fatal("no test file found: the check passed for nothing")
	}
}

// walk calls f with every Go file of the repository, bench/peers and other
// modules in it included.
func walk(t *testing.T, f func(name string)) {
	t.Helper()
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "bin", "dist", "node_modules", "testdata":
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") {
			f(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, name string) (*ast.File, *token.FileSet) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f, fset
}

// declName is "F" for a function, "T.M" for a method, "" otherwise.
func declName(d ast.Decl) string {
	fn, ok := d.(*ast.FuncDecl)
	if !ok {
		return ""
	}
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	recv := fn.Recv.List[0].Type
	if star, ok := recv.(*ast.StarExpr); ok {
		recv = star.X
	}
	if id, ok := recv.(*ast.Ident); ok {
		return id.Name + "." + fn.Name.Name
	}
	return fn.Name.Name
}

// importName returns the name by which f uses the package, "" if it does not.
func importName(f *ast.File, importPath string) string {
	for _, imp := range f.Imports {
		if p, err := strconv.Unquote(imp.Path.Value); err != nil || p != importPath {
			continue
		}
		if imp.Name != nil {
			return imp.Name.Name
		}
		return importPath[strings.LastIndexByte(importPath, '/')+1:]
	}
	return ""
}

// selector returns S where n is pkg.S, "" otherwise.
func selector(f *ast.File, n ast.Node, importPath string) string {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok || x.Name != importName(f, importPath) || x.Name == "" {
		return ""
	}
	return sel.Sel.Name
}
