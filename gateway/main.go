package gateway

import (
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/caddyserver/certmagic"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

const description = `daero (대로, "main road") stands in front of a service and gives each kind of
request its own lane, so that a storm in one cannot stop another. It finds by
itself how much the service bears, and acts by level when the load rises.

It is Caddy with the daero modules: every Caddy command works, and a Caddyfile
is all there is to configure.

    daero run --config Caddyfile
    daero lane-of GET /v1/messages --config Caddyfile
    daero level
    daero relay
    daero playbook test quake_test.yaml`

// Main runs the program and does not return.
func Main() {
	caddy.CustomBinaryName = "daero"
	caddy.CustomLongDescription = description
	caddy.DefaultStorage = &certmagic.FileStorage{Path: DataDir()}
	caddy.ConfigAutosavePath = filepath.Join(configDir(), "autosave.json")
	if os.Getenv("GOGC") == "" {
		// A gateway keeps little and makes much garbage: collecting at five
		// times what is kept instead of twice costs tens of megabytes and gives
		// about a tenth of the processor back.
		debug.SetGCPercent(400)
	}
	caddycmd.Main()
}

// DataDir is where daero keeps what must survive a restart, unless the
// Caddyfile's storage says otherwise. It stands where Caddy's stands, under
// daero's name. With --envfile Caddy falls back to its own.
func DataDir() string { return ours(caddy.AppDataDir()) }

func configDir() string { return ours(caddy.AppConfigDir()) }

func ours(caddys string) string {
	if os.Getenv("XDG_DATA_HOME") == "" && filepath.Base(caddys) == "." {
		return "daero"
	}
	return filepath.Join(filepath.Dir(caddys), "daero")
}
