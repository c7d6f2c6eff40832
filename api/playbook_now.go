package api

import (
	"github.com/daero/daero"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// PreviewNowDoc is what would change at once if a playbook came into force where
// the level stands now.
type PreviewNowDoc struct {
	Level level.Level `json:"level"`
	// Paused says that somebody has paused the playbook, so that it waits for the
	// end of that.
	Paused bool `json:"paused,omitempty"`
	// Now and Then are what is refused, without and with the change.
	Now  Refused `json:"now"`
	Then Refused `json:"then"`
	// Ends, Starts and Changes are actions that would; Stays those that would go on
	// as they are. What is in shadow refuses nobody, and does not count.
	Ends    []PreviewAction  `json:"ends"`
	Starts  []PreviewAction  `json:"starts"`
	Changes []PreviewChanged `json:"changes"`
	Stays   []string         `json:"stays"`
}

// Refused is how many requests are refused, deferred or challenged.
type Refused struct {
	Share     float64 `json:"share"`
	PerSecond float64 `json:"per_second"`
}

// PreviewAction is an action that would end or start.
type PreviewAction struct {
	ID       string      `json:"id"`
	Kind     string      `json:"kind"`
	Row      level.Level `json:"row"`
	Strength float64     `json:"strength"`
	Share    float64     `json:"share"` // that it refuses, or would
	// Shadow says that it would go on in shadow, or was in it.
	Shadow bool `json:"shadow,omitempty"`
	// Stopped says that a person has stopped it: it does nothing either way.
	Stopped bool `json:"stopped,omitempty"`
}

// PreviewChanged is an action that would become another. From and To are its
// strengths; where they are the same, something else about it differs.
type PreviewChanged struct {
	PreviewAction
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// previewNow compares a playbook with the one in force, where the level stands.
// Ramps are left out: what moves towards its strength by itself is no change.
func (c *call) previewNow(draft playbook.Config) *PreviewNowDoc {
	st := c.Daero.Control().State(c.Now())
	at, stopped := st.Level.Standing, stoppedActions(st)
	going := func(o playbook.Order) bool { return !stopped[o.ID] }
	now, then := c.effectAt(st.Book, at, going), c.effectAt(draft, at, going)
	doc := &PreviewNowDoc{
		Level: at.Level, Paused: st.Paused != nil, Now: Refused{now.Share, now.PerSecond}, Then: Refused{then.Share, then.PerSecond},
		Ends: []PreviewAction{}, Starts: []PreviewAction{}, Changes: []PreviewChanged{}, Stays: []string{},
	}
	was, is := ordersAt(st.Book, at), ordersAt(draft, at)
	find := func(all []playbook.Order, id string) (playbook.Order, bool) {
		for _, o := range all {
			if o.ID == id {
				return o, true
			}
		}
		return playbook.Order{}, false
	}
	for _, o := range was {
		other, there := find(is, o.ID)
		switch live := there && !other.Shadow; {
		case o.Shadow:
		case !live:
			d := c.previewAction(o, stopped)
			d.Shadow = there
			doc.Ends = append(doc.Ends, d)
		case o.Strength == other.Strength && alike(o.Action, other.Action):
			doc.Stays = append(doc.Stays, o.ID)
		default:
			doc.Changes = append(doc.Changes, PreviewChanged{c.previewAction(other, stopped), o.Strength, other.Strength})
		}
	}
	for _, o := range is {
		other, there := find(was, o.ID)
		if o.Shadow || there && !other.Shadow {
			continue
		}
		d := c.previewAction(o, stopped)
		d.Shadow = there
		doc.Starts = append(doc.Starts, d)
	}
	return doc
}

// ordersAt are what a playbook orders where the ladder stands.
func ordersAt(cfg playbook.Config, at level.Standing) []playbook.Order {
	book, err := playbook.New(cfg)
	if err != nil {
		return nil // it was read without mistakes
	}
	return book.Orders(at, nil)
}

// stoppedActions are those that people have stopped, by ID.
func stoppedActions(st daero.ControlState) map[string]bool {
	stopped := map[string]bool{}
	for _, f := range st.Actions {
		if f.Stopped != nil {
			stopped[f.ID] = true
		}
	}
	return stopped
}

func (c *call) previewAction(o playbook.Order, stopped map[string]bool) PreviewAction {
	d := PreviewAction{ID: o.ID, Kind: o.Action.Kind.String(), Row: o.Action.At, Strength: o.Strength, Stopped: stopped[o.ID]}
	if o.Action.Kind.Refuses() {
		d.Share = c.Daero.Control().Predict(*o.Action, o.Strength)
	}
	return d
}

// alike reports whether two actions of one ID do the same, but for how strongly.
func alike(a, b *playbook.Action) bool {
	return a.Kind == b.Kind && a.Rate == b.Rate && a.For == b.For && a.Status == b.Status && a.Body == b.Body && a.Value == b.Value
}
