package alertfeed_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/driver/alertfeed"
	"github.com/daero/daero/driver/alertfeed/alert"
	"github.com/daero/daero/driver/alertfeed/feedserver"
	"github.com/daero/daero/level"
)

// seoul asks for what the documentation's example asks for.
var seoul = alert.Filter{Magnitude: 4.5, Within: 600, Lat: 37.5, Lon: 127}

// feeds are the same feed in every format.
var feeds = map[string]alertfeed.Config{
	"cap":      {Format: alertfeed.CAP, URL: "http://feed.test/cap/atom.xml", Every: time.Second},
	"links":    {Format: alertfeed.CAP, URL: "http://feed.test/cap/links.xml", Every: time.Second},
	"usgs":     {Format: alertfeed.USGS, URL: "http://feed.test/usgs/all_hour.geojson", Every: time.Second},
	"p2pquake": {Format: alertfeed.P2PQuake, URL: "ws://feed.test/p2pquake/v2/ws"},
	"pews":     {Format: alertfeed.PEWS, URL: "http://feed.test/pews/data/"},
}

// wire is a network of one host, in memory, for testing/synctest.
type wire struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
	mu    sync.Mutex
	cut   bool
	lines []net.Conn // the ends at the client
}

func newWire() *wire { return &wire{conns: make(chan net.Conn), done: make(chan struct{})} }

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error   { w.once.Do(func() { close(w.done) }); return nil }
func (w *wire) Addr() net.Addr { return &net.TCPAddr{} }

// setCut cuts the lines that there are and makes dialling fail.
func (w *wire) setCut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for _, c := range w.lines {
		_ = c.Close()
	}
	w.lines = nil
}

func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	w.mu.Lock()
	cut := w.cut
	here, there := net.Pipe()
	w.lines = append(w.lines, here)
	w.mu.Unlock()
	if cut {
		return nil, errors.New("the line is cut")
	}
	select {
	case w.conns <- there:
		return here, nil
	case <-w.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run serves h, listens to it with cfg, and ends both with the test.
func run(t *testing.T, h http.Handler, cfg alertfeed.Config) (*alertfeed.Feed, *wire) {
	t.Helper()
	w := newWire()
	cfg.Transport = &http.Transport{DialContext: w.dial}
	if cfg.Filter.Magnitude == 0 {
		cfg.Filter = seoul
	}
	cfg.Seed = 1
	feed, err := alertfeed.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	var all sync.WaitGroup
	all.Go(func() { _ = srv.Serve(w) })
	ctx, stop := context.WithCancelCause(context.WithoutCancel(t.Context()))
	over := errors.New("over")
	all.Go(func() {
		if err := feed.Run(ctx); !errors.Is(err, over) {
			t.Errorf("Run returned %v, want the reason why it was stopped", err)
		}
	})
	t.Cleanup(func() {
		stop(over)
		if s, ok := h.(*feedserver.Server); ok {
			_ = s.Close()
		}
		_ = srv.Close()
		all.Wait()
		time.Sleep(2 * time.Second) // for handlers to see that nobody listens
	})
	return feed, w
}

// play listens in every format to a script.
func play(t *testing.T, script []feedserver.Event, check func(t *testing.T, format string, at func(time.Duration) level.Reading)) {
	for name, cfg := range feeds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := feedserver.New(script...)
				feed, _ := run(t, s, cfg)
				time.Sleep(3 * time.Second) // connected
				start := time.Now()
				var playing sync.WaitGroup
				playing.Go(func() {
					if err := s.Play(t.Context()); err != nil {
						t.Error(err)
					}
				})
				check(t, name, func(after time.Duration) level.Reading {
					time.Sleep(time.Until(start.Add(after)))
					r := feed.Read(time.Now())
					if age := time.Since(r.At); age > 31*time.Second {
						t.Errorf("after %s: heard %s ago (%s)", after, age, r.Note)
					}
					return r
				})
				playing.Wait()
			})
		})
	}
}

