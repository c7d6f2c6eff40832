package memlog

import (
	"context"
	"time"

	"github.com/daero/daero/relay"
)

// session implements relay.Session.
type session struct{ m *member }

// Commit implements relay.Session.
func (s *session) Commit(ctx context.Context, marks []relay.Mark) error {
	m := s.m
	if d := m.log.cfg.CommitDelay; d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	m.log.mu.Lock()
	defer m.log.mu.Unlock()
	if m.out || m.node.killed() {
		return relay.ErrFenced
	}
	for _, mark := range marks {
		if m.group.holder[mark.Partition] != m {
			m.log.fenced++
			return relay.ErrFenced
		}
	}
	return m.log.markLocked(m.node, m.group, marks)
}

// Pause implements relay.Session.
func (s *session) Pause(ps ...relay.Partition) { s.set(ps, true) }

// Resume implements relay.Session.
func (s *session) Resume(ps ...relay.Partition) { s.set(ps, false) }

func (s *session) set(ps []relay.Partition, paused bool) {
	s.m.log.mu.Lock()
	defer s.m.log.mu.Unlock()
	for _, p := range ps {
		if r := s.m.held[p]; r != nil {
			r.paused = paused
		}
	}
	s.m.wakeUp()
}
