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
// While the spool holds anything of a key, everything of that key goes through
// it: otherwise a message would overtake an older one.
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
	ways      ways
	more      chan struct{} // something was spooled
	poisoned  atomic.Pointer[string]
	aside     atomic.Uint64
	lost      atomic.Uint64

	bufs    sync.Pool // of *[]byte
	pmu     sync.Mutex
	patient context.Context
	since   time.Time // when patient began

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

func (s *spooler) over() bool {
	s.emu.Lock()
	defer s.emu.Unlock()
	return s.ended
}

// Asider is what a Store can do besides: put away what the log refuses for
// good, so that it holds up nothing and a person can look at it.
type Asider interface {
	// SetAside keeps a line of text for good before it returns.
	SetAside(line []byte) error
}

func newSpooler(cfg Config, y *memory, topics map[string]*intake) *spooler {
	s := &spooler{
		store: cfg.Spool, log: cfg.Log, within: cfg.AcceptWithin, memory: y, topics: topics,
		tell: cfg.Listener, run: runID(), seed: cfg.Seed, more: make(chan struct{}, 1),
	}
	if s.seed == 0 {
		s.seed = s.run
	}
	s.bufs.New = func() any { return new([]byte) }
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

// keep appends c to the spool. Only the disk ends it: a record that is being
// written cannot be taken back, so a caller who is gone changes nothing.
func (s *spooler) keep(t *intake, c *call) error {
	if !s.join() {
		return fmt.Errorf("%w, and the relay has ended", ErrAway)
	}
	defer s.keepers.Done()
	now := time.Now()
	slot := s.slot(t, c.m)
	s.ways.enter(slot)
	if t.queue.enter(now) {
		s.tell.tell(Event{At: now, What: SpoolUsed, Target: t.Name, Why: "the log does not answer: messages are kept on this machine until it does"})
	}
	patience := s.patience(now)
	buf := s.bufs.Get().(*[]byte)
	*buf = appendHeld((*buf)[:0], c.m, s.run)
	err := s.store.Append(patience, *buf)
	if cap(*buf) <= largeBuf {
		s.bufs.Put(buf)
	}
	if err != nil {
		s.ways.leave(slot)
		t.queue.leave(false)
		return s.refusal(err)
	}
	select {
	case s.more <- struct{}{}:
	default:
	}
	return nil
}

// largeBuf is what is not worth keeping to use again.
const largeBuf = 64 << 10

// patience returns a context that ends when the disk has taken too long, within
// and up to a quarter more from now: those who come together share one.
func (s *spooler) patience(now time.Time) context.Context {
	s.pmu.Lock()
	defer s.pmu.Unlock()
	if s.patient == nil || now.Sub(s.since) > s.within/4 {
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(s.within+s.within/4, func() { cancel(errSlowDisk) })
		s.patient, s.since = ctx, now
	}
	return s.patient
}

var errSlowDisk = errors.New("the disk is too slow for the spool")

// refusal says what an error of the store means to a writer.
func (s *spooler) refusal(err error) error {
	switch {
	case errors.Is(err, ErrFull), errors.Is(err, ErrTooLarge):
		return err
	case errors.Is(err, errSlowDisk):
		return fmt.Errorf("%w, and %w", ErrAway, errSlowDisk)
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
	if t == nil {
		return
	}
	s.ways.leave(s.slot(t, h.m))
	if t.queue.leave(true) {
		s.tell.tell(Event{At: time.Now(), What: SpoolDrained, Target: t.Name, Why: "all that was kept on this machine is in the log"})
	}
}

// damage tells, once for each time that it grows, what the disk has lost.
func (s *spooler) damage() {
	lost := s.stored().Lost
	if before := s.lost.Swap(lost); lost > before {
		s.tell.tell(Event{At: time.Now(), What: SpoolDamaged, Why: fmt.Sprintf("the spool's disk has lost %d messages that were kept: see its directory for what is left of them", lost-before)})
	}
}

// stored returns what the store says of itself, if it does.
func (s *spooler) stored() (v SpoolSnapshot) {
	if w, ok := s.store.(interface{ Snapshot() SpoolSnapshot }); ok {
		v = w.Snapshot()
	}
	return v
}

func (s *spooler) snapshot() *SpoolSnapshot {
	v := s.stored()
	if why := s.poisoned.Load(); why != nil && v.Poisoned == "" {
		v.Poisoned = *why
	}
	v.Rejected = s.aside.Load()
	return &v
}
