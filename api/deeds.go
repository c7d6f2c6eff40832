package api

import (
	"crypto/rand"
	"encoding/binary"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

const (
	// firstDeed is above every revision of the control, which stay below 2^49, so
	// that a number says who knows it; 2^53 is what browsers read.
	firstDeed = 1 << 52
	// deedsKept is how many can be undone, as many as the control's.
	deedsKept = 1000
)

// Deeds are what people did by hand to what the control does not hold: the
// relay's deliveries and the captcha's sites. They are numbered like the
// control's revisions, told apart by being larger, and forgotten with the
// process. APIs of one process share them.
type Deeds struct {
	mu    sync.Mutex
	last  uint64
	all   []*deed          // the oldest first
	of    map[string]*deed // the newest of each thing
	floor uint64           // the newest of those that of has forgotten, or the beginning

	redrives map[string]*redriving // that go on, by delivery

	// operators are changed one after the other, so that of two admins who remove
	// each other one stays.
	operators sync.Mutex
}

// deed is one thing that was done.
type deed struct {
	number uint64
	thing  string // "delivery billing"
	by     string
	what   string // its word in the record
	target string
	at     time.Time
	// mark is the revision of the thing since, where that is another's to say.
	mark uint64
	// role is the least that may undo it.
	role store.Role
	// undoes is what the record says of that, without the number. undo does it; nil
	// if nothing does.
	undoes audit.Undo
	undo   func(c *call, made *deed, why string) (ChangedDoc, error)
}

// NewDeeds returns Deeds. Numbers begin somewhere: what was seen of a process
// before must not be taken for what this one shows.
func NewDeeds() *Deeds {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	first := firstDeed + binary.LittleEndian.Uint64(b[:])>>16
	return &Deeds{last: first, floor: first, of: map[string]*deed{}, redrives: map[string]*redriving{}}
}

// state names the state of what is made of some things, and is the newest deed
// of any of them, nil if none is known. mu is held.
func (d *Deeds) state(things ...string) (revision uint64, last *deed) {
	revision = d.floor
	for _, thing := range things {
		if one := d.of[thing]; one != nil && one.number > revision {
			revision, last = one.number, one
		}
	}
	return revision, last
}

// revision names the state of what is made of some things.
func (d *Deeds) revision(things ...string) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	is, _ := d.state(things...)
	return is
}

// expected is what nobody may have changed meanwhile.
type expected struct {
	seen   uint64   // the revision that somebody saw, 0 for none
	things []string // of these
	undoes *deed    // still the newest of its thing; nil for none
}

// do does something, unless somebody else was quicker. f must not wait.
func (d *Deeds) do(e expected, f func() (*deed, error)) (*deed, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	is, last := d.state(e.things...)
	if e.seen != 0 && e.seen != is || e.undoes != nil && d.of[e.undoes.thing] != e.undoes {
		return nil, changedBy(is, last)
	}
	made, err := f()
	if err != nil {
		return nil, err
	}
	d.push(made)
	return made, nil
}

// note remembers what was done.
func (d *Deeds) note(made *deed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.push(made)
}

// push gives a deed its number. mu is held.
func (d *Deeds) push(made *deed) {
	d.last++
	made.number = d.last
	if len(d.all) == deedsKept {
		oldest := d.all[0]
		d.all = slices.Delete(d.all, 0, 1)
		if d.of[oldest.thing] == oldest {
			delete(d.of, oldest.thing)
			d.floor = max(d.floor, oldest.number)
		}
	}
	d.all = append(d.all, made)
	d.of[made.thing] = made
}

// find returns a deed by its number, and the newest of the same thing.
func (d *Deeds) find(number uint64) (found, newest *deed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range slices.Backward(d.all) {
		if one.number == number {
			return one, d.of[one.thing]
		}
	}
	return nil, nil
}

// newest returns what was last done to a thing, nil if nothing is known.
func (d *Deeds) newest(thing string) *deed {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.of[thing]
}

// doc is the request that undoes a deed, nil if nothing does.
func (d *deed) doc() *UndoDoc {
	if d.undo == nil {
		return nil
	}
	return undoPath(d.number)
}

// entry is how the record says how a deed is undone, and what it undid itself.
func (d *deed) entry(undid *deed) (u audit.Undo) {
	if d.undo != nil {
		u = d.undoes
		u.Revision = d.number
		if undid != nil {
			u.Of = undid.number
		}
	}
	return u
}

// changedBy says that a thing is not what somebody saw, and who changed it, nil
// if nobody knows.
func changedBy(is uint64, last *deed) problem {
	p := problem{
		Status: http.StatusConflict, Kind: "changed", Title: "Something else was done meanwhile",
		Detail: "it was changed meanwhile: look again, and decide again", More: map[string]any{"revision": is},
	}
	if last != nil {
		p.More["by"], p.More["what"], p.More["target"], p.More["at"] = last.by, last.what, last.target, last.at.UTC()
	}
	return p
}

// undoDeed undoes what was done, if nobody has done anything to the same thing
// since.
func (c *call) undoDeed(number uint64, d ending, why string) error {
	made, newest := c.Deeds.find(number)
	switch {
	case made == nil:
		p := changedBy(number, nil)
		p.Detail = "it was done too long ago, or before this gateway was started: nothing is known of it any more"
		return p
	case made.undo == nil:
		return conflict("not-undoable", "Nothing undoes this", made.what+" brought nothing to an end that somebody had begun")
	case !c.role.Allows(made.role):
		return notAllowedTo(c.who, c.role, made.role)
	case newest != made, d.Revision != 0 && d.Revision != newest.number:
		p := changedBy(newest.number, newest)
		if newest != made {
			p.Detail = "it was changed again since: undo that first, or decide anew"
		}
		return p
	}
	doc, err := made.undo(c, made, why)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, doc)
}

// ended says that what is to be undone has ended by itself.
func ended(made *deed, what string, at time.Time) problem {
	return problem{
		Status: http.StatusConflict, Kind: "changed", Title: "Something else was done meanwhile",
		Detail: "it has ended by itself: there is nothing left to undo",
		More:   map[string]any{"revision": made.number, "by": audit.By, "what": what, "target": made.target, "at": at.UTC()},
	}
}
