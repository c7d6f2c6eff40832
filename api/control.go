package api

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/playbook"
)

// RevisionHeader carries the controls' revision, see [LevelDoc.Revision].
const RevisionHeader = "Daero-Revision"

// hand is what every change by hand is asked for with, beside what is changed.
type hand struct {
	// Confirm says that what was predicted is meant.
	Confirm bool `json:"confirm,omitempty"`
	// Revision is the one that the person saw. If somebody has changed the
	// controls since, nothing is done.
	Revision uint64 `json:"revision,omitempty"`
}

// lasting is what something that ends by itself is asked for with.
type lasting struct {
	order
	hand
}

// ending is what the end of something is asked for with.
type ending struct {
	Reason string `json:"reason"`
	hand
}

func (d ending) why() (string, error) { return order{Reason: d.Reason}.why() }

// UndoDoc is the request that undoes what was just done. A reason goes into its
// body.
type UndoDoc struct {
	Method string         `json:"method"`
	Path   string         `json:"path"`
	Body   map[string]any `json:"body"`
}

// ChangedDoc is the answer to a change by hand, beside what was changed.
type ChangedDoc struct {
	// Revision is that of the controls since, or of the delivery or site that it
	// was done to.
	Revision uint64 `json:"revision"`
	// Undo is missing where there is nothing to bring back.
	Undo *UndoDoc `json:"undo,omitempty"`
	// What was done, as the record has it, to what, and until when.
	What   string    `json:"what"`
	Target string    `json:"target,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Effect *Effect   `json:"predicted,omitempty"`
}

// change makes a change by hand, if what it is predicted to do is no surprise,
// and returns what every answer says.
func (c *call) change(now time.Time, ch daero.Change, h hand, why string) (ChangedDoc, error) {
	ch.By, ch.Reason, ch.Seen = c.who, why, h.Revision
	effect := c.effectOf(now, ch)
	// Who saw something else must not be asked to confirm it.
	if is := c.Daero.Control().Revision(); ch.Seen == 0 || ch.Seen == is {
		if err := effect.confirmed(h.Confirm); err != nil {
			return ChangedDoc{}, err
		}
	}
	d, err := c.Daero.Control().Do(now, ch)
	if err != nil {
		return ChangedDoc{}, controlProblem(err)
	}
	return changedDoc(d, effect), nil
}

func changedDoc(d daero.Changed, effect Effect) ChangedDoc {
	doc := ChangedDoc{
		Revision: d.Revision, What: d.What, Target: d.Target(), Until: endOf(d.Set),
		Undo: undoPath(d.Revision),
	}
	if effect.Share > 0 || len(effect.Actions) > 0 {
		doc.Effect = &effect
	}
	return doc
}

// undoPath is the request that undoes what made a revision.
func undoPath(revision uint64) *UndoDoc {
	return &UndoDoc{Method: http.MethodPost, Path: Prefix + "controls/" + strconv.FormatUint(revision, 10) + "/undo", Body: map[string]any{}}
}

// controlProblem says what an error of the control means to who asked.
func controlProblem(err error) error {
	if e, ok := errors.AsType[*daero.ConflictError](err); ok {
		more := map[string]any{"revision": e.Revision}
		if e.What != "" {
			more["by"], more["what"], more["at"] = e.By, e.What, e.At.UTC()
		}
		if e.Target != "" {
			more["target"] = e.Target
		}
		return problem{Status: http.StatusConflict, Kind: "changed", Title: "Something else was done meanwhile", Detail: e.Why, More: more}
	}
	if e, ok := errors.AsType[*daero.NotHeldError](err); ok {
		return notHeld(e)
	}
	if e, ok := errors.AsType[*daero.UnknownLaneError](err); ok {
		return notFound(fmt.Sprintf("no lane %q (known: %q)", clip(e.ID), e.Known))
	}
	return invalid(err)
}

func notHeld(e *daero.NotHeldError) problem {
	switch e.Held.What {
	case daero.HoldsLevel:
		return conflict("not-pinned", "Nothing is pinned", "the level is what is measured")
	case daero.HoldsPlaybook:
		return conflict("not-paused", "The playbook is not paused", "nothing was changed")
	case daero.HoldsAction:
		return conflict("not-stopped", "The action is not stopped", "nothing was changed")
	}
	return conflict("not-ordered", "The lane is not ordered by hand", "nothing was changed")
}

// undoRevision undoes a change by its revision.
func undoRevision(c *call) error {
	text := c.r.PathValue("revision")
	revision, err := strconv.ParseUint(text, 10, 64)
	if err != nil || revision == 0 {
		return notFound(fmt.Sprintf("revision %q: give the number that the answer to the change had", clip(text)))
	}
	return c.undo(revision)
}

// undoEntry undoes what an entry of the record says was done by hand.
func undoEntry(c *call) error {
	text := c.r.PathValue("id")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || id == math.MaxInt64 {
		return notFound(fmt.Sprintf("entry %q: give the ID of an entry of the record", clip(text)))
	}
	found, err := c.Record.Entries(c.r.Context(), store.Filter{Before: id + 1, Limit: 1})
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0].ID != id {
		return notFound(fmt.Sprintf("the record has no entry %d", id))
	}
	e := found[0]
	switch {
	case e.Undo.Revision > 0:
		return c.undo(e.Undo.Revision)
	case e.What == audit.ActionEntered, e.What == audit.ActionMoved:
		p := conflict("not-undoable", "Nobody did this by hand", "the playbook did: stop the action for a while instead")
		p.More = map[string]any{"undo": stopOf(e.Target)}
		return p
	}
	return conflict("not-undoable", "Nothing undoes this", e.What+" was not done by hand, or is undone elsewhere")
}

// undo undoes a change, if what that is predicted to do is no surprise.
func (c *call) undo(revision uint64) error {
	var d ending
	if err := c.read(&d); err != nil {
		return err
	}
	why, err := d.why()
	if err != nil {
		return err
	}
	if revision >= firstDeed {
		return c.undoDeed(revision, d, why)
	}
	now, control := c.Now(), c.Daero.Control()
	ch, err := control.UndoOf(now, revision)
	if err != nil {
		return controlProblem(err)
	}
	effect := c.effectOf(now, ch)
	if err := effect.confirmed(d.Confirm); err != nil {
		return err
	}
	done, err := control.Undo(now, revision, daero.Change{By: c.who, Reason: why, Seen: d.Revision})
	if err != nil {
		return controlProblem(err)
	}
	return c.send(http.StatusOK, changedDoc(done, effect))
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
