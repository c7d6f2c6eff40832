package gateway_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestAdapt compares what Caddyfiles mean with testdata/adapt: a Caddyfile, a
// line of ten dashes, then its JSON or its error.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			caddyfile, want, ok := strings.Cut(string(data), "----------\n")
			if !ok {
				t.Fatal("no line of ten dashes")
			}
			got := adapted([]byte(caddyfile))
			if *update {
				if err := os.WriteFile(file, []byte(caddyfile+"----------\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// adapted returns the JSON of a Caddyfile, or its error.
func adapted(caddyfile []byte) string {
	cfg, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(caddyfile, map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err.Error() + "\n"
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, cfg, "", "\t"); err != nil {
		return err.Error() + "\n"
	}
	return pretty.String() + "\n"
}

// TestJSONMistakes: a configuration that was not written as a Caddyfile is
// held to the same rules.
func TestJSONMistakes(t *testing.T) {
	const head, tail = `{"storage":{"module":"file_system","root":"/nonexistent"},"apps":{"http":{"servers":{"s":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{"handler":"lanes",`, `}]}]}}}}}`
	for name, tt := range map[string]struct {
		handler string
		want    []string
	}{
		"several at once": {
			`"lanes":[{"name":"a","tier":"top","match":[{"path":["/a"]}]},{"name":"b","match":[{"path":["/b"]}]},{"name":"c","tier":"normal"}],"fallback":"d","expose":"all"`,
			[]string{`unknown tier "top"`, "lane b: no tier", "lane c: no matcher", "fallback d: no such lane", "expose all"},
		},
		"floors": {
			`"lanes":[{"name":"a","tier":"normal","floor":0.7,"match":[{}]},{"name":"b","tier":"normal","floor":0.4,"match":[{}]}]`,
			[]string{"floors add up to 110%"},
		},
		"a negative limit": {`"initial_limit":-1`, []string{"initial limit -1"}},
		"users":            {`"user":[{}],"body_buffer":-7`, []string{"user 1: must name exactly one", "body_buffer -7"}},
		"a name twice": {
			`"lanes":[{"name":"a","tier":"normal","match":[{}]},{"name":"a","tier":"normal","match":[{}]}]`,
			[]string{"lane a: declared twice"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := new(caddy.Config)
			if err := caddy.StrictUnmarshalJSON([]byte(head+tt.handler+tail), cfg); err != nil {
				t.Fatal(err)
			}
			err := caddy.Validate(cfg)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in %v", want, err)
				}
			}
		})
	}
}

// seeds are the daero and the lanes blocks of the golden files.
func seeds(t testing.TB) (blocks []string) {
	t.Helper()
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, _, _ := strings.Cut(string(data), "----------")
		global, lanes, ok := strings.Cut(text, "lanes ")
		if ok {
			blocks = append(blocks, ":8080 {\nlanes "+lanes)
		}
		if _, daero, ok := strings.Cut(global, "daero {"); ok {
			blocks = append(blocks, "{\ndaero {"+daero)
		}
	}
	return blocks
}

// TestMutatedCaddyfiles: damaged Caddyfiles are refused or understood, without
// a panic. The fuzzer below does the same with more patience.
func TestMutatedCaddyfiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(2016, 9))
	blocks := seeds(t)
	for range 2000 {
		b := blocks[rng.IntN(len(blocks))]
		for range 1 + rng.IntN(8) {
			i := rng.IntN(len(b) + 1)
			j := i + rng.IntN(min(40, len(b)-i)+1)
			switch rng.IntN(3) {
			case 0: // lose a piece
				b = b[:i] + b[j:]
			case 1: // say a piece twice
				b = b[:j] + b[i:]
			case 2: // put something odd in
				b = b[:i] + string("{}\n \"`@\\*/%"[rng.IntN(11)]) + b[i:]
			}
		}
		adapted([]byte(b))
	}
}

// FuzzCaddyfile: no Caddyfile makes the parsers panic.
func FuzzCaddyfile(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if strings.Contains(text, "import") || strings.Contains(text, "{$") {
			return // these read files and the environment
		}
		adapted([]byte(text))
	})
}
