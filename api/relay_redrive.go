package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
)

// Redriver takes dead letters back. progress is called now and then, and after
// the last.
type Redriver func(ctx context.Context, o RedriveOrder, progress func(RedriveDoc)) (RedriveDoc, error)

// RedriveOrder is which dead letters are taken back, and how.
type RedriveOrder struct {
	Delivery string
	Match    func(*relay.Message) bool
	Limit    int     // 0: all
	Rate     float64 // per second, 0: as fast as it goes
	DryRun   bool
	By       string
}

// RedriveDoc is how far a redrive is.
type RedriveDoc struct {
	Delivery string `json:"delivery"`
	DryRun   bool   `json:"dry_run,omitempty"`
	Scanned  int64  `json:"scanned"`
	Matched  int64  `json:"matched"`
	Redriven int64  `json:"redriven"`
	// Exhausted were taken back as often as they may be, Failed could not be
	// written; both are dead letters still.
	Exhausted int64 `json:"exhausted"`
	Failed    int64 `json:"failed"`
	Done      bool  `json:"done"`
	// Error is why it ended early.
	Error string `json:"error,omitempty"`
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
	if _, err := r.target(b.Delivery); err != nil {
		return err
	}
	f, err := b.filter(c.Now())
	if err != nil {
		return err
	}
	reason := ""
	if !b.DryRun {
		if reason, err = (order{Reason: b.Reason}).why(); err != nil {
			return err
		}
	}
	o := RedriveOrder{Delivery: b.Delivery, Match: f.matches, Limit: b.Limit, Rate: b.Rate, DryRun: b.DryRun, By: c.who}
	return c.redrive(r, o, reason)
}

func (c *call) redrive(r *Relay, o RedriveOrder, reason string) error {
	lines := &progressLines{w: c.w, on: strings.Contains(c.r.Header.Get("Accept"), "application/x-ndjson")}
	c.w.Header().Add("Vary", "Accept")
	if !o.DryRun {
		c.record(audit.RelayRedriving, o.Delivery, "", reason)
	}
	doc, err := r.Redrive(c.r.Context(), o, lines.write)
	doc.Done = err == nil
	if err != nil {
		doc.Error = err.Error()
	}
	if !o.DryRun {
		c.record(audit.RelayRedriven, o.Delivery, fmt.Sprintf("%d of %d", doc.Redriven, doc.Matched), reason)
	}
	switch {
	case lines.begun || lines.on && err == nil:
		lines.last(doc)
		return nil
	case err != nil:
		return relayFailed(err)
	}
	return c.send(http.StatusOK, doc)
}

// progressLines writes how far something is, one document a line.
type progressLines struct {
	on bool
	w  http.ResponseWriter

	mu    sync.Mutex
	begun bool
	ended bool
}

func (l *progressLines) write(doc RedriveDoc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.on && !l.ended {
		l.line(doc)
	}
}

func (l *progressLines) last(doc RedriveDoc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.line(doc)
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
