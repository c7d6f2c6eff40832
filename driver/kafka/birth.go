package kafka

import (
	"context"
	"slices"
	"time"

	"github.com/daero/daero/relay"
)

// A group's first place in a topic is committed for all partitions at once, by
// the member that holds partition 0: from then on a partition without a place
// has lost it, or is new. The other members of a new group wait for that a
// moment. If it does not come, each begins by itself; then a partition that is
// claimed late is taken for one that has lost its place, which begins at the
// oldest message and loses nothing.

const (
	birthWithin = 5 * time.Second
	birthEvery  = 200 * time.Millisecond
)

// awaitBirth waits until the member with partition 0 has committed the first
// places of every topic that has none.
func (s *survey) awaitBirth(ctx context.Context, m *member, parts []relay.Partition) error {
	deadline := time.Now().Add(birthWithin)
	for s.unborn(m, parts) && time.Now().Before(deadline) {
		if !wait(ctx, birthEvery) {
			return ctx.Err()
		}
		places, err := m.admin.FetchOffsets(ctx, m.group.Name)
		if err != nil {
			return askError(err)
		}
		s.places = places
	}
	return nil
}

// unborn reports whether another member is about to commit the first places of
// a topic of parts.
func (s *survey) unborn(m *member, parts []relay.Partition) bool {
	for _, p := range parts {
		zero := relay.Partition{Topic: p.Topic, ID: 0}
		if known, _ := s.history(p); !known && !m.known[p.Topic] && !slices.Contains(parts, zero) && !m.holds(zero) {
			return true
		}
	}
	return false
}

func (m *member) holds(p relay.Partition) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held[p] != nil
}

// pins are the places that claims begin with; and, of topics where the group
// has none yet and that we hold partition 0 of, those of all partitions.
func (s *survey) pins(m *member, cs []claimed) []commitment {
	var out []commitment
	ours := map[relay.Partition]bool{}
	for _, c := range cs {
		ours[c.Partition] = true
		leader := int32(-1)
		if r, ok := s.places.Lookup(c.Topic, c.ID); ok && r.At == c.Offset {
			leader = r.LeaderEpoch
		}
		out = append(out, commitment{
			relay.Mark{Partition: c.Partition, Offset: c.Offset, Metadata: c.Metadata}, c.topicID, leader, note{c.Epoch, c.parts},
		})
	}
	for _, c := range cs {
		if known, _ := s.history(c.Partition); c.ID != 0 || known || m.known[c.Topic] {
			continue
		}
		for id := range s.ends[c.Topic] {
			p := relay.Partition{Topic: c.Topic, ID: id}
			if ours[p] {
				continue
			}
			if other, err := s.claim(m, p, 0); err == nil {
				out = append(out, commitment{relay.Mark{Partition: p, Offset: other.Offset}, c.topicID, -1, note{0, c.parts}})
			}
		}
	}
	return out
}
