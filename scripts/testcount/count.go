package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is a line of `go test -json` (see `go doc test2json`); build output
// has ImportPath instead of Package.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

// counts counts tests and subtests. A package that fails without a failed
// test of its own (it did not build, or died) counts as one failed test.
type counts struct {
	passed, failed, skipped int
	skips                   []string
}

func (c counts) ok() bool { return c.failed == 0 && c.skipped == 0 && c.passed > 0 }

func (c counts) line() string {
	s := fmt.Sprintf("tests: %d passed, %d failed", c.passed, c.failed)
	if c.skipped > 0 {
		s += fmt.Sprintf(", %d skipped: %s", c.skipped, strings.Join(c.skips, ", "))
	}
	return s
}

// reader is what is known while reading.
type reader struct {
	counts
	out    io.Writer
	output map[string][]string // by package and test, until it is known to have passed
	broken map[string]bool     // packages with a failed test
}

// count reads events until in ends. Lines that are not JSON are printed as
// they are: the go command itself writes some.
func count(in *bufio.Reader, out io.Writer) (counts, error) {
	r := &reader{out: out, output: map[string][]string{}, broken: map[string]bool{}}
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			r.leftOver()
			return r.counts, nil
		}
		if err != nil {
			return r.counts, err
		}
	}
}

func (r *reader) line(line string) {
	var e event
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil {
		fmt.Fprint(r.out, line)
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.pkg(e, key)
		} else {
			r.test(e, key)
		}
	}
}

func (r *reader) test(e event, key string) {
	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		r.broken[e.Package] = true
		r.print(key)
	case "skip":
		r.skipped++
		r.skips = append(r.skips, e.Package+"."+e.Test)
		r.print(key)
	}
	delete(r.output, key)
}

func (r *reader) pkg(e event, key string) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.out, "ok    %-50s %6.1fs\n", e.Package, e.Elapsed)
	case "skip": // no test files
		fmt.Fprintf(r.out, "-     %s\n", e.Package)
	case "fail":
		if !r.broken[e.Package] {
			r.failed++
			r.leftOver()
		}
		r.print(key)
		fmt.Fprintf(r.out, "FAIL  %-50s %6.1fs\n", e.Package, e.Elapsed)
	}
	delete(r.output, key)
}

func (r *reader) print(key string) {
	for _, s := range r.output[key] {
		fmt.Fprint(r.out, s)
	}
}

// leftOver prints the output of tests that never ended: their package died.
func (r *reader) leftOver() {
	for _, key := range slices.Sorted(maps.Keys(r.output)) {
		r.print(key)
		delete(r.output, key)
	}
}
