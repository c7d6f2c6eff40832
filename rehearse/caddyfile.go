package rehearse

import (
	"fmt"
	"strings"
)

// Gateway is what a rehearsal or the demo wants in front of the messenger.
type Gateway struct {
	Arm          string
	Listen       string // address of the site
	Admin        string // address of Caddy's admin endpoint
	Backend      string // address of the messenger
	Storage      string // where it keeps what it learns: nothing from before may help or hurt
	StaticLogins int    // logins at once, for the oracle
	Rehearsal    bool   // many connections, no log, quick end
}

// Caddyfile returns the configuration of an arm. What is in lanes is all that
// daero is told.
func Caddyfile(g Gateway) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n\tadmin %s\n\tauto_https off\n\tpersist_config off\n\tstorage file_system %q\n", g.Admin, g.Storage)
	if g.Rehearsal {
		b.WriteString("\tgrace_period 2s\n\tlog {\n\t\tlevel ERROR\n\t}\n")
	}
	if g.Arm != ArmNone {
		b.WriteString("\tdaero\n")
	}
	fmt.Fprintf(&b, "}\n%s {\n", g.Listen)
	switch g.Arm {
	case ArmNone:
	case ArmStatic:
		// One limit far out of the way; each lane has what it was given.
		b.WriteString(lanes("\t\tfixed_limit 100000\n", fmt.Sprintf("\t\t\tmax %d\n", g.StaticLogins)))
	default:
		b.WriteString(lanes("", ""))
	}
	fmt.Fprintf(&b, "\treverse_proxy %s", g.Backend)
	if g.Rehearsal {
		// Without lanes thousands wait in the service at once: the gateway
		// should not spend its time on opening connections for them.
		b.WriteString(" {\n\t\ttransport http {\n\t\t\tkeepalive_idle_conns_per_host 10000\n\t\t}\n\t}")
	}
	b.WriteString("\n}\n")
	return b.String()
}

func lanes(all, login string) string {
	return "\tlanes {\n" + all +
		"\t\tlane message {\n\t\t\tpath /v1/messages*\n\t\t\ttier critical\n\t\t}\n" +
		"\t\tlane sync {\n\t\t\tpath /v1/sync*\n\t\t\ttier normal\n\t\t}\n" +
		"\t\tlane login {\n\t\t\tpath /v1/login*\n\t\t\ttier sheddable\n\t\t\tbackground header X-App-State background\n" + login + "\t\t}\n" +
		"\t\tuser header X-User-Id\n\t}\n"
}
