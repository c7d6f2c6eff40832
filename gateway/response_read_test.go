package gateway

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestResponseIn(t *testing.T) {
	levels, book, err := responseIn(write(t, `{
	daero {
		level {
			signal cpu host.cpu 80% 90%
			down after 1m
		}
		playbook {
			at caution {
				shed login 0..60%
			}
		}
	}
}
:8080 {
	lanes {
		lane login {
			path /login
			tier sheddable
		}
	}
	respond ok
}
`), "caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	if len(levels.Signals) != 1 || levels.Signals[0].At[1] != 0.9 || levels.Signals[0].Unit != level.Percent || levels.Dwell.Minutes() != 1 {
		t.Errorf("levels %+v", levels)
	}
	if len(book.Actions) != 1 || book.Actions[0].Kind != playbook.Shed || len(book.Lanes) != 3 {
		t.Errorf("playbook %+v", book)
	}
}

func TestResponseInMistakes(t *testing.T) {
	if _, _, err := responseIn(write(t, ":8080 {\n\trespond ok\n}\n"), ""); !errors.Is(err, errNoResponse) {
		t.Errorf("without daero: %v", err)
	}
	if _, _, err := responseIn(write(t, "{\n\tdaero\n}\n:8080 {\n\trespond ok\n}\n"), ""); !errors.Is(err, errNoResponse) {
		t.Errorf("without a playbook: %v", err)
	}
	_, _, err := responseIn(write(t, "{\n\tdaero {\n\t\tplaybook {\n\t\t\tat alert {\n\t\t\t\tslow snyc 30s\n\t\t\t}\n\t\t}\n\t}\n}\n:8080 {\n\trespond ok\n}\n"), "")
	if err == nil || !strings.Contains(err.Error(), `:5: slow: no lane "snyc"`) {
		t.Errorf("an unknown lane: %v", err)
	}
}
