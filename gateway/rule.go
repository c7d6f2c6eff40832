package gateway

import (
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// LaneRule describes a lane and what travels in it.
type LaneRule struct {
	// Name is required and unique.
	Name string `json:"name"`
	// Tier is critical, normal or sheddable. Required, except for the lanes
	// rest and streams.
	Tier string `json:"tier,omitempty"`
	// Floor is the share of the limit (0 to 1) the lane may always use.
	Floor float64 `json:"floor,omitempty"`
	// Ceiling is the share of the limit (0 to 1) it may never exceed.
	Ceiling float64 `json:"ceiling,omitempty"`
	// Max is a number of permits it may never exceed.
	Max int `json:"max,omitempty"`
	// QueueLength is how many may wait for a permit: -1 none, 0 the tier's
	// default.
	QueueLength int `json:"queue_length,omitempty"`
	// QueueWait is how long one may wait. Default 250ms.
	QueueWait caddy.Duration `json:"queue_wait,omitempty"`
	// Streams marks a lane of long-lived connections, which hold no permit.
	Streams bool `json:"streams,omitempty"`
	// Defer says how requests are kept while the playbook defers the lane. It
	// needs a relay. Default: they are shed.
	Defer *DeferConfig `json:"defer,omitempty"`
	// Match says what travels in this lane. Required, except for the fallback
	// and the lane streams.
	Match caddyhttp.RawMatcherSets `json:"match,omitempty" caddy:"namespace=http.matchers"`
	// Background matches requests for which nobody is waiting.
	Background caddyhttp.RawMatcherSets `json:"background,omitempty" caddy:"namespace=http.matchers"`
	// Where is the lane's place, FILE:LINE, to show.
	Where string `json:"where,omitempty"`
}

// core returns the lane as the engine knows it.
func (l LaneRule) core() (lane.LaneConfig, error) {
	cfg := lane.LaneConfig{
		Name:    l.Name,
		Floor:   l.Floor,
		Ceiling: l.Ceiling,
		Max:     l.Max,
		Queue:   lane.Queue{Length: l.QueueLength, Wait: time.Duration(l.QueueWait)},
		Streams: l.Streams || l.Name == daero.StreamsLane,
	}
	if l.Tier == "" {
		if l.Name == daero.RestLane || l.Name == daero.StreamsLane {
			cfg.Tier = lane.Normal
		}
		return cfg, nil // a tier left out is refused by lane.Config.Validate
	}
	tier, err := lane.ParseTier(l.Tier)
	if err != nil {
		return cfg, fmt.Errorf("lane %s: %w", l.Name, err)
	}
	cfg.Tier = tier
	return cfg, nil
}

const maxBodyBuffer = 16 << 20

const (
	exposeOnRequest = "request"
	exposeAlways    = "always"
)

func (h *Lanes) backend() string {
	if h.Backend == "" {
		return daero.DefaultBackend
	}
	return h.Backend
}

func (h *Lanes) fallbackName() string {
	if h.Fallback == "" {
		return daero.RestLane
	}
	return h.Fallback
}

// core returns the lanes as the engine knows them, and every mistake at once.
func (h *Lanes) core() (laneConfig, error) {
	cfg := laneConfig{Shadow: h.Shadow, InitialLimit: h.InitialLimit, FixedLimit: h.FixedLimit}
	var errs []error
	known := map[string]bool{daero.RestLane: true}
	for _, l := range h.Lanes {
		lc, err := l.core()
		if err != nil {
			errs = append(errs, err)
			lc.Tier = lane.Normal // said once is enough
		}
		known[l.Name] = true
		if len(l.Match) == 0 && l.Name != h.fallbackName() && l.Name != daero.RestLane && l.Name != daero.StreamsLane {
			errs = append(errs, noMatcher(l.Name))
		}
		cfg.Lanes = append(cfg.Lanes, lc)
	}
	if !known[h.fallbackName()] {
		errs = append(errs, fmt.Errorf("fallback %s: no such lane%s", h.Fallback, didYouMean(h.Fallback, h.names())))
	}
	if h.Expose != "" && h.Expose != exposeAlways && h.Expose != exposeOnRequest {
		errs = append(errs, fmt.Errorf("expose %s: unknown word%s", h.Expose, didYouMean(h.Expose, []string{exposeOnRequest, exposeAlways})))
	}
	if h.BodyBuffer < -1 || h.BodyBuffer > maxBodyBuffer {
		errs = append(errs, fmt.Errorf("body_buffer %d: must be 1 to %d bytes, -1 for none, 0 for the default", h.BodyBuffer, maxBodyBuffer))
	}
	for i, u := range h.User {
		if u.sources() != 1 {
			errs = append(errs, fmt.Errorf("user %d: must name exactly one of header, cookie, jwt and client_ip", i+1))
		}
	}
	cfg = standardConfig(cfg)
	errs = append(errs, cfg.Validate(), h.checkDefers())
	return cfg, errors.Join(errs...)
}

func noMatcher(name string) error {
	return fmt.Errorf("lane %s: no matcher: say what travels in it, for example path /%s*, or make it the fallback", name, name)
}

func (h *Lanes) names() []string {
	names := []string{daero.RestLane}
	for _, l := range h.Lanes {
		if l.Name != daero.RestLane {
			names = append(names, l.Name)
		}
	}
	return names
}
