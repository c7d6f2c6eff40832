package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/daero/daero/relay"
)

// assigned is called by the client with partitions that it is about to read,
// and where it would begin. We say where.
func (m *member) assigned(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	<-m.ready
	var parts []relay.Partition
	m.mu.Lock()
	for t, ps := range offsets {
		for id := range ps {
			p := relay.Partition{Topic: t, ID: id}
			h := m.held[p]
			if h == nil {
				parts = append(parts, p)
				continue
			}
			// Claimed before a rebalance came between: go on from there.
			h.mu.Lock()
			ps[id] = kgo.NewOffset().At(h.next)
			h.mu.Unlock()
		}
	}
	m.mu.Unlock()
	if len(parts) == 0 {
		return offsets, nil
	}
	claims, err := m.claims(ctx, sorted(parts))
	if err != nil {
		return nil, err
	}
	if !m.on(ctx, func() { err = m.claim(claims) }) {
		err = context.Canceled
	}
	for _, c := range claims {
		if ps, ok := offsets[c.Topic]; ok {
			ps[c.ID] = kgo.NewOffset().At(c.Offset)
		}
	}
	return offsets, err
}

// claimed is a claim, with how many partitions its topic has.
type claimed struct {
	relay.Claim
	parts   int
	topicID [16]byte
}

// claim takes partitions over.
func (m *member) claim(cs []claimed) error {
	if m.quit.Load() || m.over != nil {
		return context.Canceled
	}
	claims := make([]relay.Claim, len(cs))
	parts := make([]relay.Partition, len(cs))
	m.mu.Lock()
	for i, c := range cs {
		claims[i], parts[i] = c.Claim, c.Partition
		m.held[c.Partition] = &hold{claim: c.Claim, topicID: c.topicID, parts: c.parts, next: c.Offset}
		m.known[c.Topic] = true
		delete(m.losses, c.Partition)
	}
	m.mu.Unlock()
	m.everClaimed = true
	m.resume(parts) // a pause is of a claim, not of a partition
	m.cons.Claimed(session{m}, claims)
	if m.direct != nil {
		m.direct.add(claims)
	}
	return nil
}

// claims finds out where the group stands in parts and their companions, and
// commits it, so that a place is there from the first claim on: a group that
// begins at the end begins there for good, and one that has lost its place can
// be told from one that is new.
func (m *member) claims(ctx context.Context, parts []relay.Partition) (cs []claimed, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for fails := 1; ; fails++ {
		cs, err = m.tryClaims(ctx, parts)
		if err == nil || ctx.Err() != nil || errors.Is(err, relay.ErrFenced) || errors.Is(err, relay.ErrDenied) || errors.Is(err, kerr.RebalanceInProgress) {
			return cs, err
		}
		if !wait(ctx, backoff(fails)) {
			return nil, err
		}
	}
}

func (m *member) tryClaims(ctx context.Context, parts []relay.Partition) ([]claimed, error) {
	topics, err := m.withCompanions(ctx, parts)
	if err != nil {
		return nil, err
	}
	s, err := m.survey(ctx, topics)
	if err != nil {
		return nil, err
	}
	if err := s.awaitBirth(ctx, m, parts); err != nil {
		return nil, err
	}
	_, generation := m.client.GroupMetadata()
	var cs []claimed
	for _, p := range parts {
		for _, q := range []relay.Partition{p, {Topic: companion(m.group, p.Topic), ID: p.ID}} {
			if q.Topic == "" {
				continue
			}
			c, err := s.claim(m, q, int64(generation))
			if err != nil {
				return nil, err
			}
			cs = append(cs, c)
		}
	}
	pins := s.pins(m, cs)
	if err := m.commit(ctx, func() []commitment { return pins }); err != nil {
		return nil, err
	}
	return cs, nil
}

// withCompanions returns the topics of parts with their companions, which are
// made where they are not there.
func (m *member) withCompanions(ctx context.Context, parts []relay.Partition) ([]string, error) {
	var topics []string
	for i, p := range parts { // sorted
		if i > 0 && parts[i-1].Topic == p.Topic {
			continue
		}
		topics = append(topics, p.Topic)
		if name := companion(m.group, p.Topic); name != "" {
			if err := m.ensureCompanion(ctx, p.Topic, name); err != nil {
				return nil, err
			}
			topics = append(topics, name)
		}
	}
	return topics, nil
}

