package gateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TestExamples: every Caddyfile in examples is understood, valid, and as
// `daero fmt` would write it.
func TestExamples(t *testing.T) {
	t.Setenv("DAERO_SECRET", strings.Repeat("example", 5))
	t.Setenv("OPS_CHAT", "slack://hook:AAAAAAAAA-BBBBBBBBB-123456789123456789123456@webhook")
	t.Setenv("OPS_MAIL", "smtp://mail.example.com:587/?fromaddress=daero@example.com&toaddresses=ops@example.com")
	t.Setenv("PAGER_URL", "https://pager.example.com/daero")
	t.Setenv("SHOP_TOKEN", strings.Repeat("shop", 8))
	t.Setenv("DAERO_SPOOL", t.TempDir())
	files, err := filepath.Glob("../examples/caddyfiles/*.caddyfile")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if formatted := caddyfile.Format(data); string(formatted) != string(data) {
				t.Errorf("run daero fmt; it should read\n%s", formatted)
			}
			raw, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt(data, map[string]any{"filename": file})
			if err != nil || len(warnings) > 0 {
				t.Fatalf("%v, warnings %v", err, warnings)
			}
			cfg := new(caddy.Config)
			if err := caddy.StrictUnmarshalJSON(raw, cfg); err != nil {
				t.Fatal(err)
			}
			if err := caddy.Validate(cfg); err != nil {
				t.Error(err)
			}
		})
	}
}
