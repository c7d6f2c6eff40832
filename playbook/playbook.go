package playbook

import (
	"slices"

	"github.com/daero/daero/level"
)

// Playbook is a checked configuration, ready for use. It does not change.
type Playbook struct {
	cfg   Config
	slots []slot
}

// slot is what one thing is told, level by level.
type slot struct {
	id   string
	rows [level.Count]*Action // by the row; nil where it says nothing
}

// New returns a Playbook. The error names every mistake in cfg.
func New(cfg Config) (*Playbook, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Ramp = cfg.Ramp.withDefaults()
	cfg.Actions = slices.Clone(cfg.Actions) // orders point into it
	p := &Playbook{cfg: cfg}
	at := map[string]int{}
	for i := range cfg.Actions {
		a := &cfg.Actions[i]
		id := a.Slot()
		k, ok := at[id]
		if !ok {
			k = len(p.slots)
			at[id] = k
			p.slots = append(p.slots, slot{id: id})
		}
		p.slots[k].rows[a.At] = a
	}
	return p, nil
}

// Config returns the configuration, with defaults filled in. It must not be
// changed.
func (p *Playbook) Config() Config { return p.cfg }

// ids are the slots there are.
func (p *Playbook) ids() (ids []string) {
	for _, sl := range p.slots {
		ids = append(ids, sl.id)
	}
	return ids
}

// Order is an action in force.
type Order struct {
	ID       string // the slot
	Action   *Action
	Strength float64
	Shadow   bool // recorded, not done
}

// Orders returns what is to be in force, appended to into: a pure function of
// the playbook and of where the ladder stands.
func (p *Playbook) Orders(s level.Standing, into []Order) []Order {
	for i := range p.slots {
		if o, ok := p.order(i, s); ok {
			into = append(into, o)
		}
	}
	return into
}

// order is what a slot is told.
func (p *Playbook) order(i int, s level.Standing) (Order, bool) {
	sl := &p.slots[i]
	a := sl.at(s)
	if a == nil {
		return Order{}, false
	}
	pressure := 1.0 // the rows below the level are at their end
	switch {
	case a.At == s.Acting:
		pressure = s.Pressure
	case a.At > s.Acting:
		pressure = 0 // prepared for, not reached
	}
	o := Order{ID: sl.id, Action: a, Strength: a.strength(pressure), Shadow: p.cfg.Shadow || a.Shadow}
	return o, o.Strength > 0
}

// at returns the action of the highest row that stands, of drains the slowest.
func (sl *slot) at(s level.Standing) (found *Action) {
	for lv := s.Level; lv > level.Normal; lv-- {
		a := sl.rows[lv]
		switch {
		case a == nil || lv > s.Acting && a.Kind.Refuses():
		case a.Kind != Drain:
			return a
		case found == nil || a.Rate < found.Rate:
			found = a
		}
	}
	return found
}
