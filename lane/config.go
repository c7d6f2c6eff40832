package lane

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Tier orders lanes: whatever a higher tier needs is kept free for it before
// a lower tier gets anything. The zero Tier is not valid, so that a tier left
// out is noticed.
type Tier uint8

// The tiers, most important first.
const (
	Critical  Tier = iota + 1 // served first and never refused for another lane's sake
	Normal                    // served with what critical leaves
	Sheddable                 // served with the rest, refused first
)

var tierNames = [...]string{Critical: "critical", Normal: "normal", Sheddable: "sheddable"}

// String returns the tier's word in configuration.
func (t Tier) String() string {
	if t >= Critical && t <= Sheddable {
		return tierNames[t]
	}
	return fmt.Sprintf("tier(%d)", uint8(t))
}

// ParseTier is the inverse of [Tier.String].
func ParseTier(s string) (Tier, error) {
	for t := Critical; t <= Sheddable; t++ {
		if tierNames[t] == s {
			return t, nil
		}
	}
	return 0, fmt.Errorf("unknown tier %q: use critical, normal or sheddable", s)
}

// Intent tells whether a person is waiting for the answer.
type Intent uint8

// The intents. Within a lane foreground goes before background.
const (
	Foreground Intent = iota
	Background
)

// String returns the intent's word.
func (i Intent) String() string {
	if i == Background {
		return "background"
	}
	return "foreground"
}

// Queue says how requests of a lane may wait for a permit. The zero Queue
// takes the default of the lane's tier: critical waits up to 250 ms in a
// queue of 1024, normal up to 250 ms in one of 256, sheddable does not wait.
type Queue struct {
	Length int           // how many may wait; -1 none, 0 the tier's default
	Wait   time.Duration // how long one may wait; 0 the tier's default
}

// LaneConfig describes one lane.
type LaneConfig struct {
	// Name identifies the lane, also across [Set.Reload]. Required, unique.
	Name string
	// Tier is required.
	Tier Tier
	// Floor is the share of the limit (0 to 1) this lane may always use,
	// whatever its tier. Default 0; at least one permit is always within reach.
	Floor float64
	// Ceiling is the share of the limit (0 to 1) this lane may never exceed.
	// Default 0: no ceiling.
	Ceiling float64
	// Max is a fixed number of permits this lane may never exceed.
	// Default 0: none. Only for what is known for certain: the limit is found.
	Max int
	// Queue says how requests may wait.
	Queue Queue
	// Streams marks a lane of long-lived connections: each holds a place
	// counted against Max only (default 100,000), none counts against the
	// backend's limit, and nothing is learned from how long they last.
	Streams bool
}

// Config describes the lanes in front of one backend.
type Config struct {
	Lanes []LaneConfig
	// InitialLimit is where the search for the limit starts. Default 20.
	InitialLimit int
	// FixedLimit, if above 0, is used instead of a found limit. It exists for
	// comparison in rehearsals; a fixed limit is wrong the moment the backend
	// changes.
	FixedLimit int
	// Shadow decides and counts but lets every request pass at once.
	Shadow bool
	// Seed makes hashes differ between deployments. Default 0.
	Seed uint64
	// Clock returns the time since any fixed moment, never going back.
	// Default: the process's monotonic clock.
	Clock func() time.Duration
}

// Bounds that keep one configuration mistake from taking a gateway down.
const (
	MaxLanes    = 64
	MaxLimit    = 1_000_000
	maxNameLen  = 64
	maxQueueLen = 1_000_000
)

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	var errs []error
	if len(c.Lanes) == 0 {
		errs = append(errs, errors.New("no lane: declare at least one"))
	}
	if len(c.Lanes) > MaxLanes {
		errs = append(errs, fmt.Errorf("%d lanes: at most %d", len(c.Lanes), MaxLanes))
	}
	if c.InitialLimit < 0 || c.InitialLimit > MaxLimit {
		errs = append(errs, fmt.Errorf("initial limit %d: must be 1 to %d, or 0 for the default", c.InitialLimit, MaxLimit))
	}
	if c.FixedLimit < 0 || c.FixedLimit > MaxLimit {
		errs = append(errs, fmt.Errorf("fixed limit %d: must be 1 to %d, or 0 for a found limit", c.FixedLimit, MaxLimit))
	}
	seen := make(map[string]bool, len(c.Lanes))
	floors := 0.0
	for _, l := range c.Lanes {
		errs = append(errs, l.validate()...)
		if seen[l.Name] {
			errs = append(errs, fmt.Errorf("lane %s: declared twice: give each lane a name of its own", l.Name))
		}
		seen[l.Name] = true
		floors += l.Floor
	}
	if floors > 1+1e-9 {
		errs = append(errs, fmt.Errorf("floors add up to %.0f%%: lower them to 100%% or less together", floors*100))
	}
	return errors.Join(errs...)
}

func (l LaneConfig) validate() (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("lane "+l.Name+": "+format, args...))
	}
	switch {
	case l.Name == "":
		errs = append(errs, errors.New("a lane without a name: name it"))
	case len(l.Name) > maxNameLen:
		bad("name is longer than %d bytes", maxNameLen)
	case strings.TrimFunc(l.Name, nameRune) != "" || strings.IndexFunc(l.Name, func(r rune) bool { return !nameRune(r) }) >= 0:
		errs = append(errs, fmt.Errorf("lane %q: a name is made of letters, digits, - and _", l.Name))
	}
	if l.Tier < Critical || l.Tier > Sheddable {
		bad("no tier: give it tier critical, normal or sheddable")
	}
	if !(l.Floor >= 0 && l.Floor <= 1) {
		bad("floor %.0f%%: must be 0%% to 100%%", l.Floor*100)
	}
	if !(l.Ceiling >= 0 && l.Ceiling <= 1) {
		bad("ceiling %.0f%%: must be 0%% to 100%%", l.Ceiling*100)
	}
	if l.Ceiling > 0 && l.Floor > l.Ceiling {
		bad("floor %.0f%% is above its ceiling %.0f%%: lower the floor or raise the ceiling", l.Floor*100, l.Ceiling*100)
	}
	if l.Max < 0 || l.Max > MaxLimit {
		bad("max %d: must be 1 to %d, or 0 for none", l.Max, MaxLimit)
	}
	if l.Queue.Length < -1 || l.Queue.Length > maxQueueLen {
		bad("queue length %d: must be at most %d, -1 for none, 0 for the tier's default", l.Queue.Length, maxQueueLen)
	}
	if l.Queue.Wait < 0 || l.Queue.Wait > time.Minute {
		bad("queue wait %s: must be at most 1m", l.Queue.Wait)
	}
	return errs
}

func nameRune(r rune) bool {
	return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func (c Config) withDefaults() Config {
	lanes := make([]LaneConfig, len(c.Lanes))
	for i, l := range c.Lanes {
		lanes[i] = l.withDefaults()
	}
	c.Lanes = lanes
	if c.InitialLimit == 0 {
		c.InitialLimit = 20
	}
	if c.Clock == nil {
		start := time.Now()
		c.Clock = func() time.Duration { return time.Since(start) }
	}
	return c
}

func (l LaneConfig) withDefaults() LaneConfig {
	if l.Queue.Length == 0 {
		l.Queue.Length = map[Tier]int{Critical: 1024, Normal: 256, Sheddable: -1}[l.Tier]
	}
	if l.Queue.Wait == 0 {
		l.Queue.Wait = 250 * time.Millisecond
	}
	if l.Streams && l.Max == 0 {
		l.Max = 100_000
	}
	return l
}
