package format_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
	"github.com/daero/daero/driver/alertfeed/format"
)

// usgs is a body of a summary feed, made at a second.
func usgs(generated string, features ...string) []byte {
	return []byte(`{"type":"FeatureCollection","metadata":{"generated":` + generated + `000,"status":200},"features":[` + strings.Join(features, ",") + `]}`)
}

const (
	usgsPohang = `{"type":"Feature","id":"us2000bnrs","properties":{"mag":5.4,"place":"Pohang, South Korea","time":1510723771000,"updated":1510723900000,"status":"automatic","type":"earthquake"},"geometry":{"type":"Point","coordinates":[129.36,36.12,10]}}`
	usgsBlast  = `{"type":"Feature","id":"x1","properties":{"mag":5.4,"time":1510723771000,"type":"quarry blast"},"geometry":{"coordinates":[0,0]}}`
	usgsBare   = `{"type":"Feature","id":"x2","properties":{"mag":null,"place":null,"time":1510723771000},"geometry":null}`
)

func take(t *testing.T, u *format.USGS, body []byte) []alert.Alert {
	t.Helper()
	got, err := u.Take(body)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestUSGS(t *testing.T) {
	var u format.USGS
	got := take(t, &u, usgs("1510723950", usgsPohang, usgsBlast, usgsBare))
	at := time.Date(2017, 11, 15, 5, 29, 31, 0, time.UTC)
	want := []alert.Alert{
		{
			ID: "us2000bnrs", Version: 1510723900000, Status: alert.Actual, Origin: at,
			Infos: []alert.Info{{Title: "Pohang, South Korea", Magnitude: 5.4, Areas: []alert.Area{alert.At(36.12, 129.36)}}},
		},
		{ID: "x2", Status: alert.Actual, Origin: at, Infos: []alert.Info{{}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestUSGSWithdrawn(t *testing.T) {
	cancels := func(as []alert.Alert) (n int) {
		for _, a := range as {
			if a.Action == alert.Cancel && a.ID == "us2000bnrs" {
				n++
			}
		}
		return n
	}
	var u format.USGS
	for i, st := range []struct {
		body []byte
		want int
	}{
		{usgs("1510723950", usgsPohang), 0},
		{usgs("1510723960"), 0},             // gone once: perhaps a cache
		{usgs("1510723955", usgsPohang), 0}, // an older body says nothing
		{usgs("1510723970", usgsPohang), 0}, // back
		{usgs("1510723980"), 0},
		{usgs("1510723980"), 0}, // the same body again is no second witness
		{usgs("1510723990"), 1},
		{usgs("1510724000"), 0},
		{usgs("1510724010", strings.Replace(usgsPohang, "automatic", "deleted", 1)), 1},
		{usgs("1510724020"), 0},
		{usgs("1510724030"), 0},
	} {
		if got := cancels(take(t, &u, st.body)); got != st.want {
			t.Errorf("body %d: %d cancels, want %d", i, got, st.want)
		}
	}
}

func TestUSGSRefuses(t *testing.T) {
	for body, want := range map[string]string{
		"":                       "not GeoJSON",
		"<html>":                 "not GeoJSON",
		`{"type":"Feature"}`:     "FeatureCollection",
		`{"type":7}`:             "type is of the wrong type",
		strings.Repeat(" ", 2e6): "1 MB",
	} {
		var u format.USGS
		if _, err := u.Take([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: error %v, want one that says %q", body, err, want)
		}
	}
}

const (
	p2pWarning = `{"_id":"w1","code":556,"time":"2023/05/05 14:42:10.123","cancelled":false,"issue":{"time":"2023/05/05 14:42:10","eventId":"20230505144207","serial":"2"},
"earthquake":{"originTime":"2023/05/05 14:42:04","arrivalTime":"2023/05/05 14:42:08","hypocenter":{"name":"能登半島沖","reduceName":"石川県","latitude":37.5,"longitude":137.3,"depth":10,"magnitude":6.5}},
"areas":[{"pref":"石川","name":"石川県能登","scaleFrom":55,"scaleTo":60,"kindCode":"11"},{"pref":"富山","name":"富山県東部"}]}`
	p2pQuake     = `{"id":"q1","code":551,"time":"2023/05/05 14:45:00.5","issue":{"type":"DetailScale","time":"2023/05/05 14:45:00"},"earthquake":{"time":"2023/05/05 14:42:00","hypocenter":{"name":"能登半島沖","latitude":37.5,"longitude":137.3,"depth":10,"magnitude":6.5},"maxScale":60},"points":[{"pref":"石川県","addr":"珠洲市正院町","isArea":false,"scale":60}]}`
	p2pPrompt    = `{"id":"q0","code":551,"time":"2023/05/05 14:43:00","issue":{"type":"ScalePrompt"},"earthquake":{"time":"2023/05/05 14:42:00","hypocenter":{"name":"","latitude":-200,"longitude":-200,"depth":-1,"magnitude":-1}},"points":[]}`
	p2pTsunami   = `{"id":"t1","code":552,"time":"2023/05/05 14:50:00","cancelled":true,"issue":{"time":"2023/05/05 14:50:00"},"areas":[]}`
	p2pDetection = `{"id":"d1","code":554,"time":"2023/05/05 14:42:11","type":"Full"}`
	p2pPeers     = `{"id":"p1","code":555,"time":"2023/05/05 14:42:00","areas":[{"id":10,"peer":5}]}`
)

func TestP2PQuake(t *testing.T) {
	said := time.Date(2023, 5, 5, 5, 42, 0, 0, time.UTC)
	noto := []alert.Area{alert.At(37.5, 137.3)}
	tests := map[string]struct {
		msg  string
		want alert.Alert
	}{
		"early warning": {p2pWarning, alert.Alert{
			ID: "556 20230505144207", Version: 2, Status: alert.Actual, Origin: said.Add(4 * time.Second),
			Infos: []alert.Info{{Title: "能登半島沖, JP", Magnitude: 6.5, Regions: []string{"石川", "石川県能登", "富山", "富山県東部"}, Areas: noto}},
		}},
		"a drill of it": {strings.Replace(p2pWarning, `"cancelled"`, `"test":true,"cancelled"`, 1), alert.Alert{
			ID: "556 20230505144207", Version: 2, Status: alert.Test, Origin: said.Add(4 * time.Second),
			Infos: []alert.Info{{Title: "能登半島沖, JP", Magnitude: 6.5, Regions: []string{"石川", "石川県能登", "富山", "富山県東部"}, Areas: noto}},
		}},
		"its cancel": {`{"id":"w2","code":556,"time":"2023/05/05 14:42:30","cancelled":true,"issue":{"eventId":"20230505144207","serial":"3"},"areas":[]}`, alert.Alert{
			ID: "556 20230505144207", Version: 3, Status: alert.Actual, Action: alert.Cancel, Origin: said.Add(30 * time.Second), Infos: []alert.Info{{}},
		}},
		"earthquake": {p2pQuake, alert.Alert{
			ID: "551 2023/05/05 14:42:00 能登半島沖", Version: said.Add(180500 * time.Millisecond).UnixMilli(), Status: alert.Actual, Origin: said,
			Infos: []alert.Info{{Title: "能登半島沖, JP", Magnitude: 6.5, Regions: []string{"石川県"}, Areas: noto}},
		}},
		"not known where": {p2pPrompt, alert.Alert{
			ID: "551 2023/05/05 14:42:00 ", Version: said.Add(time.Minute).UnixMilli(), Status: alert.Actual, Origin: said, Infos: []alert.Info{{}},
		}},
		"tsunami is over": {p2pTsunami, alert.Alert{
			ID: "552", Version: said.Add(8 * time.Minute).UnixMilli(), Status: alert.Actual, Action: alert.Cancel, Origin: said.Add(8 * time.Minute),
			Infos: []alert.Info{{Title: "tsunami forecast, JP"}},
		}},
		"heard on the air": {p2pDetection, alert.Alert{
			ID: "d1", Version: said.Add(11 * time.Second).UnixMilli(), Status: alert.Actual, Origin: said.Add(11 * time.Second),
			Infos: []alert.Info{{Title: "early warning on the air, JP"}},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok, err := format.P2PQuake([]byte(tt.msg))
			if err != nil || !ok || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v (%v, %v)\nwant %+v", got, ok, err, tt.want)
			}
		})
	}
	if _, ok, err := format.P2PQuake([]byte(p2pPeers)); ok || err != nil {
		t.Errorf("where its peers are: %v, %v: want to pass over it", ok, err)
	}
}

func TestP2PQuakeRefuses(t *testing.T) {
	for msg, want := range map[string]string{
		"":                                     "not JSON",
		`{"code":556}`:                         "date and time",
		`{"code":556,"time":7}`:                "time is of the wrong type",
		`{"code":554,"time":"2023/05/05 1:2"}`: "date and time",
		`{"code":554,"time":"2023/05/05 1:02:3"}`:                              "date and time",
		`{"code":554,"time":"2023/05/05 11:02:03"}`:                            "identifier",
		`{"code":551,"id":"x","time":"2023/05/05 11:02:03"}`:                   "date and time",
		strings.Replace(p2pWarning, `"serial":"2"`, `"serial":"two"`, 1):       "number",
		strings.Replace(p2pWarning, `"serial":"2"`, `"serial":"-2"`, 1):        "number",
		strings.Replace(p2pWarning, "2023/05/05 14:42:10.", "9023/05/05 .", 1): "date and time",
		strings.Repeat("x", 2e6):                                               "1 MB",
	} {
		if _, ok, err := format.P2PQuake([]byte(msg)); ok || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: ok %v, error %v, want one that says %q", msg, ok, err, want)
		}
	}
}

func FuzzUSGS(f *testing.F) {
	f.Add(usgs("1510723950", usgsPohang, usgsBlast, usgsBare), usgs("1510723960"))
	f.Add([]byte("{}"), []byte("[]"))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		var u format.USGS
		for _, body := range [][]byte{one, two, one, two} {
			alerts, _ := u.Take(body)
			for _, a := range alerts {
				judge(t, a)
			}
		}
	})
}

func FuzzP2PQuake(f *testing.F) {
	for _, s := range []string{p2pWarning, p2pQuake, p2pPrompt, p2pTsunami, p2pDetection, p2pPeers} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, ok, err := format.P2PQuake(data); ok && err == nil {
			judge(t, a)
		}
	})
}
