package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/history"
	"github.com/daero/daero/live"
)

// HistoryDoc is what lanes did, point by point, the oldest first. Where nothing
// was kept a point is null.
type HistoryDoc struct {
	From   time.Time                 `json:"from"`
	Step   float64                   `json:"step_seconds"`
	N      int                       `json:"n"`
	Level  history.Points            `json:"level"`
	Totals map[string]history.Points `json:"totals"`
	// Lanes are those that were asked for, by backend/lane.
	Lanes map[string]HistoryLaneDoc `json:"lanes"`
	// Known are all lanes of which something is kept.
	Known  []string   `json:"known"`
	Events []EventDoc `json:"events"`
}

// HistoryLaneDoc is a lane's series by name. Rates, what is in use and the limit
// are means over a point; waiting, wait_seconds and recent_seconds the worst in
// it.
type HistoryLaneDoc struct {
	Series  map[string]history.Points `json:"series"`
	Reasons map[string]history.Points `json:"reasons"`
}

// EventDoc is an event to be marked in a chart.
type EventDoc struct {
	ID     int64     `json:"id"`
	At     time.Time `json:"at"`
	Kind   live.Kind `json:"kind"`
	What   string    `json:"what"`
	Target string    `json:"target,omitempty"`
	Before string    `json:"before,omitempty"`
	After  string    `json:"after,omitempty"`
}

var historyKeys = []string{"since", "until", "step", "lanes"}

// maxHistoryLanes is how many lanes may be asked for at once: 50 lanes of 720
// points and 17 series are 4 MB.
const maxHistoryLanes = 50

// historyQuery reads what is wanted.
func historyQuery(q url.Values, now time.Time) (h history.Query, err error) {
	for key, values := range q {
		if !slices.Contains(historyKeys, key) || len(values) != 1 {
			return h, bad(fmt.Sprintf("%s: use each of %s at most once", clip(key), strings.Join(historyKeys, ", ")))
		}
	}
	if h.From, err = when("since", q.Get("since"), now); err != nil {
		return h, err
	}
	if h.Until, err = when("until", q.Get("until"), now); err != nil {
		return h, err
	}
	if s := q.Get("step"); s != "" && s != "auto" {
		h.Step, err = time.ParseDuration(s)
		if err != nil || h.Step < time.Second || h.Step > history.Span {
			return h, bad(fmt.Sprintf("step %q: write auto, or a time from 1s to 2h", clip(s)))
		}
	}
	s := q.Get("lanes")
	if s == "" {
		return h, nil
	}
	for name := range strings.SplitSeq(s, ",") {
		backend, lane, ok := strings.Cut(name, "/")
		if !ok || len(h.Lanes) == maxHistoryLanes {
			return h, bad(fmt.Sprintf("lanes: write BACKEND/LANE,BACKEND/LANE, at most %d", maxHistoryLanes))
		}
		if key := (history.Key{Backend: backend, Lane: lane}); !slices.Contains(h.Lanes, key) {
			h.Lanes = append(h.Lanes, key)
		}
	}
	return h, nil
}

func showHistory(c *call) error {
	p, err := c.pulse()
	if err != nil {
		return err
	}
	q, err := historyQuery(c.r.URL.Query(), c.Now())
	if err != nil {
		return err
	}
	a := p.history.Query(q)
	doc := HistoryDoc{
		From: a.From, Step: a.Step.Seconds(), N: a.N, Level: a.Level, Totals: a.Totals,
		Lanes: map[string]HistoryLaneDoc{}, Known: []string{}, Events: p.marks(a.From),
	}
	for name, series := range a.Lanes {
		doc.Lanes[name] = HistoryLaneDoc{series, a.Reasons[name]}
	}
	for _, key := range p.history.Lanes() {
		doc.Known = append(doc.Known, key.String())
	}
	return c.send(http.StatusOK, doc)
}

// marks are the events of a chart from a time on, the oldest first: those that
// change what is done. Strengths that move are seen in the chart itself.
func (p *Pulse) marks(from time.Time) []EventDoc {
	_, events := p.newest(keptEvents)
	marks := []EventDoc{}
	for _, ev := range slices.Backward(events) {
		e := ev.Entry
		if ev.At.Before(from) || e.What == audit.ActionMoved {
			continue
		}
		marks = append(marks, EventDoc{ID: ev.ID, At: ev.At, Kind: ev.Kind, What: e.What, Target: e.Target, Before: e.Before, After: e.After})
	}
	return marks
}
