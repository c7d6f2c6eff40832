package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daero/daero/relay/gate"
	"github.com/daero/daero/relay/retry"
)

// delivery hands messages to one target. It is a [Consumer].
//
// File map: assignment.go what is held; consume.go what the log says;
// consume_admit.go room; delivery_pick.go which message goes next;
// delivery_result.go what becomes of it; delivery_work.go the goroutines;
// delivery_commit.go places; park.go and deadletter.go what leaves its topic;
// delivery_control.go what people and playbooks say.
//
// Lock order: turn, pauseMu, mu. mu is never held while something else is waited
// for; turn is held during a commit, so that partitions that go wait for it
// (F2); pauseMu keeps Session.Pause and Resume in order.
type delivery struct {
	Delivery
	log      Log
	instance string
	listener Listener

	turn    chan struct{} // a lock that is waited for for long: full is held
	pauseMu sync.Mutex

	mu      sync.Mutex
	rnd     *rand.Rand
	sess    Session
	base    context.Context // of all parts; ends when everything has
	parts   map[Partition]*part
	gate    *gate.Gate[item]
	circuit *retry.Circuit
	budget  *retry.Budget
	flood   *retry.Bucket
	rate    *retry.Bucket // of the configuration, nil without
	drain   *retry.Bucket // of Throttle, nil without
	perSec  float64       // of Throttle, below 0 without
	bearing *bearing
	pauseBy *Pause
	flooded bool
	running bool

	inFlight int // with the handler
	workers  int
	idle     int
	work     chan *unit
	alarm    time.Time // when the minder looks again
	minding  bool      // it is at it
	moves    []move
	said     map[string]time.Time // when an event was last told
	events   []Event
	dead     int  // dead letters since that was last told
	repause  bool // who reads what is to be looked at
	heldBack bool // something may be paused because much is held
	count    counts
	cut      context.CancelFunc // ends the commit that is under way

	pending atomic.Bool // there is something for flush
	kick    chan struct{}
	carry   chan struct{}
	keep    chan struct{}
	drained chan struct{}
	wg      sync.WaitGroup
}

// counts only grow.
type counts struct {
	delivered, attempts, retries, rejected, dead, repeated, deferrals, parkings uint64
}

func newDelivery(cfg Config, d Delivery) *delivery {
	seed := cfg.Seed
	if seed == 0 {
		seed = rand.Uint64() //nolint:forbidigo // this is where the seed comes from
	}
	return &delivery{
		Delivery: d, log: cfg.Log, instance: cfg.Instance, listener: cfg.Listener,
		rnd:     rand.New(rand.NewPCG(seed, uint64(len(d.Name)))),
		parts:   map[Partition]*part{},
		gate:    gate.New[item](gate.Config{PerKey: d.PerKey, Bytes: d.Bytes}),
		circuit: retry.NewCircuit(d.Circuit.Failures, d.Circuit.Probe),
		budget:  retry.NewBudget(d.Retry.Budget),
		bearing: newBearing(d),
		perSec:  -1,
		said:    map[string]time.Time{},
		kick:    make(chan struct{}, 1), carry: make(chan struct{}, 1), keep: make(chan struct{}, 1),
		drained: make(chan struct{}, 1), turn: make(chan struct{}, 1),
	}
}

// run consumes until ctx ends, and returns when everything it started has.
func (d *delivery) run(ctx context.Context) {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	now := time.Now()
	d.mu.Lock()
	d.base = inner
	d.work = make(chan *unit, d.InFlight)
	d.flood = retry.NewBucket(float64(d.DeadLetters.PerMinute)/60, float64(d.DeadLetters.PerMinute), now)
	if d.Rate > 0 {
		d.rate = newRate(d.Rate, now)
	}
	d.running = true
	d.mu.Unlock()
	d.wg.Go(func() { d.mind(inner) })
	d.wg.Go(func() { d.carryOn(inner) })
	d.wg.Go(func() { d.commitOn(inner) })
	d.wg.Go(func() { d.watch(inner) })
	d.consume(ctx)
	d.mu.Lock()
	d.running = false
	d.mu.Unlock()
	cancel()
	close(d.work)
	d.wg.Wait()
	d.flush()
}

// Bounds of the time before a group is joined again.
const (
	rejoinFirst = time.Second
	rejoinMax   = 30 * time.Second
)

// consume stays in the group until ctx ends. A member with a name that was
// replaced by another of the same name does not come back: the two would throw
// each other out for ever (F34).
func (d *delivery) consume(ctx context.Context) {
	again := retry.Backoff{First: rejoinFirst, Max: rejoinMax}
	for failed := 1; ; failed++ {
		from := time.Now()
		err := d.log.Consume(ctx, d.group(), d)
		d.loseAll()
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, ErrFenced) && d.instance != "" {
			d.tellNow(Event{What: Fenced, Why: fmt.Sprintf("another process is instance %q of group %s: this one stops", d.instance, d.Group)})
			return
		}
		d.tellNow(Event{What: ConsumeFailed, Why: fmt.Sprintf("group %s: %v", d.Group, err)})
		if time.Since(from) > time.Minute {
			failed = 1
		}
		d.mu.Lock()
		wait := again.Wait(failed, d.rnd)
		d.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (d *delivery) group() Group {
	g := Group{Name: d.Group, Instance: d.instance, Topics: d.Topics, Latest: d.Latest, Drain: d.Drain}
	// Three quarters are held before reading pauses, the last may come after. A
	// fetch is counted as the log keeps it, and may unpack to many times that: 4 MiB
	// are enough for 80 MB/s at 50 ms to the brokers, and hold a backlog of spaces
	// under 300 MB of resident memory.
	g.FetchBytes = int(min(4<<20, d.Bytes/4))
	if d.parks() {
		g.Companion = func(topic string) string { return ParkedTopic(topic, d.Group) }
	}
	return g
}
