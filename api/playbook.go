package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// PlaybookDoc is what happens at which level, and what is in force.
type PlaybookDoc struct {
	At    time.Time   `json:"at"`
	Level level.Level `json:"level"`
	// Revision is as in [LevelDoc].
	Revision uint64          `json:"revision"`
	Shadow   bool            `json:"shadow"`
	Paused   *playbook.Pause `json:"paused,omitempty"`
	// Rows are the playbook, the lowest level first.
	Rows []RowDoc `json:"rows"`
	// InForce is what is done now, or with shadow would be.
	InForce []InForceDoc `json:"in_force"`
	Tellers []TellerDoc  `json:"tellers"`
	// Flags are those in force, by key.
	Flags map[string]string `json:"flags"`
}

// RowDoc is what stands at one level.
type RowDoc struct {
	Level   level.Level `json:"level"`
	Number  int         `json:"number"`
	Korean  string      `json:"word_ko"`
	Actions []ActionDoc `json:"actions"`
}

// ActionDoc is one line of the playbook.
type ActionDoc struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Lane    string `json:"lane,omitempty"`
	Backend string `json:"backend,omitempty"`
	Who     string `json:"who,omitempty"`
	// NewDevice says that a challenge is for devices that are not known.
	NewDevice bool    `json:"new_device,omitempty"`
	From      float64 `json:"from"` // strength when the level begins
	To        float64 `json:"to"`   // and when it is full
	For       float64 `json:"for_seconds,omitempty"`
	// Rate is that of a drain: 0 stops it.
	Rate   *float64 `json:"rate_per_second,omitempty"`
	Status int      `json:"status,omitempty"`
	Target string   `json:"target,omitempty"`
	Value  string   `json:"value,omitempty"`
	Shadow bool     `json:"shadow,omitempty"`
	// Share (0 to 1) of all requests that it would refuse when full, predicted
	// from the last minute.
	Share float64 `json:"predicted_share"`
	// Would is what it would have done in shadow, or while it was paused or
	// stopped; missing if it would have done nothing lately.
	Would *WouldDoc `json:"would,omitempty"`
	Where string    `json:"where,omitempty"` // FILE:LINE
}

// InForceDoc is an action in force.
type InForceDoc struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	Row      level.Level     `json:"row"`
	Strength float64         `json:"strength"`
	Shadow   bool            `json:"shadow,omitempty"`
	Since    time.Time       `json:"since"`
	Stopped  *playbook.Pause `json:"stopped,omitempty"`
	Share    float64         `json:"predicted_share"`
	Rate     *float64        `json:"rate_per_second,omitempty"` // of a drain
}

// TellerDoc is how telling a webhook or a channel fares.
type TellerDoc struct {
	Name     string    `json:"name"`
	OK       bool      `json:"ok"`
	Waiting  int       `json:"waiting"`
	Told     uint64    `json:"told"`
	Failed   uint64    `json:"failed"`
	Dropped  uint64    `json:"dropped"`
	Tries    uint64    `json:"tries"`
	Error    string    `json:"error,omitempty"`
	LastTold time.Time `json:"last_told,omitzero"`
	LastTry  time.Time `json:"last_try,omitzero"`
}

func showPlaybook(c *call) error {
	st := c.Daero.Control().State(c.Now())
	doc := PlaybookDoc{
		At: st.At, Level: st.Level.Level, Revision: st.Revision, Shadow: st.Shadow, Paused: st.Paused,
		Rows: c.rows(st.Book), InForce: inForceDocs(st), Tellers: tellers(st), Flags: st.Flags,
	}
	return c.send(http.StatusOK, doc)
}

