package daero

import (
	"time"

	"github.com/daero/daero/audit"
)

// UndoOf returns the change that would undo the one of a revision, without
// making it. The error is a [ConflictError] where undoing makes no sense any
// more: it was too long ago, or before a restart; somebody has changed the same
// thing since; or it has ended by itself.
func (c *Control) UndoOf(now time.Time, revision uint64) (Change, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.undoOf(now, revision)
}

// Undo undoes the change of a revision: what was held before is held again, if
// its time is not over. That is a change itself, and can be undone. Of ch, By,
// Reason and Seen are read.
func (c *Control) Undo(now time.Time, revision uint64, ch Change) (Changed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	undo, err := c.undoOf(now, revision)
	if err != nil {
		return Changed{}, err
	}
	undo.By, undo.Reason, undo.Seen = ch.By, ch.Reason, ch.Seen
	return c.do(now, undo)
}

func (c *Control) undoOf(now time.Time, revision uint64) (Change, error) {
	d, ok := c.changes.find(revision)
	if !ok || revision == 0 {
		return Change{}, c.conflict("it was done too long ago, or before this gateway was started: nothing is known of it any more")
	}
	if last := c.changes.last[d.Held]; last != revision {
		e := c.conflict("it was changed again since: undo that first, or decide anew")
		if later, ok := c.changes.find(last); ok {
			e.By, e.What, e.Target, e.At = later.By, later.What, later.Target(), later.At
		}
		return Change{}, e
	}
	before := d.Before
	if !now.Before(before.until()) {
		before = Value{} // its time is over
	}
	is := c.holds(now, d.Held)
	if before.none() && is.none() {
		e := c.conflict("it has ended by itself: there is nothing left to undo")
		e.By, e.What, e.Target, e.At = audit.By, endOf(d.Held), d.Target(), d.Set.until()
		return Change{}, e
	}
	if !d.Set.none() && is.none() {
		e := c.conflict("it has ended by itself, and what was before it is for somebody to decide anew")
		e.By, e.What, e.Target, e.At = audit.By, endOf(d.Held), d.Target(), d.Set.until()
		return Change{}, e
	}
	return Change{Held: d.Held, Set: before, of: revision}, nil
}

// endOf is the record's word for the end of what is held.
func endOf(h Held) string { return Change{Held: h}.what() }
