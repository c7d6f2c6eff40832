package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// maxTestedConfig bounds a configuration that is tested, in bytes.
const maxTestedConfig = 16 << 20

// errNoResponse is that a configuration has neither levels nor a playbook.
var errNoResponse = errors.New("no levels and no playbook: add \"level\" or \"playbook\" to the global option daero")

// draftIn reads levels and a playbook from a configuration, without making the
// sources and channels that they name: a test needs no secret and no file that
// only the gateway's machine has.
func draftIn(file, adapter string) (level.Config, playbook.Config, error) {
	none := func(err error) (level.Config, playbook.Config, error) { return level.Config{}, playbook.Config{}, err }
	data, err := adapted(file, adapter)
	if err != nil {
		return none(err)
	}
	var cfg caddy.Config
	if err := json.Unmarshal(caddy.RemoveMetaFields(data), &cfg); err != nil {
		return none(fmt.Errorf("%s: %w", file, err))
	}
	a := new(App)
	if raw, ok := cfg.AppsRaw["daero"]; ok {
		if err := caddy.StrictUnmarshalJSON(raw, a); err != nil {
			return none(fmt.Errorf("%s: %w", file, err))
		}
	}
	if !a.responds() {
		return none(fmt.Errorf("%s: %w", file, errNoResponse))
	}
	lanes, err := lanesIn(cfg.AppsRaw["http"])
	if err != nil {
		return none(fmt.Errorf("%s: %w", file, err))
	}
	d := a.draft(lanes)
	return d.levels, d.book, d.err()
}

// adapted returns a configuration file as JSON.
func adapted(file, adapter string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxTestedConfig {
		return nil, fmt.Errorf("%s: %d bytes: at most %d", file, info.Size(), maxTestedConfig)
	}
	data, err := os.ReadFile(file)
	if err != nil || adapter == "" && filepath.Ext(file) == ".json" {
		return data, err
	}
	adapter = cmp.Or(adapter, "caddyfile")
	from := caddyconfig.GetAdapter(adapter)
	if from == nil {
		return nil, fmt.Errorf("--adapter %s: there is none of that name: use caddyfile, or a file that ends with .json", adapter)
	}
	data, _, err = from.Adapt(data, map[string]any{"filename": file})
	return data, err
}

// lanesIn returns the lanes that sites declare, those that exist without it
// included.
func lanesIn(http json.RawMessage) (known []playbook.Lane, err error) {
	if len(http) == 0 {
		return nil, nil
	}
	var tree any
	if err := json.Unmarshal(http, &tree); err != nil {
		return nil, err
	}
	lanesToCome(tree, func(backend string, cfg laneConfig, defers map[string]*DeferConfig) {
		for _, l := range standardConfig(cfg).Lanes {
			known = append(known, laneKnown(backend, l, defers))
		}
	})
	return known, nil
}
