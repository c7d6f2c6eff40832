package calendar

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var seoul = mustLoad("Asia/Seoul")

func mustLoad(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

// ical wraps events, one a line list each, in a calendar.
func ical(parts ...string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//daero//test//EN\n" + strings.Join(parts, "") + "END:VCALENDAR\n"
}

func event(lines ...string) string {
	return "BEGIN:VEVENT\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\n"
}

// at is a time in Seoul.
func at(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2027, month, day, hour, minute, 0, 0, seoul)
}

const ownZoneText = `BEGIN:VTIMEZONE
TZID:Somewhere
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
`

func TestRead(t *testing.T) {
	now := at(1, 1, 0, 0)
	tests := map[string]struct {
		now  time.Time
		text string
		want []string // start to end, in UTC
	}{
		"a zone by name":            {now, ical(event("UID:a", "DTSTART;TZID=Asia/Seoul:20270101T000000", "DTEND;TZID=Asia/Seoul:20270101T003000")), []string{"12-31 15:00 to 15:30"}},
		"a zone by a path":          {now, ical(event("UID:a", "DTSTART;TZID=/mozilla.org/20050126_1/Asia/Seoul:20270101T000000")), []string{"12-31 15:00 to 15:10"}},
		"UTC, with duration":        {now, ical(event("UID:a", "DTSTART:20270101T000000Z", "DURATION:PT1H30M")), []string{"01-01 00:00 to 01:30"}},
		"no zone":                   {now, ical(event("UID:a", "DTSTART:20270101T000000")), []string{"12-31 15:00 to 15:10"}},
		"the calendar's zone":       {now, ical("X-WR-TIMEZONE:America/New_York\n", event("UID:a", "DTSTART:20270101T000000")), []string{"01-01 05:00 to 05:10"}},
		"a whole day":               {now, ical(event("UID:a", "DTSTART;VALUE=DATE:20270101")), []string{"12-31 15:00 to 15:00"}},
		"a week is a day":           {now, ical(event("UID:a", "DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:20270108")), []string{"12-31 15:00 to 15:00"}},
		"a zone of its own, winter": {at(1, 10, 0, 0), ical(ownZoneText, event("UID:a", "DTSTART;TZID=Somewhere:20270110T120000")), []string{"01-10 11:00 to 11:10"}},
		"a zone of its own, summer": {at(7, 10, 0, 0), ical(ownZoneText, event("UID:a", "DTSTART;TZID=Somewhere:20270710T120000")), []string{"07-10 10:00 to 10:10"}},
		"over the change of clocks": {at(3, 27, 0, 0), ical(ownZoneText, event("UID:a", "DTSTART;TZID=Somewhere:20260101T120000", "RRULE:FREQ=WEEKLY;BYDAY=SA,MO;UNTIL=20270331T000000Z")), []string{"03-27 11:00 to 11:10", "03-29 10:00 to 10:10"}},
		"daily, of 1990":            {now, ical(event("UID:a", "DTSTART:19900101T120000Z", "RRULE:FREQ=DAILY;INTERVAL=4")), []string{"01-03 12:00 to 12:10", "01-07 12:00 to 12:10"}},
		"the first of January":      {now, ical(event("UID:a", "DTSTART;TZID=Asia/Seoul:20000101T000000", "RRULE:FREQ=YEARLY")), []string{"12-31 15:00 to 15:10"}},
		"last Friday of a month":    {at(1, 28, 0, 0), ical(event("UID:a", "DTSTART:20200131T090000Z", "RRULE:FREQ=MONTHLY;BYDAY=-1FR")), []string{"01-29 09:00 to 09:10"}},
		"counted out":               {now, ical(event("UID:a", "DTSTART:20260101T120000Z", "RRULE:FREQ=DAILY;COUNT=366")), []string{"12-31 12:00 to 12:10", "01-01 12:00 to 12:10"}},
		"until a day":               {now, ical(event("UID:a", "DTSTART:20260101T120000Z", "RRULE:FREQ=DAILY;UNTIL=20270101")), []string{"12-31 12:00 to 12:10", "01-01 12:00 to 12:10"}},
		"dates besides":             {now, ical(event("UID:a", "DTSTART:20270101T120000Z", "RDATE:20270103T120000Z,20270104T120000Z", "EXDATE:20270104T120000Z")), []string{"01-01 12:00 to 12:10", "01-03 12:00 to 12:10"}},
		"exceptions": {now, ical(event("UID:a", "DTSTART;TZID=Asia/Seoul:20261201T210000", "RRULE:FREQ=DAILY;UNTIL=20270103T235959Z",
			"EXDATE;TZID=Asia/Seoul:20261231T210000,20270101T210000", "EXDATE:20270102T120000Z")), []string{"01-03 12:00 to 12:10"}},
		"moved, and cancelled": {now, ical(
			event("UID:a", "DTSTART:20261201T120000Z", "RRULE:FREQ=DAILY;UNTIL=20270103T000000Z"),
			event("UID:a", "RECURRENCE-ID:20261231T120000Z", "DTSTART:20261231T180000Z"),
			event("UID:a", "RECURRENCE-ID:20270101T120000Z", "STATUS:CANCELLED", "DTSTART:20270101T120000Z"),
		), []string{"12-31 18:00 to 18:10", "01-02 12:00 to 12:10"}},
		"cancelled":              {now, ical(event("UID:a", "DTSTART:20270101T000000Z", "STATUS:CANCELLED")), nil},
		"the newer of two":       {now, ical(event("UID:a", "SEQUENCE:2", "DTSTART:20270101T010000Z"), event("UID:a", "SEQUENCE:1", "DTSTART:20270101T020000Z")), []string{"01-01 01:00 to 01:10"}},
		"without a UID":          {now, ical(event("DTSTART:20270101T010000Z"), event("DTSTART:20270101T020000Z")), []string{"01-01 01:00 to 01:10", "01-01 02:00 to 02:10"}},
		"far away":               {now, ical(event("UID:a", "DTSTART:20280101T010000Z"), event("UID:b", "DTSTART:20200101T010000Z")), nil},
		"with a byte order mark": {now, "\xef\xbb\xbf" + ical(event("UID:a", "DTSTART:20270101T010000Z")), []string{"01-01 01:00 to 01:10"}},
		"folded, with CRLF":      {now, strings.ReplaceAll(ical(event("UID:a", "DTSTART:2027010\n 1T010000Z")), "\n", "\r\n"), []string{"01-01 01:00 to 01:10"}},
		"an empty calendar":      {now, ical(), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b, problems, err := read([]byte(tt.text), tt.now, seoul)
			if err != nil || problems != nil {
				t.Fatal(err, problems)
			}
			s, err := b.around(tt.now)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range s {
				got = append(got, e.Start.UTC().Format("01-02 15:04")+" to "+e.End.UTC().Format("15:04"))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	start := "DTSTART:20270101T000000Z"
	tests := map[string]struct{ text, want string }{
		"nothing":              {"", "must begin with BEGIN:VCALENDAR"},
		"a page":               {"<html>\n", "must begin with BEGIN:VCALENDAR"},
		"cut off":              {strings.TrimSuffix(ical(event("UID:a", start)), "END:VCALENDAR\n"), "cut off"},
		"cut off in an event":  {ical(event("UID:a", start))[:90], "cut off"},
		"another thing":        {"BEGIN:VCARD\nEND:VCARD\nEND:VCALENDAR", "cut off"},
		"very deep":            {strings.Repeat("BEGIN:A\n", 100_000) + "END:VCALENDAR", "deep"},
		"deep, in folds":       {strings.Repeat("BEG\n IN:A\n", 100_000) + "END:VCALENDAR", "deep"},
		"deep, behind letters": {strings.Repeat("\"BEGIN;X=1:A\n", 100_000) + "END:VCALENDAR", "deep"},
		"no start":             {ical(event("UID:a", "SUMMARY:Sale")), `"Sale": 0 starts`},
		"a start of words":     {ical(event("UID:a", "DTSTART:tomorrow")), "not a date"},
		"a start of no month":  {ical(event("UID:a", "DTSTART:20271301T000000Z")), "not a date"},
		"backwards":            {ical(event("UID:a", start, "DTEND:20260101T000000Z")), "ends before it starts"},
		"a bad duration":       {ical(event("UID:a", start, "DURATION:-PT1H")), "not a duration"},
		"an unknown zone":      {ical(event("UID:a", "DTSTART;TZID=Mars/Olympus:20270101T000000")), "use a name such as Asia/Seoul"},
		"a zone of the disk":   {ical(event("UID:a", "DTSTART;TZID=../../etc/passwd:20270101T000000")), "unknown time zone"},
		"a zone of no rules":   {ical("BEGIN:VTIMEZONE\nTZID:X\nEND:VTIMEZONE\n"), "no STANDARD"},
		"by the second":        {ical(event("UID:a", start, "RRULE:FREQ=SECONDLY")), "FREQ=DAILY with BYHOUR"},
		"hours that never are": {ical(event("UID:a", start, "RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=3")), "FREQ=DAILY with BYHOUR"},
		"never":                {ical(event("UID:a", start, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")), "never happens"},
		"a huge interval":      {ical(event("UID:a", start, "RRULE:FREQ=DAILY;INTERVAL=9223372036854775807")), "interval"},
		"a huge count":         {ical(event("UID:a", start, "RRULE:FREQ=DAILY;COUNT=1000000000")), "end it with UNTIL"},
		"too many times a day": {ical(event("UID:a", start, "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3,4,5,6")), "times a day"},
		"a rule of no kind":    {ical(event("UID:a", start, "RRULE:every day")), "the rule"},
		"two rules":            {ical(event("UID:a", start, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY")), "one RRULE"},
		"this and following":   {ical(event("UID:a", "RECURRENCE-ID;RANGE=THISANDFUTURE:20270101T000000Z", start)), "all that follow"},
		"too many events":      {ical(strings.Repeat(event(start), maxEvents+1)), "at most 10000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, problems, err := read([]byte(tt.text), at(1, 1, 0, 0), seoul)
			if err == nil {
				err = joined(problems)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

// TestForwardChangesNothing compares what a rule says near now, worked out from
// a start moved forward, with every step since its own start.
func TestForwardChangesNothing(t *testing.T) {
	const seed = 20270101
	r := rand.New(rand.NewPCG(seed, 0))
	parts := []string{"", ";BYMONTH=1,2,7", ";BYDAY=MO,FR", ";BYDAY=MO,TU,FR;BYSETPOS=-1", ";BYMONTHDAY=1,15,-1", ";BYHOUR=9,21", ";WKST=SU;BYDAY=SU,SA", ";BYYEARDAY=1,100,-1", ";BYMONTH=2;BYMONTHDAY=29"}
	compared := 0
	for round := range 300 {
		freq := []string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}[r.IntN(4)]
		text := fmt.Sprintf("FREQ=%s;INTERVAL=%d%s", freq, 1+r.IntN(5), parts[r.IntN(len(parts))])
		start := time.Date(1995+r.IntN(25), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), 0, 0, mustLoad("Europe/Berlin"))
		rl, err := parseRule(text, start)
		if err != nil {
			continue // BYSETPOS and the like do not go with every frequency
		}
		from := time.Date(2026, time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), 0, 0, 0, time.UTC)
		to := from.AddDate(0, 6, 0)
		got, err := rl.between(from, to)
		if err != nil {
			t.Fatal(err)
		}
		next, err := steps(rl.opt)
		if err != nil {
			t.Fatal(err)
		}
		var want []time.Time
		for s, ok := next(); ok && !s.After(to); s, ok = next() {
			if !s.Before(from) {
				want = append(want, s)
			}
		}
		compared += len(want)
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("seed %d round %d: %s from %s:\ngot  %v\nwant %v", seed, round, text, start, got, want)
		}
	}
	if compared < 1000 {
		t.Errorf("compared %d occurrences: the test says little", compared)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(ical(ownZoneText, event("UID:a", "SUMMARY:New Year", "DTSTART;TZID=Somewhere:20270101T000000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE:20270104T000000Z", "RDATE:20270105T000000Z/PT1H"))))
	f.Add([]byte(ical(event("UID:a", "DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=YEARLY;BYWEEKNO=53;BYSETPOS=-1"), event("UID:a", "RECURRENCE-ID:20270101T000000Z", "DTSTART:20270101T000000Z"))))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;X=\\:1\nEND:VEVENT\nEND:VCALENDAR"))
	now := at(1, 1, 0, 0)
	f.Fuzz(func(t *testing.T, data []byte) {
		b, _, err := read(data, now, seoul)
		if err != nil {
			return
		}
		s, _ := b.around(now)
		for i, e := range s {
			if d := e.End.Sub(e.Start); d <= 0 || d > longest || e.Start.Before(now.Add(-back)) || e.Start.After(now.Add(ahead)) {
				t.Errorf("%+v: outside its bounds", e)
			}
			if i > 0 && e.Start.Before(s[i-1].Start) {
				t.Error("not in order")
			}
		}
		if until, note := s.standing(now, time.Hour); until.Sub(now) > longest || len(note) > 1000 {
			t.Errorf("until %s, note of %d bytes", until, len(note))
		}
	})
}

// FuzzRule looks for rules that make the library panic, hang, or step outside
// what was asked for.
func FuzzRule(f *testing.F) {
	for _, text := range []string{
		"FREQ=YEARLY;BYWEEKNO=53,-1;BYSETPOS=-1;WKST=SU", "FREQ=MONTHLY;BYDAY=-1FR,2MO;COUNT=10", "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO;UNTIL=20270301",
		"FREQ=DAILY;BYHOUR=1,2;BYMINUTE=0,30;BYSECOND=59", "FREQ=YEARLY;BYYEARDAY=-366,1;BYMONTH=2", "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
	} {
		f.Add(text, int64(946684800))
	}
	f.Fuzz(func(t *testing.T, text string, start int64) {
		if start < -2208988800 || start > 7258118400 { // 1900 to 2200, as parseWhen has it
			return
		}
		r, err := parseRule(text, time.Unix(start, 0).In(seoul))
		if err != nil {
			return
		}
		from := at(1, 1, 0, 0)
		to := from.Add(back + ahead)
		got, _ := r.between(from, to)
		for _, o := range got {
			if o.Before(from) || o.After(to) {
				t.Errorf("%q: %s is outside", text, o)
			}
		}
	})
}
