package format_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
	"github.com/daero/daero/driver/alertfeed/format"
)

// field is a value of the tail and how many bits it takes.
type field struct{ v, n int }

// pews writes a document bit by bit, from the table in the doc comment.
func pews(phase format.Phase, mag int, regions int) []byte {
	var s strings.Builder
	for _, f := range []field{{612, 10}, {536, 10}, {mag, 7}, {90, 10}, {1510723771, 32}, {17000407, 26}, {6, 4}, {regions, 17}, {0, 4}} {
		for i := f.n - 1; i >= 0; i-- {
			s.WriteByte('0' + byte(f.v>>i&1))
		}
	}
	doc := append([]byte{byte(phase) << 5, 0, 0, 0}, make([]byte, 130)...) // 260 stations
	for i := 0; i < s.Len(); i += 8 {
		b := 0
		for _, c := range s.String()[i : i+8] {
			b = b<<1 | int(c-'0')
		}
		doc = append(doc, byte(b))
	}
	text := "경북 포항시 북구 북쪽 8km 지역"
	return append(doc, text+strings.Repeat(" ", 60-len(text))...)
}

const gyeongbuk = 1 << (16 - 14)

func TestPEWS(t *testing.T) {
	at := time.Date(2017, 11, 15, 5, 29, 50, 0, time.UTC)
	warning := alert.Alert{
		ID: "2017000407", Version: at.Unix(), Status: alert.Actual, Origin: at.Add(-19 * time.Second),
		Infos: []alert.Info{{
			Title: "경북 포항시 북구 북쪽 8km 지역", Magnitude: 5.4,
			Regions: []string{"경북", "Gyeongbuk"}, Areas: []alert.Area{alert.At(30+6.12, 124+5.36)},
		}},
	}
	var p format.PEWS
	step := func(after int, doc []byte) []alert.Alert {
		t.Helper()
		got, err := p.Take(at.Add(time.Duration(after)*time.Second), doc, format.PEWSHead)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	calm := []byte{0x80, 0, 0, 0, 17}
	if got := step(-1, calm); got != nil {
		t.Errorf("calm: %+v", got)
	}
	if got := step(0, pews(format.Warning, 54, gyeongbuk)); !reflect.DeepEqual(got, []alert.Alert{warning}) {
		t.Errorf("got  %+v\nwant %+v", got, warning)
	}
	if got := step(1, pews(format.Warning, 54, gyeongbuk)); got != nil {
		t.Errorf("the same again: %+v", got)
	}
	if got := step(2, pews(format.Warning, 55, gyeongbuk)); len(got) != 1 || got[0].Version != at.Unix()+2 || got[0].Infos[0].Magnitude != 5.5 {
		t.Errorf("a better magnitude: %+v", got)
	}
	if got := step(30, pews(format.Report, 54, 1<<17-1)); len(got) != 1 || got[0].Infos[0].Regions != nil {
		t.Errorf("the report, whose bitmap says no region: %+v", got)
	}
	for i := range 5 {
		if got := step(60+i, calm); got != nil {
			t.Errorf("calm after a report: %+v", got)
		}
	}
}

func TestPEWSWithdrawn(t *testing.T) {
	at := time.Date(2017, 11, 15, 5, 29, 50, 0, time.UTC)
	var p format.PEWS
	calm := []byte{0}
	warning := pews(format.Warning, 54, gyeongbuk)[3:] // a replay's head is one byte
	warning[0] = byte(format.Warning) << 5
	var got []alert.Alert
	for i, doc := range [][]byte{warning, calm, calm, warning, calm, calm, calm, calm} {
		as, err := p.Take(at.Add(time.Duration(i)*time.Second), doc, format.PEWSReplayHead)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 || len(as) == 0 {
			continue
		}
		if i != 6 {
			t.Errorf("document %d: %+v", i, as)
		}
		got = as
	}
	if len(got) != 1 || got[0].ID != "2017000407" || got[0].Action != alert.Cancel {
		t.Errorf("%+v, want a cancel", got)
	}
}

func TestPEWSRefuses(t *testing.T) {
	for name, doc := range map[string][]byte{
		"nothing":        nil,
		"half a head":    {0x40, 0},
		"no tail":        {0x40, 0, 0, 0, 1, 2, 3},
		"a megabyte":     make([]byte, format.MaxBody+1),
		"half an answer": pews(format.Warning, 54, 0)[:70],
	} {
		var p format.PEWS
		if as, err := p.Take(time.Unix(1510723790, 0), doc, format.PEWSHead); err == nil {
			t.Errorf("%s: %+v and no error", name, as)
		}
	}
}

func FuzzPEWS(f *testing.F) {
	f.Add(pews(format.Warning, 54, gyeongbuk), []byte{0, 0, 0, 0}, 4)
	f.Add(pews(format.Report, 127, 1<<17-1), []byte{0x20}, 1)
	f.Fuzz(func(t *testing.T, one, two []byte, head int) {
		var p format.PEWS
		at := time.Date(2017, 11, 15, 5, 29, 50, 0, time.UTC)
		for i, doc := range [][]byte{one, two, two, two, one} {
			alerts, _ := p.Take(at.Add(time.Duration(i)*time.Second), doc, head)
			for _, a := range alerts {
				judge(t, a)
			}
		}
	})
}
