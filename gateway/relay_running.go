package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/daero/daero/api"
	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/late"
)

// relayPlan is what one configuration asks of the relay. Two parts with the same
// key are the same.
type relayPlan struct {
	logKey string
	open   func(ctx context.Context) (*openLog, error)
	// prepare makes topics that are not there, and refuses those that cannot be
	// used as they are. It is tried again until it has worked.
	prepare func(ctx context.Context, log *openLog) error

	acceptKey  string
	accept     relay.Config // without log and spool
	spool      func() (relaySpool, error)
	deliveries []deliveryPlan

	topics   []wantedTopic
	durable  bool
	instance string
	remember func(ctx context.Context, log *openLog) error // nil without deferred requests

	log     api.RelayLogDoc   // as it is shown
	targets []api.RelayTarget // likewise

	mu      sync.Mutex
	refused error
}

// deliveryPlan is one target.
type deliveryPlan struct {
	key, name string
	topics    []string
	// pace is how many per second its handler lets through, below 0 as many as
	// come, to show it; nil where the handler does not look.
	pace func() float64
	// make makes what is run; closing gives back what its handler holds.
	make func() (cfg relay.Config, closing func(), err error)
}

// refuse notes that the plan cannot be: Start fails with it, if it still waits.
func (p *relayPlan) refuse(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = err
}

func (p *relayPlan) refusal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

// unfitError is a log that could be used, and must not be.
type unfitError struct{ error }

// openLog is a log in use.
type openLog struct {
	relay.Log
	reader relay.Reader
	late   late.Opened
	topics interface {
		EnsureTopics(ctx context.Context, specs ...kafka.TopicSpec) (map[string]int32, error)
		Check(ctx context.Context, topics []string, want kafka.Durability) (kafka.Report, error)
	}
	// retain sees to it that a topic keeps messages at least so long, nil where
	// nothing goes before it is delivered.
	retain func(ctx context.Context, topic string, atLeast time.Duration) (raised bool, err error)
	// size says how full a log in the program is, nil for others.
	size  func() (bytes, most int64)
	close func() error
}

// relaySpool is a store that is closed.
type relaySpool interface {
	relay.Store
	Close() error
}

// running is what runs.
type running struct {
	redriving sync.Map // names of deliveries of which dead letters are taken back
	logKey    string
	opened    *openLog
	recalled  bool  // what waited in it before the start is known
	ready     bool  // topics are there
	failed    error // why not, or why there is no log
	said      string
	accept    *unit
	spooled   relaySpool
	units     map[string]*unit // deliveries, by name

	accepts sync.RWMutex           // held while accepting, so that it is not ended under it
	pauses  map[string]relay.Pause // of deliveries, by name
	rates   map[string]float64     // of topics, as the playbook has them
}

// unit is a part that runs.
type unit struct {
	key    string
	name   string
	topics []string
	pace   func() float64
	relay  *relay.Relay
	cancel context.CancelFunc
	ended  chan struct{}
}

// start runs a relay until stop.
func start(key, name string, r *relay.Relay, closing func()) *unit {
	ctx, cancel := context.WithCancel(context.Background())
	u := &unit{key: key, name: name, relay: r, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(u.ended)
		_ = r.Run(ctx) // it ends when we say so
		if closing != nil {
			closing()
		}
	}()
	return u
}

// stop ends units, all at once, and waits for what is under way.
func stop(units ...*unit) {
	for _, u := range units {
		u.cancel()
	}
	for _, u := range units {
		<-u.ended
	}
}

// converge makes what runs equal to a plan. Its error is what must be tried
// again.
func (h *relayHost) converge(ctx context.Context, p *relayPlan, log *zap.Logger) error {
	if p == nil || p.logKey != h.logKey {
		h.endAll(log)
	}
	if p == nil {
		h.fail(nil)
		return nil
	}
	h.endDeliveries(p)
	err := h.begin(ctx, p, log)
	if unfit := (unfitError{}); errors.As(err, &unfit) {
		h.endAll(log) // nothing may be accepted into it
		p.refuse(err)
	}
	h.fail(err)
	if err == nil {
		h.said = ""
	} else if text := err.Error(); text != h.said {
		h.said = text
		log.Error("the relay does not work yet, and is tried again", zap.Error(err))
	}
	return err
}

func (h *relayHost) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = err
}

// endAll ends everything, the log last.
func (h *relayHost) endAll(log *zap.Logger) {
	h.endDeliveries(&relayPlan{})
	h.endAccept()
	h.mu.Lock()
	opened := h.opened
	h.opened, h.logKey, h.ready, h.said, h.recalled = nil, "", false, "", false
	h.mu.Unlock()
	if opened == nil {
		return
	}
	h.late.Set(nil)
	defer h.late.Wait()
	if err := opened.close(); err != nil {
		log.Error("the relay's log was not closed well", zap.Error(err))
	}
}

