package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// admin asks through the client that appends.
func (l *Log) admin() *kadm.Client { return kadm.NewClient(l.out.client) }

// Spans implements [relay.Reader]. A topic that is not there is a
// [relay.ErrNoTopic].
func (l *Log) Spans(ctx context.Context, topics ...string) (spans []relay.Span, err error) {
	err = again(ctx, func() error {
		spans, err = l.spans(ctx, topics)
		return err
	})
	return spans, err
}

func (l *Log) spans(ctx context.Context, topics []string) ([]relay.Span, error) {
	admin := l.admin()
	starts, err := admin.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, askError(err)
	}
	ends, err := admin.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, askError(err)
	}
	configs, err := admin.DescribeTopicConfigs(ctx, topics...)
	if err != nil {
		return nil, askError(err)
	}
	var spans []relay.Span
	for _, t := range topics {
		if none, ok := ends[t][-1]; ok { // how a topic that is not there is listed
			return nil, fmt.Errorf("topic %s: %w", t, askError(none.Err))
		}
		keep := retentionOf(configs, t)
		for id := range int32(len(ends[t])) {
			end, start := ends[t][id], starts[t][id]
			if err := cmp.Or(end.Err, start.Err); err != nil {
				return nil, fmt.Errorf("topic %s: %w", t, askError(err))
			}
			spans = append(spans, relay.Span{
				Partition: relay.Partition{Topic: t, ID: id}, First: start.Offset, Next: end.Offset,
				Retention: keep.age, Bytes: keep.bytes,
			})
		}
	}
	return spans, nil
}

// retention is how long, and how much per partition, a topic keeps.
type retention struct {
	age   time.Duration // 0: without end
	bytes int64         // -1: without end
}

// retentionOf reads a topic's settings. One that is compacted only keeps the
// last message of each key without end.
func retentionOf(configs kadm.ResourceConfigs, topic string) retention {
	keep := retention{bytes: -1}
	c, err := configs.On(topic, nil)
	if err != nil || c.Err != nil || setting(c, "cleanup.policy") == "compact" {
		return keep
	}
	if ms, err := strconv.ParseInt(setting(c, "retention.ms"), 10, 64); err == nil && ms > 0 {
		keep.age = time.Duration(min(ms, int64(1<<63-1)/int64(time.Millisecond))) * time.Millisecond
	}
	if n, err := strconv.ParseInt(setting(c, "retention.bytes"), 10, 64); err == nil && n > 0 {
		keep.bytes = n
	}
	return keep
}

// setting is "" where it is not known.
func setting(c kadm.ResourceConfig, key string) string {
	for _, kv := range c.Configs {
		if kv.Key == key && kv.Value != nil {
			return *kv.Value
		}
	}
	return ""
}

// Places implements [relay.Reader]. A group that is not known has none.
func (l *Log) Places(ctx context.Context, group string) (marks []relay.Mark, err error) {
	err = again(ctx, func() error {
		marks, err = l.places(ctx, group)
		return err
	})
	return marks, err
}

func (l *Log) places(ctx context.Context, group string) ([]relay.Mark, error) {
	rs, err := l.admin().FetchOffsets(ctx, group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, askError(err)
	}
	var marks []relay.Mark
	for _, r := range rs.Sorted() {
		if r.Err != nil {
			return nil, fmt.Errorf("topic %s: %w", r.Topic, askError(r.Err))
		}
		if r.At < 0 {
			continue
		}
		_, metadata := splitNote(r.Metadata)
		marks = append(marks, relay.Mark{
			Partition: relay.Partition{Topic: r.Topic, ID: r.Partition}, Offset: r.At, Metadata: metadata,
		})
	}
	return marks, nil
}

