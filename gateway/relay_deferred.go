package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero"
	"github.com/daero/daero/driver/sqlite"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
)

// deferredName begins the names of the deliveries of deferred requests, which no
// other may have: each lane has its own, so that one that is held, or whose
// service is down, starves no other.
const deferredName = "deferred-"

func deferDelivery(id string) string { return deferredName + deferSuffix(id) }

// deferredMemory bounds what is held for one lane, in bytes; the largest requests
// have to fit.
const deferredMemory = 32 << 20

// answersBytes bounds the answers that are kept for whoever asks.
const answersBytes = 128 << 20

// relayDesk is the desk of this process: it outlives reloads, as what it took
// does.
type relayDesk struct {
	*deferred.Desk
	base deferred.Config

	mu     sync.Mutex
	lanes  []*deferred.Config // of configurations in force, the newest last
	kept   *sqlite.Answers    // nil until lanes are deferred, and where no file can be had
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// newDesk makes a desk without lanes.
func newDesk(d *daero.Daero, accept func(context.Context, *relay.Message) (relay.Receipt, error)) (*relayDesk, error) {
	k := &relayDesk{base: deferred.Config{Accept: accept, Answers: deferred.NewMemory(answersBytes), Pace: d.Pace, Ask: d.Deliver}}
	var err error
	k.Desk, err = deferred.New(k.base)
	return k, err
}

// open opens the file of the answers. Without it they are kept in memory, and
// end with the process.
func (k *relayDesk) open(ctx context.Context, dir string, log *zap.Logger) {
	if k.kept != nil {
		return
	}
	kept, err := sqlite.OpenAnswers(ctx, filepath.Join(dir, sqlite.AnswersFile), 0)
	if err != nil {
		log.Error("answers to deferred requests will not outlive the process: they cannot be kept in a file", zap.Error(err))
		return
	}
	k.kept, k.base.Answers = kept, kept
}

// apply puts lanes in force until undo is called.
func (k *relayDesk) apply(ctx caddy.Context, cfg deferred.Config, log *zap.Logger) (undo func(), err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open(ctx, dataDir(ctx.Storage()), log)
	cfg.Answers = k.base.Answers
	if err := k.Reload(cfg); err != nil {
		return nil, err
	}
	k.lanes = append(k.lanes, &cfg)
	if k.cancel == nil {
		ctx, cancel := context.WithCancel(context.Background())
		k.cancel = cancel
		k.wg.Go(func() { _ = k.Run(ctx) }) // it ends when we say so
	}
	return sync.OnceFunc(func() { k.withdraw(&cfg) }), nil
}

func (k *relayDesk) withdraw(cfg *deferred.Config) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lanes = slices.DeleteFunc(k.lanes, func(other *deferred.Config) bool { return other == cfg })
	next := k.base
	if n := len(k.lanes); n > 0 {
		next = *k.lanes[n-1]
	}
	_ = k.Reload(next) // it was in force before
}

func (k *relayDesk) close() {
	k.mu.Lock()
	cancel := k.cancel
	k.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	k.wg.Wait()
	if k.kept != nil {
		_ = k.kept.Close() // what is in it is kept already
	}
}

// declareDefers notes the lanes of a handler whose requests can be deferred.
func (a *App) declareDefers(h *Lanes) error {
	all := h.defers()
	if len(all) == 0 {
		return nil
	}
	if a.Relay == nil {
		return fmt.Errorf("lane %s: defer: there is no relay to keep requests in: add a relay block to the global option daero", slices.Sorted(maps.Keys(all))[0])
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.defers == nil {
		a.defers, a.userOf = map[string]*DeferConfig{}, h.user
	}
	maps.Copy(a.defers, all)
	return nil
}

// deferred is the desk's configuration, false if no lane is deferred.
func (a *App) deferred(m *making, secrets [][]byte) (cfg deferred.Config, ok bool, err error) {
	if len(a.defers) == 0 {
		return cfg, false, nil
	}
	cfg = a.rt.desk.base
	cfg.Lanes, cfg.User = map[string]deferred.Lane{}, a.userOf
	by := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(a.defers)) {
		topic := deferTopic(id)
		if other, taken := by[topic]; taken {
			return cfg, false, fmt.Errorf("lanes %s and %s: defer: their requests would wait in one topic, %s: rename one", other, id, topic)
		}
		by[topic] = id
		if cfg.Lanes[id], err = a.defers[id].core(m, topic); err != nil {
			return cfg, false, fmt.Errorf("lane %s: defer: %w", id, err)
		}
	}
	for _, s := range secrets {
		cfg.Secrets = append(cfg.Secrets, derived(s, "deferred tickets"))
	}
	return cfg, true, cfg.Validate()
}

