package main

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	cases := map[string]struct {
		in, line string
		ok       bool
		shows    string
	}{
		"all pass": {
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":1.5}
{"Action":"skip","Package":"no/tests"}
`,
			line: "tests: 2 passed, 0 failed", ok: true, shows: "ok    p",
		},
		"a failure is shown": {
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"want 1\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`,
			line: "tests: 0 passed, 1 failed", shows: "want 1",
		},
		"a skip is not a pass": {
			in: `{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`,
			line: "tests: 1 passed, 0 failed, 1 skipped: p.TestA",
		},
		"a package that does not build": {
			in: `{"ImportPath":"p","Action":"build-output","Output":"x.go:1: undefined\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL p [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p"}
`,
			line: "tests: 0 passed, 1 failed", shows: "undefined",
		},
		"a package that dies": {
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}
`,
			line: "tests: 0 passed, 1 failed", shows: "boom",
		},
		"nothing ran":         {in: "", line: "tests: 0 passed, 0 failed"},
		"not JSON is printed": {in: "go: no such tool\n", line: "tests: 0 passed, 0 failed", shows: "no such tool"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			got, err := count(bufio.NewReader(strings.NewReader(c.in)), &out)
			if err != nil {
				t.Fatal(err)
			}
			if got.line() != c.line || got.ok() != c.ok {
				t.Errorf("got %q ok=%v, want %q ok=%v", got.line(), got.ok(), c.line, c.ok)
			}
			if !strings.Contains(out.String(), c.shows) {
				t.Errorf("output %q does not show %q", out.String(), c.shows)
			}
		})
	}
}