func (c *call) rows(book playbook.Config) []RowDoc {
	rows := make([]RowDoc, 0, level.Count-1)
	would := would(c.Daero.Control().Runs(0))
	for lv := level.Attention; lv < level.Count; lv++ {
		row := RowDoc{Level: lv, Number: int(lv), Korean: lv.Korean(), Actions: []ActionDoc{}}
		for _, a := range book.Actions {
			if a.At != lv {
				continue
			}
			d := ActionDoc{
				ID: a.Slot(), Kind: a.Kind.String(), Lane: a.Lane, Backend: a.Backend, Who: a.Who.String(), NewDevice: a.NewDevice, From: a.From, To: a.To,
				For: a.For.Seconds(), Rate: rateOf(&a), Status: a.Status, Target: a.Target, Value: a.Value, Shadow: book.Shadow || a.Shadow, Where: a.Where,
			}
			if a.Kind.Refuses() {
				d.Share = c.Daero.Control().Predict(a, a.To)
			}
			d.Would = would[lv.String()+" "+d.ID]
			row.Actions = append(row.Actions, d)
		}
		rows = append(rows, row)
	}
	return rows
}

// rateOf is how many a drain lets through per second, nil of other actions.
func rateOf(a *playbook.Action) *float64 {
	if a.Kind != playbook.Drain {
		return nil
	}
	return &a.Rate
}

func tellers(st daero.ControlState) []TellerDoc {
	docs := make([]TellerDoc, 0, len(st.Tellers))
	for _, t := range st.Tellers {
		docs = append(docs, TellerDoc{
			Name: t.Name, OK: t.LastError == "", Waiting: t.Waiting, Told: t.Told, Failed: t.Failed, Dropped: t.Dropped,
			Tries: t.Tries, Error: t.LastError, LastTold: t.LastTold, LastTry: t.Last,
		})
	}
	slices.SortFunc(docs, func(a, b TellerDoc) int { return strings.Compare(a.Name, b.Name) })
	return docs
}

func pausePlaybook(c *call) error { return c.withdraw(daero.Held{What: daero.HoldsPlaybook}) }

func resumePlaybook(c *call) error { return c.release(daero.Held{What: daero.HoldsPlaybook}) }

func stopAction(c *call) error {
	id := c.r.PathValue("id")
	if err := c.known(id); err != nil {
		return err
	}
	return c.withdraw(daero.Held{What: daero.HoldsAction, ID: id})
}

func startAction(c *call) error {
	id := c.r.PathValue("id")
	if err := c.known(id); err != nil {
		return err
	}
	return c.release(daero.Held{What: daero.HoldsAction, ID: id})
}

// withdraw pauses the playbook, or stops one action.
func (c *call) withdraw(held daero.Held) error {
	var d lasting
	if err := c.read(&d); err != nil {
		return err
	}
	now := c.Now()
	p, err := d.pause(now, c.who)
	if err != nil {
		return err
	}
	done, err := c.change(now, daero.Change{Held: held, Set: daero.Value{Pause: p}}, d.hand, p.Reason)
	if err != nil {
		return err
	}
	if held.What == daero.HoldsPlaybook {
		return c.send(http.StatusOK, struct {
			Paused playbook.Pause `json:"paused"`
			ChangedDoc
		}{p, done})
	}
	return c.send(http.StatusOK, struct {
		ID      string         `json:"id"`
		Stopped playbook.Pause `json:"stopped"`
		ChangedDoc
	}{held.ID, p, done})
}

// release ends what is held by hand.
func (c *call) release(held daero.Held) error {
	var d ending
	if err := c.read(&d); err != nil {
		return err
	}
	why, err := d.why()
	if err != nil {
		return err
	}
	done, err := c.change(c.Now(), daero.Change{Held: held}, d.hand, why)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, done)
}

// known says if there is no action of an ID, and which there are.
func (c *call) known(id string) error {
	var ids []string
	for _, a := range c.Daero.Control().State(c.Now()).Book.Actions {
		if slot := a.Slot(); slot == id {
			return nil
		} else if !slices.Contains(ids, slot) {
			ids = append(ids, slot)
		}
	}
	return notFound(fmt.Sprintf("no action %q in the playbook (known: %q)", clip(id), ids))
}
