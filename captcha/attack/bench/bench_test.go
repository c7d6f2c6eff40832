package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/protocol"
	"github.com/daero/daero/captcha/mapquiz"
)

func command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = Main(t.Context(), args, &out, &err)
	return status, out.String(), err.String()
}

// The words and their order are what scripts rely on.
func TestMachineContract(t *testing.T) {
	status, out, stderr := command(t, "--attacker", "guess-icons", "--kind", "order", "--n", "60", "--seed", "7", "--output", "json")
	if status != exitGood {
		t.Fatalf("status %d: %s", status, stderr)
	}
	var got struct {
		Attacker string
		Kind     string
		Level    *int
		N        int
		Solved   *int
		Rate     *float64
		Wilson95 []float64
		Seconds  *float64 `json:"seconds_per_try"`
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err, out)
	}
	if got.Attacker != "guess-icons" || got.Kind != "order" || got.Level == nil || *got.Level != 3 || got.N != 60 ||
		got.Solved == nil || got.Rate == nil || len(got.Wilson95) != 2 || got.Seconds == nil || got.Wilson95[0] > *got.Rate || got.Wilson95[1] < *got.Rate {
		t.Errorf("%s", out)
	}
	_, again, _ := command(t, "--attacker", "guess-icons", "--kind", "order", "--n", "60", "--seed", "7", "--output", "json")
	if cut := strings.Index(again, "seconds"); cut < 0 || again[:cut] != out[:cut] {
		t.Errorf("the same seed gave\n%s\nand\n%s", out, again)
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{
		{"--attacker", "nobody"},
		{"--kind", "jigsaw"},
		{"--level", "5"},
		{"--lang", "fr"},
		{"--n", "-1"},
		{"--output", "xml"},
		{"--no-such-flag"},
		{"order"},
		{"--write", "x.md", "--attacker", "guess-icons"},
	} {
		status, out, stderr := command(t, args...)
		if status != exitUsage || out != "" || stderr == "" {
			t.Errorf("%v: status %d, %q, %q", args, status, out, stderr)
		}
	}
	if status, _, stderr := command(t, "--help"); status != exitGood || !strings.Contains(stderr, "guess-shapes") {
		t.Errorf("--help: %d %q", status, stderr)
	}
	if status, _, stderr := command(t, "--attacker", "listener", "--kind", "order"); status != exitBad || !strings.Contains(stderr, "does not take") {
		t.Errorf("%d %q", status, stderr)
	}
}

func TestTextFits80Columns(t *testing.T) {
	status, out, stderr := command(t, "--attacker", "protocol", "--n", "40")
	if status != exitGood || !strings.Contains(out, "held    A6, protocol") {
		t.Fatalf("%d %s %s", status, out, stderr)
	}
	_, more, _ := command(t, "--attacker", "guess-question", "--n", "20", "--lang", "en")
	for line := range strings.Lines(out + more) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// A bar that is missed is said, and ends with 1.
func TestAMissedBar(t *testing.T) {
	r := &report{Results: []result{
		{Outcome: attack.Outcome{Attacker: "tesseract", Class: attack.Plain, Kind: captcha.KindName, Level: 3, N: 100, Solved: 9}},
		{Outcome: attack.Outcome{Attacker: "guess-question", Kind: captcha.KindName, N: 1000, Solved: 1}},
		{Outcome: attack.Outcome{Attacker: "guess-icons", Kind: captcha.KindOrder, N: 1000, Solved: 15}},
		{Outcome: attack.Outcome{Attacker: "guess-shapes", Kind: captcha.KindRelation, N: 1000, Solved: 30}},
	}, Protocol: []protocol.Outcome{{Attack: "replay", N: 10000, Won: 1}}}
	r.judge()
	held := map[string]bool{}
	for _, b := range r.Bars {
		held[b.Name] = b.Held
	}
	want := map[string]bool{
		"A1, level 3": false, "guessing what is typed, from the question": false, "guessing clicks, any kind": true,
		"guessing clicks, shapes seen": false, "A6, protocol": false,
	}
	for name, h := range want {
		if got, ok := held[name]; !ok || got != h {
			t.Errorf("%s: held %v, %v", name, got, ok)
		}
	}
}

// What is checked in has a row for every bar and every kind, and says what no
// reader may miss.
func TestStrengthIsComplete(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "STRENGTH.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, want := range []string{
		"Frontier vision models read these maps", "A captcha sets a price and a pace", "| A4 | vision model |",
		"| guessing clicks, any kind |", "| guessing what is typed, from the question |", "| A1, level 3 |", "| A2, level 3 |", "| A6, protocol |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("captcha/STRENGTH.md lacks %q: daero captcha bench --write captcha/STRENGTH.md", want)
		}
	}
	cells := func(column int) (all []string) {
		for line := range strings.Lines(text) {
			if f := strings.Split(line, " | "); len(f) > 9 {
				all = append(all, strings.Trim(f[column], "| "))
			}
		}
		return all
	}
	kinds := cells(2)
	for _, k := range attack.Kinds() {
		if !slices.Contains(kinds, string(k)) {
			t.Errorf("captcha/STRENGTH.md has no row for kind %s", k)
		}
	}
	names := cells(1)
	all := attackers(true, 0)
	defer closeAll(all)
	for _, a := range all {
		if !slices.Contains(names, a.Name()) && !strings.Contains(text, "Not run: "+a.Name()) {
			t.Errorf("captcha/STRENGTH.md has no row for %s", a.Name())
		}
	}
	for _, a := range protocol.All() {
		if !strings.Contains(text, "| "+a.Name+" |") {
			t.Errorf("captcha/STRENGTH.md has no row for %s", a.Name)
		}
	}
	for _, lang := range mapquiz.Langs() {
		if !strings.Contains(text, "comfort, level 4, "+lang) {
			t.Errorf("captcha/STRENGTH.md has no comfort for %s", lang)
		}
	}
	for _, said := range []string{"/work", "/tmp", "session"} {
		if strings.Contains(strings.ReplaceAll(text, "cross-session", ""), said) {
			t.Errorf("captcha/STRENGTH.md names %s", said)
		}
	}
}