// endDeliveries ends those that a plan does not have, or has otherwise.
func (h *relayHost) endDeliveries(p *relayPlan) {
	h.mu.Lock()
	var going []*unit
	for name, u := range h.units {
		if !slices.ContainsFunc(p.deliveries, func(d deliveryPlan) bool { return d.name == name && d.key == u.key }) {
			going = append(going, u)
			delete(h.units, name)
		}
	}
	h.mu.Unlock()
	stop(going...)
}

// endAccept ends accepting, after those who are at it.
func (h *relayHost) endAccept() {
	h.accepts.Lock()
	defer h.accepts.Unlock()
	h.mu.Lock()
	u, spool := h.accept, h.spooled
	h.accept, h.spooled = nil, nil
	h.mu.Unlock()
	if u != nil {
		stop(u)
	}
	if spool != nil {
		_ = spool.Close() // everything in it is on disk already
	}
}

// begin starts what a plan has and does not run.
func (h *relayHost) begin(ctx context.Context, p *relayPlan, log *zap.Logger) error {
	if h.opened == nil {
		opened, err := p.open(ctx)
		if err != nil {
			return err
		}
		h.mu.Lock()
		h.opened, h.logKey = opened, p.logKey
		h.mu.Unlock()
		h.late.Set(opened.late)
	}
	h.recall(ctx, p, log)
	// Accepting comes before what needs the log to answer: without it messages
	// can still go to the spool.
	if err := h.beginAccept(p); err != nil {
		return err
	}
	if err := p.prepare(ctx, h.opened); err != nil {
		return err
	}
	h.mu.Lock()
	h.ready = true
	h.mu.Unlock()
	var errs []error
	for _, d := range p.deliveries {
		errs = append(errs, h.beginDelivery(d))
	}
	return errors.Join(errs...)
}

func (h *relayHost) beginAccept(p *relayPlan) error {
	if h.accept != nil && h.accept.key == p.acceptKey {
		return nil
	}
	h.endAccept()
	if len(p.accept.Topics) == 0 {
		return nil
	}
	cfg := p.accept
	cfg.Log, cfg.Listener = h.opened.Log, h.told // what else the log can do shows only in itself
	var spool relaySpool
	if p.spool != nil {
		var err error
		if spool, err = p.spool(); err != nil {
			return fmt.Errorf("spool: %w", err)
		}
		cfg.Spool = spool
	}
	r, err := relay.New(cfg)
	if err != nil {
		if spool != nil {
			_ = spool.Close() // nothing is in use of it
		}
		return err
	}
	u := start(p.acceptKey, "", r, nil)
	h.mu.Lock()
	h.accept, h.spooled = u, spool
	h.mu.Unlock()
	return nil
}

func (h *relayHost) beginDelivery(d deliveryPlan) error {
	if h.units[d.name] != nil {
		return nil
	}
	cfg, closing, err := d.make()
	if err != nil {
		return fmt.Errorf("deliver %s: %w", d.name, err)
	}
	cfg.Log, cfg.Listener = h.opened.Log, h.told // what else the log can do shows only in itself
	r, err := relay.New(cfg)
	if err != nil {
		closing()
		return fmt.Errorf("deliver %s: %w", d.name, err)
	}
	u := start(d.key, d.name, r, closing)
	u.topics, u.pace = d.topics, d.pace
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.units == nil {
		h.units = map[string]*unit{}
	}
	h.units[d.name] = u
	// What people and the playbook said holds for who comes after, too.
	if pause, ok := h.pauses[d.name]; ok && (pause.Until.IsZero() || pause.Until.After(time.Now())) {
		_ = r.Pause(d.name, pause) // it has just been made
	}
	if rate := h.rate(d.topics); rate >= 0 {
		_ = r.Throttle(d.name, rate) // likewise
	}
	return nil
}

// all are the deliveries that run, by name.
func (h *relayHost) all() []*unit {
	h.mu.Lock()
	defer h.mu.Unlock()
	units := make([]*unit, 0, len(h.units))
	for _, u := range h.units {
		units = append(units, u)
	}
	slices.SortFunc(units, func(a, b *unit) int { return cmp.Compare(a.name, b.name) })
	return units
}

// delivery is one that runs.
func (h *relayHost) delivery(name string) (*unit, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if u := h.units[name]; u != nil {
		return u, nil
	}
	if h.top() == nil {
		return nil, errNoRelay
	}
	var known []string
	for _, d := range h.top().deliveries {
		if d.name == name {
			return nil, fmt.Errorf("delivery %s does not run: %w", name, cmp.Or(h.failed, relay.ErrAway))
		}
		known = append(known, d.name)
	}
	slices.Sort(known)
	return nil, fmt.Errorf("no delivery %q (known: %s)", name, strings.Join(known, ", "))
}
