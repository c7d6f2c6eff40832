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

// HistoryLaneDoc is a lane's series. Rates, what is in use and the limit are
// means over a point; waiting, wait_seconds and recent_seconds the worst in it.
type HistoryLaneDoc struct {
	In         history.Points `json:"in"`
	Through    history.Points `json:"through"`
	Passed     history.Points `json:"passed"`
	Waited     history.Points `json:"waited"`
	Deferred   history.Points `json:"deferred"`
	Challenged history.Points `json:"challenged"`
	Shed       history.Points `json:"shed"`
	Failed     history.Points `json:"failed"`
	Limit      history.Points `json:"limit"`
	InFlight   history.Points `json:"in_flight"`
	Waiting    history.Points `json:"waiting"`
	Wait       history.Points `json:"wait_seconds"`
	Recent     history.Points `json:"recent_seconds"`
	// ShedOrder is the share (0 to 1) that was ordered to be refused, of the intent
	// of which it was more.
	ShedOrder history.Points `json:"shed_order"`
	// Reasons are refusals per second by why; those that there were.
	Reasons map[string]history.Points `json:"reasons"`
}

func historyLane(s map[string]history.Points, reasons map[string]history.Points) HistoryLaneDoc {
	return HistoryLaneDoc{
		In: s["in"], Through: s["through"], Passed: s["passed"], Waited: s["waited"], Deferred: s["deferred"],
		Challenged: s["challenged"], Shed: s["shed"], Failed: s["failed"], Limit: s["limit"], InFlight: s["in_flight"],
		Waiting: s["waiting"], Wait: s["wait_seconds"], Recent: s["recent_seconds"], ShedOrder: s["shed_order"], Reasons: reasons,
	}
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
	if h.Step, err = historyStep(q.Get("step")); err != nil {
		return h, err
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

// historyStep reads the time of a point, 0 for what fits.
func historyStep(s string) (time.Duration, error) {
	if s == "" || s == "auto" {
		return 0, nil
	}
	step, err := time.ParseDuration(s)
	if err != nil || step < time.Second || step > history.Span {
		return 0, bad(fmt.Sprintf("step %q: write auto, or a time from 1s to 2h", clip(s)))
	}
	return step, nil
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
		doc.Lanes[name] = historyLane(series, a.Reasons[name])
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
