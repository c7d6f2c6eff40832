package live

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/daero/daero/surge"
)

// maxInFlight bounds what the generator keeps open: beyond it, the machine and
// not the service is what is measured.
const maxInFlight = 20_000

// Options are what a run may be given besides its plan.
type Options struct {
	// Phase is called as each phase begins, beside the sending, for one phase
	// after the other: the next waits until it has returned. Run waits for all.
	// An error ends the run.
	Phase func(ctx context.Context, phase int) error
	// Cut, if not nil, is called as each phase begins, and returns the share of
	// the sessions of a source that break then; their clients log in again
	// within a second.
	Cut func(phase int) (source string, share float64)
	// Ended, if not nil, is told of each attempt that has ended: into which lane
	// of the plan, how long it took and how it ended. It is called for one at a
	// time and must not wait.
	Ended func(lane int, took time.Duration, outcome surge.Outcome)
	// Most is how many attempts a second are sent, never more; 0: as many as
	// there are. What must wait for it is as if it had come that much later, and
	// is counted in the log.
	Most float64
	// Sleep waits; the default is the most precise that the system has.
	Sleep func(time.Duration)
}

// Run sends the plan's crowd to the target. It returns when all that was sent
// is answered or has timed out.
func Run(ctx context.Context, p *Plan, target Target, o Options) (*Log, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	thread := o.Sleep == nil
	if thread {
		o.Sleep = preciseSleep
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{plan: p, target: target, options: o, cancel: cancel, schedule: newSchedule(p), log: newLog(p), start: time.Now()}
	done, phases := make(chan struct{}), make(chan int, len(p.Phases))
	r.wg.Go(func() { r.begin(ctx, phases) })
	go func() {
		defer close(done)
		defer close(phases)
		if thread {
			// An operating system thread to itself: waking it is several times
			// more punctual than waking a goroutine, whose timers wait for whole
			// milliseconds.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
		}
		r.dispatch(ctx, phases)
	}()
	<-done
	r.wg.Wait()
	r.log.Sessions = r.schedule.sessions.log()
	r.log.close()
	return r.log, context.Cause(ctx)
}

type run struct {
	plan    *Plan
	target  Target
	options Options
	cancel  context.CancelCauseFunc
	log     *Log
	start   time.Time
	wg      sync.WaitGroup

	mu       sync.Mutex
	schedule *schedule
	inFlight int

	open time.Duration // when the next attempt may be sent; of dispatch alone
}

// now is the time since the start of the plan.
func (r *run) now() time.Duration { return time.Since(r.start) }

// dispatch starts each attempt at its time, and says which phase has begun;
// phases has room for all.
func (r *run) dispatch(ctx context.Context, phases chan<- int) {
	starts, phase, total := r.plan.Starts(), 0, r.plan.Total()
	for ctx.Err() == nil {
		now := r.now()
		if phase < len(starts) && starts[phase] <= now {
			phases <- phase
			r.cut(phase, now)
			phase++
			continue
		}
		if now >= total {
			return
		}
		r.mu.Lock()
		at, ok := r.schedule.next()
		if ok {
			at = max(at, r.open)
		}
		if ok && at <= now {
			e, loggedIn := r.schedule.pop()
			if !loggedIn {
				r.mu.Unlock()
				continue
			}
			r.pace(&e, now)
			r.inFlight++
			full := r.inFlight > maxInFlight
			r.mu.Unlock()
			if full {
				r.cancel(fmt.Errorf("generator: more than %d requests in flight: make the storm smaller", maxInFlight))
				return
			}
			r.wg.Go(func() { r.attempt(ctx, e) })
			continue
		}
		r.mu.Unlock()
		if !ok {
			at = total
		}
		if phase < len(starts) {
			at = min(at, starts[phase])
		}
		// A retry may come in that is due before at: look again soon.
		r.options.Sleep(min(at-now, 2*time.Millisecond))
	}
}

// pace keeps to the most that is sent a second: attempts are at least 1/Most
// apart, so that no second has more of them. One that had to wait counts from
// when it might be sent; that of the generator itself is not taken from it.
// r.mu is held.
func (r *run) pace(e *event, now time.Duration) {
	if r.options.Most <= 0 {
		return
	}
	if late := r.open - e.at; late > 0 {
		if late >= r.plan.bin() {
			r.log.PutOff++
		}
		e.at = r.open
	}
	r.open = now + time.Duration(float64(time.Second)/r.options.Most)
}

func (r *run) cut(phase int, now time.Duration) {
	if r.options.Cut == nil {
		return
	}
	name, share := r.options.Cut(phase)
	if source := r.plan.source(name); source >= 0 && share > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.schedule.cut(now, source, share, time.Second)
	}
}

// begin tells that phases begin, until there are no more.
func (r *run) begin(ctx context.Context, phases <-chan int) {
	for phase := range phases {
		if r.options.Phase == nil || ctx.Err() != nil {
			continue
		}
		if err := r.options.Phase(ctx, phase); err != nil && ctx.Err() == nil {
			r.cancel(fmt.Errorf("phase %s: %w", r.plan.Phases[phase].Name, err))
		}
	}
}

// attempt sends one attempt and notes what came of it.
func (r *run) attempt(ctx context.Context, e event) {
	src := &r.plan.Sources[e.source]
	lag := r.now() - e.at
	ctx, cancel := context.WithDeadline(ctx, r.start.Add(e.at+src.Timeout))
	result := r.target.Send(ctx, Attempt{Source: src, User: e.user, Number: e.number, Appointment: e.appointment})
	cancel()
	end := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight--
	then, lane := r.schedule.after(e, end, result), r.plan.lane(src.Lane)
	if r.options.Ended != nil {
		r.options.Ended(lane, end-e.at, result.Outcome)
	}
	r.log.record(observation{lane: lane, first: e.number == 1, at: e.at, lag: lag, end: end, outcome: result.Outcome, fate: then})
}
