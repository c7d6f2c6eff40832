package alert_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
)

var (
	t0    = time.Date(2017, 11, 15, 5, 29, 31, 0, time.UTC)
	seoul = alert.Filter{Magnitude: 4.5, Within: 600, Lat: 37.5, Lon: 127}
)

// pohang is the M5.4 of 2017-11-15, as version v.
func pohang(v int64) alert.Alert {
	return alert.Alert{
		ID: "pohang", Version: v, Status: alert.Actual, Origin: t0,
		Infos: []alert.Info{{Title: "Pohang, KR", Magnitude: 5.4, Areas: []alert.Area{alert.At(36.12, 129.36)}}},
	}
}

// with changes an alert.
func with(a alert.Alert, change func(*alert.Alert)) alert.Alert {
	change(&a)
	return a
}

func book(t *testing.T, f alert.Filter) *alert.Book {
	t.Helper()
	b, err := alert.NewBook(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// step is one message taken in, and what is wanted then.
type step struct {
	after time.Duration // t0
	a     alert.Alert
	want  alert.Outcome
	until time.Duration // after t0; 0: nothing stands
}

func TestBook(t *testing.T) {
	const s, m = time.Second, time.Minute
	cancel := alert.Alert{ID: "c", Status: alert.Actual, Action: alert.Cancel, Origin: t0, Replaces: []string{"pohang"}}
	ahead := func(d time.Duration) alert.Alert {
		return with(pohang(1), func(a *alert.Alert) { a.Origin = t0.Add(d) })
	}
	smaller := with(pohang(2), func(a *alert.Alert) { a.Infos = []alert.Info{a.Infos[0]}; a.Infos[0].Magnitude = 4.1 })
	status := func(st alert.Status) alert.Alert {
		return with(pohang(1), func(a *alert.Alert) { a.Status = st })
	}
	next := with(pohang(1), func(a *alert.Alert) { a.ID, a.Replaces = "next", []string{"pohang"} })
	expires := func(d time.Duration) alert.Alert {
		return with(pohang(1), func(a *alert.Alert) {
			a.Infos = []alert.Info{a.Infos[0]}
			a.Infos[0].Expires = t0.Add(d)
		})
	}

	tests := map[string][]step{
		"arms for ten minutes from when it was heard": {{20 * s, pohang(1), alert.Armed, 20*s + 10*m}},
		"a duplicate does not arm longer":             {{20 * s, pohang(1), alert.Armed, 20*s + 10*m}, {5 * m, pohang(1), alert.Duplicate, 20*s + 10*m}},
		"an older version changes nothing":            {{0, pohang(2), alert.Armed, 10 * m}, {s, pohang(1), alert.Duplicate, 10 * m}},
		"an update replaces":                          {{0, pohang(1), alert.Armed, 10 * m}, {m, pohang(2), alert.Updated, 11 * m}},
		"an update under another name replaces":       {{0, pohang(1), alert.Armed, 10 * m}, {m, next, alert.Updated, 11 * m}, {2 * m, pohang(1), alert.Duplicate, 11 * m}},
		"revised below the filter ends":               {{0, pohang(1), alert.Armed, 10 * m}, {m, smaller, alert.Ended, 0}},
		"a late update keeps the end":                 {{9 * m, pohang(1), alert.Armed, 19 * m}, {11 * m, pohang(2), alert.Updated, 19 * m}},
		"a replay does not arm":                       {{10*m + s, pohang(1), alert.Old, 0}},
		"ten minutes are not too old":                 {{10 * m, pohang(1), alert.Armed, 20 * m}},
		"two minutes ahead are believed":              {{0, ahead(2 * m), alert.Armed, 10 * m}},
		"more is not, until its time":                 {{0, ahead(2*m + s), alert.Ahead, 0}, {m, ahead(2*m + s), alert.Armed, 11 * m}},
		"a test":                                      {{0, status(alert.Test), alert.NotActual, 0}},
		"an exercise":                                 {{0, status(alert.Exercise), alert.NotActual, 0}},
		"a draft":                                     {{0, status(alert.Draft), alert.NotActual, 0}},
		"between machines":                            {{0, status(alert.System), alert.NotActual, 0}},
		"a test does not keep the real one out":       {{0, status(alert.Test), alert.NotActual, 0}, {s, pohang(1), alert.Armed, s + 10*m}},
		"a cancel ends at once":                       {{0, pohang(1), alert.Armed, 10 * m}, {30 * s, cancel, alert.Ended, 0}, {31 * s, pohang(1), alert.Duplicate, 0}},
		"a cancel read first":                         {{0, cancel, alert.Ignored, 0}, {0, pohang(1), alert.Duplicate, 0}, {0, pohang(1), alert.Duplicate, 0}},
		"a cancel of the same name": {
			{0, pohang(1), alert.Armed, 10 * m},
			{30 * s, with(pohang(1), func(a *alert.Alert) { a.Action = alert.Cancel }), alert.Ended, 0},
			{31 * s, pohang(1), alert.Duplicate, 0},
		},
		"a cancelled exercise cancels nothing": {
			{0, pohang(1), alert.Armed, 10 * m},
			{s, with(cancel, func(a *alert.Alert) { a.Status = alert.Exercise }), alert.NotActual, 10 * m},
		},
		"a cancel from the future is not believed": {
			{0, pohang(1), alert.Armed, 10 * m},
			{s, with(cancel, func(a *alert.Alert) { a.Origin = t0.Add(time.Hour) }), alert.Ahead, 10 * m},
		},
		"acknowledgements are nothing": {{0, with(pohang(1), func(a *alert.Alert) { a.Action = alert.Note }), alert.Ignored, 0}},
		"expires sooner":               {{0, expires(3 * m), alert.Armed, 3 * m}},
		"expires later":                {{0, expires(time.Hour), alert.Armed, 10 * m}},
		"has expired":                  {{m, expires(30 * s), alert.Old, 0}},
		"too small":                    {{0, smaller, alert.Filtered, 0}},
		"too far": {{0, with(pohang(1), func(a *alert.Alert) {
			a.Infos = []alert.Info{{Magnitude: 9, Areas: []alert.Area{alert.At(-33, -72)}}}
		}), alert.Filtered, 0}},
		"nowhere": {{0, with(pohang(1), func(a *alert.Alert) { a.Infos = []alert.Info{{Magnitude: 9}} }), alert.Filtered, 0}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			b := book(t, seoul)
			for i, st := range steps {
				now := t0.Add(st.after)
				got, err := b.Take(now, st.a)
				if err != nil || got != st.want {
					t.Fatalf("message %d: %s (%v), want %s", i, got, err, st.want)
				}
				until, note := b.Standing(now)
				want := time.Time{}
				if st.until > 0 {
					want = t0.Add(st.until)
				}
				if !until.Equal(want) || (note == "") != want.IsZero() {
					t.Fatalf("after message %d: stands until %s (%q), want %s", i, until, note, want)
				}
			}
		})
	}
}

func TestStandingSaysWhatItIsAbout(t *testing.T) {
	b := book(t, seoul)
	take := func(a alert.Alert) {
		t.Helper()
		if _, err := b.Take(t0, a); err != nil {
			t.Fatal(err)
		}
	}
	take(pohang(1))
	if _, note := b.Standing(t0); note != "M5.4 Pohang, KR; 260 km" {
		t.Errorf("note %q", note)
	}
	take(alert.Alert{ID: "after", Status: alert.Actual, Origin: t0, Infos: []alert.Info{{Magnitude: 4.6, Areas: []alert.Area{alert.At(36, 129)}}}})
	if _, note := b.Standing(t0); note != "M5.4 Pohang, KR; 260 km (and 1 more)" {
		t.Errorf("note %q", note)
	}
	if until, note := b.Standing(t0.Add(10 * time.Minute)); !until.IsZero() || note != "" {
		t.Errorf("after its end: until %s, note %q", until, note)
	}
}

func TestFilter(t *testing.T) {
	square := alert.Area{Points: []alert.Point{{36, 126}, {36, 128}, {38, 128}, {38, 126}}}
	tests := map[string]struct {
		f    alert.Filter
		i    alert.Info
		pass bool
	}{
		"nothing asked":             {alert.Filter{}, alert.Info{}, true},
		"as large as asked":         {alert.Filter{Magnitude: 4.5}, alert.Info{Magnitude: 4.5}, true},
		"written with a rounding":   {alert.Filter{Magnitude: 4.5}, alert.Info{Magnitude: 4.49999}, true},
		"no magnitude":              {alert.Filter{Magnitude: 1}, alert.Info{}, false},
		"no number":                 {alert.Filter{Magnitude: 1}, alert.Info{Magnitude: math.NaN()}, false},
		"severe enough":             {alert.Filter{Severity: alert.Severe}, alert.Info{Severity: alert.Extreme}, true},
		"not severe enough":         {alert.Filter{Severity: alert.Severe}, alert.Info{Severity: alert.Moderate}, false},
		"severity unknown":          {alert.Filter{Severity: alert.Minor}, alert.Info{}, false},
		"urgent enough":             {alert.Filter{Urgency: alert.Expected}, alert.Info{Urgency: alert.Expected}, true},
		"past":                      {alert.Filter{Urgency: alert.Expected}, alert.Info{Urgency: alert.Past}, false},
		"sure enough":               {alert.Filter{Certainty: alert.Likely}, alert.Info{Certainty: alert.Observed}, true},
		"not sure enough":           {alert.Filter{Certainty: alert.Likely}, alert.Info{Certainty: alert.Possible}, false},
		"its region":                {alert.Filter{Regions: []string{"gyeongbuk"}}, alert.Info{Regions: []string{"Seoul", " Gyeongbuk"}}, true},
		"another region":            {alert.Filter{Regions: []string{"Jeju"}}, alert.Info{Regions: []string{"Seoul"}}, false},
		"no region named":           {alert.Filter{Regions: []string{"Jeju"}}, alert.Info{}, false},
		"inside the polygon":        {alert.Filter{Within: 1, Lat: 37.5, Lon: 127}, alert.Info{Areas: []alert.Area{square}}, true},
		"near the polygon":          {alert.Filter{Within: 60, Lat: 38.5, Lon: 127}, alert.Info{Areas: []alert.Area{square}}, true},
		"not near the polygon":      {alert.Filter{Within: 50, Lat: 38.5, Lon: 127}, alert.Info{Areas: []alert.Area{square}}, false},
		"circle reaches":            {alert.Filter{Within: 50, Lat: 38, Lon: 127}, alert.Info{Areas: []alert.Area{{Points: []alert.Point{{37, 127}}, RadiusKM: 62}}}, true},
		"circle does not reach":     {alert.Filter{Within: 50, Lat: 38, Lon: 127}, alert.Info{Areas: []alert.Area{{Points: []alert.Point{{37, 127}}, RadiusKM: 60}}}, false},
		"over the date line":        {alert.Filter{Within: 300, Lat: 0, Lon: 179}, alert.Info{Areas: []alert.Area{alert.At(0, -179)}}, true},
		"polygon at the date line":  {alert.Filter{Within: 300, Lat: 0, Lon: 179}, alert.Info{Areas: []alert.Area{{Points: []alert.Point{{-1, -179}, {1, -179}, {1, -178}}}}}, true},
		"a polygon without a point": {alert.Filter{Within: 300}, alert.Info{Areas: []alert.Area{{}}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := book(t, tt.f).Take(t0, alert.Alert{ID: "x", Status: alert.Actual, Origin: t0, Infos: []alert.Info{tt.i}})
			if err != nil || (got == alert.Armed) != tt.pass {
				t.Errorf("%s (%v), want pass = %v", got, err, tt.pass)
			}
		})
	}
}

func TestFilterNamesEveryMistake(t *testing.T) {
	f := alert.Filter{Arm: time.Second, MaxAge: -1, Magnitude: math.NaN(), Within: 5, Lat: 91, Regions: []string{" "}, Severity: 9}
	err := f.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"arm for 1s", "max age", "magnitude NaN", "within 5km of 91", "severity 9", "empty region"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("does not say %q:\n%v", want, err)
		}
	}
	if err := (alert.Filter{Lat: 37}).Validate(); err == nil || !strings.Contains(err.Error(), "without a distance") {
		t.Errorf("a place without a distance: %v", err)
	}
}

