package gateway

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/daero/daero/relay"
)

// engine is what the engine is to do, with a log.
func (d *relayDraft) engine(log relay.Log) relay.Config {
	cfg := relay.Config{
		Log: log, Topics: d.topics, Deliveries: d.deliveries,
		AcceptWithin: time.Duration(d.cfg.AcceptWithin), Instance: d.cfg.Instance,
	}
	if d.cfg.Spool != nil {
		cfg.Spool = nothing{}
	}
	return cfg
}

// takeEngines notes the engine's mistakes where what they are about stands.
func (d *relayDraft) takeEngines(err error) {
	if err == nil {
		return
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		where := d.cfg.Where
		subject, _, _ := strings.Cut(line, ":")
		subject = strings.Replace(strings.TrimPrefix(subject, "relay: "), "delivery ", "deliver ", 1)
		if at, ok := d.at[subject]; ok {
			where = at
		}
		d.bad(where, "%s", line)
	}
}

// nowhere is a log that keeps nothing, to check a configuration with.
type nowhere struct{}

// Append implements relay.Log.
func (nowhere) Append(_ *relay.Message, done func(relay.Position, error)) {
	done(relay.Position{}, relay.ErrAway)
}

// Consume implements relay.Log.
func (nowhere) Consume(context.Context, relay.Group, relay.Consumer) error {
	return fmt.Errorf("nowhere: %w", relay.ErrAway)
}

// nothing is a store that keeps nothing.
type nothing struct{}

// Append implements relay.Store.
func (nothing) Append(context.Context, []byte) error { return relay.ErrAway }

// Next implements relay.Store.
func (nothing) Next(ctx context.Context, _ int) ([][]byte, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// Done implements relay.Store.
func (nothing) Done(int) error { return relay.ErrAway }
