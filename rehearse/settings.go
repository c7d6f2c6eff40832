package rehearse

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/examples/messenger"
	"github.com/daero/daero/rehearse/against"
)

// The arms of a rehearsal.
const (
	ArmNone      = "none"            // the same gateway without lanes: the negative control
	ArmStatic    = "static"          // lanes set by hand, and again at each change: the oracle
	ArmLanes     = "lanes"           // daero, told nothing but the lanes
	ArmHonouring = "lanes-honouring" // the same, where clients come back when told
	ArmManual    = "manual"          // no lanes, until a person switches an emergency mode on
	ArmAuto      = "auto"            // lanes, levels and the shipped playbook; clients come back when told
)

// Arms lists the arms that a scenario is rehearsed in unless told otherwise, in
// the order in which they are run.
func Arms(scenario string) []string {
	if scenario == Earthquake {
		return []string{ArmNone, ArmStatic, ArmLanes, ArmHonouring}
	}
	return []string{ArmNone, ArmManual, ArmLanes, ArmAuto}
}

// arms lists the arms that a scenario can be rehearsed in: the oracle's lanes
// and naive phones are of the earthquake alone.
func arms(scenario string) []string {
	if scenario == Earthquake {
		return []string{ArmNone, ArmManual, ArmStatic, ArmLanes, ArmHonouring, ArmAuto}
	}
	return Arms(scenario)
}

// Settings size a rehearsal. The zero Settings take the defaults.
type Settings struct {
	Scenario string // default earthquake
	Seed     uint64
	Arms     []string      // default those of Arms
	Duration time.Duration // of one arm; default 17 s
	Workers  int           // of the messenger; default 24
	Messages float64       // per second; default 250, and 80 where people write ten times as much
	Syncs    float64       // per second; default 50
	Logins   float64       // per second, when nothing is wrong; default 10
	Storm    float64       // logins in the storm, in multiples of what is left; default 10
	// Repeats is how often an arm may be run again when the machine was too
	// noisy, Patience how long to wait before each for a quiet one. Default 0.
	Repeats  int
	Patience time.Duration
	// Trace asks the gateway ten times a second what it does.
	Trace bool
	// Target, if not nil, is somebody else's service: the only arm is ArmTarget,
	// and the stage is Elsewhere.
	Target *against.Service
	// Moment, if not nil, is told once a second what was felt in it, while an arm
	// runs. It must not wait.
	Moment func(Moment)
	// Console, if not nil, has the gateway of every arm with daero's own lanes
	// serve its console too, on an address of its own, and is told a link that
	// logs an admin in, once, when the gateway is up. The arm waits for Lead
	// before it begins, so that whoever watches can come. Without it nothing is
	// different from what it was.
	Console func(arm, link string)
	Lead    time.Duration // at most a minute
	// Sleep waits; the default is the most precise that the system has. In
	// virtual time it is time.Sleep.
	Sleep func(time.Duration)
}

// Bounds that keep a rehearsal a rehearsal.
const (
	minDuration = 4 * time.Second
	maxDuration = time.Hour
	maxLead     = time.Minute
	maxRate     = 20_000 // attempts per second that the generator is trusted with
)

// WithDefaults fills in what was left out.
func (s Settings) WithDefaults() Settings {
	def := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	if s.Scenario == "" {
		s.Scenario = Earthquake
	}
	if s.Target != nil {
		s.Repeats = 0 // nobody is stormed twice for noise
		if len(s.Arms) == 0 {
			s.Arms = []string{ArmTarget}
		}
		if s.Duration == 0 {
			s.Duration = targetDuration
		}
	}
	if len(s.Arms) == 0 {
		s.Arms = Arms(s.Scenario)
	}
	if s.Duration == 0 {
		s.Duration = 17 * time.Second
	}
	if s.Workers == 0 {
		s.Workers = 24
	}
	if s.Scenario != Earthquake {
		def(&s.Messages, 80) // people write up to ten times as much, on one machine with the generator
	}
	def(&s.Messages, 250)
	def(&s.Syncs, 50)
	def(&s.Logins, 10)
	def(&s.Storm, 10)
	return s
}

// Validate reports every mistake at once.
func (s Settings) Validate() error {
	var errs []error
	if s.Scenario != "" && !slices.Contains(Scenarios(), s.Scenario) {
		errs = append(errs, fmt.Errorf("scenario %q: is not known: use %s", s.Scenario, strings.Join(Scenarios(), ", ")))
	}
	for i, a := range s.Arms {
		known := arms(s.Scenario)
		if s.Target != nil {
			known = []string{ArmTarget}
		}
		if !slices.Contains(known, a) {
			errs = append(errs, fmt.Errorf("arm %q: is not known: use %s", a, strings.Join(known, ", ")))
		} else if slices.Contains(s.Arms[:i], a) {
			errs = append(errs, fmt.Errorf("arm %s: named twice: name it once", a))
		}
	}
	if s.Duration < minDuration || s.Duration > maxDuration {
		errs = append(errs, fmt.Errorf("duration %s: must be %s to %s for each arm", s.Duration, minDuration, maxDuration))
	}
	if s.Repeats < 0 || s.Repeats > 10 || s.Patience < 0 || s.Patience > time.Hour {
		errs = append(errs, fmt.Errorf("repeats %d, patience %s: must be 0 to 10, and at most an hour", s.Repeats, s.Patience))
	}
	if s.Target != nil {
		errs = append(errs, s.Target.Validate())
	}
	if s.Lead < 0 || s.Lead > maxLead {
		errs = append(errs, fmt.Errorf("lead %s: must be 0 to %s", s.Lead, maxLead))
	}
	if s.Workers < 4 || s.Workers > messenger.MaxWorkers {
		errs = append(errs, fmt.Errorf("workers %d: must be 4 to %d", s.Workers, messenger.MaxWorkers))
	}
	for name, v := range map[string]float64{"messages": s.Messages, "syncs": s.Syncs, "logins": s.Logins, "storm": s.Storm} {
		if !(v > 0) || v > maxRate {
			errs = append(errs, fmt.Errorf("%s %g: must be above 0 and at most %d", name, v, maxRate))
		}
	}
	if errors.Join(errs...) == nil {
		if left := s.LoginsLeft(s.Workers / 2); left < 1 {
			errs = append(errs, fmt.Errorf("workers %d: when half of them are gone nothing is left for logins: raise workers or lower messages", s.Workers))
		} else if peak := 2 * s.Storm * s.LoginsLeft(s.Workers); peak > maxRate {
			errs = append(errs, fmt.Errorf("storm %g: about %.0f requests/s at its peak, over the %d that one machine can send: lower storm or workers", s.Storm, peak, maxRate))
		}
	}
	return errors.Join(errs...)
}

// need is how many workers messages and syncs keep busy on average.
func (s Settings) need() float64 {
	return s.Messages*messenger.MessageWork.Seconds() + s.Syncs*messenger.SyncWork.Seconds()
}

// LoginsLeft is how many logins a second fit beside messages and syncs, by
// Little's law.
func (s Settings) LoginsLeft(workers int) float64 {
	return (float64(workers) - s.need()) / messenger.LoginWork.Seconds()
}

// StaticLogins is how many logins at once someone who knows the service would
// allow: what messages and syncs need on average, and three standard
// deviations of it for bursts (their number at work is Poisson, so its
// deviation is the root of the mean), is kept free.
func (s Settings) StaticLogins(workers int) int {
	need := s.need()
	return max(1, workers-int(math.Ceil(need+3*math.Sqrt(need))))
}
