package gateway

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// playbookOf adapts a Caddyfile and returns its playbook, nil if it has none.
func playbookOf(t *testing.T, text string) *PlaybookConfig {
	t.Helper()
	adapted, _, err := caddyfile.Adapter{ServerType: httpcaddyfile.ServerType{}}.Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	var cfg struct {
		Apps struct {
			Daero struct {
				Playbook *PlaybookConfig `json:"playbook"`
			} `json:"daero"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(adapted, &cfg); err != nil {
		t.Fatal(err)
	}
	return cfg.Apps.Daero.Playbook
}

// placeless is a playbook without its places, by row as it is written.
func placeless(p *PlaybookConfig) *PlaybookConfig {
	out := *p
	out.Where, out.Actions = "", nil
	for _, at := range []string{"attention", "caution", "alert", "serious"} {
		for _, a := range p.Actions {
			if a.At == at {
				a.Where = ""
				out.Actions = append(out.Actions, a)
			}
		}
	}
	return &out
}

// back reads what was written, as a proposal is read.
func back(t *testing.T, p *PlaybookConfig) *PlaybookConfig {
	t.Helper()
	hooks := map[string]WebhookConfig{}
	for _, a := range p.Actions {
		if a.Do == "webhook" {
			hooks[a.Target] = WebhookConfig{URL: "https://hook.example/secret"}
		}
	}
	app := &App{Webhooks: hooks}
	if errs := app.readProposal(p.text()); len(errs) > 0 {
		t.Fatalf("%v in\n%s", errs, p.text())
	}
	return app.Playbook
}

// TestPlaybookTextOfExamples: what is written reads back as it was, and is
// written the same again.
func TestPlaybookTextOfExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/caddyfiles/*.caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil {
		t.Fatal(err)
	}
	books := 0
	for _, name := range append(files, more...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text, result, golden := strings.Cut(string(data), "----------\n")
		if golden && !strings.HasPrefix(result, "{") {
			continue // mistakes
		}
		p := playbookOf(t, text)
		if p == nil {
			continue
		}
		books++
		again := back(t, p)
		if got, want := placeless(again), placeless(p); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: written as\n%s\nread back as\n%+v, want\n%+v", name, p.text(), got, want)
		}
		if again.text() != p.text() {
			t.Errorf("%s: written\n%s, then\n%s", name, p.text(), again.text())
		}
	}
	if books < 6 {
		t.Errorf("%d playbooks: the property was hardly tried", books)
	}
}

// TestPlaybookTextOfHardWords: texts with everything that a Caddyfile reads in
// its own way.
func TestPlaybookTextOfHardWords(t *testing.T) {
	of := func(digits string) float64 { v, _ := share(digits); return v }
	for _, text := range []string{
		"", "503", "50%", "0..60%", "a b", `say "no"`, "`", `back\slash`, "# no comment", "{env.X}", "{ x }", "한국어 안내", "<<END", "two\nlines", "shadow", "i_mean_it",
	} {
		p := &PlaybookConfig{Shadow: true, RampStep: of("5.5"), RampEvery: 7e9, Actions: []ActionConfig{
			{At: "caution", Do: "respond", Lane: "login", Who: "background", Body: text, From: of("12.3"), To: of("45.6")},
			{At: "caution", Do: "ceiling", Lane: "api/login", From: 0.5, To: of("33.3")},
			{At: "attention", Do: "work", From: 0.25, To: 1, For: 2e9},
			{At: "serious", Do: "flag", Target: "k", Value: "v " + text, From: 0, To: 0, Shadow: true},
			{At: "alert", Do: "drain", Lane: "login", Rate: 0.5},
			{At: "alert", Do: "drain", Target: "orders", Rate: 200},
			{At: "alert", Do: "challenge", Lane: "login", NewDevice: true, From: 1, To: 1, IMeanIt: true},
		}}
		if text != "" {
			p.Actions[0].Status = 429
		}
		got := placeless(back(t, p))
		if want := placeless(p); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: written as\n%s\nread back as\n%+v, want\n%+v", text, p.text(), got, want)
		}
	}
}

func TestProposalMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		line int
		says string
	}{
		"nothing":      {"", 1, "no playbook"},
		"another":      {"level {\n}", 1, "level: a proposal is a playbook"},
		"two":          {"playbook {\n}\nplaybook {\n}", 3, "stands twice"},
		"a word":       {"playbook {\n\tat caution {\n\t\tshedd login 10%\n\t}\n}", 3, `did you mean "shed"`},
		"a level":      {"playbook {\n\tat panic {\n\t}\n}", 2, "unknown level"},
		"a range":      {"playbook {\n\tat caution {\n\t\tshed login much\n\t}\n}", 3, "not a range"},
		"upside down":  {"playbook {\n\tat caution {\n\t\tshed login 60..10%\n\t}\n}", 3, "upside down"},
		"a lane":       {"playbook {\n\tat caution {\n\n\t\tshed logn 10%\n\t}\n}", 4, `did you mean "login"`},
		"a channel":    {"playbook {\n\tat caution {\n\t\tnotify nobody\n\t}\n}", 3, "unknown channel"},
		"not closed":   {"playbook {\n\tat caution {\n\t\tshed login 10%", 3, "not closed"},
		"a quote":      {"playbook {\n\tat caution {\n\t\trespond login \"x\n", 3, ""},
		"an import":    {"import /etc/passwd", 1, "import: a proposal"},
		"an import in": {"playbook {\n\timport /etc/passwd\n}", 2, "import"},
		"much":         {"playbook {\n" + strings.Repeat("at caution {\n}\n", 3) + "}", 4, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := standardConfig(laneConfig{})
			login, err := LaneRule{Name: "login", Tier: "sheddable"}.core()
			if err != nil {
				t.Fatal(err)
			}
			cfg.Lanes = append(cfg.Lanes, login)
			app := &App{}
			app.plan.Backends = map[string]laneConfig{"default": cfg}
			r := &runtime{apps: []*App{app}}
			draft, err := r.proposal(t.Context(), tt.text)
			if err != nil || len(draft.Mistakes) == 0 || draft.Text != "" {
				t.Fatalf("%+v %v", draft, err)
			}
			found := false
			for _, m := range draft.Mistakes {
				found = found || m.Line == tt.line && strings.Contains(m.What, tt.says) && !strings.Contains(m.What, "root:")
			}
			if !found {
				t.Errorf("%+v, want one at line %d that says %q", draft.Mistakes, tt.line, tt.says)
			}
		})
	}
}

func FuzzProposal(f *testing.F) {
	for _, text := range []string{"playbook {\n\tat caution {\n\t\tshed login background 0..60%\n\t}\n}", "playbook", "playbook {", "}", "playbook {\n\tramp 10% every 5s\n\tshadow\n}", "<<X\nX", "{$HOME}", "playbook {\n\tat alert {\n\t\trespond rest 503 `x` 10%\n\t\twebhook https://h/x\n\t}\n}"} {
		f.Add(text)
	}
	app := &App{}
	app.plan.Backends = map[string]laneConfig{"default": standardConfig(laneConfig{})}
	r := &runtime{apps: []*App{app}}
	f.Fuzz(func(t *testing.T, text string) {
		draft, err := r.proposal(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		if (draft.Text == "") != (len(draft.Mistakes) > 0) {
			t.Fatalf("%q: %+v", text, draft)
		}
	})
}
