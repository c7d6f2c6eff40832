package relay

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Relay accepts messages into a log and delivers them out of it. It is safe for
// concurrent use. Nothing runs before [Relay.Run].
type Relay struct {
	cfg        Config
	acceptor   *acceptor
	deliveries map[string]*delivery
}

// New returns a Relay. The error names every mistake.
func New(cfg Config) (*Relay, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &Relay{cfg: cfg, deliveries: map[string]*delivery{}}
	r.acceptor = newAcceptor(cfg)
	for _, d := range cfg.Deliveries {
		r.deliveries[d.Name] = newDelivery(cfg, d)
	}
	return r, nil
}

// Run delivers until ctx ends; then what is under way is finished, within each
// delivery's Drain, and what is done is committed. It returns when everything
// it started has ended.
func (r *Relay) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { r.acceptor.run(ctx) })
	for _, d := range r.deliveries {
		wg.Go(func() { d.run(ctx) })
	}
	wg.Wait()
	return context.Cause(ctx)
}

// Receipt says that a message is safe.
type Receipt struct {
	ID string // the idempotency key
	// At is where it stands; Partition is -1 while it waits in the spool.
	At Position
	// Spooled says that it waits on this machine for the log to come back.
	Spooled bool
	// Repeated says that the same key was accepted before, so that nothing was
	// kept this time.
	Repeated bool
}

// Accept keeps a message and returns when it is safe. Errors are [ErrUnknown],
// [ErrAway], [ErrNoTopic], [ErrTooLarge], [ErrFull], [ErrDenied], an
// *[InvalidError], or the cause of ctx. After ErrUnknown, or when ctx has ended,
// the message may be kept all the same: send it again with the Receipt's ID,
// which is there with every error too, and it is kept once. What a topic spools
// after the log did not answer in time may be there twice, with one ID.
//
// The bytes that m holds must not be changed any more, even after an error: the
// log may still be at it. Whoever takes messages from strangers must refuse
// their headers of [ReservedPrefix] and set [HeaderWriter] itself: Accept only
// refuses those that say what became of a message.
func (r *Relay) Accept(ctx context.Context, m *Message) (Receipt, error) {
	return r.acceptor.accept(ctx, m)
}

// Pause stops a delivery until p.Until, without end if that is zero; messages
// under way are finished.
func (r *Relay) Pause(name string, p Pause) error {
	return r.with(name, func(d *delivery) { d.pause(p) })
}

// Resume ends a pause, and reports whether there was one.
func (r *Relay) Resume(name string) (was bool, err error) {
	err = r.with(name, func(d *delivery) { was = d.resume() })
	return was, err
}

// Throttle bounds a delivery to a rate per second, besides its own: the
// playbook's drain. 0 stops it, below 0 there is no bound.
func (r *Relay) Throttle(name string, perSecond float64) error {
	return r.with(name, func(d *delivery) { d.throttle(perSecond) })
}

func (r *Relay) with(name string, do func(*delivery)) error {
	d, ok := r.deliveries[name]
	if !ok {
		return fmt.Errorf("no delivery %q", name)
	}
	do(d)
	return nil
}

// Snapshot returns what r is doing.
func (r *Relay) Snapshot(now time.Time) Snapshot {
	s := Snapshot{At: now}
	r.acceptor.snapshot(&s)
	for _, name := range slices.Sorted(maps.Keys(r.deliveries)) {
		s.Deliveries = append(s.Deliveries, r.deliveries[name].snapshot(now))
	}
	return s
}
