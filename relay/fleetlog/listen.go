package fleetlog

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/daero/daero/relay"
)

const (
	firstRejoin = time.Second // before reading begins anew, doubled each time
	mostRejoin  = 30 * time.Second
	drain       = time.Second
	fetchBytes  = 1 << 20
)

// listen reads until ctx ends. What ends it before is tried again, under another
// name: a group that has been somewhere would go on from there.
func (m *Member) listen(ctx context.Context) {
	wait := firstRejoin
	for n := 0; ; n++ {
		began := time.Now()
		err := m.cfg.Log.Consume(ctx, m.group(n), &ear{m: m})
		if ctx.Err() != nil {
			return
		}
		m.mu.Lock()
		m.counts.Rejoined++
		m.mu.Unlock()
		if err != nil {
			m.fail(fmt.Errorf("fleet: reading %s: %w", m.cfg.Topic, err))
		}
		if time.Since(began) > mostRejoin {
			wait = firstRejoin
		}
		if !pause(ctx, wait) {
			return
		}
		wait = min(2*wait, mostRejoin)
	}
}

// group is one of its own: every gateway reads everything.
func (m *Member) group(n int) relay.Group {
	name := fmt.Sprintf("%s%s.%s.%s.%d", GroupPrefix, m.cfg.Topic, m.cfg.Fleet.Node, strconv.FormatUint(m.cfg.Fleet.Run, 36), n)
	return relay.Group{Name: name, Topics: []string{m.cfg.Topic}, Latest: true, Drain: drain, FetchBytes: fetchBytes}
}

// ear is a relay.Consumer that hears what is new. Nothing is committed: where
// it was before is nothing to go back to.
type ear struct {
	m    *Member
	from map[int32]int64 // by partition: what was there before is no news
}

// Claimed implements relay.Consumer.
func (e *ear) Claimed(_ relay.Session, claims []relay.Claim) {
	if e.from == nil {
		e.from = map[int32]int64{}
	}
	for _, c := range claims {
		e.from[c.ID] = c.End
	}
}

// Received implements relay.Consumer.
func (e *ear) Received(ms []*relay.Message) {
	now := time.Now()
	for _, msg := range ms {
		if msg.Offset >= e.from[msg.Partition] {
			e.m.hear(now, msg)
		}
	}
}

// Revoked implements relay.Consumer.
func (*ear) Revoked(context.Context, []relay.Partition, bool) {}
