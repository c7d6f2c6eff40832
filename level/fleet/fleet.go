package fleet

import (
	"time"

	"github.com/daero/daero/level"
)

// Fleet is what a gateway knows of the others, and what it made of it.
type Fleet struct {
	cfg     Config
	allowed map[string]bool // nil: all
	known   map[string]*member
	members []*member
	counts  Counts
	swept   time.Time // before that, nobody who could be swept out was left

	// Its own.
	own    level.Standing
	ownAt  time.Time
	weight float64
	seq    uint64

	// What was made of it.
	votes    []vote // room for all of them
	heard    int    // others, at the last step
	majority float64
	reached  [level.Count]time.Time // when a majority last measured each level
	raised   level.Level
	held     float64 // the majority's load, falling slowly
	stepped  time.Time
}

// member is another gateway.
type member struct {
	Reading
	at     time.Time // when the last reading arrived
	joined time.Time // since when it is heard without a gap
}

// Counts are of readings that did not count. They only grow.
type Counts struct {
	Heard     uint64 `json:"heard"`
	Repeated  uint64 `json:"repeated"`  // again, out of order, or of an older run
	Strangers uint64 `json:"strangers"` // not among the members
	Full      uint64 `json:"full"`      // no room for another name
	Twins     uint64 `json:"twins"`     // another gateway with this one's name
}

// Heard is what became of a reading.
type Heard uint8

// What may become of a reading.
const (
	Counted  Heard = iota
	Own            // this gateway's, come back
	Repeated       // seen before, out of order, or of an older run
	Stranger       // not among the members
	Full           // no room for another name
	Twin           // another gateway has this one's name
)

// New returns a Fleet that has heard nobody. The error names every mistake.
func New(cfg Config) (*Fleet, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	f := &Fleet{cfg: cfg.withDefaults(), known: map[string]*member{}, votes: make([]vote, 0, 16)}
	if len(cfg.Members) > 0 {
		f.allowed = make(map[string]bool, len(cfg.Members))
		for _, m := range cfg.Members {
			f.allowed[m] = true
		}
	}
	return f, nil
}

// Hear takes in a reading that arrived now.
func (f *Fleet) Hear(now time.Time, r Reading) Heard {
	if r.Node == f.cfg.Node {
		if r.Run == f.cfg.Run {
			return Own
		}
		// What was written before this start may still come; what is newer was
		// written by somebody else.
		if r.Run > f.cfg.Run {
			f.counts.Twins++
			return Twin
		}
		return Own
	}
	if f.allowed != nil && !f.allowed[r.Node] {
		f.counts.Strangers++
		return Stranger
	}
	m := f.known[r.Node]
	if m != nil && f.older(now, m, r) {
		f.counts.Repeated++
		return Repeated
	}
	if m == nil {
		if m = f.admit(now, r.Node); m == nil {
			f.counts.Full++
			return Full
		}
	} else if !f.fresh(now, m) {
		m.joined = now
	}
	m.Reading, m.at = r, now
	f.counts.Heard++
	return Counted
}

// older reports whether r is no news of m. A run that is over is not believed
// again while its successor speaks; when that has fallen silent, any other run
// is: a clock may have been set back, or somebody spoke in its name.
func (f *Fleet) older(now time.Time, m *member, r Reading) bool {
	switch {
	case f.gone(now, m):
		return false
	case r.Run == m.Run:
		return r.Seq <= m.Seq
	}
	return r.Run < m.Run && f.fresh(now, m)
}

// admit makes room for a name, nil if there is none: who is heard is never put
// out for somebody new.
func (f *Fleet) admit(now time.Time, node string) *member {
	if len(f.members) >= f.cfg.Most {
		f.sweep(now)
	}
	if len(f.members) >= f.cfg.Most {
		return nil
	}
	m := &member{at: now, joined: now}
	f.known[node] = m
	f.members = append(f.members, m)
	// Here and not in Agree, which allocates nothing; one more for its own vote.
	if need := len(f.members) + 1; cap(f.votes) < need {
		f.votes = make([]vote, 0, 2*need)
	}
	return m
}

// sweep puts out all that have fallen silent. When none has, it is known how
// long none will have, so that a flood of names costs a comparison each.
func (f *Fleet) sweep(now time.Time) {
	if now.Before(f.swept) && f.swept.Sub(now) <= f.cfg.Stale {
		return
	}
	kept := f.members[:0]
	oldest := now
	for _, m := range f.members {
		if !f.fresh(now, m) {
			delete(f.known, m.Node)
			continue
		}
		kept = append(kept, m)
		if m.at.Before(oldest) {
			oldest = m.at
		}
	}
	clear(f.members[len(kept):])
	f.members, f.swept = kept, oldest.Add(f.cfg.Stale)
}

// forget puts out who has been silent for long.
func (f *Fleet) forget(now time.Time) {
	for i := 0; i < len(f.members); {
		m := f.members[i]
		if !f.gone(now, m) {
			i++
			continue
		}
		delete(f.known, m.Node)
		last := len(f.members) - 1
		f.members[i], f.members[last] = f.members[last], nil
		f.members = f.members[:last]
	}
}

// fresh reports whether what m said last counts. A clock that was set back makes
// readings of the future: they count only as far as they would have.
func (f *Fleet) fresh(now time.Time, m *member) bool { return lately(now, m.at, f.cfg.Stale) }

func (f *Fleet) gone(now time.Time, m *member) bool { return !lately(now, m.at, f.cfg.Forget) }

// lately reports whether now is less than d away from t.
func lately(now, t time.Time, d time.Duration) bool {
	age := now.Sub(t)
	return age < d && age > -d
}

// Weigh says how much this gateway carries, in requests per second.
func (f *Fleet) Weigh(weight float64) {
	if !within(weight, MaxWeight) {
		weight = 0
	}
	f.weight = weight
}

// Speak completes a reading of this gateway with what it measured at the last
// step: who it is, its sequence number and its standing. ok is false if there
// was no step lately: then there is nothing to say.
func (f *Fleet) Speak(now time.Time, r Reading) (said Reading, ok bool) {
	if f.ownAt.IsZero() || !lately(now, f.ownAt, f.cfg.Stale) {
		return Reading{}, false
	}
	f.Weigh(r.Weight)
	f.seq++
	r.Node, r.Run, r.Seq, r.At = f.cfg.Node, f.cfg.Run, f.seq, now
	r.Acting, r.Pressure, r.Pinned, r.Weight = f.own.Acting, f.own.Pressure, f.own.Pinned, f.weight
	return r, true
}