func TestPohangArms(t *testing.T) {
	play(t, feedserver.Pohang2017(), func(t *testing.T, format string, at func(time.Duration) level.Reading) {
		if r := at(0); r.Value != 0 || !r.Until.IsZero() || r.Note != "" {
			t.Errorf("before: %+v, want quiet", r)
		}
		begin := time.Now()
		r := at(4 * time.Second)
		if want := begin.Add(10 * time.Minute); r.Value != 1 || r.Until.Before(want) || r.Until.After(want.Add(4*time.Second)) {
			t.Errorf("4 s after: value %v until %s, want 1 until ten minutes after %s", r.Value, r.Until, begin)
		}
		if !strings.HasPrefix(r.Note, "M5.5 ") || !strings.Contains(r.Note, "Pohang, KR") || !strings.HasSuffix(r.Note, "; 260 km") {
			t.Errorf("note %q", r.Note)
		}
		if r := at(64 * time.Second); r.Value != 1 || !strings.HasPrefix(r.Note, "M5.4 ") {
			t.Errorf("after the revision: %+v", r)
		}
		if r := at(11*time.Minute + 4*time.Second); r.Value != 0 || !r.Until.IsZero() || r.Note != "" {
			t.Errorf("after its end: %+v, want quiet", r)
		}
	})
}

func TestFalseAlarmIsTakenBack(t *testing.T) {
	play(t, feedserver.FalseAlarm(), func(t *testing.T, format string, at func(time.Duration) level.Reading) {
		if r := at(4 * time.Second); r.Value != 1 || !strings.HasPrefix(r.Note, "M6.1 ") {
			t.Errorf("the alarm: %+v", r)
		}
		if r := at(29 * time.Second); r.Value != 1 {
			t.Errorf("just before it is taken back: %+v", r)
		}
		if r := at(36 * time.Second); r.Value != 0 || !r.Until.IsZero() {
			t.Errorf("6 s after it was taken back: %+v", r)
		}
		if r := at(5 * time.Minute); r.Value != 0 {
			t.Errorf("it came back: %+v", r)
		}
	})
}

func TestWhatDoesNotArm(t *testing.T) {
	for name, script := range map[string][]feedserver.Event{
		"tests and exercises": feedserver.TestMessage(),
		"an old event":        feedserver.OldEvent(),
	} {
		t.Run(name, func(t *testing.T) {
			play(t, script, func(t *testing.T, format string, at func(time.Duration) level.Reading) {
				for after := time.Second; after < 15*time.Second; after += time.Second {
					if r := at(after); r.Value != 0 || !r.Until.IsZero() {
						t.Fatalf("after %s: %+v", after, r)
					}
				}
			})
		})
	}
}

func TestDuplicateArmsOnce(t *testing.T) {
	play(t, feedserver.Duplicate(), func(t *testing.T, format string, at func(time.Duration) level.Reading) {
		first := at(4 * time.Second)
		if first.Value != 1 {
			t.Fatalf("%+v", first)
		}
		last := at(6 * time.Minute)
		// PEWS tells again what it was, as a report of its own.
		if late := last.Until.Sub(first.Until); late != 0 && (format != "pews" || late > time.Minute) {
			t.Errorf("armed until %s, and after the duplicates until %s", first.Until, last.Until)
		}
		if strings.Contains(last.Note, "more") {
			t.Errorf("note %q", last.Note)
		}
	})
}

// TestReplayOfPEWS plays the seconds of 2017 as if they were now.
func TestReplayOfPEWS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := feeds["pews"]
		cfg.Replay = &alertfeed.Replay{Number: "2017000407", From: feedserver.PohangOrigin().Add(10 * time.Second)}
		feed, _ := run(t, feedserver.New(), cfg)
		time.Sleep(8 * time.Second)
		if r := feed.Read(time.Now()); r.Value != 0 || r.At.IsZero() {
			t.Errorf("18 s after the origin: %+v, want heard and quiet", r)
		}
		time.Sleep(4 * time.Second)
		r := feed.Read(time.Now())
		if r.Value != 1 || !strings.HasPrefix(r.Note, "M5.5 Pohang, KR") || time.Until(r.Until) > 10*time.Minute {
			t.Errorf("22 s after the origin: %+v", r)
		}
	})
}
