package peers

import (
	"context"

	"github.com/daero/daero/rehearse/virtual"
)

// nothing lets everybody in.
func nothing() []Peer {
	return []Peer{{
		Name:    "no protection",
		Setting: "everything is let in at once",
		Build:   func(*Stage) (virtual.Contender, func(), error) { return open{}, nil, nil },
	}}
}

type open struct{}

func (open) MayWait(virtual.Attempt) bool { return false }

func (open) Enter(context.Context, virtual.Attempt) (func(virtual.Outcome), error) {
	return func(virtual.Outcome) {}, nil
}
