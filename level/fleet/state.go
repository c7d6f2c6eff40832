package fleet

import (
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
