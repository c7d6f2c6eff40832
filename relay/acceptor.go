package relay

import "context"

// acceptor keeps messages.
type acceptor struct{}

func newAcceptor(Config) *acceptor { return &acceptor{} }

func (a *acceptor) run(context.Context) {}

func (a *acceptor) accept(context.Context, *Message) (Receipt, error) { return Receipt{}, ErrAway }

// InvalidError is a message that cannot be accepted as it is.
type InvalidError struct {
	// Kind is one of key, headers, id, size, reserved.
	Kind string
	What string // a sentence that names the cure
}

// Error implements error.
func (e *InvalidError) Error() string { return e.What }
