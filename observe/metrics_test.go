package observe_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// metrics are those that the gateway describes, with their labels, read from its
// source: desc("name", "help", labels...).
func metrics(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../gateway/metrics*.go")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files of metrics: %v", len(files), err)
	}
	var parsed []*ast.File
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	lists := map[string][]string{}
	// Lists are made of lists: twice is enough for those that stand below.
	for range 2 {
		each(parsed, func(n ast.Node) {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return
			}
			for i, v := range spec.Values {
				if labels, ok := list(v, lists); ok {
					lists[spec.Names[i].Name] = labels
				}
			}
		})
	}
	found := map[string][]string{}
	each(parsed, func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return
		}
		if f, ok := call.Fun.(*ast.Ident); !ok || f.Name != "desc" {
			return
		}
		name, ok := text(call.Args[0])
		if !ok {
			t.Fatalf("a name of a metric that is no text: %v", call.Args[0])
		}
		labels := []string{}
		for _, arg := range call.Args[2:] {
			if one, ok := text(arg); ok {
				labels = append(labels, one)
			} else if more, ok := list(arg, lists); ok {
				labels = append(labels, more...)
			} else {
				t.Fatalf("labels of %s are not understood", name)
			}
		}
		found["daero_"+name] = labels
	})
	if len(found) < 40 {
		t.Fatalf("found %d metrics: the checks would pass for nothing", len(found))
	}
	return found
}

func each(files []*ast.File, f func(ast.Node)) {
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool { f(n); return true })
	}
}

func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// list is []string{…}, a name of one, or append(list, …).
func list(e ast.Expr, known map[string][]string) (all []string, ok bool) {
	switch e := e.(type) {
	case *ast.Ident:
		all, ok = known[e.Name]
		return all, ok
	case *ast.CompositeLit:
		for _, v := range e.Elts {
			s, ok := text(v)
			if !ok {
				return nil, false
			}
			all = append(all, s)
		}
		return all, len(all) > 0
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.Ident); !ok || f.Name != "append" {
			return nil, false
		}
		if all, ok = list(e.Args[0], known); !ok {
			return nil, false
		}
		all = slices.Clone(all)
		for _, v := range e.Args[1:] {
			s, ok := text(v)
			if !ok {
				return nil, false
			}
			all = append(all, s)
		}
		return all, true
	}
	return nil, false
}
