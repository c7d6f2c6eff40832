package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// TopicSpec is a topic that must be there. Its zero fields are the brokers'
// defaults.
type TopicSpec struct {
	Name       string
	Partitions int32
	Replicas   int16
	// Settings are the topic's own, as Kafka names them.
	Settings map[string]string
}

// EnsureTopics makes the topics that are not there, and returns how many
// partitions each has. Topics that are there stay as they are.
func (l *Log) EnsureTopics(ctx context.Context, specs ...TopicSpec) (map[string]int32, error) {
	admin := l.admin()
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	there, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return nil, askError(err)
	}
	partitions := map[string]int32{}
	var errs []error
	for _, s := range specs {
		d := there[s.Name]
		switch {
		case d.Err == nil:
			partitions[s.Name] = int32(len(d.Partitions))
		case errors.Is(d.Err, kerr.UnknownTopicOrPartition):
			n, err := create(ctx, admin, s)
			errs = append(errs, err)
			partitions[s.Name] = n
		default:
			errs = append(errs, fmt.Errorf("topic %s: %w", s.Name, askError(d.Err)))
		}
	}
	return partitions, errors.Join(errs...)
}

func create(ctx context.Context, admin *kadm.Client, s TopicSpec) (int32, error) {
	settings := map[string]*string{}
	for k, v := range s.Settings {
		settings[k] = &v
	}
	if s.Partitions == 0 {
		s.Partitions = -1
	}
	if s.Replicas == 0 {
		s.Replicas = -1
	}
	r, err := admin.CreateTopic(ctx, s.Partitions, s.Replicas, settings, s.Name)
	if errors.Is(err, kerr.TopicAlreadyExists) || errors.Is(r.Err, kerr.TopicAlreadyExists) {
		err = nil // another process was quicker
	}
	if err != nil {
		if r.ErrMessage != "" {
			return 0, fmt.Errorf("topic %s: %w: %s", s.Name, askError(err), r.ErrMessage)
		}
		return 0, fmt.Errorf("topic %s: %w", s.Name, askError(err))
	}
	return awaitTopic(ctx, admin, s.Name)
}

// awaitTopic waits until the brokers that answer know a new topic and who leads
// its partitions.
func awaitTopic(ctx context.Context, admin *kadm.Client, name string) (int32, error) {
	for fails := 1; ; fails++ {
		ds, err := admin.ListTopics(ctx, name)
		if d := ds[name]; err == nil && d.Err == nil && led(d) {
			return int32(len(d.Partitions)), nil
		}
		if !wait(ctx, backoff(fails)) {
			return 0, fmt.Errorf("topic %s: %w", name, context.Cause(ctx))
		}
	}
}

func led(d kadm.TopicDetail) bool {
	for _, p := range d.Partitions {
		if p.Err != nil || p.Leader < 0 {
			return false
		}
	}
	return len(d.Partitions) > 0
}
