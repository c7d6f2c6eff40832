package format_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
	"github.com/daero/daero/driver/alertfeed/format"
)

const capPohang = `<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>KR-2017000407</identifier><sender>quake@example.kr</sender>
  <sent>2017-11-15T14:29:50+09:00</sent>
  <status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
  <info><language>ko-KR</language><category>Geo</category><event>지진</event>
    <urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>
    <expires>2017-11-15T14:59:50+09:00</expires>
    <headline>Earthquake</headline>
    <parameter><valueName>Magnitude</valueName><value>5.4</value></parameter>
    <area><areaDesc>Pohang; Gyeongju</areaDesc><circle>36.12,129.36 50</circle>
      <geocode><valueName>KR</valueName><value>47110</value></geocode></area>
  </info>
</alert>`

func TestCAP(t *testing.T) {
	got, err := format.CAP([]byte(capPohang))
	if err != nil {
		t.Fatal(err)
	}
	sent := time.Date(2017, 11, 15, 5, 29, 50, 0, time.UTC)
	want := alert.Alert{
		ID: "quake@example.kr KR-2017000407", Version: sent.UnixNano(), Status: alert.Actual, Origin: sent,
		Infos: []alert.Info{{
			Title: "지진, Pohang; Gyeongju", Magnitude: 5.4, Severity: alert.Severe, Urgency: alert.Immediate, Certainty: alert.Observed,
			Expires: sent.Add(30 * time.Minute), Regions: []string{"Pohang", "Gyeongju", "47110"},
			Areas: []alert.Area{{Points: []alert.Point{{Lat: 36.12, Lon: 129.36}}, RadiusKM: 50}},
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestCAPCancel(t *testing.T) {
	doc := strings.NewReplacer(
		"<msgType>Alert</msgType>", "<msgType>Cancel</msgType>",
		"</scope>", "</scope><references>quake@example.kr,KR-1,2017-11-15T14:29:50+09:00 a@b,KR-2,2017-11-15T14:29:51+09:00 broken</references>",
	).Replace(capPohang)
	got, err := format.CAP([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"quake@example.kr KR-1", "a@b KR-2"}; got.Action != alert.Cancel || !reflect.DeepEqual(got.Replaces, want) {
		t.Errorf("action %d, replaces %q, want a cancel of %q", got.Action, got.Replaces, want)
	}
}

func TestHostileXML(t *testing.T) {
	replace := func(old, by string) string {
		if !strings.Contains(capPohang, old) {
			t.Fatalf("%q is not in the document", old)
		}
		return strings.Replace(capPohang, old, by, 1)
	}
	bomb := `<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>`
	tests := map[string]struct{ doc, want string }{
		"nothing":              {"", "no XML element"},
		"words":                {"please arm", "no XML element"},
		"a page":               {"<html><body>", "<html>, not a CAP"},
		"an entity bomb":       {replace("<alert ", bomb+"<alert "), "DTD"},
		"a DTD inside":         {replace("<info>", bomb+"<info>"), "DTD"},
		"an unknown entity":    {replace("Earthquake", "&bomb;"), "entity"},
		"too deep":             {replace("<info>", strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)+"<info>"), "deep"},
		"too many elements":    {replace("<info>", strings.Repeat("<a/>", 60_000)+"<info>"), "50000 elements"},
		"too many attributes":  {replace("<info>", "<info"+attributes(50)+">"), "attributes"},
		"cut off":              {capPohang[:len(capPohang)/2], "not CAP"},
		"wrongly nested":       {replace("</info>", "</infos>"), "not CAP"},
		"a second root":        {capPohang + "<alert/>", "second"},
		"another namespace":    {replace("urn:oasis:names:tc:emergency:cap:1.2", "urn:other"), "not a CAP"},
		"another encoding":     {replace("UTF-8", "EUC-KR"), "EUC-KR"},
		"no identifier":        {replace("KR-2017000407", ""), "missing"},
		"an identifier of 9kB": {replace("KR-2017000407", strings.Repeat("x", 9000)), "identifier of"},
		"no time":              {replace("2017-11-15T14:29:50+09:00", ""), "sent"},
		"a time of no zone":    {replace("2017-11-15T14:29:50+09:00", "2017-11-15T14:29:50"), "zone"},
		"the year 1":           {replace("2017-11-15T14:29:50+09:00", "0001-01-01T00:00:00Z"), "another age"},
		"no status":            {replace("Actual", ""), "status"},
		"a status made up":     {replace("Actual", "Real"), `unknown status "Real"`},
		"a type made up":       {replace("<msgType>Alert", "<msgType>Run"), "msgType"},
		"a severity made up":   {replace("Severe", "Very"), "severity"},
		"over a megabyte":      {capPohang + strings.Repeat(" ", format.MaxBody), "1 MB"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := format.CAP([]byte(tt.doc))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("an error of %d bytes: it goes to a screen", len(err.Error()))
			}
		})
	}
}

func attributes(n int) (s string) {
	for i := range n {
		s += fmt.Sprintf(` a%d="x"`, i)
	}
	return s
}

func TestWhatCannotBeBelievedIsNotStated(t *testing.T) {
	doc := strings.NewReplacer("<value>5.4</value>", "<value>54</value>", "36.12,129.36 50", "136.12,129.36 50").Replace(capPohang)
	got, err := format.CAP([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if i := got.Infos[0]; i.Magnitude != 0 || i.Areas != nil {
		t.Errorf("magnitude %v, areas %v: want none", i.Magnitude, i.Areas)
	}
}

func TestAtom(t *testing.T) {
	_, inline, _ := strings.Cut(capPohang, "?>")
	feed := `<feed xmlns="http://www.w3.org/2005/Atom"><title>hub</title><updated>2017-11-15T05:30:00Z</updated>
<entry><id>carried</id><updated>2017-11-15T05:29:50Z</updated><content type="text/xml">` + inline + `</content></entry>
<entry><id>linked</id><updated>2017-11-15T05:29:51Z</updated><link rel="alternate" href="/page"/><link type="application/cap+xml" href="one.xml"/></entry>
<entry><id>plain</id><updated>2017-11-15T05:29:52Z</updated><link href="https://example.kr/two.xml"/></entry>
<entry><id>empty</id><updated>2017-11-15T05:29:53Z</updated></entry>
</feed>`
	got, err := format.Atom([]byte(feed))
	if err != nil {
		t.Fatal(err)
	}
	if got.Bad == nil || !strings.Contains(got.Bad.Error(), `"empty"`) {
		t.Errorf("bad: %v, want what is wrong with the last", got.Bad)
	}
	if len(got.Entries) != 3 {
		t.Fatalf("%d entries, want 3", len(got.Entries))
	}
	if e := got.Entries[0]; e.Alert == nil || e.Alert.Infos[0].Magnitude != 5.4 {
		t.Errorf("carried: %+v", e)
	}
	for i, want := range []string{"one.xml", "https://example.kr/two.xml"} {
		if e := got.Entries[i+1]; e.Alert != nil || e.Link != want || e.Updated.Second() != 51+i {
			t.Errorf("entry %d: %+v, want a link to %s", i+1, e, want)
		}
	}
	if f, err := format.Atom([]byte(capPohang)); err != nil || len(f.Entries) != 1 || f.Entries[0].Alert == nil {
		t.Errorf("a single alert: %+v, %v", f, err)
	}
	if _, err := format.Atom([]byte("<rss/>")); err == nil || !strings.Contains(err.Error(), "Atom <feed>") {
		t.Errorf("another format: %v", err)
	}
	if _, err := format.Atom([]byte(feed[:len(feed)-8])); err == nil {
		t.Error("a feed that was cut off was read")
	}
}

func FuzzCAP(f *testing.F) {
	f.Add([]byte(capPohang))
	f.Add([]byte(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>x</id><link href="x"/></entry></feed>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY a "a">]><a>&a;</a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := format.CAP(data); err == nil {
			judge(t, a)
		}
		feed, err := format.Atom(data)
		if err != nil {
			return
		}
		for _, e := range feed.Entries {
			if e.Alert == nil && e.Link == "" {
				t.Errorf("entry %q: neither an alert nor a link", e.ID)
			}
			if e.Alert != nil {
				judge(t, *e.Alert)
			}
		}
	})
}

// judge holds what a Book may rely on, and that it copes.
func judge(t *testing.T, a alert.Alert) {
	t.Helper()
	if err := a.Valid(); err != nil {
		t.Errorf("not valid: %v", err)
	}
	for _, i := range a.Infos {
		if !(i.Magnitude >= 0 && i.Magnitude <= 10) {
			t.Errorf("magnitude %v", i.Magnitude)
		}
		for _, area := range i.Areas {
			for _, p := range area.Points {
				if !p.OnEarth() {
					t.Errorf("%v is not on the earth", p)
				}
			}
		}
	}
	b, err := alert.NewBook(alert.Filter{Within: 20000})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2017, 11, 15, 5, 30, 0, 0, time.UTC)
	if _, err := b.Take(now, a); err != nil {
		t.Errorf("not taken: %v", err)
	}
	if until, note := b.Standing(now); until.Sub(now) > 10*time.Minute || len(note) > 1000 {
		t.Errorf("stands until %s, with a note of %d bytes", until, len(note))
	}
}
