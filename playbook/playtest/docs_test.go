package playtest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/daero/daero/playbook/playtest"
)

var (
	snippet = regexp.MustCompile("`({at: [^`]*})`")
	acts    = regexp.MustCompile(`pin|pause|resume|stop|start`)
)

// TestTheDocumentationIsUnderstood: the file it shows, and each point and act in
// its tables.
func TestTheDocumentationIsUnderstood(t *testing.T) {
	page, err := os.ReadFile("../../docs/playbook-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	text, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("it shows no file")
	}
	files := []string{text}
	for _, m := range snippet.FindAllStringSubmatch(string(page), -1) {
		where := "signals: {busy: [" + m[1] + "]}"
		if acts.MatchString(m[1]) {
			where = "acts: [" + m[1] + "]"
		}
		files = append(files, of(where, "expect: [{never: alert}]"))
	}
	if len(files) < 12 {
		t.Errorf("found only %d examples", len(files))
	}
	for _, text := range files {
		if _, err := playtest.Parse("x.yaml", []byte(text)); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}