// ensureCompanion makes a companion with as many partitions as its topic, and
// adds partitions where it has fewer.
func (m *member) ensureCompanion(ctx context.Context, topic, name string) error {
	details, err := m.admin.ListTopics(ctx, topic, name)
	if err != nil {
		return askError(err)
	}
	of, there := details[topic], details[name]
	if of.Err != nil {
		return fmt.Errorf("topic %s: %w", topic, askError(of.Err))
	}
	n := len(of.Partitions)
	switch {
	case errors.Is(there.Err, kerr.UnknownTopicOrPartition):
		created, err := m.admin.CreateTopic(ctx, int32(n), -1, nil, name)
		if err != nil && !errors.Is(created.Err, kerr.TopicAlreadyExists) && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("companion %s: %w", name, askError(err))
		}
	case there.Err != nil:
		return fmt.Errorf("companion %s: %w", name, askError(there.Err))
	case len(there.Partitions) < n:
		if _, err := m.admin.UpdatePartitions(ctx, n, name); err != nil {
			return fmt.Errorf("companion %s: %w", name, askError(err))
		}
	}
	return nil
}

// survey is where the logs and the group stand.
type survey struct {
	topics       kadm.TopicDetails
	places       kadm.OffsetResponses
	starts, ends kadm.ListedOffsets
	cuts         kadm.OffsetsForLeaderEpochs
}

func (m *member) survey(ctx context.Context, topics []string) (s survey, err error) {
	if s.places, err = m.admin.FetchOffsets(ctx, m.group.Name); err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return s, askError(err)
	}
	if s.topics, err = m.admin.ListTopics(ctx, topics...); err != nil {
		return s, askError(err)
	}
	if s.starts, err = m.admin.ListStartOffsets(ctx, topics...); err != nil {
		return s, askError(err)
	}
	if s.ends, err = m.admin.ListEndOffsets(ctx, topics...); err != nil {
		return s, askError(err)
	}
	return s, s.askCuts(ctx, m.admin, topics)
}

// askCuts finds places that a leader without the newest messages has cut off.
func (s *survey) askCuts(ctx context.Context, admin *kadm.Client, topics []string) error {
	var req kadm.OffsetForLeaderEpochRequest
	for _, t := range topics {
		for id, at := range s.places[t] {
			if at.At >= 0 && at.LeaderEpoch >= 0 {
				req.Add(t, id, at.LeaderEpoch)
			}
		}
	}
	if len(req) == 0 {
		return nil
	}
	var err error
	if s.cuts, err = admin.OffsetForLeaderEpoch(ctx, req); err != nil {
		return askError(err)
	}
	return nil
}

// claim decides where the group goes on in one partition.
func (s *survey) claim(m *member, p relay.Partition, generation int64) (claimed, error) {
	start, ok := s.starts.Lookup(p.Topic, p.ID)
	end, ok2 := s.ends.Lookup(p.Topic, p.ID)
	if !ok || !ok2 {
		return claimed{}, fmt.Errorf("partition %s: %w", p, relay.ErrAway)
	}
	if err := errors.Join(start.Err, end.Err); err != nil {
		return claimed{}, fmt.Errorf("partition %s: %w", p, askError(err))
	}
	at := stand{
		committed: -1, cut: -1, start: start.Offset, end: end.Offset,
		latest: m.group.Latest && !m.isCompanion(p.Topic),
	}
	var n note
	var metadata string
	if r, ok := s.places.Lookup(p.Topic, p.ID); ok && r.At >= 0 {
		at.committed = r.At
		n, metadata = splitNote(r.Metadata)
		if cut, ok := s.cuts[p.Topic][p.ID]; ok && cut.Err == nil && cut.LeaderEpoch == r.LeaderEpoch {
			at.cut = cut.EndOffset
		}
	}
	at.known, at.added = s.history(p)
	at.known = at.known || m.known[p.Topic]
	to := at.place()
	c := claimed{parts: len(s.ends[p.Topic]), topicID: s.topics[p.Topic].ID}
	c.Claim = relay.Claim{
		Partition: p, Offset: to.offset, Metadata: metadata, Fresh: to.fresh, Lost: to.lost,
		End: end.Offset, Epoch: max(generation, n.epoch+1),
	}
	if to.offset != at.committed {
		c.Metadata = "" // it was of another place
	}
	if lost := m.losses[p]; lost > 0 && c.Lost >= 0 {
		c.Lost = max(c.Lost, lost)
	}
	return c, nil
}

// history says whether the group has a place in p's topic at all, and whether p
// was added after it had.
func (s *survey) history(p relay.Partition) (known, added bool) {
	fewest := 0
	for _, r := range s.places[p.Topic] {
		if r.At < 0 {
			continue
		}
		known = true
		if n, _ := splitNote(r.Metadata); n.partitions > 0 && (fewest == 0 || n.partitions < fewest) {
			fewest = n.partitions
		}
	}
	return known, fewest > 0 && int(p.ID) >= fewest
}
