package api

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// RedrivingDoc is a redrive that goes on.
type RedrivingDoc struct {
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
	Since    time.Time `json:"since"`
	Matched  int       `json:"matched"`
	Redriven int       `json:"redriven"`
}

// RedriveStoppedDoc is a redrive that was stopped.
type RedriveStoppedDoc struct {
	Delivery string `json:"delivery"`
	Matched  int    `json:"matched"`
	Redriven int    `json:"redriven"` // they stay taken back
	By       string `json:"by"`       // whose it was
	ChangedDoc
}

// redriving is a redrive that goes on.
type redriving struct {
	by, reason string
	since      time.Time
	undo       *UndoDoc
	stop       context.CancelCauseFunc

	mu            sync.Mutex
	done, matched int
}

// at notes how far it is.
func (r *redriving) at(done, matched int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done, r.matched = done, matched
}

func (r *redriving) doc() RedrivingDoc {
	r.mu.Lock()
	defer r.mu.Unlock()
	return RedrivingDoc{By: r.by, Reason: r.reason, Since: r.since, Matched: r.matched, Redriven: r.done}
}

// stoppedError says why a redrive was stopped, and by whom, "" for its own time.
type stoppedError struct{ by, why string }

// Error implements error.
func (e stoppedError) Error() string {
	if e.by == "" {
		return "stopped: " + e.why
	}
	return "stopped by " + e.by + ": " + e.why
}

// redriving is the redrive of a delivery that goes on, nil without one.
func (d *Deeds) redriving(delivery string) *RedrivingDoc {
	d.mu.Lock()
	run := d.redrives[delivery]
	d.mu.Unlock()
	if run == nil {
		return nil
	}
	doc := run.doc()
	return &doc
}

// redriven notes that a redrive has ended.
func (d *Deeds) redriven(delivery string, run *redriving) {
	run.stop(nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.redrives, delivery)
}

// beginRedrive notes that a redrive begins, one of a delivery at a time. ctx is
// how long it may go on.
func (c *call) beginRedrive(b *redriveBody) (ctx context.Context, run *redriving, err error) {
	run = &redriving{by: c.who, since: c.Now()}
	if run.reason, err = (order{Reason: b.Reason}).why(); err != nil {
		return nil, nil, err
	}
	if ctx, run.stop, err = c.within(b.For); err != nil {
		return nil, nil, err
	}
	things := deliveryThings(b.Delivery)
	made, err := c.Deeds.do(expected{seen: b.Revision, things: things}, func() (*deed, error) {
		if other := c.Deeds.redrives[b.Delivery]; other != nil {
			p := conflict("redriving", "One redrive at a time", ErrRedriving.Error())
			p.More = map[string]any{"by": other.by, "at": other.since.UTC()}
			return nil, p
		}
		c.Deeds.redrives[b.Delivery] = run
		return &deed{
			thing: things[1], by: c.who, what: audit.RelayRedriving, target: b.Delivery, at: run.since, role: store.Acting,
			undoes: audit.Undo{Kind: audit.UndoRedrive, Does: "stops the redrive of " + b.Delivery + ", if it still goes on"},
			undo: func(c *call, _ *deed, why string) (ChangedDoc, error) {
				doc, err := c.stopRedrive(b.Delivery, why, run)
				return doc.ChangedDoc, err
			},
		}, nil
	})
	if err != nil {
		run.stop(nil)
		return nil, nil, err
	}
	run.undo = made.doc()
	c.Audit(audit.Entry{At: run.since, Who: c.who, What: made.what, Target: b.Delivery, Why: run.reason, Undo: made.entry(nil)})
	return ctx, run, nil
}

// within is as long as who asks waits, and no longer than they say.
func (c *call) within(text string) (context.Context, context.CancelCauseFunc, error) {
	if text == "" {
		ctx, stop := context.WithCancelCause(c.r.Context())
		return ctx, stop, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return nil, nil, bad(fmt.Sprintf("for %q: write it like 30m or 1h30m, or leave it away", clip(text)))
	}
	timed, end := context.WithTimeoutCause(c.r.Context(), d, stoppedError{why: fmt.Sprintf("its %s are over", d)})
	ctx, stop := context.WithCancelCause(timed)
	return ctx, func(why error) { stop(why); end() }, nil
}

func endRedrive(c *call) error {
	r, name, err := c.target()
	if err != nil {
		return err
	}
	if err := r.has(name); err != nil {
		return err
	}
	why, err := c.reason()
	if err != nil {
		return err
	}
	doc, err := c.stopRedrive(name, why, nil)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, doc)
}

// stopRedrive stops a redrive: that one, or with nil whichever goes on.
func (c *call) stopRedrive(delivery, why string, only *redriving) (RedriveStoppedDoc, error) {
	c.Deeds.mu.Lock()
	run := c.Deeds.redrives[delivery]
	c.Deeds.mu.Unlock()
	if run == nil || only != nil && run != only {
		return RedriveStoppedDoc{}, conflict("not-redriving", "No redrive goes on", "it has ended: what it took back stays so")
	}
	run.stop(stoppedError{c.who, why})
	doc := run.doc()
	c.record(audit.RelayStopped, delivery, fmt.Sprintf("%d of %d", doc.Redriven, doc.Matched), why)
	return RedriveStoppedDoc{delivery, doc.Matched, doc.Redriven, doc.By, ChangedDoc{
		Revision: c.Deeds.revision(deliveryThings(delivery)...), What: audit.RelayStopped, Target: delivery,
	}}, nil
}
