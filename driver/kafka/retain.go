package kafka

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Retain sees to it that a topic keeps messages at least for a time, because
// they wait and grow old. It only ever raises, and returns whether it did. A
// bound by size is not touched: see [Log.RetainBytes].
func (l *Log) Retain(ctx context.Context, topic string, atLeast time.Duration) (raised bool, err error) {
	keep, err := l.retention(ctx, topic)
	if err != nil || keep.age == 0 || keep.age >= atLeast {
		return false, err
	}
	return true, l.alter(ctx, topic, "retention.ms", strconv.FormatInt(atLeast.Milliseconds(), 10))
}

// RetainBytes sees to it that a partition of a topic may be so large, -1 without
// end. It only ever raises, and returns whether it did.
func (l *Log) RetainBytes(ctx context.Context, topic string, atLeast int64) (raised bool, err error) {
	keep, err := l.retention(ctx, topic)
	if err != nil || keep.bytes < 0 || atLeast >= 0 && keep.bytes >= atLeast {
		return false, err
	}
	return true, l.alter(ctx, topic, "retention.bytes", strconv.FormatInt(max(atLeast, -1), 10))
}

func (l *Log) retention(ctx context.Context, topic string) (retention, error) {
	configs, err := l.admin().DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return retention{}, fmt.Errorf("topic %s: %w", topic, askError(err))
	}
	c, err := configs.On(topic, nil)
	if err == nil {
		err = c.Err
	}
	if err != nil {
		return retention{}, fmt.Errorf("topic %s: %w", topic, askError(err))
	}
	return retentionOf(configs, topic), nil
}

func (l *Log) alter(ctx context.Context, topic, key, value string) error {
	rs, err := l.admin().AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: key, Value: &value}}, topic)
	if err == nil && len(rs) > 0 {
		err = rs[0].Err
	}
	if err != nil {
		return fmt.Errorf("topic %s: %s: %w", topic, key, askError(err))
	}
	return nil
}
