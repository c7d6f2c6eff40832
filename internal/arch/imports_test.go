package arch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list -json` tells about a package.
type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

// packages lists the module's packages. Build tags are those of the binary,
// so that what is checked is what ships.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-tags", "nobadger,nomysql,nopgx",
		"-json=ImportPath,Dir,Imports,GoFiles", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) == 0 {
		t.Fatal("go list found no package: the checks below would pass for nothing")
	}
	return pkgs
}

// path returns an import path below the module, ok = false for somebody else's.
func path(importPath string) (string, bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// within reports whether path is row or lies below it. Only the root package
// itself lies within "".
func within(path, row string) bool {
	return path == row || row != "" && strings.HasPrefix(path, row+"/")
}

// layerOf returns the longest row of layers that path lies within.
func layerOf(path string) (row string, l layer, ok bool) {
	for r, candidate := range layers {
		if within(path, r) && (!ok || len(r) > len(row)) {
			row, l, ok = r, candidate, true
		}
	}
	return row, l, ok
}

func isStd(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func TestEveryPackageHasALayer(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		name, ours := path(p.ImportPath)
		if !ours {
			continue
		}
		row, _, ok := layerOf(name)
		if !ok {
			t.Errorf("package %s has no layer: give it a row in internal/arch/table_test.go, with the reason", p.ImportPath)
		}
		used[row] = true
	}
	for row := range layers {
		if !used[row] {
			t.Errorf("layers[%q] names no package: take the row out", row)
		}
	}
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		from, ours := path(p.ImportPath)
		if !ours {
			continue
		}
		fromRow, fromLayer, ok := layerOf(from)
		if !ok {
			continue // TestEveryPackageHasALayer says it
		}
		for _, imp := range p.Imports {
			to, ours := path(imp)
			if !ours {
				continue
			}
			toRow, toLayer, ok := layerOf(to)
			if !ok || within(to, fromRow) || within(from, toRow) {
				continue
			}
			if toLayer.rank >= fromLayer.rank {
				t.Errorf("%s (layer %d) imports %s (layer %d): imports point down only.\n\t%s: %s\n\t%s: %s",
					p.ImportPath, fromLayer.rank, imp, toLayer.rank, fromRow, fromLayer.why, toRow, toLayer.why)
			}
			if fromLayer.stdOnly && !toLayer.stdOnly {
				t.Errorf("%s is standard library only, %s is not: %s", p.ImportPath, imp, fromLayer.why)
			}
		}
	}
}

func TestThirdPartyIsConfined(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		from, ours := path(p.ImportPath)
		if !ours {
			continue
		}
		_, l, _ := layerOf(from)
		for _, imp := range p.Imports {
			if _, ours := path(imp); ours || isStd(imp) {
				continue
			}
			if l.stdOnly {
				t.Errorf("%s imports %s, but is standard library only: %s", p.ImportPath, imp, l.why)
				continue
			}
			prefix := confinement(imp)
			if prefix == "" {
				t.Errorf("%s imports %s: no row in confined says where it may stand: add one in internal/arch/table_test.go, with the reason", p.ImportPath, imp)
				continue
			}
			used[prefix] = true
			if !slices.ContainsFunc(confined[prefix].in, func(row string) bool { return within(from, row) }) {
				t.Errorf("%s imports %s, allowed only in %v: %s", p.ImportPath, imp, confined[prefix].in, confined[prefix].why)
			}
		}
	}
	for prefix := range confined {
		if !used[prefix] {
			t.Errorf("confined[%q] is imported nowhere: take the row out", prefix)
		}
	}
}

// confinement returns the longest prefix in confined that imp starts with.
func confinement(imp string) (longest string) {
	for prefix := range confined {
		if strings.HasPrefix(imp, prefix) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	return longest
}
