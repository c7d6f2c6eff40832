package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// spooler keeps messages on disk while the log is away.
//
// While the spool holds anything of a topic, everything for the topic goes
// through it: otherwise a message would overtake an older one of its key.
type spooler struct {
	store  Store
	log    Log
	within time.Duration
	memory *memory
	topics map[string]*intake
	tell   Listener
	run    uint64 // names this process in what it spools
	seed   uint64

	// inherited says that what an earlier process has spooled is not drained
	// yet. Nobody knows which topics it is of, so it counts for all.
	inherited atomic.Bool
	// near says that the log answers and that all there is in the spool is on
	// its way to it.
	near     atomic.Bool
	more     chan struct{} // something was spooled
	poisoned atomic.Pointer[string]
	aside    atomic.Uint64

	// Once the relay has ended its spool is another's, who would not know of
	// what came after.
	emu     sync.Mutex
	ended   bool
	keepers sync.WaitGroup // who are in keep
}

// join lets a message be kept, until end is called.
func (s *spooler) join() bool {
	s.emu.Lock()
	defer s.emu.Unlock()
	if s.ended {
		return false
	}
	s.keepers.Add(1)
	return true
}

// end lets nobody in any more, and waits for those who are.
func (s *spooler) end() {
	s.emu.Lock()
	s.ended = true
	s.emu.Unlock()
	s.keepers.Wait()
}

// Asider is what a Store can do besides: put away what the log refuses for
// good, so that it holds up nothing and a person can look at it.
type Asider interface {
	// SetAside keeps a line of text for good before it returns.
	SetAside(line []byte) error
}

// handOver bounds how long a message waits for the last ones of its topic to
// leave the spool, so that it can go to the log itself. Without that a busy
// topic would never leave the spool.
const handOver = 100 * time.Millisecond

// quiet is how long nothing is told of a topic that goes to the spool again.
const quiet = time.Minute

func newSpooler(cfg Config, y *memory, topics map[string]*intake) *spooler {
	s := &spooler{
		store: cfg.Spool, log: cfg.Log, within: cfg.AcceptWithin, memory: y, topics: topics,
		tell: cfg.Listener, run: runID(), seed: cfg.Seed, more: make(chan struct{}, 1),
	}
	if s.seed == 0 {
		s.seed = s.run
	}
	there, err := s.store.Next(ended(), 1)
	s.inherited.Store(len(there) > 0 || err != nil && !errors.Is(err, context.Canceled))
	return s
}

// ended returns a context that has ended, with which a Store does not wait.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func (s *spooler) rand() *rand.Rand { return rand.New(rand.NewPCG(s.seed, 0x5b001)) }

// queue counts what the spool holds of one topic.
type queue struct {
	mu    sync.Mutex
	n     int
	empty chan struct{} // closed when n falls to 0; nil if nobody waits
	told  time.Time     // when the topic's going to the spool was told
	open  bool          // it was told, and its end was not
}

// passes reports whether a message for t may go to the log itself.
func (s *spooler) passes(ctx context.Context, t *intake) bool {
	if s.inherited.Load() || s.over() {
		return false
	}
	empty := t.queue.wait()
	if empty == nil {
		return true
	}
	if !s.near.Load() {
		return false
	}
	timer := time.NewTimer(min(handOver, s.within))
	defer timer.Stop()
	select {
	case <-empty:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (s *spooler) over() bool {
	s.emu.Lock()
	defer s.emu.Unlock()
	return s.ended
}

// wait returns what is closed when q is empty, nil if it is.
func (q *queue) wait() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == 0 {
		return nil
	}
	if q.empty == nil {
		q.empty = make(chan struct{})
	}
	return q.empty
}

// enter counts one in, and reports whether that is worth telling.
func (q *queue) enter(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.n++
	if q.open || !q.told.IsZero() && now.Sub(q.told) < quiet {
		return false
	}
	q.told, q.open = now, true
	return true
}

// leave counts one out, and reports whether that was the last one of which the
// first was told.
func (q *queue) leave(drained bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n--; q.n > 0 {
		return false
	}
	if q.empty != nil {
		close(q.empty)
		q.empty = nil
	}
	was := q.open && drained
	if was {
		q.open = false
	}
	return was
}

// keep appends c to the spool. Only the disk ends it: a record that is being
// written cannot be taken back, so a caller who is gone changes nothing.
func (s *spooler) keep(ctx context.Context, t *intake, c *call) error {
	if !s.join() {
		return fmt.Errorf("%w, and the relay has ended", ErrAway)
	}
	defer s.keepers.Done()
	now := time.Now()
	if t.queue.enter(now) {
		s.tell.tell(Event{At: now, What: SpoolUsed, Target: t.Name, Why: "the log does not answer: messages are kept on this machine until it does"})
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.within)
	defer cancel()
	err := s.store.Append(ctx, encodeHeld(c.m, s.run))
	if err != nil {
		t.queue.leave(false)
		return s.refusal(err, context.Cause(ctx))
	}
	select {
	case s.more <- struct{}{}:
	default:
	}
	return nil
}

// refusal says what an error of the store means to a writer.
func (s *spooler) refusal(err, cause error) error {
	switch {
	case errors.Is(err, ErrFull), errors.Is(err, ErrTooLarge):
		return err
	case cause != nil && errors.Is(err, cause):
		return fmt.Errorf("%w, and the disk is too slow for the spool", ErrAway)
	}
	s.poison(err)
	if errors.Is(err, ErrUnknown) {
		return err
	}
	return fmt.Errorf("%w, and the spool keeps nothing: %s", ErrAway, err.Error())
}

// poison notes, and tells once, that the store has failed.
func (s *spooler) poison(err error) {
	why := err.Error()
	if s.poisoned.CompareAndSwap(nil, &why) {
		s.tell.tell(Event{At: time.Now(), What: SpoolPoisoned, Why: why})
	}
}

// left notes that h is out of the spool.
func (s *spooler) left(h *heldMessage) {
	if h.run != s.run || h.m == nil {
		return
	}
	t := s.topics[h.m.Topic]
	if t != nil && t.queue.leave(true) {
		s.tell.tell(Event{At: time.Now(), What: SpoolDrained, Target: t.Name, Why: "all that was kept on this machine is in the log"})
	}
}

func (s *spooler) snapshot() *SpoolSnapshot {
	var v SpoolSnapshot
	if w, ok := s.store.(interface{ Snapshot() SpoolSnapshot }); ok {
		v = w.Snapshot()
	}
	if why := s.poisoned.Load(); why != nil && v.Poisoned == "" {
		v.Poisoned = *why
	}
	v.Rejected = s.aside.Load()
	return &v
}
