package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/daero/daero/relay"
)

// commitment is a mark with what only this package keeps.
type commitment struct {
	relay.Mark
	topicID [16]byte
	leader  int32
	note    note
}

// A commit is tried again while a rebalance is being agreed on: then the
// brokers take it from nobody, or know this member by a number that it has yet
// to learn.
const (
	commitWithin = 10 * time.Second // one request
	commitAgain  = 50 * time.Millisecond
	commitTries  = 100 // 5 s
)

// commit makes the marks of what is held the group's places; which those are is
// asked anew for each attempt. While one is under way no partition is given up:
// what is revoked is never committed after.
func (m *member) commit(ctx context.Context, current func() []commitment) error {
	for tries := 1; ; tries++ {
		err := m.tryCommit(ctx, current)
		if err == nil || tries == commitTries || !passes(err) {
			return meant(err)
		}
		if !wait(ctx, commitAgain) {
			return meant(err)
		}
	}
}

// passes reports whether a commit may succeed when it is tried again.
func passes(err error) bool {
	return errors.Is(err, kerr.RebalanceInProgress) || errors.Is(err, kerr.IllegalGeneration) ||
		errors.Is(err, kerr.StaleMemberEpoch) || errors.Is(err, kerr.UnknownMemberID) ||
		errors.Is(err, kerr.CoordinatorLoadInProgress) || errors.Is(err, kerr.NotCoordinator)
}

func meant(err error) error {
	if err == nil || ctxOver(err) {
		return err
	}
	return fmt.Errorf("commit: %w", askError(err))
}

func (m *member) tryCommit(ctx context.Context, current func() []commitment) error {
	select {
	case m.own <- struct{}{}:
		defer func() { <-m.own }()
	case <-ctx.Done():
		return ctx.Err()
	}
	cs := current()
	if len(cs) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, commitWithin)
	defer cancel()
	resp, err := m.request(cs).RequestWith(ctx, m.client)
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}

// request is made by hand, because the client's own waits for a rebalance with
// a lock that nothing can interrupt. Topics go by name and id: newer brokers
// read the id alone, so that a place of a topic that was made anew is not
// taken for one of its namesake.
func (m *member) request(cs []commitment) *kmsg.OffsetCommitRequest {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group = m.group.Name
	req.MemberID, req.Generation = m.client.GroupMetadata()
	if m.group.Instance != "" {
		req.InstanceID = &m.group.Instance
	}
	at := map[string]int{}
	for _, c := range cs {
		i, ok := at[c.Topic]
		if !ok {
			i = len(req.Topics)
			at[c.Topic] = i
			t := kmsg.NewOffsetCommitRequestTopic()
			t.Topic, t.TopicID = c.Topic, c.topicID
			req.Topics = append(req.Topics, t)
		}
		p := kmsg.NewOffsetCommitRequestTopicPartition()
		metadata := c.note.join(c.Metadata)
		p.Partition, p.Offset, p.LeaderEpoch, p.Metadata = c.ID, c.Offset, c.leader, &metadata
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, p)
	}
	return req
}
