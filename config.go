package daero

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/lane/appointment"
)

// Names of what exists without being declared.
const (
	DefaultBackend = "default" // the backend of handlers that name none
	RestLane       = "rest"    // takes what no other lane takes, tier normal
	StreamsLane    = "streams" // takes upgrades and event streams
)

// Bounds of Config.
const (
	DefaultBodyBudget = 64 << 20
	DefaultBodyBuffer = 64 << 10
	// DefaultDeferBody leaves room for headers in a message of a million bytes,
	// which is what Kafka's brokers take where nobody has changed that.
	DefaultDeferBody = 960 << 10
	MaxBackends      = 64
)

// Config describes a Daero.
type Config struct {
	// Plan is what is in force from the start. It may be empty.
	Plan Plan
	// Listener is told what happens. Default: nobody is.
	Listener Listener
	// BodyBudget bounds, in bytes, what all request bodies that are read ahead
	// may hold together. Default DefaultBodyBudget.
	BodyBudget int64
}

// Plan is what can be put in force and withdrawn while requests are served.
type Plan struct {
	// Backends are the lanes in front of each backend, by its name. Lanes
	// "rest" and "streams" are added where they are not declared.
	Backends map[string]lane.Config
	// Secrets sign appointments: the first signs, all verify. Default: those
	// of the plan before, or random ones that end with the process.
	Secrets [][]byte
	// Grace is how long after its time an appointment is honoured. Default
	// appointment.DefaultGrace.
	Grace time.Duration
	// Learned is what backends that are not in force yet start from.
	Learned map[string]lane.State
}

// Validate reports every mistake at once, joined.
func (p Plan) Validate() error {
	var errs []error
	if len(p.Backends) > MaxBackends {
		errs = append(errs, fmt.Errorf("%d backends: at most %d", len(p.Backends), MaxBackends))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Backends)) {
		if err := WithStandardLanes(p.Backends[name]).Validate(); err != nil {
			errs = append(errs, fmt.Errorf("backend %s: %w", name, err))
		}
	}
	if len(p.Secrets) > 0 {
		if err := (appointment.Config{Secrets: p.Secrets, Grace: p.Grace}).Validate(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// WithStandardLanes returns cfg with the lanes "rest" and "streams", as it
// declares them or, where it does not, with their defaults. A declared rest
// without a tier is normal, and streams hold no permit whatever is said.
func WithStandardLanes(cfg lane.Config) lane.Config {
	lanes := slices.Clone(cfg.Lanes)
	for _, std := range []lane.LaneConfig{
		{Name: RestLane, Tier: lane.Normal},
		{Name: StreamsLane, Tier: lane.Normal, Streams: true},
	} {
		i := slices.IndexFunc(lanes, func(l lane.LaneConfig) bool { return l.Name == std.Name })
		if i < 0 {
			lanes = append(lanes, std)
			continue
		}
		if lanes[i].Tier == 0 {
			lanes[i].Tier = std.Tier
		}
		lanes[i].Streams = lanes[i].Streams || std.Streams
	}
	cfg.Lanes = lanes
	return cfg
}
