package alertfeed_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/alertfeed"
	"github.com/daero/daero/driver/alertfeed/alert"
	"github.com/daero/daero/driver/alertfeed/feedserver"
)

func TestConfigRefuses(t *testing.T) {
	ok := func(format alertfeed.Format, url string) alertfeed.Config {
		return alertfeed.Config{Format: format, URL: url}
	}
	tests := map[string]struct {
		cfg  alertfeed.Config
		want []string
	}{
		"nothing":                  {alertfeed.Config{}, []string{"no format: use a preset (usgs, "}},
		"no address":               {ok(alertfeed.CAP, ""), []string{"add the URL of the cap feed"}},
		"no host":                  {ok(alertfeed.CAP, "file:///etc/passwd"), []string{"http:// or https://"}},
		"a page for a socket":      {ok(alertfeed.P2PQuake, "https://feed.test/"), []string{"ws:// or wss://"}},
		"a socket for a page":      {ok(alertfeed.USGS, "ws://feed.test/"), []string{"http:// or https://"}},
		"a password":               {ok(alertfeed.CAP, "https://me:hunter2@feed.test/"), []string{"in a header"}},
		"no address at all":        {ok(alertfeed.CAP, "https://me:hunter2@%zz/"), []string{"cannot be read"}},
		"a file for a folder":      {ok(alertfeed.PEWS, "https://feed.test/pews/data"), []string{"slash"}},
		"an unknown preset":        {alertfeed.Config{Preset: "usgz"}, []string{`unknown preset "usgz": use usgs, `}},
		"a preset and an address":  {alertfeed.Config{Preset: "usgs", URL: "https://feed.test/"}, []string{"one or the other"}},
		"too often, and much else": {alertfeed.Config{Preset: "usgs", Every: time.Millisecond, Filter: alert.Filter{Magnitude: 11, Regions: []string{"Seoul"}, Severity: alert.Severe}}, []string{"every 1ms", "magnitude 11", "usgs names none", "only cap says them"}},
		"a replay of usgs":         {alertfeed.Config{Preset: "usgs", Replay: &alertfeed.Replay{Number: "2017000407", From: time.Unix(1, 0)}}, []string{"only pews"}},
		"a replay of nothing":      {alertfeed.Config{Preset: "pews", Replay: &alertfeed.Replay{Number: "../secret"}}, []string{"ten digits"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := alertfeed.New(tt.cfg)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("does not say %q:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

// noNetwork fails whoever dials.
type noNetwork struct{ t *testing.T }

func (n noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("asked %s", r.URL)
	return nil, http.ErrServerClosed
}

// TestNewContactsNobody holds what `daero validate` relies on.
func TestNewContactsNobody(t *testing.T) {
	for _, preset := range alertfeed.Presets() {
		feed, err := alertfeed.New(alertfeed.Config{Preset: preset, Transport: noNetwork{t}})
		if err != nil {
			t.Errorf("%s: %v", preset, err)
			continue
		}
		if r := feed.Read(time.Now()); r.Value != 0 || !r.At.IsZero() || !r.Until.IsZero() || r.Note != "not heard yet" {
			t.Errorf("%s: before Run: %+v", preset, r)
		}
	}
}

// asked tells the first address that is asked for, and refuses it.
type asked chan string

func (a asked) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case a <- r.URL.String():
	default:
	}
	return nil, http.ErrServerClosed
}

// TestUSGSPreset takes the smallest of the feeds that has all that is asked for.
func TestUSGSPreset(t *testing.T) {
	for magnitude, want := range map[float64]string{0: "all", 1: "all", 2.4: "all", 2.5: "2.5", 4.4: "2.5", 4.5: "4.5", 7: "4.5"} {
		a := make(asked, 1)
		feed, err := alertfeed.New(alertfeed.Config{Preset: "usgs", Transport: a, Filter: alert.Filter{Magnitude: magnitude}})
		if err != nil {
			t.Fatal(err)
		}
		over := running(t, feed)
		if got := <-a; got != "https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/"+want+"_hour.geojson" {
			t.Errorf("magnitude %v: asks %s, want the feed %s", magnitude, got, want)
		}
		over()
	}
}

// running runs a feed until over is called.
func running(t *testing.T, feed *alertfeed.Feed) (over func()) {
	t.Helper()
	ctx, stop := contextWithStop()
	done := make(chan error, 1)
	go func() { done <- feed.Run(ctx) }()
	return func() {
		stop()
		if err := <-done; err == nil {
			t.Error("Run returned no reason")
		}
	}
}

// TestOverLoopback is the way of a rehearsal: a real server, real sockets.
func TestOverLoopback(t *testing.T) {
	s := feedserver.New()
	srv := httptest.NewServer(s)
	defer srv.Close()
	defer s.Close()
	host := strings.TrimPrefix(srv.URL, "http://")
	number := 2026000100
	for name, cfg := range feeds {
		cfg.URL = strings.Replace(cfg.URL, "feed.test", host, 1)
		cfg.Filter = seoul
		feed, err := alertfeed.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		over := running(t, feed)
		wait(t, name+" is not heard", func() bool { return !feed.Read(time.Now()).At.IsZero() })
		script := feedserver.FalseAlarm()
		number++
		script[0].ID, script[1].ID = strconv.Itoa(number), strconv.Itoa(number)
		s.Publish(time.Now(), script[0])
		wait(t, name+" does not arm", func() bool { return feed.Read(time.Now()).Value == 1 })
		s.Publish(time.Now(), script[1])
		wait(t, name+" does not end", func() bool { return feed.Read(time.Now()).Value == 0 })
		over()
	}
}
