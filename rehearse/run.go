package rehearse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/rehearse/live"
)

// Stage opens what an arm is rehearsed against. It is an interface so that the
// rehearsal itself can be tested without processes.
type Stage interface {
	Open(ctx context.Context, arm string, s Settings) (Set, error)
}

// Set is a service behind a gateway, for one arm.
type Set interface {
	// Target is where clients send to.
	Target() live.Target
	// Resize changes the service's workers, and for the oracle its lanes.
	Resize(ctx context.Context, workers int) error
	// CPU returns the processor seconds used so far, by name.
	CPU() map[string]float64
	// Close ends everything that Open started, and waits for it.
	Close() error
}

// Progress is told where a rehearsal is.
type Progress func(arm, phase string, done float64)

// Run rehearses all arms and returns what happened in them.
func Run(ctx context.Context, s Settings, stage Stage, progress Progress) ([]ArmLog, error) {
	s = s.WithDefaults()
	if err := s.Validate(); err != nil {
		return nil, err
	}
	var logs []ArmLog
	for i, arm := range s.Arms {
		log, err := repeat(ctx, s, arm, stage, func(phase string, done float64) {
			progress(arm, phase, (float64(i)+done)/float64(len(s.Arms)))
		})
		if err != nil {
			return nil, fmt.Errorf("arm %s: %w", arm, err)
		}
		logs = append(logs, log)
	}
	return logs, nil
}

// repeat runs an arm, and again if the machine was too noisy meanwhile. Only
// noise decides that, never a bar, and the report says how often.
func repeat(ctx context.Context, s Settings, arm string, stage Stage, progress func(string, float64)) (ArmLog, error) {
	for again := 0; ; again++ {
		if err := quietMachine(ctx, s.Patience, func() { progress("waiting for a quiet machine", 0) }); err != nil {
			return ArmLog{}, err
		}
		log, err := runArm(ctx, s, arm, stage, progress)
		log.Repeated = again
		if err != nil || again >= s.Repeats || len(armNoise(log)) == 0 {
			return log, err
		}
	}
}

func runArm(ctx context.Context, s Settings, arm string, stage Stage, progress func(string, float64)) (out ArmLog, err error) {
	set, err := stage.Open(ctx, arm, s)
	if err != nil {
		return ArmLog{}, err
	}
	defer func() {
		err = errors.Join(err, set.Close()) // a process that failed says why
	}()
	if err := s.show(ctx, arm, set); err != nil {
		return ArmLog{}, err
	}
	most := 0.0
	if b, ok := set.(Bounded); ok {
		guarded, end := b.Guard(ctx)
		defer end()
		ctx, most = guarded, b.Most()
	}
	target := set.Target()
	plan, load := s.planOf(arm, set)
	if err := warm(ctx, s, plan, target, most); err != nil {
		return ArmLog{}, err
	}
	use := &usage{set: set}
	workers := s.Workers
	act := &director{s: s, arm: arm, plan: plan}
	act.hand, _ = set.(Stagehand)
	samples := watch(ctx, s, set)
	start := time.Now()
	end := act.begin(ctx)
	seen := s.meter(arm, plan)
	meanwhile := seen.run(ctx)
	log, err := live.Run(ctx, plan, target, live.Options{Sleep: s.Sleep, Most: most, Cut: act.cut, Ended: seen.ended(), Phase: func(ctx context.Context, phase int) error {
		name := plan.Phases[phase].Name
		seen.phase(name)
		progress(name, float64(plan.Starts()[phase])/float64(plan.Total()))
		use.note(phase, len(plan.Phases))
		if now := s.workersIn(name); now != workers {
			workers = now
			return set.Resize(ctx, now)
		}
		return act.phase(ctx, phase)
	}})
	meanwhile()
	if switching := end(); err == nil {
		err = switching
	}
	out = ArmLog{Name: arm, Log: log, CPU: use.storm(), Trace: samples(), Load: load}
	if rec, ok := set.(Recorded); ok && err == nil {
		var entries []audit.Entry
		entries, err = rec.Record(ctx, start)
		out.Levels, out.Actions = recorded(entries, start, plan.Total())
	}
	return out, err
}

// watch traces in the background; the function it returns ends that.
func watch(ctx context.Context, s Settings, set Set) func() []Sample {
	if !s.Trace {
		return func() []Sample { return nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	done, start := make(chan []Sample, 1), time.Now()
	go func() { done <- trace(ctx, set, start) }()
	return func() []Sample {
		cancel()
		return <-done
	}
}

// warm sends a little of everything first: connections are opened and caches
// filled before anything is measured.
func warm(ctx context.Context, s Settings, plan *live.Plan, target live.Target, most float64) error {
	warming := *plan
	p := &warming
	p.Sources = slices.Clone(plan.Sources)
	p.Phases = []live.Phase{{Name: "warm", Length: min(time.Second, s.Duration/17)}}
	p.Seed++
	for i := range p.Sources {
		p.Sources[i].Users = 1000 // other users than in the rehearsal do no harm
	}
	log, err := live.Run(ctx, p, target, live.Options{Sleep: s.Sleep, Most: most})
	if err != nil {
		return err
	}
	for _, l := range log.Lanes {
		if l.Phases[0].Sent > 0 && l.Phases[0].OK == 0 {
			return fmt.Errorf("lane %s: no answer before the rehearsal began", l.Name)
		}
	}
	return nil
}

// usage measures who used the processors between two phases.
type usage struct {
	set        Set
	start, end map[string]float64
	from, to   time.Time
}

// note is called from one phase at a time. The calm is the first phase, and the
// last is after the storm.
func (u *usage) note(phase, phases int) {
	switch phase {
	case 1:
		u.start, u.from = u.set.CPU(), time.Now()
	case phases - 1:
		u.end, u.to = u.set.CPU(), time.Now()
	}
}

// storm returns the processors that were busy in the storm, by name; nil if
// that is not known.
func (u *usage) storm() map[string]float64 {
	if len(u.start) == 0 || len(u.end) == 0 {
		return nil
	}
	out := map[string]float64{}
	ours, all, seconds := 0.0, 0.0, u.to.Sub(u.from).Seconds()
	for name, then := range u.start {
		used := (u.end[name] - then) / seconds
		if name == "all" {
			all = used
			continue
		}
		out[name] = round(used)
		ours += used
	}
	if all > 0 {
		out["others"] = round(max(all-ours, 0))
	}
	return out
}
