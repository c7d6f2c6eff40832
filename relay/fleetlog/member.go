package fleetlog

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/relay"
)

// Member is this gateway in its fleet. It is safe for concurrent use. Nothing
// is written or heard before [Member.Run].
type Member struct {
	cfg   Config
	risen chan struct{} // its level rose: say so at once

	mu     sync.Mutex
	fleet  *fleet.Fleet
	told   told
	open   bool // the log has not answered for the last reading
	counts Counts
	failed string
}

// told is what Record knows.
type told struct {
	acting level.Level // what was acted on, if the fleet raised it
	own    level.Level // the last that was said to the others
	heard  bool
	twin   struct {
		since, last time.Time // when another gateway with this name was heard
		told        bool
	}
}

// twinFor is how long two of a name are heard before it is said: at a restart
// one may still be ending while the other begins.
const twinFor = 15 * time.Second

// Counts are of what was written, and of what was heard and did not count. They
// only grow.
type Counts struct {
	Written   uint64 `json:"written"`
	Failed    uint64 `json:"failed"`    // not taken by the log, or not known to be
	Held      uint64 `json:"held"`      // not written: the log had not answered for the one before
	Malformed uint64 `json:"malformed"` // heard, and no reading
	Unsigned  uint64 `json:"unsigned"`  // heard, and not signed with a secret of this fleet
	Rejoined  uint64 `json:"rejoined"`  // times that reading began anew
}

// State is all that is known of the fleet, for screens.
type State struct {
	fleet.State
	Log Counts `json:"log"`
	// Error is what last went wrong with the log, "" if nothing is.
	Error string `json:"error,omitempty"`
}

// New returns a Member. The error names every mistake.
func New(cfg Config) (*Member, error) {
	cfg = cfg.withDefaults(time.Now())
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	f, err := fleet.New(cfg.Fleet)
	if err != nil {
		return nil, err
	}
	return &Member{cfg: cfg, fleet: f, risen: make(chan struct{}, 1)}, nil
}

// Adopt begins with what from knows, after a new configuration: the fleet does
// not fall silent in between. from stays as it is, in case the new configuration
// fails; both may run for a moment.
func (m *Member) Adopt(from *Member) {
	if from == nil || from == m {
		return
	}
	from.mu.Lock()
	defer from.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fleet.Adopt(from.fleet)
	m.told, m.counts = from.told, from.counts
}

// Agree returns what this gateway acts on, given what it found by itself: it is
// for daero.Response.Agree. It does not wait and, unless there is something to
// tell, does not allocate.
func (m *Member) Agree(now time.Time, found level.Standing) level.Standing {
	m.mu.Lock()
	got := m.fleet.Agree(now, found)
	raised, heard := m.fleet.Now()
	was := m.told
	m.told.heard, m.told.acting = heard > 0, level.Normal
	if raised > found.Acting && !found.Pinned {
		m.told.acting = got.Acting
	}
	rises := found.Acting > m.told.own
	m.told.own = found.Acting
	is := m.told
	m.mu.Unlock()
	if rises {
		select {
		case m.risen <- struct{}{}:
		default: // it is about to be told
		}
	}
	if is.acting != was.acting || is.heard != was.heard {
		m.tell(now, was, is, found, heard)
	}
	return got
}

// tell records what changed for this gateway.
func (m *Member) tell(now time.Time, was, is told, found level.Standing, heard int) {
	record := func(what, target, before, after, why string) {
		m.cfg.Record(audit.Entry{
			At: now, Who: audit.By, What: what, Target: target, Before: before, After: after, Why: why, Node: m.cfg.Fleet.Node,
		})
	}
	switch {
	case is.heard && !was.heard:
		record(audit.FleetHeard, m.cfg.Topic, "", "", "another gateway is heard")
	case was.heard && !is.heard:
		record(audit.FleetAlone, m.cfg.Topic, "", "", "no other gateway is heard: this one acts on what it measures itself")
	}
	before, after := max(was.acting, found.Acting), max(is.acting, found.Acting)
	switch {
	case is.acting > was.acting:
		record(audit.FleetRaised, after.String(), before.String(), after.String(),
			fmt.Sprintf("a majority of %d gateways measures %s or more, this one %s", heard+1, is.acting, found.Acting))
	case is.acting < was.acting && after < before:
		record(audit.FleetEased, after.String(), before.String(), after.String(),
			fmt.Sprintf("no majority of %d gateways measures %s any more", heard+1, was.acting))
	}
}

// State returns what is known now.
func (m *Member) State(now time.Time) State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return State{State: m.fleet.State(now, m.cfg.Build, m.cfg.Config), Log: m.counts, Error: m.failed}
}

// Run writes and listens until ctx ends, and returns when everything it started
// has ended.
func (m *Member) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { m.speak(ctx) })
	wg.Go(func() { m.listen(ctx) })
	wg.Wait()
	return context.Cause(ctx)
}

// fail remembers what went wrong with the log; nil is that nothing does.
func (m *Member) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed = ""; err != nil {
		m.failed = err.Error()
	}
}

// hear takes in a message that arrived now.
func (m *Member) hear(now time.Time, msg *relay.Message) {
	r, err := Read(msg, m.cfg.Secrets)
	m.mu.Lock()
	switch {
	case err == errUnsigned: //nolint:errorlint // it is never wrapped
		m.counts.Unsigned++
	case err != nil:
		m.counts.Malformed++
	}
	twin := err == nil && m.fleet.Hear(now, r) == fleet.Twin && m.twin(now)
	m.mu.Unlock()
	if twin {
		m.cfg.Record(audit.Entry{
			At: now, Who: audit.By, What: audit.FleetTwin, Target: m.cfg.Fleet.Node, Node: m.cfg.Fleet.Node,
			Why: "another gateway has this one's name: neither hears the other, and others hear one of both: name them apart",
		})
	}
}

// twin notes that another gateway has this one's name, and reports whether to
// say so: once, when it goes on. mu is held.
func (m *Member) twin(now time.Time) bool {
	t := &m.told.twin
	if t.since.IsZero() || now.Sub(t.last) > fleet.DefaultStale {
		t.since = now
	}
	t.last = now
	if t.told || now.Sub(t.since) < twinFor {
		return false
	}
	t.told = true
	return true
}
