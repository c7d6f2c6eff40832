package api_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/daero/daero/api"
)

var update = flag.Bool("update", false, "write openapi_words.go anew")

const wordsFile = "openapi_words.go"

// TestOpenAPIWords: the document says of types and fields what their comments
// say. The comments are not there at run time, so a file has them.
func TestOpenAPIWords(t *testing.T) {
	want := wordsOf(t)
	if *update {
		if err := os.WriteFile(wordsFile, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(wordsFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the comments say (%v): go test ./api -run TestOpenAPIWords -update", wordsFile, err)
	}
	if d := promised(t).at("components", "schemas", "NowLaneDoc")["description"]; !*update && d == nil {
		t.Error("what a NowLaneDoc is is not said")
	}
}

// wordsOf makes the file.
func wordsOf(t *testing.T) []byte {
	t.Helper()
	words, packages := map[string]string{}, map[string][]*ast.File{}
	for _, typ := range api.SchemaTypes() {
		path, ok := strings.CutPrefix(typ.PkgPath(), "github.com/daero/daero")
		if !ok {
			continue
		}
		path = strings.TrimPrefix(path, "/")
		if packages[path] == nil {
			packages[path] = parsePackage(t, filepath.Join("..", path))
		}
		for _, file := range packages[path] {
			addWords(words, path+"."+typ.Name(), typ, file)
		}
	}
	var b bytes.Buffer
	b.WriteString("// Code generated from the comments of types by TestOpenAPIWords. DO NOT EDIT.\n\npackage api\n\n")
	b.WriteString("// words is what types and their fields are, for the document of the API.\nvar words = map[string]string{\n")
	for _, key := range slices.Sorted(maps.Keys(words)) {
		fmt.Fprintf(&b, "%q: %q,\n", key, words[key])
	}
	b.WriteString("}\n")
	source, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func parsePackage(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(names), err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || filepath.Base(name) == wordsFile {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// addWords adds what a file says of a type, if it is there that it is declared.
func addWords(words map[string]string, key string, typ reflect.Type, file *ast.File) {
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			continue
		}
		for _, spec := range decl.Specs {
			spec := spec.(*ast.TypeSpec)
			body, ok := spec.Type.(*ast.StructType)
			if !ok || spec.Name.Name != typ.Name() {
				continue
			}
			doc := spec.Doc
			if doc == nil && len(decl.Specs) == 1 {
				doc = decl.Doc
			}
			put(words, key, doc)
			for _, f := range body.Fields.List {
				for _, name := range f.Names {
					put(words, key+"."+name.Name, f.Doc, f.Comment)
				}
			}
		}
	}
}

// docLink is a name in a comment that leads to something, which it does not in
// the document.
var docLink = regexp.MustCompile(`\[([A-Za-z_.*]+)\]`)

// put keeps the first comment that says something, in one line.
func put(words map[string]string, key string, comments ...*ast.CommentGroup) {
	for _, c := range comments {
		if text := strings.Join(strings.Fields(c.Text()), " "); text != "" {
			words[key] = docLink.ReplaceAllString(text, "$1")
			return
		}
	}
}
