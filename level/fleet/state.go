package fleet

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/level"
)

// State is all that a gateway knows of the fleet, for screens.
type State struct {
	// Raised is the level that the fleet asks of this gateway, Majority the load
	// that a majority measures now, 0 to 5.
	Raised   level.Level `json:"raised"`
	Majority float64     `json:"majority"`
	// Own is what this gateway measures by itself.
	Own level.Level `json:"own"`
	// Heard is how many others count, Silent how many others did lately.
	Heard  int `json:"heard"`
	Silent int `json:"silent"`
	// Differ is how many others run another build or configuration.
	Differ  int           `json:"differ"`
	Counts  Counts        `json:"counts"`
	Members []MemberState `json:"members"` // by name, without this one
}

// MemberState is what is known of another gateway.
type MemberState struct {
	Reading
	// Age is since its last reading arrived, by this gateway's clock.
	Age time.Duration `json:"age"`
	// Fresh says that it counts, Settled that what it claims can raise others.
	Fresh   bool `json:"fresh"`
	Settled bool `json:"settled"`
	// Behind is how far its clock is behind this one's, with the time that the
	// reading took; below 0 it is ahead.
	Behind time.Duration `json:"behind"`
}

// Raises reports whether this gateway acts on more than it measures.
func (s State) Raises() bool { return s.Raised > s.Own }

// State returns what the last step found. build and config are this gateway's
// fingerprints.
func (f *Fleet) State(now time.Time, build, config string) State {
	s := State{
		Raised: f.raised, Majority: f.majority, Own: f.own.Acting, Counts: f.counts,
		Members: make([]MemberState, 0, len(f.members)),
	}
	for _, m := range f.members {
		ms := MemberState{Reading: m.Reading, Age: now.Sub(m.at), Fresh: f.fresh(now, m), Behind: m.at.Sub(m.At)}
		ms.Settled = ms.Fresh && !lately(now, m.joined, f.cfg.Settle)
		if ms.Fresh {
			s.Heard++
			if m.Build != build || m.Config != config {
				s.Differ++
			}
		} else {
			s.Silent++
		}
		s.Members = append(s.Members, ms)
	}
	slices.SortFunc(s.Members, func(a, b MemberState) int { return strings.Compare(a.Node, b.Node) })
	return s
}

// Now returns the level that the fleet asks of this gateway since the last step,
// and how many others were heard then.
func (f *Fleet) Now() (raised level.Level, heard int) { return f.raised, f.heard }

// Adopt begins with what another Fleet of the same gateway knows, so that a new
// configuration does not begin with silence. The other one stays as it is.
func (f *Fleet) Adopt(from *Fleet) {
	if from == nil || from == f || from.cfg.Node != f.cfg.Node {
		return
	}
	cfg, allowed := f.cfg, f.allowed
	*f = *from
	if f.cfg.Run != cfg.Run {
		f.seq = 0
	}
	f.cfg, f.allowed, f.swept = cfg, allowed, time.Time{}
	f.known, f.members = map[string]*member{}, nil
	for _, m := range from.members {
		if len(f.members) < f.cfg.Most && (f.allowed == nil || f.allowed[m.Node]) {
			own := *m
			f.known[m.Node] = &own
			f.members = append(f.members, &own)
		}
	}
	f.votes = make([]vote, 0, 2*len(f.members)+16)
}

// Heights are the heights of signals that measure and are fresh, as they go into
// a reading.
func Heights(signals []level.SignalState) []Height {
	var all []Height
	for _, s := range signals {
		if s.Fresh && s.Arms == level.Normal && checkName(s.Name) == nil && within(s.Height, level.Count) && len(all) < level.MaxSignals {
			all = append(all, Height{Name: s.Name, Height: s.Height})
		}
	}
	return all
}

// Rate turns a counter into its rate per second, smoothed over some ten seconds:
// the weight of a gateway.
type Rate struct {
	at    time.Time
	total uint64
	rate  float64
}

// smooth is how much of the old rate is left after a second.
const smooth = 0.9

// Take takes the counter's value and returns the rate. A counter that fell has
// started anew.
func (r *Rate) Take(now time.Time, total uint64) float64 {
	passed := now.Sub(r.at).Seconds()
	switch {
	case r.at.IsZero() || passed < 0 || total < r.total:
	case passed == 0:
		return r.rate
	default:
		old := math.Pow(smooth, passed)
		r.rate = old*r.rate + (1-old)*float64(total-r.total)/passed
	}
	r.at, r.total = now, total
	return r.rate
}
