package api

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay"
)

// maxRelayPause bounds a pause: most topics keep messages for seven days.
const maxRelayPause = 7 * 24 * time.Hour

// deliveryPause is what a pause is asked for with, deliveryResume its end.
type (
	deliveryPause struct {
		order
		Revision uint64 `json:"revision,omitempty"`
	}
	deliveryResume struct {
		Reason   string `json:"reason"`
		Revision uint64 `json:"revision,omitempty"`
	}
)

// DeliveryDoneDoc is the answer to what was done to a delivery by hand.
type DeliveryDoneDoc struct {
	Delivery string       `json:"delivery"`
	Paused   *relay.Pause `json:"paused,omitempty"`
	ChangedDoc
}

// deliveryThings are what the revision of a delivery is of: its pause, and
// redrives.
func deliveryThings(name string) []string { return []string{"delivery " + name, "redrive " + name} }

func pauseDelivery(c *call) error {
	r, name, err := c.target()
	if err != nil {
		return err
	}
	var d deliveryPause
	if err := c.read(&d); err != nil {
		return err
	}
	now := c.Now()
	p := relay.Pause{By: c.who}
	if p.Reason, err = d.why(); err != nil {
		return err
	}
	if p.Until, err = d.end(now); err != nil {
		return err
	}
	if !p.Until.After(now) || p.Until.Sub(now) > maxRelayPause {
		return invalid(fmt.Errorf("until %s: must be from now on, and within %s", p.Until.Format(time.RFC3339), maxRelayPause))
	}
	done, err := c.hold(r, name, &p, p.Reason, expected{seen: d.Revision})
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, DeliveryDoneDoc{name, &p, done})
}

func resumeDelivery(c *call) error {
	r, name, err := c.target()
	if err != nil {
		return err
	}
	var d deliveryResume
	if err := c.read(&d); err != nil {
		return err
	}
	why, err := order{Reason: d.Reason}.why()
	if err != nil {
		return err
	}
	done, err := c.hold(r, name, nil, why, expected{seen: d.Revision})
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, DeliveryDoneDoc{name, nil, done})
}

// hold pauses a delivery, or with nil resumes it.
func (c *call) hold(r *Relay, name string, to *relay.Pause, why string, e expected) (ChangedDoc, error) {
	now := c.Now()
	e.things = deliveryThings(name)
	made, err := c.Deeds.do(e, func() (*deed, error) {
		before := pauseOf(r, name, now)
		if err := r.hold(name, to); err != nil {
			return nil, err
		}
		return heldDeed(name, before, to, c.who, now), nil
	})
	if err != nil {
		return ChangedDoc{}, relayFailed(err)
	}
	doc := ChangedDoc{Revision: made.number, Undo: made.doc(), What: made.what, Target: name}
	if to != nil {
		doc.Until = to.Until
	}
	c.Audit(audit.Entry{At: now, Who: c.who, What: made.what, Target: name, Why: why, Until: doc.Until, Undo: made.entry(e.undoes)})
	return doc, nil
}

// hold pauses or resumes.
func (r *Relay) hold(name string, to *relay.Pause) error {
	if to != nil {
		return r.Deliveries.Pause(name, *to)
	}
	was, err := r.Deliveries.Resume(name)
	if err == nil && !was {
		err = conflict("not-paused", "The delivery is not paused", "nothing was changed")
	}
	return err
}

// byRelay is who has paused what the relay itself holds back; such a pause is
// nobody's to bring back.
const byRelay = "relay"

// pauseOf is the pause that somebody has put in force, nil without one.
func pauseOf(r *Relay, name string, now time.Time) *relay.Pause {
	all := r.Deliveries.Snapshot(now).Deliveries
	i := slices.IndexFunc(all, func(d relay.DeliverySnapshot) bool { return d.Name == name })
	if i < 0 || all[i].Paused == nil || all[i].Paused.By == byRelay {
		return nil
	}
	return all[i].Paused
}

// heldDeed is a pause or its end, and what undoes it.
func heldDeed(name string, before, to *relay.Pause, by string, now time.Time) *deed {
	d := &deed{thing: deliveryThings(name)[0], by: by, what: audit.RelayPaused, target: name, at: now, role: store.Acting}
	if to == nil {
		d.what = audit.RelayResumed
		if before == nil {
			return d
		}
	}
	d.undoes = audit.Undo{Kind: audit.UndoDeliver, Does: "resumes " + name}
	if before != nil {
		d.undoes = audit.Undo{Kind: audit.UndoHoldBack, Does: "pauses " + name + " again, as before", Until: before.Until}
		if !before.Until.IsZero() {
			d.undoes.Does = "pauses " + name + " until " + before.Until.UTC().Format(time.RFC3339) + ", as before"
		}
	}
	over := func(p *relay.Pause, now time.Time) bool { return !p.Until.IsZero() && !now.Before(p.Until) }
	d.undo = func(c *call, made *deed, why string) (ChangedDoc, error) {
		r, err := c.relayOf()
		if err == nil {
			err = r.has(name)
		}
		now := c.Now()
		switch {
		case err != nil:
			return ChangedDoc{}, err
		case to != nil && over(to, now):
			return ChangedDoc{}, ended(made, audit.RelayResumed, to.Until)
		case to == nil && over(before, now):
			return ChangedDoc{}, ended(made, audit.RelayResumed, before.Until)
		case before != nil && !over(before, now):
			return c.hold(r, name, before, why, expected{undoes: made})
		}
		return c.hold(r, name, nil, why, expected{undoes: made})
	}
	return d
}
