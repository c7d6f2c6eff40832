package gateway_test

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// validated returns what `daero validate` says about a Caddyfile, "" if it is
// valid.
func validated(t *testing.T, caddyfile string) string {
	t.Helper()
	raw, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err.Error()
	}
	cfg := new(caddy.Config)
	if err := caddy.StrictUnmarshalJSON(raw, cfg); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(cfg); err != nil {
		return err.Error()
	}
	return ""
}

const twoSites = `{
	daero {
		level {
			signal busy lanes.busy 70% 80%
			signal logins lanes.refused LANE 10%
		}
		playbook {
			at caution {
				shed LANE background 0..60%
			}
			at alert {
				ceiling events 50..20%
				shed account/signup 0..100%
			}
		}
	}
}
:8080 {
	lanes {
		lane message {
			path /m
			tier critical
		}
	}
	respond ok
}
:8081 {
	route {
		handle {
			lanes {
				backend account
				lane login {
					path /l
					tier sheddable
				}
				lane signup {
					path /s
					tier sheddable
				}
				lane EVENTS {
					path /e
					tier normal
				}
			}
			respond ok
		}
	}
}
`

// TestLanesOfAllSitesAreKnown: whichever of http and daero Caddy provisions
// first, validate knows the lanes of every site. The order changes from run to
// run, so it is tried often.
func TestLanesOfAllSitesAreKnown(t *testing.T) {
	good := strings.NewReplacer("LANE", "login", "EVENTS", "events")
	for range 20 {
		if said := validated(t, good.Replace(twoSites)); said != "" {
			t.Fatal(said)
		}
	}
}

func TestUnknownLanesAreRefused(t *testing.T) {
	bad := strings.NewReplacer("LANE", "lgoin", "EVENTS", "streams")
	for range 20 {
		said := validated(t, bad.Replace(twoSites))
		for _, want := range []string{
			`Caddyfile:5: signal logins: no lane "lgoin": did you mean "login"?`,
			`Caddyfile:9: shed: no lane "lgoin": did you mean "login"?`,
			`Caddyfile:12: ceiling: no lane "events"`,
		} {
			if !strings.Contains(said, want) {
				t.Fatalf("no %s in %s", want, said)
			}
		}
	}
}

func TestCriticalLaneIsNotRefusedByAccident(t *testing.T) {
	caddyfile := strings.NewReplacer("LANE background", "message", "LANE", "login", "EVENTS", "events", "60%", "100%").Replace(twoSites)
	const want = "Caddyfile:9: shed message: would refuse the critical lane message entirely"
	if said := validated(t, caddyfile); !strings.Contains(said, want) {
		t.Errorf("no %s in %q", want, said)
	}
	if said := validated(t, strings.Replace(caddyfile, "shed message 0..100%", "shed message 0..100% i_mean_it", 1)); said != "" {
		t.Error(said)
	}
}
