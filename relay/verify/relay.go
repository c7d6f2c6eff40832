package verify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/httptarget"
)

// runRelay delivers until ctx ends. It answers HTTP too: with what it is
// doing, for whoever wonders why nothing moves.
func runRelay(ctx context.Context, cfg childConfig) error {
	log, err := kafka.Open(cfg.Access.client(cfg.Brokers, "daero-verify-relay"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // what was to be committed is
	target, err := httptarget.New(httptarget.Config{
		URL: cfg.Target, InFlight: inFlight, Timeout: 10 * time.Second,
		Headers: map[string]string{lifeHeader: strconv.Itoa(cfg.Life)},
	})
	if err != nil {
		return err
	}
	defer target.Close()
	d := relay.Delivery{
		Name: "verify", Topics: []string{cfg.Topic}, Group: cfg.Group, InFlight: inFlight,
		Handler: target.Handle, Order: relay.ByKey,
		DeadLetters: relay.DeadLetters{Topic: cfg.Topic + ".dead"},
	}
	var background sync.WaitGroup
	defer background.Wait()
	breakDelivery(ctx, cfg.Broken, &d, &background)
	r, err := relay.New(relay.Config{Log: log, Deliveries: []relay.Delivery{d}, Instance: "verify-1", Seed: cfg.Seed})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var tasks sync.WaitGroup
	tasks.Go(func() {
		err := r.Run(ctx)
		cancel(err)
	})
	err = serve(ctx, cfg.Listen, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(r.Snapshot(time.Now())) // whoever asked has gone
	}))
	cancel(err)
	tasks.Wait()
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// inFlight is how many messages are with the target at once.
const inFlight = 256

// breakDelivery makes d do what it must not.
func breakDelivery(ctx context.Context, how Broken, d *relay.Delivery, background *sync.WaitGroup) {
	deliver := d.Handler
	switch how {
	case Gateless:
		d.Order = relay.NoOrder
	case CommitsEarly:
		d.Handler = func(_ context.Context, m *relay.Message) relay.Result {
			late := *m
			background.Go(func() {
				// As with a queue in memory behind the acknowledgement.
				pause := time.NewTimer(20 * time.Millisecond)
				defer pause.Stop()
				<-pause.C
				deliver(ctx, &late)
			})
			return relay.Ack()
		}
	case Repeats:
		d.Handler = func(ctx context.Context, m *relay.Message) relay.Result {
			if m.Offset%100 == 0 {
				deliver(ctx, m)
			}
			return deliver(ctx, m)
		}
	}
}
