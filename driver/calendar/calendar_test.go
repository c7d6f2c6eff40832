package calendar_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/driver/calendar"
)

// newYear has noon in Seoul on the first of each month: testing/synctest begins
// in the night before that of January 2000.
const newYear = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:ny\nSUMMARY:New Year\nDTSTART;TZID=Asia/Seoul:19990101T120000\nDTEND;TZID=Asia/Seoul:19990101T123000\nRRULE:FREQ=MONTHLY\nEND:VEVENT\nEND:VCALENDAR\n"

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs a calendar until the test ends.
func start(t *testing.T, cfg calendar.Config) *calendar.Calendar {
	t.Helper()
	cfg.Seed = 1
	c, err := calendar.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	over := errors.New("over")
	ctx, stop := context.WithCancelCause(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.Run(ctx); !errors.Is(err, over) {
			t.Errorf("Run returned %v, want the reason why it was stopped", err)
		}
	})
	t.Cleanup(func() { stop(over); running.Wait() })
	return c
}

func TestArmsAheadAndUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Noon in Seoul is three in the morning of 2000-01-01, UTC.
		path := filepath.Join(t.TempDir(), "events.ics")
		write(t, path, newYear)
		c := start(t, calendar.Config{Path: path, Lead: 20 * time.Minute})
		begin := time.Date(2000, 1, 1, 3, 0, 0, 0, time.UTC)
		for after, armed := range map[time.Duration]bool{
			-20*time.Minute - 1: false, -20 * time.Minute: true, 0: true, 30*time.Minute - 1: true, 30 * time.Minute: false,
		} {
			r := c.Read(begin.Add(after))
			want := time.Time{}
			if armed {
				want = begin.Add(30 * time.Minute)
			}
			if (r.Value == 1) != armed || !r.Until.Equal(want) || r.At.IsZero() {
				t.Errorf("%s after the start: %+v, want armed = %v", after, r, armed)
			}
			if armed && r.Note != "New Year, 2000-01-01 12:00 KST" {
				t.Errorf("note %q", r.Note)
			}
		}
		if e := c.Coming(begin, 5); len(e) != 1 || e[0].Summary != "New Year" || !e[0].Start.Equal(begin) {
			t.Errorf("coming: %+v", e)
		}
		time.Sleep(29 * 24 * time.Hour)
		if e := c.Coming(time.Now(), 5); len(e) != 1 || !e[0].Start.Equal(begin.AddDate(0, 1, 0)) {
			t.Errorf("coming a month later: %+v", e)
		}
		if r := c.Read(time.Now()); time.Since(r.At) > time.Minute || r.Note != "" {
			t.Errorf("a month later: %+v", r)
		}
	})
}

func TestChangedFileIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "events.ics")
		write(t, path, newYear)
		c := start(t, calendar.Config{Path: path})
		change := func(text string) {
			write(t, path, text)
			time.Sleep(31 * time.Second)
		}
		summary := func() string {
			if e := c.Coming(time.Now(), 1); len(e) == 1 {
				return e[0].Summary
			}
			return ""
		}
		change(strings.Replace(newYear, "New Year", "The first of January", 1))
		if got := summary(); got != "The first of January" {
			t.Errorf("after a change: %q", got)
		}
		change("half a fi")
		if r := c.Read(time.Now()); summary() != "The first of January" || !strings.Contains(r.Note, "events.ics") || time.Since(r.At) < 30*time.Second {
			t.Errorf("a broken file: %q, %+v: want what was before, and a note", summary(), r)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(31 * time.Second)
		if r := c.Read(time.Now()); summary() != "The first of January" || !strings.Contains(r.Note, "no such file") {
			t.Errorf("no file: %q, %+v", summary(), r)
		}
		change(newYear)
		if r := c.Read(time.Now()); summary() != "New Year" || r.Note != "" {
			t.Errorf("mended: %q, %+v", summary(), r)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.ics")
	write(t, broken, strings.Replace(newYear, "RRULE:FREQ=MONTHLY", "RRULE:FREQ=SECONDLY", 1))
	for name, tt := range map[string]struct {
		cfg  calendar.Config
		want string
	}{
		"nothing":     {calendar.Config{}, "name an .ics file"},
		"both":        {calendar.Config{Path: broken, URL: "https://a.test/"}, "name one of them"},
		"a long lead": {calendar.Config{URL: "https://a.test/", Lead: 13 * time.Hour}, "lead 13h"},
		"a webcal":    {calendar.Config{URL: "webcal://a.test/"}, "write https://"},
		"a file URL":  {calendar.Config{URL: "file:///etc/passwd"}, "http:// or https://"},
		"no file":     {calendar.Config{Path: filepath.Join(dir, "no.ics")}, "no.ics: there is no such file"},
		"a directory": {calendar.Config{Path: dir}, "no regular file"},
		"a bad event": {calendar.Config{Path: broken}, `event "New Year"`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := calendar.New(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

// web answers requests in memory.
type web func(n int, r *http.Request) (status int, h http.Header, body string)

func (f web) transport() http.RoundTripper { return &roundTrips{answer: f} }

type roundTrips struct {
	answer web
	n      int // Run asks one at a time
}

func (r *roundTrips) RoundTrip(req *http.Request) (*http.Response, error) {
	r.n++
	status, h, body := r.answer(r.n, req)
	if status == 0 {
		return nil, errors.New("the line is cut")
	}
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

func TestPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, unchanged := 0, 0
		c := start(t, calendar.Config{URL: "https://a.test/secret.ics", Transport: web(func(n int, r *http.Request) (int, http.Header, string) {
			asked = n
			switch {
			case n == 1:
				return 503, nil, ""
			case n == 2:
				return 0, nil, ""
			case r.Header.Get("If-None-Match") == `"1"`:
				unchanged++
				return 304, nil, ""
			}
			bad := "BEGIN:VEVENT\nSUMMARY:Odd\nDTSTART:20000101T000000Z\nRRULE:FREQ=HOURLY\nEND:VEVENT\nEND:VCALENDAR"
			return 200, http.Header{"Etag": {`"1"`}}, strings.Replace(newYear, "END:VCALENDAR", bad, 1)
		}).transport()})
		time.Sleep(time.Millisecond)
		if r := c.Read(time.Now()); !r.At.IsZero() || r.Note != "not heard: a.test: it answers 503 Service Unavailable" {
			t.Errorf("at first: %+v", r)
		}
		time.Sleep(11 * time.Second)
		if r := c.Read(time.Now()); !r.At.IsZero() || r.Note != "not heard: a.test: the line is cut" {
			t.Errorf("then: %+v", r)
		}
		time.Sleep(time.Hour)
		if r := c.Read(time.Now()); time.Since(r.At) > 6*time.Minute || !strings.Contains(r.Note, `event "Odd"`) {
			t.Errorf("then: %+v, want heard, and a note about what was left out", r)
		}
		if e := c.Coming(time.Now(), 5); len(e) != 1 {
			t.Errorf("coming: %+v, want the event that could be read", e)
		}
		if asked < 12 || asked > 18 || unchanged != asked-3 {
			t.Errorf("asked %d times in an hour, %d of them for what is new", asked, unchanged)
		}
	})
}

func TestHostileAddress(t *testing.T) {
	for name, tt := range map[string]struct {
		answer web
		want   string
	}{
		"over a megabyte": {func(int, *http.Request) (int, http.Header, string) { return 200, nil, strings.Repeat("x", 2<<20) }, "more than 1 MB"},
		"elsewhere": {func(_ int, r *http.Request) (int, http.Header, string) {
			if r.URL.Host != "a.test" {
				return 200, nil, newYear
			}
			return 302, http.Header{"Location": {"https://b.test/"}}, ""
		}, "another host"},
		"a page": {func(int, *http.Request) (int, http.Header, string) { return 200, nil, "<html>" }, "BEGIN:VCALENDAR"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := start(t, calendar.Config{URL: "https://a.test/secret.ics", Transport: tt.answer.transport()})
				time.Sleep(time.Minute)
				if r := c.Read(time.Now()); !r.At.IsZero() || !strings.Contains(r.Note, tt.want) || strings.Contains(r.Note, "secret") {
					t.Errorf("%+v, want a note with %q and without the address", r, tt.want)
				}
			})
		})
	}
}
