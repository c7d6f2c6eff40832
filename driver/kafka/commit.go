package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/daero/daero/relay"
)

// session is what a consumer may ask of a member.
type session struct{ m *member }

var _ relay.Session = session{}

// Commit implements [relay.Session]. Marks of partitions that are still held
// are committed even where others are not any more.
func (s session) Commit(ctx context.Context, marks []relay.Mark) error {
	m := s.m
	m.own.RLock()
	defer m.own.RUnlock()
	var ours []commitment
	for _, k := range marks {
		h := m.held[k.Partition]
		if h == nil {
			continue
		}
		if len(k.Metadata) > relay.MaxMetadata {
			return fmt.Errorf("partition %s: %d bytes of metadata: keep to %d", k.Partition, len(k.Metadata), relay.MaxMetadata)
		}
		ours = append(ours, commitment{k, h.leader(k.Offset), note{h.claim.Epoch, h.parts}})
	}
	if err := m.commit(ctx, ours); err != nil {
		return err
	}
	if n := len(marks) - len(ours); n > 0 {
		return fmt.Errorf("%w: %d of %d partitions are no longer ours", relay.ErrFenced, n, len(marks))
	}
	return nil
}

// Pause implements [relay.Session].
func (s session) Pause(parts ...relay.Partition) {
	group, direct := s.m.sides(parts)
	if len(group) > 0 {
		s.m.client.PauseFetchPartitions(group)
	}
	if len(direct) > 0 {
		s.m.direct.client.PauseFetchPartitions(direct)
	}
}

// Resume implements [relay.Session].
func (s session) Resume(parts ...relay.Partition) { s.m.resume(parts) }

func (m *member) resume(parts []relay.Partition) {
	group, direct := m.sides(parts)
	if len(group) > 0 {
		m.client.ResumeFetchPartitions(group)
	}
	if len(direct) > 0 {
		m.direct.client.ResumeFetchPartitions(direct)
	}
}

// sides says which client reads which of parts.
func (m *member) sides(parts []relay.Partition) (group, direct map[string][]int32) {
	group, direct = map[string][]int32{}, map[string][]int32{}
	for _, p := range parts {
		side := group
		if m.isCompanion(p.Topic) {
			side = direct
		}
		side[p.Topic] = append(side[p.Topic], p.ID)
	}
	return group, direct
}

// commitment is a mark with what only this package keeps.
type commitment struct {
	relay.Mark
	leader int32
	note   note
}

// commitWithin bounds one commit: partitions that go wait for it.
const commitWithin = 10 * time.Second

// commit makes marks the group's places. The client waits with it while a
// rebalance is being agreed on, and the brokers refuse it from a member that
// they have given up.
func (m *member) commit(ctx context.Context, cs []commitment) error {
	if len(cs) == 0 {
		return nil
	}
	offsets := map[string]map[int32]kgo.EpochOffset{}
	metadata := map[relay.Partition]string{}
	for _, c := range cs {
		if offsets[c.Topic] == nil {
			offsets[c.Topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[c.Topic][c.ID] = kgo.EpochOffset{Epoch: c.leader, Offset: c.Offset}
		metadata[c.Partition] = c.note.join(c.Metadata)
	}
	ctx, cancel := context.WithTimeout(ctx, commitWithin)
	defer cancel()
	ctx = kgo.PreCommitFnContext(ctx, func(req *kmsg.OffsetCommitRequest) error {
		for i := range req.Topics {
			for j := range req.Topics[i].Partitions {
				p := &req.Topics[i].Partitions[j]
				s := metadata[relay.Partition{Topic: req.Topics[i].Topic, ID: p.Partition}]
				p.Metadata = &s
			}
		}
		return nil
	})
	var err error
	m.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, e error) {
		err = committed(resp, e)
	})
	return err
}

// committed returns the first thing that went wrong.
func committed(resp *kmsg.OffsetCommitResponse, err error) error {
	if err != nil {
		if ctxOver(err) {
			return fmt.Errorf("commit: %w", err)
		}
		return fmt.Errorf("commit: %w", askError(err))
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			err := kerr.ErrorForCode(p.ErrorCode)
			switch {
			case err == nil:
			case errors.Is(err, kerr.RebalanceInProgress):
				return fmt.Errorf("commit: %w", err)
			default:
				return fmt.Errorf("commit of %s/%d: %w", t.Topic, p.Partition, askError(err))
			}
		}
	}
	return nil
}
