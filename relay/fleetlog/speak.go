package fleetlog

import (
	"context"
	"fmt"
	"time"

	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/relay"
)

// speak writes a reading each Every, and at once when the level rises.
func (m *Member) speak(ctx context.Context) {
	tick := time.NewTicker(m.cfg.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-m.risen:
		}
		m.say(time.Now())
		// However often it rises.
		if !pause(ctx, leastEvery/2) {
			return
		}
	}
}

// say writes one reading, unless the log has not answered for the last.
func (m *Member) say(now time.Time) {
	weight, signals := m.cfg.Measure(now) // before the lock: it may ask the Control, which asks Agree
	m.mu.Lock()
	if m.open {
		m.counts.Held++
		m.mu.Unlock()
		return
	}
	r, ok := m.fleet.Speak(now, fleet.Reading{Weight: weight, Signals: signals, Build: m.cfg.Build, Config: m.cfg.Config})
	m.open = ok
	m.mu.Unlock()
	if !ok {
		return // nothing is measured
	}
	msg, err := Message(m.cfg.Topic, r, m.secret())
	if err != nil {
		m.said(fmt.Errorf("fleet: what this gateway measures cannot be told: %w", err))
		return
	}
	m.cfg.Log.Append(msg, func(_ relay.Position, err error) {
		if err != nil {
			err = fmt.Errorf("fleet: writing to %s: %w", m.cfg.Topic, err)
		}
		m.said(err)
	})
}

func (m *Member) secret() []byte {
	if len(m.cfg.Secrets) == 0 {
		return nil
	}
	return m.cfg.Secrets[0]
}

// said counts what became of a reading.
func (m *Member) said(err error) {
	m.fail(err)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open = false
	if err != nil {
		m.counts.Failed++
		return
	}
	m.counts.Written++
}

// pause waits, and is false if ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
