package gateway

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// errNoResponse is that a configuration has neither levels nor a playbook.
var errNoResponse = errors.New("no levels and no playbook: add \"level\" or \"playbook\" to the global option daero")

// responseIn reads a configuration as `daero validate` does and returns its
// levels and its playbook, which knows the lanes of all sites. Nothing runs,
// nobody is contacted, and what is in force is not touched.
func responseIn(file, adapter string) (level.Config, playbook.Config, error) {
	none := func(err error) (level.Config, playbook.Config, error) { return level.Config{}, playbook.Config{}, err }
	data, name, _, err := caddycmd.LoadConfig(file, adapter)
	if err != nil {
		return none(err)
	}
	var cfg caddy.Config
	if err := json.Unmarshal(caddy.RemoveMetaFields(data), &cfg); err != nil {
		return none(fmt.Errorf("%s: %w", name, err))
	}
	ctx, err := caddy.ProvisionContext(&cfg)
	if err != nil {
		return none(err)
	}
	app, err := ctx.AppIfConfigured("daero")
	if err != nil {
		return none(fmt.Errorf("%s: %w", name, errNoResponse))
	}
	a := app.(*App)
	defer func() { _ = a.Cleanup() }() // it was never started: nothing but counts are given back
	if a.response == nil {
		return none(fmt.Errorf("%s: %w", name, errNoResponse))
	}
	levels := level.Config{Dwell: a.response.Dwell, Below: a.response.Below, Forget: a.response.Forget}
	for _, s := range a.response.Signals {
		levels.Signals = append(levels.Signals, s.Signal)
	}
	return levels, a.response.Playbook, nil
}