// SetPlaces implements [relay.Placer]. The brokers refuse it while the group has
// members.
func (l *Log) SetPlaces(ctx context.Context, group string, marks []relay.Mark) error {
	var offsets kadm.Offsets
	for _, m := range marks {
		offsets.Add(kadm.Offset{Topic: m.Topic, Partition: m.ID, At: m.Offset, LeaderEpoch: -1, Metadata: m.Metadata})
	}
	return again(ctx, func() error {
		rs, err := l.admin().CommitOffsets(ctx, group, offsets)
		if err == nil {
			err = rs.Error()
		}
		if errors.Is(err, kerr.UnknownMemberID) || errors.Is(err, kerr.IllegalGeneration) {
			return fmt.Errorf("group %s has members: %w", group, relay.ErrFenced)
		}
		if err != nil {
			return askError(err)
		}
		return nil
	})
}

// Read implements [relay.Reader]. The end is where undecided transactions begin,
// if there are any.
func (l *Log) Read(ctx context.Context, p relay.Partition, from int64, fn func(*relay.Message) bool) error {
	spans, err := l.Spans(ctx, p.Topic)
	if err != nil {
		return err
	}
	if int(p.ID) >= len(spans) || p.ID < 0 {
		return fmt.Errorf("topic %s has %d partitions: no partition %d: %w", p.Topic, len(spans), p.ID, relay.ErrNoTopic)
	}
	decided, err := l.admin().ListCommittedOffsets(ctx, p.Topic)
	if err != nil {
		return askError(err)
	}
	at, ok := decided.Lookup(p.Topic, p.ID)
	if !ok || at.Err != nil {
		return fmt.Errorf("partition %s: %w", p, askError(cmp.Or(at.Err, error(kerr.LeaderNotAvailable))))
	}
	from, end := max(from, spans[p.ID].First), at.Offset
	if from >= end {
		return nil
	}
	opts := append(l.opts[:len(l.opts):len(l.opts)],
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{p.Topic: {p.ID: kgo.NewOffset().At(from)}}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.KeepControlRecords(), // the last offset may be one
		kgo.FetchMaxBytes(4<<20), kgo.FetchMaxPartitionBytes(4<<20), kgo.FetchMaxWait(time.Second))
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	return read(ctx, client, end, fn)
}

// silence is how long nothing may come, with brokers that answer, before what
// is left before the end counts as gone: deleted, or part of a transaction that
// came to nothing.
const silence = 5 * time.Second

// read ends at the offset end.
func read(ctx context.Context, client *kgo.Client, end int64, fn func(*relay.Message) bool) error {
	for {
		fs, err := pollWithin(ctx, client, silence)
		if err != nil || fs == nil {
			return err
		}
		over, err := skipped(client, fs, end)
		if err != nil || over {
			return err
		}
		for _, r := range fs.Records() {
			if r.Offset >= end {
				return nil
			}
			if !r.Attrs.IsControl() {
				m := message(r, 0)
				if !fn(&m) {
					return nil
				}
			}
			if r.Offset == end-1 {
				return nil
			}
		}
	}
}

// pollWithin returns nil when nothing came although the brokers answer.
func pollWithin(ctx context.Context, client *kgo.Client, d time.Duration) (kgo.Fetches, error) {
	for {
		short, cancel := context.WithTimeout(ctx, d)
		fs := client.PollRecords(short, perPoll)
		expired := short.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case !expired:
			return fs, nil
		}
		if err := client.Ping(ctx); err == nil {
			return nil, nil
		}
	}
}

// skipped goes on after batches that are too large to decompress, and reports
// whether that reaches the end.
func skipped(client *kgo.Client, fs kgo.Fetches, end int64) (bool, error) {
	for _, e := range fs.Errors() {
		b, ok := errors.AsType[*kgo.ErrDecompressTooLarge](e.Err)
		if !ok && kerr.IsRetriable(e.Err) {
			continue
		}
		if !ok {
			return true, fmt.Errorf("topic %s: %w", e.Topic, askError(e.Err))
		}
		if b.NextOffset >= end {
			return true, nil
		}
		client.SetOffsets(map[string]map[int32]kgo.EpochOffset{e.Topic: {e.Partition: {Epoch: b.Epoch, Offset: b.NextOffset}}})
	}
	return false, nil
}
