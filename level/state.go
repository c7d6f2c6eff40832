package level

import "time"

// State is all that there is to know about a ladder, for screens.
type State struct {
	Standing
	Word    string    `json:"word"`
	Korean  string    `json:"word_ko"`
	Since   time.Time `json:"since"`
	Because Change    `json:"because"`
	// Measured is what would be shown without a pin and a warning.
	Measured   Level         `json:"measured"`
	ArmedUntil time.Time     `json:"armed_until,omitzero"`
	Pin        *Pin          `json:"pin,omitempty"`
	Signals    []SignalState `json:"signals"`
}

// SignalState is what is known of one signal.
type SignalState struct {
	Name   string   `json:"name"`
	Value  float64  `json:"value"`
	Shown  string   `json:"shown"`        // the value as people read it
	At     []string `json:"at,omitempty"` // the thresholds, likewise
	Asks   Level    `json:"asks"`         // the level it asks for by itself
	Height float64  `json:"height"`       // where it stands among its thresholds, 0 to 5
	Fresh  bool     `json:"fresh"`
	// Over is since when it asks for a level; Gone since when nothing fresh was
	// heard.
	Over  time.Time `json:"over,omitzero"`
	Gone  time.Time `json:"gone,omitzero"`
	Arms  Level     `json:"arms,omitempty"` // of outside warnings
	Until time.Time `json:"until,omitzero"` // how long a warning holds
	Note  string    `json:"note,omitempty"`
}

// State returns what the last step found.
func (l *Ladder) State() State {
	st := State{
		Standing: l.Standing(), Word: l.shown.String(), Korean: l.shown.Korean(),
		Since: l.since, Because: l.because, Measured: l.measured, ArmedUntil: l.armedUntil,
	}
	if p, ok := l.Pinned(); ok {
		st.Pin = &p
	}
	for i := range l.signals {
		s := &l.signals[i]
		ss := SignalState{
			Name: s.Name, Value: s.last.Value, Shown: s.Show(s.last.Value), Asks: s.asks, Height: s.height,
			Fresh: s.fresh, Over: s.over, Gone: s.gone, Arms: s.Arms, Until: s.last.Until, Note: s.last.Note,
		}
		if s.asks == Normal {
			ss.Over = time.Time{}
		}
		if s.Arms == Normal {
			for _, t := range s.At {
				ss.At = append(ss.At, s.Show(t))
			}
		}
		st.Signals = append(st.Signals, ss)
	}
	return st
}