func TestMessagesThatCannotBeJudged(t *testing.T) {
	b := book(t, alert.Filter{})
	for name, change := range map[string]func(*alert.Alert){
		"no id":     func(a *alert.Alert) { a.ID = "" },
		"long id":   func(a *alert.Alert) { a.ID = strings.Repeat("x", 1000) },
		"no status": func(a *alert.Alert) { a.Status = 0 },
		"no time":   func(a *alert.Alert) { a.Origin = time.Time{} },
		"many refs": func(a *alert.Alert) { a.Replaces = make([]string, 1000) },
		"many info": func(a *alert.Alert) { a.Infos = make([]alert.Info, 1000) },
	} {
		if _, err := b.Take(t0, with(pohang(1), change)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if b.Len() != 0 {
		t.Errorf("%d messages remembered, want none", b.Len())
	}
}

// TestMemoryIsBounded floods a book; what stands is kept, and what is too old
// to arm again is forgotten.
func TestMemoryIsBounded(t *testing.T) {
	b := book(t, seoul)
	if _, err := b.Take(t0, pohang(1)); err != nil {
		t.Fatal(err)
	}
	for i := range 10_000 {
		a := alert.Alert{ID: fmt.Sprint("x", i), Status: alert.Actual, Origin: t0}
		if _, err := b.Take(t0.Add(time.Second), a); err != nil {
			t.Fatal(err)
		}
	}
	if b.Len() > 4096 {
		t.Errorf("remembers %d messages, want at most 4096", b.Len())
	}
	if got, _ := b.Take(t0.Add(2*time.Second), pohang(1)); got != alert.Duplicate {
		t.Errorf("what stands was forgotten: %s", got)
	}
	_, _ = b.Take(t0.Add(13*time.Minute), alert.Alert{ID: "y", Status: alert.Actual, Origin: t0})
	if b.Len() > 2 {
		t.Errorf("remembers %d messages a quarter of an hour later, want at most 2", b.Len())
	}
}

// TestOrderOfCancelDoesNotMatter plays histories in every order: whatever is
// read first, nothing cancelled stands at the end.
func TestOrderOfCancelDoesNotMatter(t *testing.T) {
	const seed = 20171115
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 200 {
		var msgs []alert.Alert
		for i := range 6 {
			id := fmt.Sprint("e", i)
			msgs = append(msgs,
				with(pohang(1), func(a *alert.Alert) { a.ID = id }),
				with(pohang(1), func(a *alert.Alert) { a.ID, a.Replaces = id+"u", []string{id} }),
				with(pohang(1), func(a *alert.Alert) {
					a.ID, a.Replaces, a.Action = id+"c", []string{id, id + "u"}, alert.Cancel
				}))
		}
		r.Shuffle(len(msgs), func(i, j int) { msgs[i], msgs[j] = msgs[j], msgs[i] })
		b := book(t, seoul)
		for _, a := range msgs {
			if _, err := b.Take(t0, a); err != nil {
				t.Fatal(err)
			}
		}
		if until, note := b.Standing(t0); !until.IsZero() {
			t.Fatalf("seed %d round %d: %q stands though everything was cancelled", seed, round, note)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"Pohang,\n KR\t ":         "Pohang, KR",
		"a\x1b[31mb\x00":          "a[31mb",
		"\xff\xfe포항":              "포항",
		strings.Repeat("가", 1000): strings.Repeat("가", 9) + "…",
	} {
		if got := alert.Clean(in, 10); got != want {
			t.Errorf("Clean(%.20q) = %q, want %q", in, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	s, err := alert.ParseSeverity("Extreme")
	u, err2 := alert.ParseUrgency("IMMEDIATE")
	c, err3 := alert.ParseCertainty("observed")
	st, err4 := alert.ParseStatus("Exercise")
	got := []any{s, u, c, st, err, err2, err3, err4}
	want := []any{alert.Extreme, alert.Immediate, alert.Observed, alert.Exercise, error(nil), error(nil), error(nil), error(nil)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, err := alert.ParseStatus("urgent"); err == nil || !strings.Contains(err.Error(), "use actual, exercise") {
		t.Errorf("an unknown word: %v", err)
	}
}
