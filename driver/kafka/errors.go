package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// meanings are the brokers' answers that say for certain that nothing was
// kept, or done, and why.
var meanings = map[error]error{
	kerr.MessageTooLarge:                    relay.ErrTooLarge,
	kerr.RecordListTooLarge:                 relay.ErrTooLarge,
	kerr.UnknownTopicOrPartition:            relay.ErrNoTopic,
	kerr.UnknownTopicID:                     relay.ErrNoTopic,
	kerr.InvalidTopicException:              relay.ErrNoTopic,
	kerr.TopicAuthorizationFailed:           relay.ErrDenied,
	kerr.ClusterAuthorizationFailed:         relay.ErrDenied,
	kerr.GroupAuthorizationFailed:           relay.ErrDenied,
	kerr.TransactionalIDAuthorizationFailed: relay.ErrDenied,
	kerr.SaslAuthenticationFailed:           relay.ErrDenied,
	kerr.SecurityDisabled:                   relay.ErrDenied,
	kerr.PolicyViolation:                    relay.ErrDenied,
	kerr.InvalidRecord:                      relay.ErrDenied,
	kerr.InvalidTimestamp:                   relay.ErrDenied,
	kerr.FencedInstanceID:                   relay.ErrFenced,
	kerr.IllegalGeneration:                  relay.ErrFenced,
	kerr.UnknownMemberID:                    relay.ErrFenced,
	kerr.StaleMemberEpoch:                   relay.ErrFenced,
	kerr.FencedMemberEpoch:                  relay.ErrFenced,
}

// meaning returns what err means to a relay, nil if it is not among those that
// say for certain that nothing happened.
func meaning(err error) error {
	if e, ok := errors.AsType[*kerr.Error](err); ok {
		return meanings[e]
	}
	if e, ok := errors.AsType[*PartitionsChangedError](err); ok {
		return e
	}
	return nil
}

// toldError is what an error means, with what the broker said.
type toldError struct{ what, err error }

func (e *toldError) Error() string {
	if k, ok := errors.AsType[*kerr.Error](e.err); ok {
		return e.what.Error() + ": the broker answers " + k.Message
	}
	return e.what.Error() + ": " + e.err.Error()
}

func (e *toldError) Unwrap() []error { return []error{e.what, e.err} }

// told joins what an error means with what the broker said.
func told(what, err error) error {
	if errors.Is(err, what) {
		return err
	}
	return &toldError{what, err}
}

// appendError says what became of a message that was not acknowledged.
func appendError(err error, neverSent bool) error {
	if what := meaning(err); what != nil {
		return told(what, err)
	}
	if errors.Is(err, kgo.ErrMaxBuffered) {
		return fmt.Errorf("%w: too many messages wait for it", relay.ErrAway)
	}
	if neverSent {
		return told(relay.ErrAway, err)
	}
	return told(relay.ErrUnknown, err)
}

// askError says what became of a question.
func askError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*kadm.AuthError](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*kadm.ShardErrors](err); ok && len(e.Errs) > 0 {
		err = e.Errs[0].Err
	}
	if what := meaning(err); what != nil {
		return told(what, err)
	}
	return told(relay.ErrAway, err)
}

// again asks again while the brokers say that it may help: who leads what moves.
func again(ctx context.Context, ask func() error) error {
	for fails := 1; ; fails++ {
		err := ask()
		if k, ok := errors.AsType[*kerr.Error](err); !ok || !k.Retriable || fails == 10 || errors.Is(err, relay.ErrNoTopic) {
			return err
		}
		if !wait(ctx, backoff(fails)) {
			return err
		}
	}
}
