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
	At     time.Time       `json:"at"`
	Level  level.Level     `json:"level"`
	Shadow bool            `json:"shadow"`
	Paused *playbook.Pause `json:"paused,omitempty"`
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
	Where string  `json:"where,omitempty"` // FILE:LINE
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
		At: st.At, Level: st.Level.Level, Shadow: st.Shadow, Paused: st.Paused,
		Rows: c.rows(st.Book), InForce: []InForceDoc{}, Tellers: tellers(st), Flags: st.Flags,
	}
	for _, f := range st.Actions {
		doc.InForce = append(doc.InForce, InForceDoc{
			ID: f.ID, Kind: f.Action.Kind.String(), Row: f.Action.At, Strength: f.Strength, Shadow: f.Shadow,
			Since: f.Since, Stopped: f.Stopped, Share: f.Share, Rate: rateOf(f.Action),
		})
	}
	return c.send(http.StatusOK, doc)
}

func (c *call) rows(book playbook.Config) []RowDoc {
	rows := make([]RowDoc, 0, level.Count-1)
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

// pause reads what a pause, or a stop, is asked for with.
func (c *call) pause(now time.Time) (playbook.Pause, error) {
	var d order
	if err := c.read(&d); err != nil {
		return playbook.Pause{}, err
	}
	return d.pause(now, c.who)
}

// pause checks what was sent.
func (o order) pause(now time.Time, who string) (playbook.Pause, error) {
	reason, err := o.why()
	if err != nil {
		return playbook.Pause{}, err
	}
	until, err := o.end(now)
	if err != nil {
		return playbook.Pause{}, err
	}
	p := playbook.Pause{Until: until, By: who, Reason: reason}
	if err := p.Validate(now); err != nil {
		return playbook.Pause{}, invalid(err)
	}
	return p, nil
}

func pausePlaybook(c *call) error {
	now := c.Now()
	p, err := c.pause(now)
	if err != nil {
		return err
	}
	if err := c.Daero.Control().Pause(now, p); err != nil {
		return invalid(err)
	}
	return c.send(http.StatusOK, map[string]any{"paused": p})
}

func resumePlaybook(c *call) error {
	reason, err := c.reason()
	if err != nil {
		return err
	}
	if !c.Daero.Control().Resume(c.Now(), c.who, reason) {
		return conflict("not-paused", "The playbook is not paused", "nothing was changed")
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// reason reads a body that has a reason and nothing else.
func (c *call) reason() (string, error) {
	var d struct {
		Reason string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return "", err
	}
	return order{Reason: d.Reason}.why()
}

func stopAction(c *call) error {
	id, now := c.r.PathValue("id"), c.Now()
	if err := c.known(id); err != nil {
		return err
	}
	p, err := c.pause(now)
	if err != nil {
		return err
	}
	if err := c.Daero.Control().StopAction(now, id, p); err != nil {
		return invalid(err)
	}
	return c.send(http.StatusOK, map[string]any{"id": id, "stopped": p})
}

func startAction(c *call) error {
	id := c.r.PathValue("id")
	if err := c.known(id); err != nil {
		return err
	}
	reason, err := c.reason()
	if err != nil {
		return err
	}
	if !c.Daero.Control().StartAction(c.Now(), id, c.who, reason) {
		return conflict("not-stopped", "The action is not stopped", "nothing was changed")
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
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
