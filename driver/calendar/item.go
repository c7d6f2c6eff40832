package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// item is a VEVENT: an event, a recurring one, or one changed occurrence.
type item struct {
	uid       string
	summary   string
	start     when
	length    time.Duration // 0: not given
	cancelled bool
	sequence  int

	rule     *rule
	more     []time.Time // RDATE
	except   []time.Time // EXDATE
	replaces time.Time   // RECURRENCE-ID; zero: it is no change of another
}

func readEvent(e *ics.VEvent, z *zones) (it item, err error) {
	defer recovered(&err)
	c := &e.ComponentBase
	it = item{uid: value(c, "UID"), summary: clean(value(c, "SUMMARY"), maxSummary)}
	it.cancelled = strings.EqualFold(value(c, "STATUS"), "CANCELLED")
	it.sequence, _ = strconv.Atoi(value(c, "SEQUENCE")) // 0 if there is none
	starts, err := times(c, "DTSTART", z)
	if err != nil {
		return it, err
	}
	if len(starts) != 1 {
		return it, fmt.Errorf("%d starts: want one DTSTART", len(starts))
	}
	it.start = starts[0]
	if it.length, err = length(c, it.start, z); err != nil {
		return it, err
	}
	return it, it.readRecurrence(c, z)
}

// length is how long an event lasts: DTEND, DURATION, or a day.
func length(c *ics.ComponentBase, start when, z *zones) (time.Duration, error) {
	ends, err := times(c, "DTEND", z)
	if err != nil {
		return 0, err
	}
	switch d := value(c, "DURATION"); {
	case len(ends) > 1:
		return 0, fmt.Errorf("%d ends: want one DTEND", len(ends))
	case len(ends) == 1 && ends[0].Before(start.Time):
		return 0, errors.New("it ends before it starts")
	case len(ends) == 1:
		return ends[0].Sub(start.Time), nil
	case d != "":
		length, err := parseDuration(d)
		if err != nil {
			return 0, fmt.Errorf("DURATION %q: %w", clean(d, 20), errDuration)
		}
		return length, nil
	case start.day:
		return start.AddDate(0, 0, 1).Sub(start.Time), nil
	}
	return 0, nil
}

func (it *item) readRecurrence(c *ics.ComponentBase, z *zones) error {
	rules := c.GetProperties("RRULE")
	if len(rules) > 1 || len(c.GetProperties("EXRULE")) > 0 {
		return errors.New("more than one rule: write one RRULE, and exceptions as EXDATE")
	}
	if len(rules) == 1 {
		r, err := parseRule(rules[0].Value, it.start.Time)
		if err != nil {
			return err
		}
		it.rule = &r
	}
	for _, list := range []struct {
		property string
		to       *[]time.Time
	}{{"RDATE", &it.more}, {"EXDATE", &it.except}} {
		ws, err := times(c, list.property, z)
		if err != nil {
			return err
		}
		for _, w := range ws {
			*list.to = append(*list.to, w.Time)
		}
	}
	p := c.GetProperty("RECURRENCE-ID")
	if p == nil {
		return nil
	}
	if len(p.ICalParameters["RANGE"]) > 0 {
		return errors.New("a change of this and all that follow is not read: end the rule and begin another event")
	}
	ids, err := times(c, "RECURRENCE-ID", z)
	if err != nil {
		return err
	}
	it.replaces = ids[0].Time
	return nil
}

// book is what a calendar says, before recurring events are worked out.
type book struct {
	items []item
	index map[key]int
}

// key tells items apart: by occurrence, which in the master is none.
type key struct {
	uid      string
	replaces int64
}

func (it *item) key() key {
	k := key{uid: it.uid, replaces: -1 << 62}
	if !it.replaces.IsZero() {
		k.replaces = it.replaces.Unix()
	}
	return k
}

// add keeps the newest of each: the one with the higher sequence, or else the
// later in the file.
func (b *book) add(it item) {
	if b.index == nil {
		b.index = map[key]int{}
	}
	if i, ok := b.index[it.key()]; ok {
		if cmp.Compare(it.sequence, b.items[i].sequence) >= 0 {
			b.items[i] = it
		}
		return
	}
	b.index[it.key()] = len(b.items)
	b.items = append(b.items, it)
}

// around works out what happens around now. The error is about the events that
// could not be worked out.
func (b *book) around(now time.Time) (schedule, error) {
	from, to := now.Add(-back), now.Add(ahead)
	var events []Event
	var problems []error
	began := time.Now()
	for i := range b.items {
		it := &b.items[i]
		if it.cancelled {
			continue
		}
		starts, err := b.starts(it, from, to)
		if err != nil {
			problems = append(problems, fmt.Errorf("event %q: %w", clean(it.summary, 40), err))
		}
		for _, s := range starts {
			events = append(events, Event{Start: s, End: s.Add(it.length), Summary: it.summary, AllDay: it.start.day})
		}
		if len(events) > maxOccurrences || time.Since(began) > patience {
			problems = append(problems, fmt.Errorf("only the first %d of the events of these days are known: there are too many", i))
			break
		}
	}
	return newSchedule(events), joined(problems)
}

// starts are an item's occurrences that no other item replaces.
func (b *book) starts(it *item, from, to time.Time) (out []time.Time, err error) {
	all := append([]time.Time{it.start.Time}, it.more...)
	if it.rule != nil {
		all, err = it.rule.between(from, to)
		all = append(all, it.more...)
	}
	gone := map[int64]bool{}
	for _, t := range it.except {
		gone[t.Unix()] = true
	}
	for _, t := range all {
		if t.Before(from) || t.After(to) || gone[t.Unix()] {
			continue
		}
		gone[t.Unix()] = true // also once is enough
		if it.replaces.IsZero() {
			if _, changed := b.index[key{it.uid, t.Unix()}]; changed {
				continue
			}
		}
		out = append(out, t)
	}
	return out, err
}
