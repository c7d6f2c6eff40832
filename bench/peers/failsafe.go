package peers

import (
	"context"
	"time"

	"github.com/daero/daero/rehearse/virtual"
	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/priority"
)

const failsafeModule = "github.com/failsafe-go/failsafe-go"

// failsafes are failsafe-go's adaptive limiter in its three forms.
//
// Tuned, by trying 15 settings on the storms of 10x: windows of 300 ms with 20
// samples instead of 1 s with 50, a baseline of 1,000 windows instead of 10,
// and at the start as many places as the backend has workers: from 20 the limit
// needs longer than the storm lasts. Per kind, messages are not limited at all: a
// limiter of their own refuses them for the slowness that the logins cause.
// With a prioritizer, which needs both limiters, the start stays at 20 and the
// window value is the median instead of p90, since otherwise messages suffer;
// calibration every 100 ms, waiting at most 200 ms, and each user always at the
// same level within the kind's priority, where the default draws one.
func failsafes() []Peer {
	const window = "limits 1–1,000, window 300 ms, 20 samples, baseline 1,000 windows"
	const start = "the workers at the start"
	return []Peer{{
		Name: "failsafe-go, one limiter", Module: failsafeModule,
		Setting: "one `AdaptiveLimiter` with its defaults: limits 1–200 from 20, window 1 s, 50 samples, no queue",
		Build:   adaptive(false, false, false),
	}, {
		Name: "failsafe-go, one limiter, tuned", Module: failsafeModule,
		Setting: window + ", from the number of workers", Told: start,
		Build: adaptive(false, false, true),
	}, {
		Name: "failsafe-go, per kind", Module: failsafeModule,
		Setting: "one `AdaptiveLimiter` per kind, defaults",
		Build:   adaptive(true, false, false),
	}, {
		Name: "failsafe-go, per kind, tuned", Module: failsafeModule,
		Setting: "a limiter for logins, messages unlimited; " + window + ", from the number of workers", Told: start,
		Build: adaptive(true, false, true),
	}, {
		Name: "failsafe-go, prioritised", Module: failsafeModule,
		Setting: "one `PriorityLimiter` per kind with a shared `Prioritizer`, defaults; calibration every 500 ms; message high, login low",
		Build:   adaptive(true, true, false),
	}, {
		Name: "failsafe-go, prioritised, tuned", Module: failsafeModule,
		Setting: window + ", from 20, median; calibration every 100 ms, waiting ≤ 200 ms, level by user",
		Build:   adaptive(true, true, true),
	}}
}

func adaptive(perKind, prioritised, tuned bool) func(*Stage) (virtual.Contender, func(), error) {
	return func(st *Stage) (virtual.Contender, func(), error) {
		f := &failsafe{tuned: tuned, waits: prioritised}
		initial := uint(20)
		if tuned && !prioritised {
			initial = uint(st.Scenario.Workers)
		}
		done := func() {}
		var prioritizer priority.Prioritizer
		if prioritised {
			prioritizer = adaptivelimiter.NewPrioritizer()
			every := 500 * time.Millisecond
			if tuned {
				every = 100 * time.Millisecond
			}
			done = prioritizer.ScheduleCalibrations(context.Background(), every)
		}
		build := func() permits {
			b := adaptivelimiter.NewBuilder[any]()
			if tuned {
				b = b.WithLimits(1, 1000, initial).WithRecentWindow(300*time.Millisecond, time.Second, 20).WithBaselineWindow(1000)
				if prioritised {
					b = b.WithRecentQuantile(0.5)
				}
			}
			if prioritised {
				return b.BuildPrioritized(prioritizer)
			}
			return b.Build()
		}
		f.limiters[virtual.Login] = build()
		switch {
		case !perKind:
			f.limiters[virtual.Message] = f.limiters[virtual.Login]
		case prioritised || !tuned:
			f.limiters[virtual.Message] = build()
		}
		return f, done, nil
	}
}

// limiter is what AdaptiveLimiter and PriorityLimiter have in common.
type permits interface {
	AcquirePermitWithMaxWait(context.Context, time.Duration) (adaptivelimiter.Permit, error)
	AcquirePermit(context.Context) (adaptivelimiter.Permit, error)
}

// unlimited is the permit of a kind without a limiter.
type unlimited struct{}

func (unlimited) Record() {}
func (unlimited) Drop()   {}

type failsafe struct {
	limiters     [2]permits // nil: the kind is not limited
	waits, tuned bool
}

func (f *failsafe) MayWait(virtual.Attempt) bool { return f.waits }

func (f *failsafe) Enter(ctx context.Context, a virtual.Attempt) (func(virtual.Outcome), error) {
	p, err := f.acquire(ctx, a)
	if err != nil {
		return nil, err
	}
	return func(o virtual.Outcome) {
		if o == virtual.Overloaded {
			p.Drop()
			return
		}
		p.Record()
	}, nil
}

func (f *failsafe) acquire(ctx context.Context, a virtual.Attempt) (adaptivelimiter.Permit, error) {
	l := f.limiters[a.Kind]
	if l == nil {
		return unlimited{}, nil
	}
	if !f.waits {
		return l.AcquirePermitWithMaxWait(ctx, 0)
	}
	pr := [...]priority.Priority{virtual.Message: priority.High, virtual.Login: priority.Low}[a.Kind]
	if !f.tuned {
		return l.AcquirePermit(priority.ContextWithPriority(ctx, pr))
	}
	span := uint64(pr.MaxLevel() - pr.MinLevel() + 1)
	level := pr.MinLevel() + int(a.User>>32%span)
	return l.AcquirePermitWithMaxWait(priority.ContextWithLevel(ctx, level), 200*time.Millisecond)
}
