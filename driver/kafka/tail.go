package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// Tail calls fn with what is appended to a topic from now on, in all of its
// partitions, one at a time from one goroutine, until ctx ends. It is for what
// is of use only while it is new: it is a member of no group, keeps no place,
// and what comes while the cluster is away is not caught up with where the
// cluster has lost or removed it meanwhile; some may come twice after that. A
// topic that is not there yet is waited for. fn must not wait.
//
// What fails and may pass is tried again; an error is something else: there is
// no right to read, for example.
func (l *Log) Tail(ctx context.Context, topic string, fn func(*relay.Message)) error {
	opts := append(l.opts[:len(l.opts):len(l.opts)],
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()),
		kgo.FetchMaxBytes(4<<20), kgo.FetchMaxPartitionBytes(1<<20), kgo.FetchMaxWait(time.Second),
	)
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		fs := client.PollRecords(ctx, perPoll)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for _, e := range fs.Errors() {
			if err := l.tailed(client, e); err != nil {
				return fmt.Errorf("topic %s: %w", topic, err)
			}
		}
		fs.EachRecord(func(r *kgo.Record) {
			m := message(r, 0)
			fn(&m)
		})
	}
}

// tailed returns an error that trying again does not help, and goes on after
// what cannot be read.
func (l *Log) tailed(client *kgo.Client, e kgo.FetchError) error {
	goOn := func(at kgo.EpochOffset) {
		client.SetOffsets(map[string]map[int32]kgo.EpochOffset{e.Topic: {e.Partition: at}})
	}
	if b, ok := errors.AsType[*kgo.ErrDecompressTooLarge](e.Err); ok {
		goOn(kgo.EpochOffset{Epoch: b.Epoch, Offset: b.NextOffset})
		return nil
	}
	if lost, ok := errors.AsType[*kgo.ErrDataLoss](e.Err); ok {
		// The client would go on at the end. Where it was there may still be
		// something; if not, it is sent to the end then.
		if lost.ConsumedTo < lost.ResetTo {
			goOn(kgo.EpochOffset{Epoch: -1, Offset: lost.ConsumedTo})
		}
		return nil
	}
	if kerr.IsRetriable(e.Err) || kgo.IsRetryableBrokerErr(e.Err) {
		return nil
	}
	return askError(e.Err)
}
