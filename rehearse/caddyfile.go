package rehearse

import (
	"fmt"
	"strings"
	"time"

	"github.com/daero/daero/rehearse/shipped"
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
	Emergency    bool   // the arm manual: what is prepared is switched on
	API          bool   // offers the API on the site
	Console      bool   // offers the console on the site, and with it the API
	Desk         string // address of a site with the console alone, none if ""
	Captcha      bool   // serves the CAPTCHA on the site, for the arm auto
	Feed         string // address of an alert feed to listen to, for the arm auto
	// DownAfter is how long a level is kept, for the arm auto. Default 30 s.
	DownAfter time.Duration
}

// Caddyfile returns the configuration of an arm. What is in lanes is all that
// daero is told.
func Caddyfile(g Gateway) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n\tadmin %s\n\tauto_https off\n\tpersist_config off\n\tstorage file_system %q\n", g.Admin, g.Storage)
	if g.Rehearsal {
		b.WriteString("\tgrace_period 2s\n\tlog {\n\t\tlevel ERROR\n\t}\n")
	}
	switch g.Arm {
	case ArmNone, ArmManual:
	case ArmAuto:
		b.WriteString("\tdaero {\n")
		if g.Captcha { // few maps ahead: a machine that tries it has other things to do
			b.WriteString("\t\tcaptcha {\n\t\t\tpool 40\n\t\t}\n")
		}
		b.WriteString(g.response() + "\t}\n")
	default:
		b.WriteString("\tdaero\n")
	}
	fmt.Fprintf(&b, "}\n%s {\n", g.Listen)
	switch g.Arm {
	case ArmNone:
	case ArmManual:
		if g.Emergency {
			b.WriteString(emergency)
		}
	case ArmStatic:
		// One limit far out of the way; each lane has what it was given.
		b.WriteString(lanes("\t\tfixed_limit 100000\n", fmt.Sprintf("\t\t\tmax %d\n", g.StaticLogins)))
	default:
		b.WriteString(lanes("", ""))
	}
	switch {
	case g.Console:
		b.WriteString("\tdaero_console\n")
	case g.API:
		b.WriteString("\tdaero_api\n")
	}
	if g.Captcha {
		b.WriteString("\tdaero_captcha\n")
	}
	fmt.Fprintf(&b, "\treverse_proxy %s", g.Backend)
	if g.Rehearsal {
		// Without lanes thousands wait in the service at once: the gateway
		// should not spend its time on opening connections for them.
		b.WriteString(" {\n\t\ttransport http {\n\t\t\tkeepalive_idle_conns_per_host 10000\n\t\t}\n\t}")
	}
	b.WriteString("\n}\n")
	if g.Desk != "" {
		fmt.Fprintf(&b, "%s {\n\tdaero_console\n\trespond 404\n}\n", g.Desk)
	}
	return b.String()
}

// emergency is what a person switches on: no syncs, and no logins of phones
// that nobody looks at.
const emergency = "\t@later {\n\t\tpath /v1/login* /v1/sync*\n\t\texpression `path('/v1/sync*') || header({'X-App-State': 'background'})`\n\t}\n" +
	"\thandle @later {\n\t\theader Retry-After 10\n\t\trespond 503\n\t}\n"

// response is the shipped levels and playbook. Where the rehearsal is shorter
// than the trouble it stands for, levels are kept and lanes come back quicker.
func (g Gateway) response() string {
	text := shipped.Caddyfile
	if g.DownAfter > 0 {
		text = strings.Replace(text, "down after 30s", "down after "+g.DownAfter.String(), 1)
		text = strings.Replace(text, "playbook {\n", fmt.Sprintf("playbook {\n\tramp 10%% every %s\n", max(g.DownAfter/6, 100*time.Millisecond)), 1)
	}
	if g.Feed != "" {
		feed := fmt.Sprintf("\tsignal quake alertfeed usgs http://%s/usgs/all_hour.geojson {\n\t\tarm attention for 10m\n\t\tevery 1s\n\t\tmagnitude 4.5\n\t}\n", g.Feed)
		text = strings.Replace(text, "level {\n", "level {\n"+feed, 1)
	}
	return "\t\t" + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n\t\t") + "\n"
}

func lanes(all, login string) string {
	return "\tlanes {\n" + all +
		"\t\tlane message {\n\t\t\tpath /v1/messages*\n\t\t\ttier critical\n\t\t}\n" +
		"\t\tlane sync {\n\t\t\tpath /v1/sync*\n\t\t\ttier normal\n\t\t}\n" +
		"\t\tlane login {\n\t\t\tpath /v1/login*\n\t\t\ttier sheddable\n\t\t\tbackground header X-App-State background\n" + login + "\t\t}\n" +
		"\t\tuser header X-User-Id\n\t}\n"
}
