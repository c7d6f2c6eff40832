package fleetlog

import (
	"context"
	"fmt"
	"time"

	"github.com/daero/daero/relay"
)

const (
	firstRejoin = time.Second // before reading begins anew, doubled each time
	mostRejoin  = 30 * time.Second
)

// listen reads until ctx ends. What ends it before is tried again.
func (m *Member) listen(ctx context.Context) {
	hear := func(msg *relay.Message) { m.hear(time.Now(), msg) }
	wait := firstRejoin
	for {
		began := time.Now()
		err := m.cfg.Log.Tail(ctx, m.cfg.Topic, hear)
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
