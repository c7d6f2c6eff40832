package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/playbook"
)

// knownLanes returns the lanes that this configuration declares, nil if they
// cannot be known because a site is mistaken, which is then said elsewhere.
//
// Caddy provisions apps in no fixed order, and each only once. Where ours comes
// first, http is provisioned from here, and its handlers declare their lanes to
// us meanwhile. Where a handler asked for us, http is at it now, and what its
// other handlers will declare is read from their configuration.
func (a *App) knownLanes(ctx caddy.Context) []playbook.Lane {
	known := []playbook.Lane{}
	add := func(backend string, cfg laneConfig, defers map[string]*DeferConfig) {
		for _, l := range standardConfig(cfg).Lanes {
			k := laneKnown(backend, l, defers)
			i := slices.IndexFunc(known, func(other playbook.Lane) bool { return other.Backend == k.Backend && other.Name == k.Name })
			if i < 0 {
				known = append(known, k)
			} else if k.Defers { // one handler says how its requests are kept
				known[i].Defers = true
			}
		}
	}
	app, err := ctx.AppIfConfigured("http")
	if err != nil && !errors.Is(err, caddy.ErrNotConfigured) {
		return nil
	}
	if http, ok := app.(*caddyhttp.App); ok {
		raw, err := json.Marshal(http)
		if err != nil {
			return nil
		}
		var tree any
		if json.Unmarshal(raw, &tree) == nil {
			lanesToCome(tree, add)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for backend, cfg := range a.plan.Backends {
		add(backend, cfg, a.defers)
	}
	slices.SortFunc(known, func(x, y playbook.Lane) int {
		return cmp.Or(cmp.Compare(x.Backend, y.Backend), cmp.Compare(x.Name, y.Name))
	})
	return known
}

// laneKnown is a lane as a playbook knows it.
func laneKnown(backend string, l lane.LaneConfig, defers map[string]*DeferConfig) playbook.Lane {
	return playbook.Lane{
		Backend: backend, Name: l.Name, Critical: l.Tier == lane.Critical, Streams: l.Streams,
		Defers: defers[laneID(backend, l.Name)] != nil,
	}
}

// lanesToCome finds the lanes handlers in a configuration, wherever they stand.
func lanesToCome(tree any, add func(backend string, cfg laneConfig, defers map[string]*DeferConfig)) {
	switch node := tree.(type) {
	case []any:
		for _, child := range node {
			lanesToCome(child, add)
		}
	case map[string]any:
		if node["handler"] == "lanes" {
			var h Lanes
			raw, _ := json.Marshal(node) // it was JSON a moment ago
			if json.Unmarshal(raw, &h) != nil {
				return
			}
			if cfg, err := h.core(); err == nil {
				add(h.backend(), cfg, h.defers())
			}
			return
		}
		for _, child := range node {
			lanesToCome(child, add)
		}
	}
}

// declaredLanes are the lanes of this configuration, once all are declared.
func (a *App) declaredLanes() []playbook.Lane {
	known := []playbook.Lane{}
	for backend, cfg := range a.plan.Backends {
		for _, l := range standardConfig(cfg).Lanes {
			known = append(known, laneKnown(backend, l, a.defers))
		}
	}
	return known
}
