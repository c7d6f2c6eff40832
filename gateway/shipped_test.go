package gateway

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	response "github.com/daero/daero/rehearse/shipped"
)

// The response that comes with daero is there as a Go value and as text for a
// Caddyfile. The gateway reads the text as the value.
func TestShippedTextIsTheShippedResponse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "Caddyfile")
	text := `{
	daero {
` + response.Caddyfile + `
	}
}
:8080 {
	lanes {
		lane message {
			path /v1/messages*
			tier critical
		}
		lane sync {
			path /v1/sync*
			tier normal
		}
		lane login {
			path /v1/login*
			tier sheddable
		}
	}
	reverse_proxy 127.0.0.1:9000
}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	levels, book, err := draftIn(file, "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{"default": {Lanes: response.Lanes()}}}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := response.Response(d.Control())
	if err != nil {
		t.Fatal(err)
	}
	if levels.Dwell != want.Dwell || levels.Below != want.Below || len(levels.Signals) != len(want.Signals) {
		t.Errorf("levels %+v, want %+v", levels, want)
	}
	for i, s := range levels.Signals {
		if s.Name != want.Signals[i].Name || s.At != want.Signals[i].At || s.Unit != want.Signals[i].Unit || s.Alone != want.Signals[i].Alone {
			t.Errorf("signal %+v, want %+v", s, want.Signals[i].Signal)
		}
	}
	for i, a := range book.Actions {
		if !strings.Contains(a.Where, "Caddyfile:") {
			t.Errorf("%s stands at %q", a.Slot(), a.Where)
		}
		book.Actions[i].Where = ""
	}
	if !reflect.DeepEqual(book.Actions, want.Playbook.Actions) {
		t.Errorf("actions\n%+v, want\n%+v", book.Actions, want.Playbook.Actions)
	}
}
