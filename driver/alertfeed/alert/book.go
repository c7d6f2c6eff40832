package alert

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Outcome says what a [Book] made of a message.
type Outcome uint8

// The outcomes.
const (
	Armed     Outcome = iota + 1 // it arms now
	Updated                      // it replaces one that stood, or takes its arming along
	Ended                        // it ended an arming
	Duplicate                    // this version, or a later one, was here before
	Old                          // a replay: too old to arm
	Ahead                        // dated too far ahead to be believed
	Filtered                     // the filter does not ask for it
	NotActual                    // a test, an exercise, a draft
	Ignored                      // neither a warning nor a cancel of one that is known
)

var outcomes = [...]string{
	Armed: "armed", Updated: "updated", Ended: "ended", Duplicate: "duplicate", Old: "old",
	Ahead: "ahead", Filtered: "filtered", NotActual: "not actual", Ignored: "ignored",
}

// String returns the outcome's word.
func (o Outcome) String() string {
	if o >= Armed && o <= Ignored {
		return outcomes[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

const (
	// ahead is how far in the future a message may be dated: clocks differ.
	ahead = 2 * time.Minute
	// most bounds how many messages a Book remembers.
	most = 4096
)

// Book is what is remembered of the messages of one feed, at most 4,096. It has
// no clock and is not safe for concurrent use.
type Book struct {
	filter  Filter
	entries map[string]*entry
	swept   time.Time

	// What Standing said last, good until one of them ends or a message comes:
	// it is asked ten times a second.
	known    bool
	from, to time.Time // from when until when it is good; zero to: for ever
	until    time.Time
	note     string
}

// entry is what is known of one ID.
type entry struct {
	version  int64
	gone     bool      // cancelled, or replaced by another ID
	received time.Time // when this version came
	until    time.Time // when its arming ends; zero: it arms nothing
	note     string
	weight   float64 // orders notes: the magnitude, or else the severity
}

// NewBook returns an empty Book. The error names every mistake in f.
func NewBook(f Filter) (*Book, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	return &Book{filter: f.withDefaults(), entries: map[string]*entry{}}, nil
}

// Take takes a message in and says what it made of it. The error is that of
// [Alert.Valid]; such a message changes nothing.
func (b *Book) Take(now time.Time, a Alert) (Outcome, error) {
	if err := a.Valid(); err != nil {
		return Ignored, err
	}
	b.forget(now)
	b.known = false
	switch {
	case a.Status != Actual:
		return NotActual, nil
	case a.Action == Note:
		return Ignored, nil
	case a.Origin.Sub(now) > ahead:
		return Ahead, nil
	}
	e := b.entries[a.ID]
	if e != nil && (e.version > a.Version || e.version == a.Version && (e.gone || a.Action == Issue)) {
		return Duplicate, nil
	}
	if a.Action == Cancel {
		return b.cancel(now, &a), nil
	}
	return b.issue(now, &a, e), nil
}

// cancel ends what a message names, and remembers that it did: feeds list the
// newest first, so a cancel may be read before what it cancels.
func (b *Book) cancel(now time.Time, a *Alert) Outcome {
	out := Ignored
	b.entry(now, a.ID, a.Version)
	for _, id := range a.Replaces {
		if b.end(now, id) {
			out = Ended
		}
	}
	if b.end(now, a.ID) {
		out = Ended
	}
	return out
}

// end marks an ID as gone and reports whether it stood.
func (b *Book) end(now time.Time, id string) (stood bool) {
	e := b.entries[id]
	if e == nil {
		e = b.entry(now, id, math.MinInt64)
	}
	stood = now.Before(e.until)
	e.gone, e.until = true, time.Time{}
	return stood
}

// issue takes a warning, or a new version of one.
func (b *Book) issue(now time.Time, a *Alert, before *entry) Outcome {
	// A cancel that was read before its message knows no version of it.
	if before != nil && before.gone && before.version == math.MinInt64 {
		before.version = a.Version
		return Duplicate
	}
	stood := time.Time{}
	if before != nil {
		stood = before.until
	}
	for _, id := range a.Replaces {
		if e := b.entries[id]; e != nil && e.until.After(stood) {
			stood = e.until
		}
		if id != a.ID {
			b.end(now, id)
		}
	}
	e := b.entry(now, a.ID, a.Version)
	e.gone, e.until = false, time.Time{}
	info := b.filter.pass(a)
	if info == nil {
		if now.Before(stood) { // revised down
			return Ended
		}
		return Filtered
	}
	until, out := now.Add(b.filter.Arm), Armed
	if now.Sub(a.Origin) > b.filter.MaxAge {
		if !now.Before(stood) {
			return Old
		}
		until = stood // old news of what stands does not make it stand longer
	}
	if now.Before(stood) {
		out = Updated
	}
	if !info.Expires.IsZero() && info.Expires.Before(until) {
		until = info.Expires
	}
	if !now.Before(until) {
		if out == Updated {
			return Ended
		}
		return Old
	}
	e.until, e.note = until, info.note(&b.filter)
	e.weight = math.Max(info.Magnitude, float64(info.Severity))
	return out
}

// entry returns the entry of an ID, at a version, received now.
func (b *Book) entry(now time.Time, id string, version int64) *entry {
	e := b.entries[id]
	if e == nil {
		if len(b.entries) >= most {
			b.evict()
		}
		// What is remembered for long must not keep a whole document alive.
		id = strings.Clone(id)
		e = &entry{}
		b.entries[id] = e
	}
	e.version, e.received = version, now
	return e
}

// forget drops what cannot matter any more: an event whose messages are older
// than MaxAge would not arm if it came again. A message may be dated a little
// ahead, so it is kept that much longer.
func (b *Book) forget(now time.Time) {
	if len(b.entries) < most/2 || now.Sub(b.swept).Abs() < time.Minute {
		return
	}
	b.swept = now
	for id, e := range b.entries {
		if now.Sub(e.received) > b.filter.MaxAge+ahead && !now.Before(e.until) {
			delete(b.entries, id)
		}
	}
}

// evict makes room for an eighth: what stands is kept before what does not, and
// within that the newer, or what ends later.
func (b *Book) evict() {
	ids := slices.Collect(maps.Keys(b.entries))
	slices.SortFunc(ids, func(x, y string) int {
		d, e := b.entries[x], b.entries[y]
		return cmp.Or(d.until.Compare(e.until), d.received.Compare(e.received), cmp.Compare(x, y))
	})
	for _, id := range ids[:most/8] {
		delete(b.entries, id)
	}
}

// Standing returns until when alerts arm and what the gravest is about, with
// how many more there are: "M5.4 Pohang, KR; 12 km (and 1 more)". The zero
// time: nothing stands.
func (b *Book) Standing(now time.Time) (until time.Time, note string) {
	if !b.known || now.Before(b.from) || !b.to.IsZero() && !now.Before(b.to) {
		b.stand(now)
	}
	return b.until, b.note
}

func (b *Book) stand(now time.Time) {
	b.known, b.from, b.to, b.until, b.note = true, now, time.Time{}, time.Time{}, ""
	var gravest *entry
	n := 0
	for _, e := range b.entries {
		if !now.Before(e.until) {
			continue
		}
		n++
		if e.until.After(b.until) {
			b.until = e.until
		}
		if b.to.IsZero() || e.until.Before(b.to) {
			b.to = e.until
		}
		if gravest == nil || e.graver(gravest) {
			gravest = e
		}
	}
	switch {
	case n == 1:
		b.note = gravest.note
	case n > 1:
		b.note = fmt.Sprintf("%s (and %d more)", gravest.note, n-1)
	}
}

// graver orders standing entries, in the same way every time.
func (e *entry) graver(than *entry) bool {
	switch {
	case e.weight != than.weight:
		return e.weight > than.weight
	case !e.received.Equal(than.received):
		return e.received.After(than.received)
	}
	return e.note < than.note
}

// Len is how many messages are remembered.
func (b *Book) Len() int { return len(b.entries) }
