package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Limits of a calendar.
const (
	maxEvents   = 10_000
	maxNesting  = 6 // VCALENDAR, VEVENT, VALARM is 3; the library calls itself for each
	maxProblems = 5 // told at once
	maxDates    = 5_000
	maxSummary  = 80
	// patience bounds how long one calendar may take to be worked out: rules
	// that match hardly ever cost up to 0.2 s each.
	patience = 3 * time.Second
)

// bom is what some programs begin a file with.
var bom = []byte("\xef\xbb\xbf")

// read reads a calendar. problems are events that were left out; err is why
// nothing could be read. now is when: zones are worked out around it.
func read(data []byte, now time.Time, home *time.Location) (b *book, problems []error, err error) {
	data = bytes.TrimPrefix(data, bom)
	if err := checkShape(data); err != nil {
		return nil, nil, err
	}
	cal, err := decode(data)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range cal.CalendarProperties {
		if strings.EqualFold(p.IANAToken, "X-WR-TIMEZONE") {
			if loc := known(p.Value); loc != nil {
				home = loc
			}
		}
	}
	events := cal.Events()
	if len(events) > maxEvents {
		return nil, nil, fmt.Errorf("%d events: at most %d", len(events), maxEvents)
	}
	z, problems := readZones(cal, now, home)
	b = &book{}
	began := time.Now()
	for i, e := range events {
		it, err := readEvent(e, z)
		if err == nil && it.uid == "" {
			it.uid = fmt.Sprint("#", i)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("event %q: %w", clean(value(&e.ComponentBase, "SUMMARY"), 40), err))
			continue
		}
		b.add(it)
		if time.Since(began) > patience {
			return nil, nil, errors.New("its rules take too long to work out: has it rules that hardly ever match?")
		}
	}
	return b, problems, nil
}

// joined tells the first of many problems.
func joined(problems []error) error {
	if n := len(problems) - maxProblems; n > 0 {
		problems = append(problems[:maxProblems:maxProblems], fmt.Errorf("and %d more", n))
	}
	return errors.Join(problems...)
}

// checkShape looks at the lines as the library will: it takes a calendar that
// was cut off for whole, and calls itself for each BEGIN, so that enough of
// them end the program.
func checkShape(data []byte) error {
	depth, last, seen := 0, "", false
	for line := range bytes.Lines(unfold(data)) {
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			continue
		}
		last = text
		switch name(text) {
		case "BEGIN":
			depth, seen = depth+1, true
		case "END":
			depth--
		}
		if depth > maxNesting {
			return fmt.Errorf("parts %d deep: at most %d", depth, maxNesting)
		}
	}
	switch {
	case !seen:
		return errors.New("no iCalendar: it must begin with BEGIN:VCALENDAR")
	case depth != 0 || last != "END:VCALENDAR":
		return errors.New("the calendar is cut off: it must end with END:VCALENDAR")
	}
	return nil
}

// unfold joins lines that go on with a space or a tab in the next.
func unfold(data []byte) []byte {
	for _, fold := range []string{"\r\n ", "\r\n\t", "\n ", "\n\t"} {
		data = bytes.ReplaceAll(data, []byte(fold), nil)
	}
	return data
}

// name is the name of a content line as the library finds it: the first letters
// that can be one, wherever they are.
func name(line string) string {
	isName := func(r rune) bool {
		return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-'
	}
	line = strings.TrimLeftFunc(line, func(r rune) bool { return !isName(r) })
	if end := strings.IndexFunc(line, func(r rune) bool { return !isName(r) }); end >= 0 {
		line = line[:end]
	}
	return line
}

// decode lets the library read, which can be made to panic.
func decode(data []byte) (cal *ics.Calendar, err error) {
	defer recovered(&err)
	cal, err = ics.ParseCalendarWithOptions(bytes.NewReader(data), ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		return nil, fmt.Errorf("no iCalendar: %s", clean(err.Error(), 120))
	}
	return cal, nil
}

// value is the text of a property, empty if there is none.
func value(c *ics.ComponentBase, property string) string {
	if p := c.GetProperty(ics.ComponentProperty(property)); p != nil {
		return strings.TrimSpace(p.Value)
	}
	return ""
}

// times reads every date and time of a property: DTSTART, RDATE, EXDATE.
func times(c *ics.ComponentBase, property string, z *zones) (out []when, err error) {
	for _, p := range c.GetProperties(ics.ComponentProperty(property)) {
		tzid := ""
		if ids := p.ICalParameters["TZID"]; len(ids) > 0 {
			tzid = ids[0]
		}
		loc, err := z.find(tzid)
		if err != nil {
			return nil, err
		}
		for v := range strings.SplitSeq(p.Value, ",") {
			v, _, _ = strings.Cut(strings.TrimSpace(v), "/") // of a period its start
			w, err := parseWhen(v, loc)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", property, err)
			}
			if out = append(out, w); len(out) > maxDates {
				return nil, fmt.Errorf("%s: more than %d dates", property, maxDates)
			}
		}
	}
	return out, nil
}
