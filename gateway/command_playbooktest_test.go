package gateway_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daero/daero/gateway"
)

// playTests plays what args name and returns the exit status and the output.
func playTests(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = gateway.Run(t.Context(), &out, &errs, append([]string{"playbook", "test"}, args...)...)
	return status, out.String(), errs.String()
}

// TestShippedPlaybooks: the playbooks in examples behave as their tests say.
func TestShippedPlaybooks(t *testing.T) {
	status, out, errs := playTests(t, "../examples/caddyfiles")
	if status != 0 || strings.Count(out, "ok    ") < 3 {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

// testedAs writes a Caddyfile and a file of tests, and returns the latter.
func testedAs(t *testing.T, expect string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"Caddyfile": "{\n\tdaero {\n\t\tlevel {\n\t\t\tsignal busy lanes.busy 70% 80%\n\t\t}\n\t\tnotify ops {env.NOT_SET}\n" +
			"\t\tplaybook {\n\t\t\tat attention {\n\t\t\t\tnotify ops\n\t\t\t}\n\t\t}\n\t}\n}\n",
		"it_test.yaml": "playbook: Caddyfile\ntests:\n  - name: it\n    signals: {busy: 75%}\n    expect: [" + expect + "]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "it_test.yaml")
}

func TestPlaybookTestCommand(t *testing.T) {
	good, bad := testedAs(t, "{at: 1m, level: attention}"), testedAs(t, "{at: 5s, level: caution}")
	broken, nowhere := testedAs(t, "{at: 5s, leevl: caution}"), filepath.Join(t.TempDir(), "none.yaml")
	plain := filepath.Join(t.TempDir(), "plain.yaml")
	if err := os.WriteFile(plain, []byte("tests:\n  - {name: it, expect: [{at: 0s, level: normal}]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	caddyfile := filepath.Join(filepath.Dir(good), "Caddyfile")
	for name, tt := range map[string]struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		"good":             {[]string{good}, 0, "1 test, 1m of virtual time", ""},
		"a directory":      {[]string{filepath.Dir(good)}, 0, "ok    " + good, ""},
		"one of two":       {[]string{good, bad}, 1, "--- FAIL: it (", "daero: 1 of 2 tests failed"},
		"a diff":           {[]string{bad}, 1, "expected  level caution\n      got       level attention since: busy 75% ≥ 70% (attention)", "1 of 1"},
		"a story":          {[]string{"--story", good}, 0, "100ms  action  notify ops at attention begins", ""},
		"another config":   {[]string{"--config", caddyfile, plain}, 0, "ok    " + plain, ""},
		"no config":        {[]string{plain}, 2, "names no configuration", "cannot be used"},
		"a broken file":    {[]string{broken}, 2, `it_test.yaml:5: expect: unknown key "leevl": did you mean "level"?`, "cannot be used"},
		"broken and good":  {[]string{good, broken}, 2, "ok    " + good, "cannot be used"},
		"missing":          {[]string{nowhere}, 2, "", "no such file"},
		"an empty one":     {[]string{t.TempDir()}, 2, "", "no *_test.yaml in it"},
		"nothing":          {nil, 2, "", "give a file of tests"},
		"unknown output":   {[]string{"--output", "jsn", good}, 2, "", `did you mean "json"?`},
		"unknown flag":     {[]string{"--stori", good}, 2, "", "unknown flag"},
		"config elsewhere": {[]string{"--config", nowhere, good}, 2, "FAIL  " + good, "cannot be used"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := playTests(t, tt.args...)
			if status != tt.status || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
				t.Errorf("status %d, want %d\n%s\n%s", status, tt.status, stdout, stderr)
			}
		})
	}
}

func TestPlaybookTestAsJSON(t *testing.T) {
	bad := testedAs(t, "{at: 5s, level: caution}")
	status, stdout, _ := playTests(t, "--output", "json", bad)
	var doc struct {
		Passed        bool
		Tests, Failed int
		Files         []struct {
			File, Config string
			Tests        []struct {
				Name, Where string
				Passed      bool
				Virtual     float64 `json:"virtual_s"`
				Failures    []struct {
					Where, When, Expected, Got string
					At                         float64 `json:"at_s"`
				}
				Story []struct {
					At         float64 `json:"at_s"`
					What, Text string
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil || status != 1 {
		t.Fatalf("status %d, %v in %s", status, err, stdout)
	}
	test := doc.Files[0].Tests[0]
	if doc.Passed || doc.Tests != 1 || doc.Failed != 1 || test.Name != "it" || test.Passed || test.Virtual != 5 || len(test.Story) == 0 {
		t.Errorf("%s", stdout)
	}
	if f := test.Failures[0]; f.When != "at 5s" || f.At != 5 || f.Expected != "level caution" || !strings.HasSuffix(f.Where, "it_test.yaml:5") {
		t.Errorf("%s", stdout)
	}
}
