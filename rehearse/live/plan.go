package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daero/daero/surge"
)

// Plan is what is sent, and into which pieces the time is cut.
type Plan struct {
	Phases  []Phase
	Sources []Source
	Lanes   []string      // in the order of the report; every source's lane is here
	Settle  time.Duration // how much of a changed phase is not steady
	Bin     time.Duration // width of the bins; default 100 ms
	Seed    uint64
}

// Phase is a stretch of time.
type Phase struct {
	Name    string
	Length  time.Duration
	Changed bool // something changes at its start: the first Settle is not steady
}

// Source is one kind of user action: who comes when, and what one attempt
// looks like.
type Source struct {
	Name    string
	Lane    string
	Curve   surge.Curve
	Clients surge.Population
	// Timeout is the client's patience with one attempt.
	Timeout time.Duration
	// Until, if above 0, is when nobody of this source tries again.
	Until time.Duration
	// Users is how many different users there are; 0: each action another's.
	Users uint64
	// Login, if not "", is the source by which a user of this one logs in again
	// when an attempt fails or is not answered in time. Until then that user
	// does nothing. It needs Users.
	Login string
}

// Attempt is one try of one action.
type Attempt struct {
	Source      *Source
	User        uint64
	Number      int    // counts from 1
	Appointment string // what the last refusal said to bring back
}

// Result is how an attempt ended.
type Result struct {
	Outcome     surge.Outcome
	RetryAfter  time.Duration
	Appointment string
}

// Target takes attempts, many at once. It returns by ctx's deadline.
type Target interface {
	Send(ctx context.Context, a Attempt) Result
}

// Total returns how long the plan is.
func (p *Plan) Total() (d time.Duration) {
	for _, ph := range p.Phases {
		d += ph.Length
	}
	return d
}

// Starts returns when the phases begin.
func (p *Plan) Starts() []time.Duration {
	starts, at := make([]time.Duration, len(p.Phases)), time.Duration(0)
	for i, ph := range p.Phases {
		starts[i] = at
		at += ph.Length
	}
	return starts
}

// Validate reports every mistake at once.
func (p *Plan) Validate() error {
	var errs []error
	if len(p.Phases) == 0 || len(p.Sources) == 0 {
		errs = append(errs, errors.New("plan: want at least one phase and one source"))
	}
	for _, ph := range p.Phases {
		if ph.Length <= 0 {
			errs = append(errs, fmt.Errorf("phase %s: has no length", ph.Name))
		}
	}
	for _, s := range p.Sources {
		if s.Curve == nil || s.Timeout <= 0 || p.lane(s.Lane) < 0 {
			errs = append(errs, fmt.Errorf("source %s: wants a curve, a timeout and a lane of the plan", s.Name))
		}
		if s.Login != "" && (p.source(s.Login) < 0 || s.Users == 0) {
			errs = append(errs, fmt.Errorf("source %s: login %q: wants a source of the plan, and a number of users", s.Name, s.Login))
		}
	}
	return errors.Join(errs...)
}

func (p *Plan) source(name string) int {
	for i := range p.Sources {
		if p.Sources[i].Name == name {
			return i
		}
	}
	return -1
}

func (p *Plan) lane(name string) int {
	for i, l := range p.Lanes {
		if l == name {
			return i
		}
	}
	return -1
}

func (p *Plan) bin() time.Duration {
	if p.Bin > 0 {
		return p.Bin
	}
	return 100 * time.Millisecond
}
