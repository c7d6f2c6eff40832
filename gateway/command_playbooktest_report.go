package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/daero/daero/playbook/playtest"
)

// testedFile is a file of tests that was played.
type testedFile struct {
	Name    string      `json:"file"`
	Config  string      `json:"config,omitempty"`
	Error   string      `json:"error,omitempty"` // why it could not be used
	Seconds float64     `json:"seconds"`
	Tests   []testedOne `json:"tests,omitempty"`

	err error
}

// testedOne is a test that was played.
type testedOne struct {
	playtest.Result
	took time.Duration
}

// testReport is what the command prints as JSON.
type testReport struct {
	Passed bool         `json:"passed"`
	Tests  int          `json:"tests"`
	Failed int          `json:"failed"`
	Files  []testedFile `json:"files"`
}

func (r *testReport) add(t testedFile) {
	r.Files = append(r.Files, t)
	r.Passed = r.Passed && t.passed()
	r.Tests += len(t.Tests)
	r.Failed += t.failed()
}

func (r *testReport) write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

func (t *testedFile) failed() (n int) {
	for i := range t.Tests {
		if !t.Tests[i].Passed() {
			n++
		}
	}
	return n
}

func (t *testedFile) passed() bool { return t.err == nil && t.failed() == 0 }

// MarshalJSON implements json.Marshaler. Times of the test are virtual seconds.
func (t testedOne) MarshalJSON() ([]byte, error) {
	type failure struct {
		Where    string  `json:"where"`
		At       float64 `json:"at_s"`
		When     string  `json:"when"`
		Expected string  `json:"expected"`
		Got      string  `json:"got"`
	}
	doc := struct {
		Name     string          `json:"name"`
		Where    string          `json:"where"`
		Passed   bool            `json:"passed"`
		Virtual  float64         `json:"virtual_s"`
		Seconds  float64         `json:"seconds"`
		Error    string          `json:"error,omitempty"`
		Failures []failure       `json:"failures,omitempty"`
		Story    []playtest.Line `json:"story"`
	}{Name: t.Name, Where: t.Where, Passed: t.Passed(), Virtual: t.Lasted.Seconds(), Seconds: t.took.Seconds(), Story: t.Story}
	if doc.Story == nil {
		doc.Story = []playtest.Line{}
	}
	if t.Err != nil {
		doc.Error = t.Err.Error()
	}
	for _, f := range t.Failures {
		doc.Failures = append(doc.Failures, failure{f.Where, f.At.Seconds(), f.When, f.Expected, f.Got})
	}
	return json.Marshal(doc)
}

// text prints one file as `go test` prints a package.
func (p *playbookTests) text(t testedFile) {
	var virtual time.Duration
	for i := range t.Tests {
		one := &t.Tests[i]
		virtual += one.Lasted
		word := "PASS"
		if !one.Passed() {
			word = "FAIL"
		} else if !p.story {
			continue
		}
		fmt.Fprintf(p.out, "--- %s: %s (%.3fs)\n%s", word, plain(one.Name), one.took.Seconds(), plain(one.Diff()))
		if p.story {
			fmt.Fprint(p.out, plain(one.StoryText()))
		}
	}
	switch {
	case t.err != nil:
		fmt.Fprintf(p.out, "FAIL  %s\n%s\n", t.Name, indented(plain(t.Error)))
	case t.failed() > 0:
		fmt.Fprintf(p.out, "FAIL  %s  %.3fs  %d of %d tests failed\n", t.Name, t.Seconds, t.failed(), len(t.Tests))
	default:
		fmt.Fprintf(p.out, "ok    %s  %.3fs  %s, %s of virtual time\n", t.Name, t.Seconds, counted(len(t.Tests), "test"), shortly(virtual))
	}
}

func indented(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// shortly writes 6m, not 6m0s.
func shortly(d time.Duration) string {
	s := d.Round(100 * time.Millisecond).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
