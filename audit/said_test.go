package audit_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/daero/daero/audit"
)

func share(v float64) *float64 { return &v }

func TestSay(t *testing.T) {
	for text, want := range map[string][]audit.Phrase{
		"":                          nil,
		"open":                      {{Kind: "open"}},
		"closed, at most 3 permits": {{Kind: "closed"}, {Kind: "ceiling", Permits: 3}},
		"shed background 50%, defer 20%, challenge foreground 5%": {
			{Kind: "shed", Who: "background", Share: share(0.5)}, {Kind: "defer", Share: share(0.2)}, {Kind: "challenge", Who: "foreground", Share: share(0.05)},
		},
		"open, let in 25%, +5% each 1m30s": {{Kind: "open"}, {Kind: "ramp", From: share(0.25), Add: share(0.05), Every: 90}},
		"shed 50%, and dance":              nil,
		"shed people 50%":                  nil,
		"shed 150%":                        nil,
		"let in 25%":                       nil,
		"at most many permits":             nil,
	} {
		said := audit.Say(audit.Entry{What: audit.LaneOrdered, After: text})
		if want == nil && said == nil {
			continue
		}
		if said == nil || !reflect.DeepEqual(said.After, want) {
			t.Errorf("%q says %+v", text, said)
		}
	}
	for text, want := range map[string][]audit.Phrase{
		"ask: never": {{Kind: "setting", Name: "ask", Value: "never"}},
		"name: a; b: c; hosts: a.com b.com; bind prefix: true; prefix audio: 5": {
			{Kind: "setting", Name: "name", Value: "a; b: c"},
			{Kind: "setting", Name: "hosts", Value: "a.com b.com"},
			{Kind: "setting", Name: "bind prefix", Value: "true"},
			{Kind: "setting", Name: "prefix audio", Value: "5"},
		},
		"ask: never; name: late": {{Kind: "setting", Name: "ask", Value: "never; name: late"}},
		"colour: red":            nil,
	} {
		said := audit.Say(audit.Entry{What: audit.SiteChanged, Before: text})
		if want == nil && said == nil {
			continue
		}
		if said == nil || !reflect.DeepEqual(said.Before, want) {
			t.Errorf("%q says %+v", text, said)
		}
	}
	if said := audit.Say(audit.Entry{What: audit.LevelChanged, After: "open"}); said != nil {
		t.Errorf("a level says %+v", said)
	}
}

// FuzzSay: whatever stands in the record, what is told of it stands there.
func FuzzSay(f *testing.F) {
	for _, text := range []string{"open, let in 25%, +5% each 30s", "shed background 50%, at most 20 permits", "name: a; ask: never", "let in ", "name: ; hosts: ; name: "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, what := range []string{audit.LaneOrdered, audit.SiteChanged} {
			said := audit.Say(audit.Entry{What: what, After: text})
			if said == nil {
				continue
			}
			for _, p := range said.After {
				if p.Kind == "" || !strings.Contains(text, p.Value) || p.Share != nil && !(*p.Share >= 0 && *p.Share <= 1) || p.Every < 0 || p.Permits < 0 {
					t.Errorf("%q says %+v", text, p)
				}
			}
		}
	})
}
