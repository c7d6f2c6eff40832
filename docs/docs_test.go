// Package docs_test holds what the documentation promises: its Caddyfiles are
// accepted, and its links lead somewhere.
package docs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/daero/daero/gateway"
)

// pages returns every page in Markdown of the repository, by name.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"../*.md", "*.md", "adr/*.md", "relay/*.md", "captcha/*.md", "console/*.md", "../bench/*/*.md", "../examples/*/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(b)
		}
	}
	return texts
}

var fence = regexp.MustCompile("(?s)```\n({\n.*?)```")

func TestCaddyfilesAreAccepted(t *testing.T) {
	t.Setenv("DAERO_SECRET", strings.Repeat("s", 32))
	for _, name := range []string{"SHOP_TOKEN", "WEB_TOKEN", "KAFKA_PASSWORD", "OIDC_SECRET", "STAGING_TOKEN"} {
		t.Setenv(name, strings.Repeat("s", 32))
	}
	t.Setenv("BILLING_SECRET", "whsec_"+strings.Repeat("c2Vj", 8))
	adapter := caddyconfig.GetAdapter("caddyfile")
	found := 0
	for name, text := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			found++
			body, warnings, err := adapter.Adapt([]byte(m[1]), map[string]any{"filename": name})
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, m[1])
				continue
			}
			for _, w := range warnings {
				if !strings.Contains(w.Message, "not formatted") { // comments may be aligned
					t.Errorf("%s: %v", name, w)
				}
			}
			var cfg caddy.Config
			if err := json.Unmarshal(body, &cfg); err != nil {
				t.Fatal(err)
			}
			if err := caddy.Validate(&cfg); err != nil {
				t.Errorf("%s: %v\n%s", name, err, m[1])
			}
		}
	}
	if found < 2 {
		t.Errorf("found %d Caddyfiles in the documentation: README and operating.md have one each", found)
	}
}

var (
	metricInCode = regexp.MustCompile(`desc\("([a-z_]+)"`)
	metricInDocs = regexp.MustCompile("`daero_([a-z_]+)`")
)

func TestMetricsAreDocumented(t *testing.T) {
	for source, page := range map[string]string{"metrics.go": "operating.md", "metrics_relay.go": "relay/operate.md", "metrics_captcha.go": "captcha/operate.md"} {
		code, err := os.ReadFile("../gateway/" + source)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		have, told := names(metricInCode, code), names(metricInDocs, text)
		if len(have) == 0 {
			t.Fatalf("no metric found in gateway/%s: the check passed for nothing", source)
		}
		for name := range have {
			if !told[name] {
				t.Errorf("daero_%s is not in %s", name, page)
			}
		}
		for name := range told {
			if !have[name] {
				t.Errorf("%s tells of daero_%s, which there is not", page, name)
			}
		}
	}
}

func names(re *regexp.Regexp, text []byte) map[string]bool {
	found := map[string]bool{}
	for _, m := range re.FindAllSubmatch(text, -1) {
		found[string(m[1])] = true
	}
	return found
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	for name, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s: link to %s: %v", name, m[1], err)
			}
		}
	}
}
