package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/late"
)

// relayHost runs the relay of this process. It outlives reloads: what a new
// configuration leaves as it was goes on, and what it changes is ended before
// what takes its place begins.
//
// Configurations put their plan on top and take it off again; a goroutine makes
// what runs equal to the topmost. So a reload that fails, however late, leaves
// what was there.
type relayHost struct {
	told   func(relay.Event)
	record func(audit.Entry)

	mu     sync.Mutex
	log    *zap.Logger
	plans  []*relayPlan // of configurations in force, the newest last
	gen    uint64       // of plans
	done   chan struct{}
	wake   chan struct{}
	cancel context.CancelFunc
	wg     sync.WaitGroup

	aging chan string // topics whose oldest message has used half its time

	late late.Log // the log that is open, for who goes on when it is changed

	running // what runs; written by the goroutine alone, under mu
}

// Times of the host.
const (
	relayFirst    = 5 * time.Second // how long Start waits for a log to answer
	relayRetry    = 2 * time.Second // between attempts to open a log
	relayRetryMax = 30 * time.Second
)

// errNoRelay is said where no configuration has a relay.
var errNoRelay = errors.New("no relay is configured: add a relay block to the global option daero")

func newRelayHost(told func(relay.Event), record func(audit.Entry)) *relayHost {
	return &relayHost{told: told, record: record, log: zap.NewNop(), wake: make(chan struct{}, 1), done: closed(), aging: make(chan string, mostAging)}
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// apply puts a plan on top until undo is called. It returns when the plan was
// tried once, at most after a while: a log that does not answer is tried again
// and again, and stops nobody. An error is a plan that is refused.
func (h *relayHost) apply(p *relayPlan, log *zap.Logger) (undo func(), err error) {
	h.mu.Lock()
	h.log = log
	h.plans = append(h.plans, p)
	tried := h.changed()
	h.mu.Unlock()
	undo = sync.OnceFunc(func() { h.withdraw(p) })
	select {
	case <-tried:
	case <-time.After(relayFirst):
	}
	if err := p.refusal(); err != nil {
		undo()
		return nil, err
	}
	return undo, nil
}

// withdraw takes a plan off. When it was the last, it waits until all has ended:
// messages under way are finished first.
func (h *relayHost) withdraw(p *relayPlan) {
	h.mu.Lock()
	h.plans = slices.DeleteFunc(h.plans, func(other *relayPlan) bool { return other == p })
	ended, last := h.changed(), len(h.plans) == 0
	h.mu.Unlock()
	if last {
		<-ended
	}
}

// changed wakes the goroutine, and returns what is closed when it has done what
// there is to do. mu is held.
func (h *relayHost) changed() <-chan struct{} {
	h.gen++
	select {
	case <-h.done:
		h.done = make(chan struct{})
	default:
	}
	if h.cancel == nil {
		ctx, cancel := context.WithCancel(context.Background())
		h.cancel = cancel
		h.wg.Go(func() { h.run(ctx) })
		h.wg.Go(func() { h.keep(ctx) })
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return h.done
}

// run makes what runs equal to the topmost plan, until ctx ends.
func (h *relayHost) run(ctx context.Context) {
	wait := relayRetry
	for ctx.Err() == nil {
		h.mu.Lock()
		gen, plan, log := h.gen, h.top(), h.log
		h.mu.Unlock()
		err := h.converge(ctx, plan, log)
		h.mu.Lock()
		if h.gen == gen {
			select {
			case <-h.done:
			default:
				close(h.done)
			}
		}
		h.mu.Unlock()
		var again <-chan time.Time
		if err != nil {
			again = time.After(wait)
			wait = min(2*wait, relayRetryMax)
		} else {
			wait = relayRetry
		}
		select {
		case <-ctx.Done():
		case <-h.wake:
		case <-again:
		}
	}
	h.mu.Lock()
	log := h.log
	h.mu.Unlock()
	_ = h.converge(context.WithoutCancel(ctx), nil, log) // without a plan it only ends
}

func (h *relayHost) top() *relayPlan {
	if n := len(h.plans); n > 0 {
		return h.plans[n-1]
	}
	return nil
}

// close ends everything.
func (h *relayHost) close() {
	h.mu.Lock()
	h.plans = nil
	cancel := h.cancel
	h.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	h.wg.Wait()
}

// plan is the topmost one, nil without any.
func (h *relayHost) plan() *relayPlan {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.top()
}
