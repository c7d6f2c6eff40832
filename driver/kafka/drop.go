package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// DropTopics deletes topics and everything in them. Those that are not there
// are no error. It is for whoever made them for a test of the brokers.
func (l *Log) DropTopics(ctx context.Context, names ...string) error {
	answers, err := l.admin().DeleteTopics(ctx, names...)
	if err != nil {
		return askError(err)
	}
	var errs []error
	for name, a := range answers {
		if a.Err != nil && !errors.Is(a.Err, kerr.UnknownTopicOrPartition) {
			errs = append(errs, fmt.Errorf("topic %s: %w", name, askError(a.Err)))
		}
	}
	return errors.Join(errs...)
}
