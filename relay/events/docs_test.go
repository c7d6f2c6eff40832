package events_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay/events"
)

func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/relay/events.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTypesAreDocumented: everything that can happen has its row, and nothing
// else has.
func TestTypesAreDocumented(t *testing.T) {
	there := map[string]bool{}
	for _, pattern := range []string{"../../audit/*.go", "../listener.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range files {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				spec, ok := n.(*ast.ValueSpec)
				if !ok {
					return true
				}
				for _, v := range spec.Values {
					if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						if s, _ := strconv.Unquote(lit.Value); strings.Contains(s, ".") {
							there[s] = true
						}
					}
				}
				return true
			})
		}
	}
	if len(there) < 40 {
		t.Fatalf("found %d things that can happen: the check would pass for nothing", len(there))
	}
	_, table, _ := strings.Cut(page(t), "## The types")
	told := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(table, -1) {
		for _, m := range regexp.MustCompile("`([a-z]+\\.[a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			told[m[1]] = true
		}
	}
	for what := range there {
		if !told[what] {
			t.Errorf("%s is not in docs/relay/events.md", what)
		}
	}
	for what := range told {
		if !there[what] {
			t.Errorf("docs/relay/events.md tells of %s, which there is not", what)
		}
	}
}

// TestTheExampleIsTrue: what the page shows is what is written.
func TestTheExampleIsTrue(t *testing.T) {
	m := regexp.MustCompile("(?s)```\n(key:.*?)\n\n({.*?})\n```").FindStringSubmatch(page(t))
	if m == nil {
		t.Fatal("no example")
	}
	var e audit.Entry
	if err := json.Unmarshal([]byte(m[2]), &e); err != nil {
		t.Fatal(err)
	}
	msg := events.Message(events.Topic, e)
	if got := strings.ReplaceAll(m[2], "\n ", ""); got != string(msg.Value) {
		t.Errorf("the page says\n%s\nwhat is written is\n%s", got, msg.Value)
	}
	for _, line := range strings.Split(m[1], "\n") {
		name, value, _ := strings.Cut(line, ":")
		want := string(msg.Header(name))
		if name == "key" {
			want = string(msg.Key)
		}
		if got := strings.TrimSpace(value); got != want {
			t.Errorf("%s: the page says %s, what is written is %s", name, got, want)
		}
	}
}
