package lane

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daero/daero/lane/limit"
)

// Set is the lanes in front of one backend. It is safe for concurrent use.
//
// Lock order: mu is the only lock. Whoever finds the time for a step come
// takes it without waiting; requests that neither wait nor wake take it never.
type Set struct {
	clock    func() time.Duration
	seed     uint64
	inflight atomic.Int64 // permits out, streams not counted
	waiting  atomic.Int64
	next     atomic.Int64 // when the next step is due, ns
	shadow   atomic.Bool
	spare    sync.Pool // of *waiter

	mu     sync.Mutex
	byName map[string]*Lane
	order  []*Lane // as configured, most important tier first when waking
	finder *limit.Finder
	cfg    Config
	in     []limit.LaneInput
	out    []limit.LaneOutput
}

// New returns a Set. The error names every mistake in cfg.
func New(cfg Config) (*Set, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Set{clock: cfg.Clock, seed: cfg.Seed, byName: make(map[string]*Lane, len(cfg.Lanes))}
	s.apply(cfg)
	return s, nil
}

// Reload puts cfg in force. Lanes keep what they learned and what is in
// flight by name; a lane that cfg no longer names lets nothing new in, and
// its permits are given back as before. On error nothing changes. Clock,
// Seed and InitialLimit are taken from the first configuration only.
func (s *Set) Reload(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apply(cfg.withDefaults())
	return nil
}

// apply is called with mu held, or before the Set is shared.
func (s *Set) apply(cfg Config) {
	before, learned := s.order, s.stateLocked()
	for _, l := range before {
		l.retired.Store(true)
	}
	s.order = nil
	for t := Critical; t <= Sheddable; t++ {
		for _, lc := range cfg.Lanes {
			if lc.Tier == t {
				s.order = append(s.order, s.laneLocked(lc))
			}
		}
	}
	fixed := s.cfg.FixedLimit
	s.cfg = cfg
	s.shadow.Store(cfg.Shadow)
	if !slices.Equal(before, s.order) || fixed != cfg.FixedLimit {
		s.finder = limit.New(limit.Config{Initial: cfg.InitialLimit, Fixed: cfg.FixedLimit}, len(s.order))
		s.in = make([]limit.LaneInput, len(s.order))
		s.out = make([]limit.LaneOutput, len(s.order))
		s.restoreLocked(learned)
	}
	s.stepLocked(s.clock())
}

// laneLocked returns the lane as configured, new or as it was.
func (s *Set) laneLocked(lc LaneConfig) *Lane {
	l := s.byName[lc.Name]
	if l == nil {
		l = &Lane{set: s, name: lc.Name}
		l.turn.Store(1<<32 - 1)
		s.byName[lc.Name] = l
	}
	l.cfg = lc
	l.streams.Store(lc.Streams)
	l.queues.Store(lc.Queue.Length > 0)
	l.retired.Store(false)
	return l
}

// Lane returns the lane of that name, nil if there is none. The handle stays
// valid across Reload.
func (s *Set) Lane(name string) *Lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byName[name]
}

// Lanes returns the lanes in force, the most important tier first.
func (s *Set) Lanes() []*Lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.order)
}

// maybeStep runs a step if one is due and nobody else is at it.
func (s *Set) maybeStep(now time.Duration) {
	if int64(now) < s.next.Load() || !s.mu.TryLock() {
		return
	}
	if int64(now) >= s.next.Load() {
		s.stepLocked(now)
	}
	s.mu.Unlock()
}

// stepLocked moves the finder and puts its decision in force.
func (s *Set) stepLocked(now time.Duration) {
	s.next.Store(int64(now + limit.Interval))
	for i, l := range s.order {
		s.in[i] = l.collect(now, s.in[i].Samples[:0])
	}
	s.finder.Step(now, s.in, s.out)
	for i, l := range s.order {
		l.put(now, s.in[i], s.out[i], s.finder.Base(i))
	}
	s.expireLocked(now)
	s.wakeLocked(now)
}

// State is what a Set has learned, to be kept across restarts.
type State struct {
	Limit int                      `json:"limit"`
	Bases map[string]time.Duration `json:"bases"`
}

// State returns what was learned.
func (s *Set) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stateLocked()
}

func (s *Set) stateLocked() State {
	st := State{Bases: make(map[string]time.Duration, len(s.order))}
	if s.finder == nil {
		return st
	}
	st.Limit = s.finder.Limit()
	for i, l := range s.order {
		if b := s.finder.Base(i); b > 0 {
			st.Bases[l.name] = b
		}
	}
	return st
}

// Restore starts from what was learned before. Values out of range are ignored.
func (s *Set) Restore(st State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restoreLocked(st)
}

func (s *Set) restoreLocked(st State) {
	if st.Limit >= 1 && st.Limit <= MaxLimit {
		s.finder.SetLimit(st.Limit)
	}
	for i, l := range s.order {
		if b := st.Bases[l.name]; b > 0 && b < time.Hour {
			s.finder.SetBase(i, b)
		}
	}
}

// String names the set's limit and lanes, for logs and failures of tests.
func (s *Set) String() string {
	sn := s.Snapshot()
	return fmt.Sprintf("limit %d, in flight %d, %d lanes", sn.Limit, sn.InFlight, len(sn.Lanes))
}
