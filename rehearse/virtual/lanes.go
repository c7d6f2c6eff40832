package virtual

import (
	"context"
	"errors"
	"time"

	"github.com/daero/daero/lane"
)

// Lanes is daero's own contender.
type Lanes struct {
	Set   *lane.Set
	lanes [numKinds]*lane.Lane
}

// NewLanes returns daero's lanes, told nothing but the order of the kinds.
func NewLanes(cfg lane.Config) (*Lanes, error) {
	if len(cfg.Lanes) == 0 {
		cfg.Lanes = []lane.LaneConfig{{Name: "message", Tier: lane.Critical}, {Name: "login", Tier: lane.Sheddable}}
	}
	set, err := lane.New(cfg)
	if err != nil {
		return nil, err
	}
	return &Lanes{Set: set, lanes: [numKinds]*lane.Lane{set.Lane("message"), set.Lane("login")}}, nil
}

// MayWait implements Contender.
func (l *Lanes) MayWait(a Attempt) bool { return a.Kind == Message || a.Booked }

// Enter implements Contender.
func (l *Lanes) Enter(ctx context.Context, a Attempt) (func(Outcome), error) {
	req := lane.Request{User: a.User, Booked: a.Booked, DueIn: a.DueIn}
	if a.Background {
		req.Intent = lane.Background
	}
	p, err := l.lanes[a.Kind].Enter(ctx, req)
	if err != nil {
		if r, ok := errors.AsType[*lane.Refusal](err); ok {
			return nil, refusal{r}
		}
		return nil, err
	}
	return func(o Outcome) { p.Done([...]lane.Outcome{lane.Served, lane.Failed, lane.Overloaded}[o]) }, nil
}

type refusal struct{ *lane.Refusal }

func (r refusal) ReturnAfter() time.Duration { return r.After }
