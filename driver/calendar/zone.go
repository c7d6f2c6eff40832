package calendar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a container often has no time zones, and an hour's error is no small one

	ics "github.com/arran4/golang-ical"
)

// zones resolves TZIDs. A name that the world knows goes before the calendar's
// own VTIMEZONE, which is often a copy of years ago.
type zones struct {
	own  map[string]*time.Location // by VTIMEZONE
	home *time.Location            // of times without a zone
}

// maxZones bounds the VTIMEZONEs of a calendar.
const maxZones = 200

func (z *zones) find(tzid string) (*time.Location, error) {
	if tzid == "" {
		return z.home, nil
	}
	if loc := known(tzid); loc != nil {
		return loc, nil
	}
	if loc := z.own[tzid]; loc != nil {
		return loc, nil
	}
	return nil, fmt.Errorf("unknown time zone %q: use a name such as Asia/Seoul, or add its VTIMEZONE", clean(tzid, 40))
}

// known finds a zone by its name, or by a name at the end of a path, as some
// programs write them: "/mozilla.org/20050126_1/Asia/Seoul".
func known(tzid string) *time.Location {
	if len(tzid) > 100 || tzid == "Local" || tzid == "" {
		return nil
	}
	parts := strings.Split(strings.Trim(tzid, "/"), "/")
	for len(parts) > 0 {
		if loc, err := time.LoadLocation(strings.Join(parts, "/")); err == nil && parts[0] != "" && parts[0] != "Local" {
			return loc
		}
		if len(parts) <= 2 { // what is left is no Area/City
			return nil
		}
		parts = parts[1:]
	}
	return nil
}

// readZones reads the VTIMEZONEs whose names nobody knows.
func readZones(cal *ics.Calendar, now time.Time, home *time.Location) (*zones, []error) {
	z := &zones{own: map[string]*time.Location{}, home: home}
	var errs []error
	list := cal.Timezones()
	if len(list) > maxZones {
		return z, []error{fmt.Errorf("%d time zones: at most %d", len(list), maxZones)}
	}
	for _, tz := range list {
		id := value(&tz.ComponentBase, "TZID")
		if id == "" || known(id) != nil {
			continue
		}
		if loc := known(value(&tz.ComponentBase, "X-LIC-LOCATION")); loc != nil {
			z.own[id] = loc
			continue
		}
		loc, err := ownZone(id, tz, now)
		if err != nil {
			errs = append(errs, fmt.Errorf("time zone %q: %w", clean(id, 40), err))
			continue
		}
		z.own[id] = loc
	}
	return z, errs
}

// shift is a moment at which a zone's offset changes.
type shift struct {
	at       time.Time
	from, to int // seconds east of Greenwich
	summer   bool
}

// ownZone builds a location from the rules of a VTIMEZONE, from five years ago
// to ten years ahead.
func ownZone(id string, tz *ics.VTimezone, now time.Time) (*time.Location, error) {
	var shifts []shift
	for _, c := range tz.Components {
		var part *ics.ComponentBase
		summer := false
		switch c := c.(type) {
		case *ics.Standard:
			part = &c.ComponentBase
		case *ics.Daylight:
			part, summer = &c.ComponentBase, true
		default:
			continue
		}
		some, err := observance(part, now)
		if err != nil {
			return nil, err
		}
		for i := range some {
			some[i].summer = summer
		}
		shifts = append(shifts, some...)
	}
	if len(shifts) == 0 {
		return nil, errors.New("it has no STANDARD or DAYLIGHT part")
	}
	slices.SortStableFunc(shifts, func(a, b shift) int { return a.at.Compare(b.at) })
	return time.LoadLocationFromTZData(clean(id, 40), tzif(shifts))
}

// observance reads a STANDARD or DAYLIGHT part: when its offset begins.
func observance(part *ics.ComponentBase, now time.Time) ([]shift, error) {
	from, err1 := parseOffset(value(part, "TZOFFSETFROM"))
	to, err2 := parseOffset(value(part, "TZOFFSETTO"))
	// Onsets are in the local time of before. As UTC first, then moved.
	start, err3 := parseWhen(value(part, "DTSTART"), time.UTC)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	onsets := []time.Time{start.Time}
	for _, p := range part.GetProperties("RDATE") {
		for v := range strings.SplitSeq(p.Value, ",") {
			w, err := parseWhen(v, time.UTC)
			if err != nil {
				return nil, err
			}
			onsets = append(onsets, w.Time)
		}
	}
	if text := value(part, "RRULE"); text != "" {
		r, err := parseRule(text, start.Time)
		if err != nil {
			return nil, err
		}
		more, err := r.between(now.AddDate(-5, 0, 0), now.AddDate(10, 0, 0))
		if err != nil {
			return nil, err
		}
		onsets = append(onsets, more...)
	}
	if len(onsets) > 1000 {
		return nil, fmt.Errorf("%d changes: at most 1000", len(onsets))
	}
	out := make([]shift, len(onsets))
	for i, t := range onsets {
		out[i] = shift{at: t.Add(-time.Duration(from) * time.Second), from: from, to: to}
	}
	return out, nil
}

// tzif writes shifts as a file of RFC 8536, version 2: the one way to make a
// time.Location of rules. Type 0 is what was before the first shift.
func tzif(shifts []shift) []byte {
	type kind struct {
		offset int
		summer bool
	}
	kinds := []kind{{shifts[0].from, !shifts[0].summer}}
	var times, index, types bytes.Buffer
	put := func(w *bytes.Buffer, v any) { _ = binary.Write(w, binary.BigEndian, v) } // to memory
	for _, s := range shifts {
		i := 1 + slices.Index(kinds[1:], kind{s.to, s.summer})
		if i == 0 {
			if len(kinds) == 255 {
				break
			}
			i = len(kinds)
			kinds = append(kinds, kind{s.to, s.summer})
		}
		put(&times, s.at.Unix())
		index.WriteByte(byte(i))
	}
	names := ""
	for _, k := range kinds {
		put(&types, int32(k.offset))
		summer := byte(0)
		if k.summer {
			summer = 1
		}
		types.Write([]byte{summer, 0})
	}
	names = "LOC\x00"
	head := func(w *bytes.Buffer, timecnt, typecnt, charcnt int) {
		w.WriteString("TZif2" + strings.Repeat("\x00", 15))
		for _, n := range []int{0, 0, 0, timecnt, typecnt, charcnt} {
			put(w, uint32(n))
		}
	}
	var out bytes.Buffer
	head(&out, 0, 0, 0)
	head(&out, index.Len(), len(kinds), len(names))
	for _, b := range []*bytes.Buffer{&times, &index, &types} {
		out.Write(b.Bytes())
	}
	out.WriteString(names + "\n\n")
	return out.Bytes()
}
