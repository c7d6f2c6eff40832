package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
)

// Redriver takes dead letters back, as a relay's Redrive does. It fails with
// [ErrRedriving] while another does so for the same delivery.
type Redriver func(ctx context.Context, req relay.RedriveRequest, progress func(done, matched int)) (relay.RedriveResult, error)

// ErrRedriving says that a redrive of the delivery is under way.
var ErrRedriving = errors.New("a redrive of this delivery is under way: wait for its end")

// RedriveDoc is how far a redrive is.
type RedriveDoc struct {
	Delivery string `json:"delivery"`
	DryRun   bool   `json:"dry_run,omitempty"`
	Matched  int    `json:"matched"`
	Redriven int    `json:"redriven"`
	// Before were taken back by an earlier redrive, Exhausted as often as they
	// may be, Foreign do not say that they are this delivery's: none of them is
	// taken back.
	Before    int `json:"before"`
	Exhausted int `json:"exhausted"`
	Foreign   int `json:"foreign"`
	// Forgotten of those that were taken back are not remembered as such.
	Forgotten int  `json:"forgotten,omitempty"`
	Done      bool `json:"done"`
	// Error is why it ended early.
	Error string `json:"error,omitempty"`
	// Undo stops it while it goes on; what was taken back stays so.
	Undo *UndoDoc `json:"undo,omitempty"`
}

// redriveBody is what a redrive is asked for with. since and until are times, or
// how long ago.
type redriveBody struct {
	Delivery  string  `json:"delivery"`
	DryRun    bool    `json:"dry_run,omitempty"`
	Partition *int32  `json:"partition,omitempty"`
	From      *int64  `json:"from,omitempty"`
	To        *int64  `json:"to,omitempty"`
	Since     string  `json:"since,omitempty"`
	Until     string  `json:"until,omitempty"`
	Error     string  `json:"error,omitempty"`
	Key       string  `json:"key,omitempty"`
	Limit     int     `json:"limit,omitempty"`
	Rate      float64 `json:"rate,omitempty"`
	Reason    string  `json:"reason"`
	// For is how long it may take at most; it ends with the request in any case.
	For string `json:"for,omitempty"`
	// Revision is that of the delivery, see [DeliveryDoc].
	Revision uint64 `json:"revision,omitempty"`
}

func (b *redriveBody) filter(now time.Time) (f relayFilter, err error) {
	f = relayFilter{Partition: b.Partition, From: b.From, To: b.To, Error: b.Error, Key: b.Key}
	if f.Since, err = when("since", b.Since, now); err != nil {
		return f, err
	}
	if f.Until, err = when("until", b.Until, now); err != nil {
		return f, err
	}
	if b.Limit < 0 {
		return f, bad("limit: give a number from 1, or leave it away")
	}
	if !(b.Rate >= 0 && b.Rate <= 1e9) {
		return f, bad("rate: give messages per second above 0, or leave it away")
	}
	return f, f.check()
}

// redriveRelay takes dead letters back for as long as who asked waits: the end
// of the request is the end of it. With "Accept: application/x-ndjson" it says
// how far it is, one document a line.
func redriveRelay(c *call) error {
	r, err := c.relayOf()
	if err != nil {
		return err
	}
	var b redriveBody
	if err := c.read(&b); err != nil {
		return err
	}
	if err := r.has(b.Delivery); err != nil {
		return err
	}
	f, err := b.filter(c.Now())
	if err != nil {
		return err
	}
	req := relay.RedriveRequest{Delivery: b.Delivery, Filter: f.core(), DryRun: b.DryRun, Max: b.Limit, Rate: b.Rate}
	if b.DryRun {
		return c.redrive(c.r.Context(), r, req, nil)
	}
	ctx, run, err := c.beginRedrive(&b)
	if err != nil {
		return err
	}
	defer c.Deeds.redriven(req.Delivery, run)
	return c.redrive(ctx, r, req, run)
}

// redrive takes dead letters back, or with no run counts them, and answers.
func (c *call) redrive(ctx context.Context, r *Relay, req relay.RedriveRequest, run *redriving) error {
	lines := &progressLines{w: c.w, on: strings.Contains(c.r.Header.Get("Accept"), "application/x-ndjson")}
	c.w.Header().Add("Vary", "Accept")
	res, err := r.Redrive(ctx, req, func(done, matched int) {
		doc := RedriveDoc{Delivery: req.Delivery, Matched: matched, Redriven: done}
		if run != nil {
			run.at(done, matched)
			doc.Undo = run.undo
		}
		lines.now(doc)
	})
	doc := RedriveDoc{
		Delivery: req.Delivery, DryRun: req.DryRun, Matched: res.Matched, Redriven: res.Done, Before: res.Before,
		Exhausted: res.Refused, Foreign: res.Foreign, Forgotten: res.Forgotten, Done: err == nil,
	}
	if stop, ok := errors.AsType[stoppedError](context.Cause(ctx)); ok && err != nil {
		err = stop // whatever the log made of it
	}
	if err != nil {
		doc.Error = err.Error()
	}
	if run != nil {
		c.record(audit.RelayRedriven, req.Delivery, fmt.Sprintf("%d of %d", doc.Redriven, max(doc.Matched, run.doc().Matched)), run.reason)
	}
	switch {
	case lines.begun || lines.on && err == nil:
		lines.line(doc)
		return nil
	case err != nil:
		return relayFailed(err)
	}
	return c.send(http.StatusOK, doc)
}

// progressLines writes how far something is, one document a line, not more often
// than people can read.
type progressLines struct {
	on    bool
	w     http.ResponseWriter
	begun bool
	last  time.Time
}

const progressEvery = 200 * time.Millisecond

func (l *progressLines) now(doc RedriveDoc) {
	if now := time.Now(); l.on && now.Sub(l.last) >= progressEvery {
		l.last = now
		l.line(doc)
	}
}

func (l *progressLines) line(doc RedriveDoc) {
	if !l.begun {
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.begun = true
	}
	if json.NewEncoder(l.w).Encode(doc) == nil {
		_ = http.NewResponseController(l.w).Flush() // then it comes later
	}
}
