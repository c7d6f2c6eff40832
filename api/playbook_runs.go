package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/level"
)

// RunsDoc is when actions were in force, the newest first.
type RunsDoc struct {
	At   time.Time `json:"at"`
	Runs []RunDoc  `json:"runs"`
}

// RunDoc is one time that an action was in force, or in shadow would have been.
type RunDoc struct {
	ID     uint64      `json:"id"`
	Action string      `json:"action"` // its ID in the playbook
	Row    level.Level `json:"row"`
	Kind   string      `json:"kind"`
	Began  time.Time   `json:"began"`
	Ended  time.Time   `json:"ended,omitzero"`
	// Strength and Share are the most it was.
	Strength float64 `json:"strength"`
	Share    float64 `json:"share"`
	Shadow   bool    `json:"shadow"`
	// OK is false if somebody could not be told; Error says why.
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
	// Undo is the request that undoes a run that goes on: what daero did by itself
	// is undone by stopping the action, for a while and with a reason.
	Undo *UndoDoc `json:"undo,omitempty"`
}

// stopFor is how long an action is stopped unless somebody says otherwise.
const stopFor = "30m"

// stopOf is the request that stops an action.
func stopOf(id string) *UndoDoc {
	return &UndoDoc{Method: http.MethodPost, Path: Prefix + "playbook/actions/" + url.PathEscape(id) + "/stop", Body: map[string]any{"for": stopFor}}
}

const (
	fewRuns  = 50
	mostRuns = 1000
)

// limit reads how many are wanted.
func (c *call) limit(usual, most int) (int, error) {
	text := c.r.URL.Query().Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, bad(fmt.Sprintf("limit %q: give a number, 1 to %d", clip(text), most))
	}
	return n, nil
}

func showRuns(c *call) error {
	n, err := c.limit(fewRuns, mostRuns)
	if err != nil {
		return err
	}
	doc := RunsDoc{At: c.Now(), Runs: []RunDoc{}}
	stopped := stoppedActions(c.Daero.Control().State(doc.At))
	for _, r := range c.Daero.Control().Runs(n) {
		run := RunDoc{
			ID: r.ID, Action: r.Slot, Row: r.Row, Kind: r.Kind.String(), Began: r.Began, Ended: r.Ended,
			Strength: r.Strength, Share: r.Share, Shadow: r.Shadow, OK: r.Error == "", Error: r.Error,
		}
		if r.Ended.IsZero() && !r.Shadow && !stopped[r.Slot] {
			run.Undo = stopOf(r.Slot)
		}
		doc.Runs = append(doc.Runs, run)
	}
	return c.send(http.StatusOK, doc)
}

// ComingListDoc is what is expected, the next first.
type ComingListDoc struct {
	At     time.Time   `json:"at"`
	Events []ComingDoc `json:"events"`
}

const (
	fewComing  = 50
	mostComing = 200
)

func showComing(c *call) error {
	n, err := c.limit(fewComing, mostComing)
	if err != nil {
		return err
	}
	now := c.Now()
	return c.send(http.StatusOK, ComingListDoc{At: now, Events: coming(c.Daero.Control(), now, n)})
}

// coming is what is expected, events of calendars and warnings that stand.
func coming(control *daero.Control, now time.Time, n int) []ComingDoc {
	events := []ComingDoc{}
	for _, e := range control.Coming(now, n) {
		events = append(events, ComingDoc{At: e.At, Until: e.Until, Name: e.Name, Level: e.Level, Source: e.Signal})
	}
	return events
}

// WouldDoc is what an action in shadow would have done, as far as is remembered.
type WouldDoc struct {
	Times int     `json:"times"`
	Share float64 `json:"share"` // the most of all requests that it would have refused
}

// would counts the runs in shadow, by action and row.
func would(runs []daero.Run) map[string]*WouldDoc {
	all := map[string]*WouldDoc{}
	for _, r := range runs {
		if !r.Shadow {
			continue
		}
		key := r.Row.String() + " " + r.Slot
		if all[key] == nil {
			all[key] = &WouldDoc{}
		}
		all[key].Times++
		all[key].Share = max(all[key].Share, r.Share)
	}
	return all
}