// withDeferred adds to a plan what deferred requests need: of each lane a topic,
// one for dead letters, and a delivery.
func (p *relayPlan) withDeferred(desk *relayDesk, lanes map[string]deferred.Lane, instance string) {
	var names []string
	for _, id := range slices.Sorted(maps.Keys(lanes)) {
		l := lanes[id]
		most := max(int(max(l.MaxBytes, deferred.DefaultMaxBytes))+64<<10, 1_000_000) // headers of the request go with its body
		p.accept.Topics = append(p.accept.Topics, relay.Topic{Name: l.Topic, MaxBytes: most, MaxHeaders: 256, MaxHeaderBytes: 64 << 10})
		p.topics = append(p.topics,
			wantedTopic{name: l.Topic, partitions: defaultPartitions, retention: deferredRetention, maxBytes: most},
			wantedTopic{name: deferDelivery(id) + ".dead", partitions: 1, retention: deadRetention, maxBytes: most})
		p.deliverDeferred(desk, id, l, instance, most)
		names = append(names, id)
	}
	p.acceptKey = keyOf(p.acceptKey, p.accept.Topics)
	p.remember = func(ctx context.Context, log *openLog) error {
		var errs []error
		for _, id := range names {
			errs = append(errs, remember(ctx, desk, log.reader, id))
		}
		return errors.Join(errs...)
	}
}

// deliverDeferred adds the delivery of one lane.
func (p *relayPlan) deliverDeferred(desk *relayDesk, id string, l deferred.Lane, instance string, most int) {
	name, topics := deferDelivery(id), []string{l.Topic}
	d := relay.Delivery{
		Name: name, Topics: topics, Handler: desk.Handle, Bytes: max(deferredMemory, int64(4*most)),
		Timeout: max(l.Timeout, deferred.DefaultTimeout) + 5*time.Second,
		// The desk says when a request is given up.
		Retry: relay.RetryPolicy{Attempts: 1_000_000, For: deferredRetention, InPlace: -1},
	}
	p.deliveries = append(p.deliveries, deliveryPlan{
		key: keyOf(p.logKey, instance, topics, d.Timeout, d.Bytes), name: name, topics: topics,
		pace: func() float64 { return desk.base.Pace(id) },
		make: func() (relay.Config, func(), error) {
			return relay.Config{Deliveries: []relay.Delivery{d}, Instance: instance}, func() {}, nil
		},
	})
	p.targets = append(p.targets, targetOf(&RelayDeliveryConfig{Name: name, Topics: topics, To: l.Target.String()}))
}

// deferredRetention is as long as a request may wait, and a day: so none is lost
// while it waits.
const deferredRetention = 8 * 24 * time.Hour

// remember tells the desk which requests of a lane wait in the log since before
// this process began, so that later ones of their users go behind them.
func remember(ctx context.Context, desk *relayDesk, reader relay.Reader, id string) error {
	places, err := reader.Places(ctx, "daero."+deferDelivery(id))
	if err != nil {
		return err
	}
	spans, err := reader.Spans(ctx, deferTopic(id))
	if errors.Is(err, relay.ErrNoTopic) {
		return nil // it has yet to be made: nothing waits
	}
	if err != nil {
		return err
	}
	for _, s := range spans {
		from := s.First
		for _, p := range places {
			if p.Partition == s.Partition {
				from = max(from, p.Offset)
			}
		}
		if err := reader.Read(ctx, s.Partition, from, func(m *relay.Message) bool {
			desk.Remember(m)
			return true
		}); err != nil {
			return err
		}
	}
	return nil
}

// rememberWithin bounds how long requests are not accepted for that.
const rememberWithin = 10 * time.Second

// recall remembers once per log. Without it later requests may overtake earlier
// ones of their user, which is better than taking none.
func (h *relayHost) recall(ctx context.Context, p *relayPlan, log *zap.Logger) {
	if p.remember == nil || h.recalled {
		return
	}
	h.recalled = true
	ctx, cancel := context.WithTimeout(ctx, rememberWithin)
	defer cancel()
	if err := p.remember(ctx, h.opened); err != nil {
		log.Warn("which deferred requests wait since before the start is not known: later ones of the same users may be served first", zap.Error(err))
	}
}

// deferrer keeps requests of a handler's lanes, nil if none can be deferred.
func (a *App) deferrer(h *Lanes) daero.Deferrer {
	if len(h.defers()) == 0 {
		return nil
	}
	return a.rt.desk
}
