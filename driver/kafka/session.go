package kafka

import (
	"context"
	"fmt"

	"github.com/daero/daero/relay"
)

// session is what a consumer may ask of a member.
type session struct{ m *member }

var _ relay.Session = session{}

// Commit implements [relay.Session]. Marks of partitions that are still held
// are committed even where others are not any more.
func (s session) Commit(ctx context.Context, marks []relay.Mark) error {
	for _, k := range marks {
		if len(k.Metadata) > relay.MaxMetadata {
			return fmt.Errorf("partition %s: %d bytes of metadata: keep to %d", k.Partition, len(k.Metadata), relay.MaxMetadata)
		}
	}
	var ours int
	err := s.m.commit(ctx, func() []commitment {
		cs := s.m.marksHeld(marks)
		ours = len(cs)
		return cs
	})
	if err == nil && ours < len(marks) {
		err = fmt.Errorf("%w: %d of %d partitions are no longer ours", relay.ErrFenced, len(marks)-ours, len(marks))
	}
	return err
}

// marksHeld are the marks of partitions that are held.
func (m *member) marksHeld(marks []relay.Mark) []commitment {
	m.mu.Lock()
	defer m.mu.Unlock()
	var cs []commitment
	for _, k := range marks {
		if h := m.held[k.Partition]; h != nil {
			cs = append(cs, commitment{k, h.topicID, h.leader(k.Offset), note{h.claim.Epoch, h.parts}})
		}
	}
	return cs
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
